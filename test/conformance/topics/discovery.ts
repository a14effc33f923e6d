import type { Answer, Body, Session } from '../session.js';
import { widgets } from '../objects.js';
import type { Topic } from '../suite.js';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const BETA = AGGREGATED.replace('v=v2', 'v=v2beta1');
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

const accepting = (accept: string): { headers: Record<string, string> } => ({ headers: { accept } });
/** Headers that say how an answer is to be kept. */
const caching = ({ headers }: Answer): string => ['cache-control', 'vary', 'x-content-type-options'].map((name) => `${name}: ${headers[name] ?? 'none'}`).join(', ');
/** A resource of the old documents, in one line. */
const line = (groupVersion: string) => ({ name, namespaced, kind, verbs, shortNames = [], categories = [], singularName, group = '', version = '', storageVersionHash = 'none' }: Body): string =>
  `${name} ${kind} ${singularName || '-'} ${group}/${version} ${namespaced ? 'namespaced' : 'cluster'} [${verbs.join(' ')}] ${shortNames.join()} ${categories.join()} ${/example\.com/.test(groupVersion) && storageVersionHash !== 'none' ? 'some hash' : storageVersionHash}`;
const lines = ({ resources, ...more }: Body): unknown => ({ ...more, resources: resources?.map(line(more.groupVersion)) });
/** A resource of the aggregated documents, in one line for it and one for each subresource. */
const aggregatedLines = ({ resource, responseKind, scope, singularResource, verbs, shortNames = [], categories = [], subresources = [] }: Body): string[] => [
  `${resource} ${JSON.stringify(responseKind)} ${scope} ${singularResource} [${verbs.join(' ')}] ${shortNames.join()} ${categories.join()}`,
  ...subresources.map((sub: Body) => `${resource}/${sub.subresource} ${JSON.stringify(sub.responseKind)} [${sub.verbs.join(' ')}]`),
];
const aggregated = ({ items, ...more }: Body): unknown => ({ ...more, items: items?.map(({ metadata, versions }: Body) => ({ metadata, versions: versions.map((version: Body) => ({ ...version, resources: version.resources.flatMap(aggregatedLines) })) })) });
/** Of a list of groups, those that every server has and the scenario's. */
const ours = (session: Session) => (groups: readonly Body[]): readonly Body[] => groups.filter(({ name, metadata }) => [session.group, undefined].includes(/.*example\.com/.exec(name ?? metadata.name)?.[0]));
const withoutAddress = (body: Body): unknown => ({ ...body, serverAddressByClientCIDRs: body.serverAddressByClientCIDRs?.map(({ clientCIDR, serverAddress }: Body) => ({ clientCIDR, serverAddress: /^[^:]+:\d+$/.test(serverAddress) ? 'host:port' : serverAddress })) });

