import { deployment, pod } from '../objects.js';
import { APPLY, JSON_PATCH, MERGE, STRATEGIC } from '../session.js';
import type { Body } from '../session.js';
import type { Topic } from '../suite.js';

const budget = (name: string, spec: object): object => ({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec: { selector: { matchLabels: { app: 'x' } }, ...spec } });

export const scenarios: Topic = {
  'scale what has replicas': async (s) => {
    const path = `${s.in('deployments', 'apps/v1')}/a`;
    await s.quiet('POST', s.in('deployments', 'apps/v1'), deployment('a', { replicas: 2 }));
    await s.get(`${path}/scale`);
    await s.put(`${path}/scale`, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a', namespace: s.namespace }, spec: { replicas: 3 } });
    await s.patch(`${path}/scale`, MERGE, { spec: { replicas: 4 } });
    await s.patch(`${path}/scale`, MERGE, { spec: { replicas: -1 } });
    await s.patch(`${path}/scale`, MERGE, { metadata: { resourceVersion: '1' }, spec: { replicas: 5 } });
    await s.put(`${path}/scale`, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'b' }, spec: { replicas: 3 } });
    await s.put(`${path}/scale`, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { replicas: 3 } });
    await s.get(`${s.in('deployments', 'apps/v1')}/missing/scale`);
    await s.delete(`${path}/scale`);
    await s.get(`${s.in('configmaps')}/kube-root-ca.crt/scale`);
  },
  'scale by any patch, of the right types': async (s) => {
    const scale = `${s.in('deployments', 'apps/v1')}/a/scale`;
    await s.quiet('POST', s.in('deployments', 'apps/v1'), deployment('a'));
    for (const type of [MERGE, STRATEGIC]) for (const spec of [{ replicas: 'x' }, { replicas: 2.5 }, { replicas: 4 }]) await s.patch(scale, type, { spec });
    await s.patch(scale, MERGE, { spec: 'x' });
    await s.patch(scale, JSON_PATCH, [{ op: 'replace', path: '/spec/replicas', value: 'x' }]);
    await s.patch(scale, JSON_PATCH, [{ op: 'test', path: '/spec/replicas', value: 9 }]);
    await s.patch(scale, MERGE, { spec: { unheard: 1 } });
    await s.patch(`${scale}?fieldValidation=Strict`, MERGE, { spec: { unheard: 1 } });
    for (const metadata of [null, { name: null }, { name: 'b' }, { labels: { a: 'b' } }]) await s.patch(scale, MERGE, { metadata });
    await s.patch(scale, MERGE, { kind: 'Unheard' });
    await s.patch(scale, APPLY, {});
    await s.patch(`${scale}?fieldManager=m`, APPLY, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a' }, spec: { replicas: 'x' } });
    await s.put(scale, { spec: { replicas: 3 } });
    await s.put(scale, { metadata: { name: 'a', uid: 'another' }, spec: { replicas: 3 } });
    await s.put(scale, { metadata: { name: 'a' }, spec: { replicas: 'x' } });
    await s.put(scale, { metadata: { name: 'a' }, spec: { replicas: 3 } });
    await s.patch(`${scale}?dryRun=All`, MERGE, { spec: { replicas: 9 } });
    await s.get(scale);
  },
  'bind pods once': async (s) => {
    const pods = s.in('pods');
    await s.quiet('POST', pods, pod('a'));
    const binding = (name: string, target: object): object => ({ apiVersion: 'v1', kind: 'Binding', metadata: { name }, target });
    await s.post(`${pods}/a/binding`, binding('a', { kind: 'Pod', name: 'n1' }));
    await s.post(`${pods}/a/binding`, binding('a', { kind: 'Node' }));
    await s.post(`${pods}/a/binding`, { target: { kind: 'Node', name: 'n1' } });
    await s.post(`${pods}/a/binding`, binding('b', { kind: 'Node', name: 'n1' }));
    await s.post(`${pods}/a/binding`, binding('a', { apiVersion: 'v1', kind: 'Node', name: 'n1' }));
    await s.get(`${pods}/a`, { pick: ({ spec, status }) => ({ nodeName: spec.nodeName, conditions: status.conditions }) });
    await s.post(`${pods}/a/binding`, binding('a', { kind: 'Node', name: 'n2' }));
    await s.post(`${pods}/missing/binding`, binding('missing', { kind: 'Node', name: 'n1' }));
    await s.quiet('POST', pods, pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }));
    await s.post(`${pods}/gated/binding`, binding('gated', { kind: 'Node', name: 'n1' }));
  },
  'evict as budgets allow': async (s) => {
    const pods = s.in('pods');
    const evict = (name: string, more: object = {}, query = ''): Promise<unknown> => s.post(`${pods}/${name}/eviction${query}`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: s.namespace }, ...more });
    for (const name of ['free', 'one', 'two']) await s.quiet('POST', pods, pod(name, { nodeName: 'n1' }, { labels: { app: name === 'free' ? 'free' : 'x' } }));
    for (const name of ['one', 'two']) await s.quiet('PATCH', `${pods}/${name}/status`, { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }, { headers: { 'content-type': MERGE } });
    await evict('free', {}, '?dryRun=All');
    await evict('free');
    await evict('missing');
    const budgets = s.in('poddisruptionbudgets', 'policy/v1');
    await s.post(budgets, budget('pdb', { minAvailable: 1, maxUnavailable: 1 }));
    await s.quiet('POST', budgets, budget('pdb', { minAvailable: 1 }));
    await evict('one');
    await s.quiet('PATCH', `${budgets}/pdb/status`, { status: { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 } }, { headers: { 'content-type': MERGE } });
    await evict('one', { deleteOptions: { gracePeriodSeconds: 5 } });
    await evict('two');
    await s.get(`${budgets}/pdb`, { pick: ({ status }) => ({ ...status, disruptedPods: Object.keys(status.disruptedPods ?? {}) }) });
    await s.quiet('POST', budgets, budget('second', { minAvailable: 1 }));
    await evict('two');
  },
  'status is apart from the rest': async (s) => {
    const path = `${s.in('deployments', 'apps/v1')}/a`;
    const seen = { pick: (body: Body) => (body.kind === 'Status' ? body : { replicas: body.spec.replicas, status: body.status, labels: body.metadata.labels ?? null, generation: body.metadata.generation }) };
    const { body } = await s.post(s.in('deployments', 'apps/v1'), { ...deployment('a'), status: { replicas: 9 } }, seen);
    await s.put(`${path}/status`, { ...body, spec: { ...body.spec, replicas: 7 }, status: { replicas: 2, readyReplicas: 1 }, metadata: { ...body.metadata, labels: { from: 'status' } } }, seen);
    await s.put(path, { ...body, metadata: { name: 'a' }, spec: { ...body.spec, replicas: 4 }, status: { replicas: 5 } }, seen);
    await s.patch(`${path}/status`, MERGE, { status: null }, seen);
    await s.post(`${path}/status`, {});
  },
  'tokens are for service accounts': async (s) => {
    const token = (spec: object): Promise<Body> => s.post(`${s.in('serviceaccounts')}/default/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }, { pick: (body) => (body.kind === 'Status' ? body : { spec: body.spec, status: { ...body.status, token: body.status.token.split('.').length } }) });
    await token({});
    await token({ expirationSeconds: 60 });
    await token({ audiences: ['example.com'], expirationSeconds: 3600 });
    await token({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'missing' } });
    await s.post(`${s.in('serviceaccounts')}/missing/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
  },
};
