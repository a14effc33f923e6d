import { configMap, pod } from '../objects.js';
import type { Body, Session } from '../session.js';
import type { Topic } from '../suite.js';

const names = ({ kind, apiVersion, metadata, items, ...more }: Body): unknown => (items ? { kind, apiVersion, metadata, names: items.map((item: Body) => item.metadata.name) } : { kind, apiVersion, metadata, ...more });
/** As `names`, without the version of the list, which others move. */
const only = (body: Body): unknown => (body.items ? body.items.map((item: Body) => item.metadata.name) : body);
const fill = async (s: Session): Promise<string> => {
  const maps = s.in('configmaps');
  for (const [name, labels] of Object.entries({ a: { tier: 'web' }, b: { tier: 'db', size: '3' }, c: { tier: 'web', size: '10' }, d: {}, e: { size: '' } })) await s.quiet('POST', maps, configMap(name, {}, { labels: { ours: 'yes', ...labels } }));
  return maps;
};

export const scenarios: Topic = {
  'lists have kind, version and items without theirs': async (s) => {
    const maps = await fill(s);
    await s.get(maps, { pick: (body) => ({ ...body, metadata: Object.keys(body.metadata), items: body.items.slice(0, 1) }) });
    await s.get(s.in('pods'), { pick: (body) => ({ ...body, metadata: Object.keys(body.metadata) }) });
    await s.get(`/api/v1/configmaps?labelSelector=ours&fieldSelector=metadata.namespace=${s.namespace}`, { pick: only });
  },
  'choose by labels': async (s) => {
    const maps = await fill(s);
    for (const selector of [
      'tier', '!tier,ours', 'tier=web', 'tier==web', 'tier!=web,ours', 'tier in (web,db)', 'tier notin (web),ours', 'tier in (web),size', 'size=,ours', 'size=', 'size>5', 'size<5', 'size>x', 'ours,,', 'tier in web', 'tier in ()',
      'bad key', '=', 'tier=bad value!', ',', 'tier in (web', '!', 'tier = web', ' tier ', 'x'.repeat(64), 'a/b/c', 'tier=web,tier=db', 'in', 'tier===web', 'tier!web', 'tier in (web,,db)', '(tier)', 'size>5,size<11',
    ]) await s.get(`${maps}?labelSelector=${encodeURIComponent(selector)}`, { pick: only });
  },
  'choose by fields': async (s) => {
    const maps = await fill(s);
    for (const selector of ['metadata.name=a', 'metadata.name!=a,metadata.name!=b', 'metadata.name==c', `metadata.namespace=${s.namespace},metadata.name=d`, 'metadata.namespace=other', 'metadata.uid=x', 'data.x=y', 'metadata.name', 'metadata.name in (a)', '', 'metadata.name=', '=a', 'metadata.name=a\\,b', 'metadata.labels.tier=web']) {
      await s.get(`${maps}?fieldSelector=${encodeURIComponent(selector)}`, { pick: (body) => (body.items ? body.items.map((item: Body) => item.metadata.name).filter((name: string) => name !== 'kube-root-ca.crt') : body) });
    }
  },
  'choose pods by the fields that pods have': async (s) => {
    const pods = s.in('pods');
    await s.quiet('POST', pods, pod('here', { nodeName: 'n1' }));
    await s.quiet('POST', pods, pod('nowhere', { restartPolicy: 'Never', schedulerName: 'mine', serviceAccountName: 'default', hostNetwork: true }));
    for (const selector of ['spec.nodeName=', 'spec.nodeName=n1', 'spec.nodeName!=n1', 'status.phase=Pending', 'status.phase!=Pending', 'spec.restartPolicy=Never', 'spec.schedulerName=mine', 'spec.serviceAccountName=default', 'spec.hostNetwork=true', 'status.podIP=', 'status.nominatedNodeName=', 'status.podIPs=', 'spec.hostname=x', 'spec.containers=x']) {
      await s.get(`${pods}?fieldSelector=${encodeURIComponent(selector)}`, { pick: only });
    }
  },
  'fields that kinds can be chosen by': async (s) => {
    for (const [path, selector] of [
      ['/api/v1/nodes', 'spec.unschedulable=true'], ['/api/v1/nodes', 'spec.taints=x'], ['/api/v1/namespaces', 'status.phase=None'], [s.in('secrets'), 'type=none'], [s.in('events'), 'involvedObject.kind=None'], [s.in('events'), 'reason=None,type=x,source=y,reportingComponent=z'],
      [s.in('events', 'events.k8s.io/v1'), 'regarding.kind=x'], [s.in('events', 'events.k8s.io/v1'), 'reason=x'], [s.in('services'), 'spec.clusterIP=None,spec.type=ClusterIP'], [s.in('services'), 'spec.selector=x'], [s.in('replicasets', 'apps/v1'), 'status.replicas=3'], [s.in('jobs', 'batch/v1'), 'status.successful=3'], [s.in('replicationcontrollers'), 'status.replicas=3'], [s.in('deployments', 'apps/v1'), 'spec.replicas=3'],
      ['/apis/certificates.k8s.io/v1/certificatesigningrequests', 'spec.signerName=x'], ['/apis/coordination.k8s.io/v1/leases', 'spec.holderIdentity=x'], ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', 'spec.group=x'], [s.in('persistentvolumeclaims'), 'status.phase=x'], ['/apis/batch/v1/jobs', 'status.active=1'],
    ] as const) await s.get(`${path}?fieldSelector=${encodeURIComponent(selector)}`, { pick: (body) => (body.items ? body.items.length : body) });
  },
  'come in pages that belong together': async (s) => {
    const maps = await fill(s);
    const page = (query: string): Promise<Body> => s.get(`${maps}?labelSelector=ours&${query}`, { pick: ({ metadata, ...more }) => (more.items ? { ...metadata, resourceVersion: metadata.resourceVersion ? 'some' : 'none', names: more.items.map((item: Body) => item.metadata.name) } : more) });
    const hidden = async (token: string, query = 'limit=2'): Promise<Body> => {
      const answer = await s.quiet('GET', `${maps}?labelSelector=ours&${query}&continue=${encodeURIComponent(token)}`);
      s.note(`next page, ${query}: ${answer.status} ${JSON.stringify(answer.body.items?.map((item: Body) => item.metadata.name) ?? answer.body.message)} more: ${Boolean(answer.body.metadata?.continue)} remaining: ${answer.body.metadata?.remainingItemCount}`);
      return answer;
    };
    const { body: first } = await page('limit=2');
    await s.quiet('POST', maps, configMap('bb', {}, { labels: { ours: 'yes' } }));
    await s.quiet('DELETE', `${maps}/d`);
    const { body: second } = await hidden(first.metadata.continue);
    s.note(`same version: ${second.metadata.resourceVersion === first.metadata.resourceVersion}`);
    await hidden(second.metadata.continue);
    await hidden(second.metadata.continue, 'limit=1');
    await hidden(first.metadata.continue, 'limit=0');
    await hidden(first.metadata.continue, `limit=2&resourceVersion=${first.metadata.resourceVersion}`);
    await hidden(first.metadata.continue, 'limit=2&resourceVersion=0');
    await hidden(first.metadata.continue, `limit=2&resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`);
    await page('continue=nonsense');
    await page('limit=-1');
    await page('limit=x');
    await page('limit=0');
    await page('limit=100');
    await s.get(`${maps}?limit=2`, { pick: ({ metadata, items }) => ({ remaining: metadata.remainingItemCount, names: items.map((item: Body) => item.metadata.name) }) });
  },
  'continue where a token says, if it says so': async (s) => {
    const token = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
    const read = (text: string, more = ''): Promise<unknown> => s.get(`${s.in('secrets')}?continue=${text}${more}`, { pick: ({ items, message }) => message ?? items.length });
    for (const text of ['x', 'xxxxx', '!', 'x&resourceVersion=5']) await read(text);
    for (const value of ['', '{', '[]', '"x"', '{"v":3}', {}, { v: 'v2' }, { v: 'meta.k8s.io/v1' }, { v: 'meta.k8s.io/v1', rv: 0, start: 'a' }, { v: 'meta.k8s.io/v1', rv: 1 }, { v: 'meta.k8s.io/v1', rv: -1, start: '../a' }, { v: 'meta.k8s.io/v1', rv: -1, start: 'a//b' }]) await read(token(value));
    await read(token({ v: 'meta.k8s.io/v1', rv: -1, start: 'a' }));
    await read(token({ v: 'meta.k8s.io/v1', rv: -1, start: 'a' }), '&resourceVersion=5');
    await read(token({ v: 'meta.k8s.io/v1', rv: -1, start: 'a' }), '&resourceVersion=0');
  },
  'are of the version that is asked for': async (s) => {
    const maps = await fill(s);
    const { body: { metadata: { resourceVersion: then } } } = await s.quiet('GET', maps);
    await s.quiet('DELETE', `${maps}/a`);
    const { body: { metadata: { resourceVersion: now } } } = await s.quiet('POST', maps, configMap('f', {}, { labels: { ours: 'yes' } }));
    const list = async (what: string, query: string): Promise<void> => {
      const { status, body } = await s.quiet('GET', `${maps}?labelSelector=ours&${query}`);
      const { resourceVersion } = body.metadata ?? {};
      const named = resourceVersion === then ? 'then' : resourceVersion === now ? 'now' : resourceVersion === undefined ? 'none' : Number(resourceVersion) >= Number(now) ? 'at least now' : 'before now';
      s.note(`${what}: ${status} ${JSON.stringify(body.items?.map((item: Body) => item.metadata.name) ?? body)} of ${named}`);
    };
    await list('exactly then', `resourceVersion=${then}&resourceVersionMatch=Exact`);
    await list('not older than then', `resourceVersion=${now}&resourceVersionMatch=NotOlderThan`);
    await list('then, without match', `resourceVersion=${now}`);
    await list('a page of then', `resourceVersion=${then}&resourceVersionMatch=Exact&limit=2`);
    await list('exactly 0', 'resourceVersion=0&resourceVersionMatch=Exact');
    await list('match without version', 'resourceVersionMatch=Exact');
    await list('an unknown match', `resourceVersion=${then}&resourceVersionMatch=About`);
    await list('a version that is none', 'resourceVersion=x');
    await list('a negative version', 'resourceVersion=-1');
    await list('initial events without watch', 'sendInitialEvents=true');
    await s.get(`${maps}/a?resourceVersion=0`, { pick: ({ code, metadata }) => code ?? metadata.name });
    await s.get(`${maps}/b?resourceVersion=${then}`, { pick: ({ code, metadata }) => code ?? metadata.name });
    await s.get(`${maps}/b?resourceVersion=x`);
    await s.get(`${maps}?timeout=1s`, { pick: ({ kind }) => kind });
    await s.get(`${maps}?timeoutSeconds=1`, { pick: ({ kind }) => kind });
    await s.get(`${maps}?timeoutSeconds=x`);
    await s.get(`${maps}?timeout=x`);
  },
  'are not newer than the server': async (s) => {
    const maps = await fill(s);
    const { body: { metadata: { resourceVersion } } } = await s.quiet('GET', maps);
    const { body, status } = await s.quiet('GET', `${maps}?timeoutSeconds=1&resourceVersion=${Number(resourceVersion) + 1_000_000}&resourceVersionMatch=NotOlderThan`);
    s.note(`too new: ${status} ${JSON.stringify({ ...body, message: String(body.message).replace(/\d{2,}/g, '<n>') })}`);
    const exact = await s.quiet('GET', `${maps}?timeoutSeconds=1&resourceVersion=${Number(resourceVersion) + 1_000_000}&resourceVersionMatch=Exact`);
    s.note(`too new, exactly: ${exact.status} ${JSON.stringify({ ...exact.body, message: String(exact.body.message).replace(/\d{2,}/g, '<n>') })}`);
    const watch = await s.quiet('GET', `${maps}?watch=true&timeoutSeconds=1&resourceVersion=${Number(resourceVersion) + 1_000_000}`);
    s.note(`watch of the future: ${watch.status} ${watch.text.replace(/\d{4,}/g, '<n>').trim()}`);
  },
  'deletes what a collection\'s selectors choose': async (s) => {
    const maps = await fill(s);
    await s.delete(`${maps}?labelSelector=tier=web`, undefined, { pick: names });
    await s.get(maps, { pick: only });
    await s.delete(`${maps}?labelSelector=bad%20key`);
    await s.delete(`${maps}?fieldSelector=metadata.name=b`, undefined, { pick: only });
    await s.delete(`${maps}?labelSelector=ours`, { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, propagationPolicy: 'Background' }, { pick: only });
    await s.get(`${maps}?labelSelector=ours`, { pick: only });
  },
};