export const scenarios: Topic = {
  'the groups and their versions': async (s) => {
    const { headers } = await s.get('/api', { pick: withoutAddress });
    s.note(String(headers['content-length'] !== '0'));
    await s.get('/apis', { pick: (body) => ({ ...body, groups: ours(s)(body.groups) }) });
    for (const path of ['/apis/apps', '/apis/autoscaling', '/apis/apps/', '/apis/nothing', '/apis/apps/v9', '/apis/APPS', '/api/v2', '/apis/nothing/v1', '/apis/apps/v1/nothing', '/api/v1/nothing', '/apis/apps/v1/namespaces/x/nothing/y']) await s.get(path);
  },
  'every resource of every version': async (s) => {
    const { body: { groups } } = await s.quiet('GET', '/apis');
    await s.get('/api/v1', { pick: lines });
    for (const { versions, name } of ours(s)(groups)) for (const { version } of versions) await s.get(`/apis/${name}/${version}`, { pick: lines });
  },
  'everything at once': async (s) => {
    s.note(caching(await s.get('/api', { ...accepting(AGGREGATED), pick: aggregated })));
    await s.get('/apis', { ...accepting(AGGREGATED), pick: (body) => aggregated({ ...body, items: ours(s)(body.items) }) });
    await s.get('/apis/apps', accepting(`${AGGREGATED},application/json`));
    await s.get('/apis/apps/v1', { ...accepting(AGGREGATED), pick: (body) => (body.resources ? 'resources' : body) });
    await s.get('/api/', { ...accepting(AGGREGATED), pick: ({ kind }) => kind });
  },
  'what a client takes': async (s) => {
    const kindOf = (body: Body): unknown => (body.kind === 'Status' ? body : `${body.apiVersion} ${body.kind}`);
    for (const accept of [
      BETA, `${BETA},application/json`, `application/json,${AGGREGATED}`, `application/json;q=0.5,${AGGREGATED};q=0.4`, `application/json;q=0.4,${AGGREGATED};q=0.5`, `*/*,${AGGREGATED}`, AGGREGATED.replace('v2', 'v9'), AGGREGATED.replace('apidiscovery', 'x'),
      '*/*', 'application/*', 'text/html', 'text/html,application/json;q=0.9', 'application/yaml', AGGREGATED.replace('json', 'yaml'), TABLE, `${TABLE},application/json`, 'nonsense', '',
    ]) await s.get('/api', { ...accepting(accept), pick: accept.includes('yaml') ? ({ kind }) => kind ?? 'none' : kindOf });
    for (const path of ['/apis', '/apis/apps', '/apis/apps/v1', '/version', '/healthz', '/api/v1/namespaces/default']) {
      for (const accept of ['text/html', 'application/yaml']) s.note(`${path} ${accept}: ${await s.quiet('GET', path, undefined, accepting(accept)).then(({ status, headers }) => `${status} ${headers['content-type']}`)}`);
    }
  },
  'as protobuf': async (s) => {
    const PROTOBUF = 'application/vnd.kubernetes.protobuf';
    // Go writes empty fields too: what is compared is which texts are in there.
    const has = async (path: string, texts: readonly string[], accept = PROTOBUF): Promise<void> => {
      const { status, headers, text } = await s.quiet('GET', path, undefined, accepting(accept));
      s.note(`${path} ${accept}: ${status} ${headers['content-type']} ${text.startsWith('k8s\0') ? 'protobuf' : 'no protobuf'}, ${JSON.stringify(texts.map((part) => text.split(part).length - 1))} times ${texts.join()}`);
    };
    await has('/apis/apps', ['APIGroup', 'apps/v1']);
    await has('/apis', ['APIGroupList', 'autoscaling/v2', 'autoscaling/v1']);
    await has('/apis/apps/v1', ['APIResourceList', 'apps/v1', 'deployments/scale', 'deploy', 'watch', '8aSe+NMegvE=', 'autoscaling']);
    await has('/api/v1', ['APIResourceList', 'pods/exec', 'PodExecOptions', 'Namespace']);
    await has('/api', ['APIVersions', '0.0.0.0/0']);
    await has('/api', ['APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2', 'PodExecOptions', 'Current', 'Namespaced', 'componentstatus'], AGGREGATED.replace('application/json', PROTOBUF));
    await has('/apis/apps/v9', ['Status', 'Failure', 'NotFound', 'could not find']);
    await has('/apis/nothing/v1', ['Status']);
    await has(s.in('configmaps/none'), ['Status', 'configmaps "none" not found', 'NotFound']);
    await has(s.in('configmaps?limit=x'), ['Status', 'invalid syntax']);
    await has('/version', ['Status', 'NotAcceptable']);
    await has('/apis/apps', ['APIGroup'], `application/json,${PROTOBUF}`);
  },
  'what a cache keeps': async (s) => {
    for (const path of ['/api', '/apis', '/apis/apps', '/api/v1', '/version', '/healthz', '/livez/ping', '/nothing', '/api/v1/namespaces/default', '/']) s.note(`${path} ${caching(await s.quiet('GET', path))}`);
    for (const path of ['/api', '/apis']) {
      const first = await s.quiet('GET', path, undefined, accepting(AGGREGATED));
      const { etag = 'none' } = first.headers;
      s.note(`${path}: ${caching(first)} etag ${etag.replace(/[0-9A-F]{128}/, 'SHA512')}`);
      for (const tag of [etag, etag.replaceAll('"', ''), `W/${etag}`, '"OTHER"', '*']) {
        const again = await s.quiet('GET', path, undefined, { headers: { accept: AGGREGATED, 'if-none-match': tag } });
        s.note(`if-none-match ${tag.replace(etag, 'SAME').replace(etag.slice(1, -1), 'BARE')}: ${again.status} ${again.headers['content-type'] ?? 'no type'} ${again.text.length > 0 ? 'a body' : 'no body'} ${again.headers['etag'] === etag ? 'same tag' : 'no tag'} ${caching(again)}`);
      }
      const plain = await s.quiet('GET', path, undefined, { headers: { 'if-none-match': etag } });
      s.note(`plain: ${plain.status} etag ${plain.headers['etag'] ?? 'none'}`);
    }
  },
  'a custom resource comes and goes': async (s) => {
    const versions = ['v1beta1', 'v2', 'v1'].map((name) => ({ name, served: name !== 'v2', storage: name === 'v1', schema: { openAPIV3Schema: { type: 'object' as const } }, ...(name === 'v1' && { subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } } }) }));
    await s.define(widgets(s, { type: 'object' }, {}, { versions, names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wi', 'wg'], categories: ['all', 'toys'] } }));
    const mine = (body: Body): Body[] => (body.items ?? body.groups ?? []).filter(({ name, metadata }: Body) => (name ?? metadata.name) === s.group);
    const { headers: { etag } } = await s.until('/apis', ({ body }) => mine(body).length === 1).then(() => s.quiet('GET', '/apis', undefined, accepting(AGGREGATED)));
    await s.get('/apis', { pick: mine });
    await s.get(`/apis/${s.group}`);
    for (const version of ['v1', 'v1beta1', 'v2']) await s.get(`/apis/${s.group}/${version}`, { pick: (body) => (body.resources ? lines(body) : body) });
    await s.get('/apis', { ...accepting(AGGREGATED), pick: (body) => aggregated({ items: mine(body) }) });
    await s.get('/', { pick: ({ paths }) => paths.filter((path: string) => path.includes(s.group)) });
    await s.quiet('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${s.group}`);
    await s.until('/apis', ({ body }) => mine(body).length === 0);
    await s.get(`/apis/${s.group}`);
    await s.get(`/apis/${s.group}/v1`);
    const { status } = await s.quiet('GET', '/apis', undefined, { headers: { accept: AGGREGATED, 'if-none-match': String(etag) } });
    s.note(`with the tag of then: ${status}`);
  },
  'services of the groups': async (s) => {
    const services = '/apis/apiregistration.k8s.io/v1/apiservices';
    const brief = ({ metadata, spec, status }: Body): string => `${metadata.name} ${JSON.stringify(metadata.labels)} ${JSON.stringify(Object.fromEntries(Object.entries(spec).sort(([left], [right]) => (left < right ? -1 : 1))))} ${status.conditions.map(({ type, status: is, reason, message }: Body) => `${type} ${is} ${reason}: ${message}`).join()}`;
    await s.get(`${services}?labelSelector=kube-aggregator.kubernetes.io/automanaged=onstart`, { pick: ({ items }) => items.map(brief) });
    await s.get(`${services}/v1.apps`);
    await s.define(widgets(s, { type: 'object' }));
    const name = `v1.${s.group}`;
    await s.until(`${services}/${name}`, ({ status, body }) => status === 200 && body.status.conditions?.length > 0);
    await s.get(`${services}/${name}`, { pick: brief });
    await s.quiet('DELETE', `${services}/${name}`);
    await s.until(`${services}/${name}`, ({ status, body }) => status === 200 && body.status.conditions?.length > 0);
    await s.get(`${services}/${name}`, { pick: brief });
    await s.quiet('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${s.group}`);
    await s.until(`${services}/${name}`, ({ status }) => status === 404);
  },
  'health': async (s) => {
    for (const path of [
      '/healthz', '/livez', '/readyz', '/healthz?verbose', '/livez?verbose=false', '/readyz?verbose', '/livez?verbose&exclude=etcd&exclude=ping', '/livez?verbose&exclude=nothing&exclude=more', '/livez?exclude=etcd',
      '/healthz/ping', '/livez/etcd', '/readyz/shutdown', '/livez/shutdown', '/livez/poststarthook/rbac/bootstrap-roles', '/readyz/etcd-readiness', '/healthz/nothing', '/healthz/', '/healthy',
    ]) await s.get(path);
  },
  'the version of the server': async (s) => {
    const shape = (body: Body): unknown => Object.keys(body);
    await s.get('/version', { pick: shape });
    await s.get('/version/', { pick: shape });
    await s.get('/version/more');
  },
  'which paths there are': async (s) => {
    await s.get('/', { pick: ({ paths }) => paths.filter((path: string) => !/example\.com/.test(path)) });
    await s.get('/index.html', { pick: ({ paths }) => paths.length > 100 });
    for (const path of ['/nothing', '/openapi', '/openapi/v4', '//api', '/api//v1', '/apis/', '/metrics/more', '/api/v1/', '/apis/apps/v1/']) await s.get(path, { pick: (body) => (body.kind === 'Status' ? body : body.kind ?? 'none') });
  },
  'methods': async (s) => {
    const outcome = ({ status, headers, text, body }: Answer): string => `${status} ${headers['content-type'] ?? ''} allow: ${headers['allow'] ?? 'none'} ${body.kind === 'Status' ? `${body.reason}: ${body.message}` : text === '' ? 'no body' : 'a body'}`;
    for (const path of ['/api', '/apis', '/apis/apps', '/apis/apps/v1', '/version', '/healthz', '/livez/ping', '/', '/nothing', '/apis/nothing', s.in('configmaps'), `${s.in('configmaps')}/kube-root-ca.crt`, '/api/v1/configmaps', '/api/v1/namespaces', '/apis/authorization.k8s.io/v1/subjectaccessreviews', '/api/v1/componentstatuses']) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE']) {
        // What these do elsewhere is not about discovery.
        if (/configmaps|namespaces|reviews/.test(path) && ['POST', 'PATCH', 'DELETE', 'PUT'].includes(method) && !(path === '/api/v1/configmaps' || (method === 'PUT' && !path.endsWith('crt')) || (method === 'POST' && path.endsWith('crt')) || (path.endsWith('reviews') && method !== 'POST') || (method === 'PATCH' && path.endsWith('maps')))) continue;
        s.note(`${method} ${path}: ${outcome(await s.quiet(method, path))}`);
      }
    }
  },
  'what people see': async (s) => {
    const shape = async (path: string, userAgent: string): Promise<void> => {
      const { text } = await s.quiet('GET', path, undefined, { headers: { 'user-agent': userAgent } });
      s.note(`${userAgent} ${path}: ${JSON.stringify(text.slice(0, 4).replace(/\w/g, 'x'))} ${text.endsWith('\n') ? 'with' : 'without'} a line feed`);
    };
    for (const userAgent of ['curl/8.0', 'Wget/1.0', 'Mozilla/5.0 (X11)', 'kubectl/v1.35.0', 'curly', 'Mozilla/4.0']) for (const path of ['/api', '/apis/apps/v9', `${s.in('configmaps')}/kube-root-ca.crt`, '/api?pretty=0', '/version']) await shape(path, userAgent);
    for (const pretty of ['1', 'true', 'TRUE', 't', 'yes', '', '0', 'false']) await shape(`/apis/apps?pretty=${pretty}`, 'kubectl');
  },
  'ways to pods, services and nodes': async (s) => {
    const kubernetes = '/api/v1/namespaces/default/services/kubernetes';
    for (const path of ['pods/none/exec?command=x', 'pods/none/attach', 'pods/none/portforward', 'pods/none/proxy', 'pods/none/proxy/some/path', 'services/none/proxy', 'pods/none/nothing']) await s.get(s.in(path));
    for (const more of ['proxy', 'proxy/some/path', 'nothing']) await s.get(`${kubernetes}/${more}`);
    await s.get('/api/v1/nodes/none/proxy');
    await s.get('/api/v1/nodes/none/proxy/logs');
    await s.post(`${kubernetes}/proxy`, {});
  },
};
