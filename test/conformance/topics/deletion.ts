import { configMap, pod } from '../objects.js';
import { MERGE } from '../session.js';
import type { Body } from '../session.js';
import type { Topic } from '../suite.js';

const life = (body: Body): unknown => (body.kind === 'Status' ? body : { kind: body.kind, name: body.metadata.name, deleted: body.metadata.deletionTimestamp ?? null, grace: body.metadata.deletionGracePeriodSeconds ?? null, finalizers: body.metadata.finalizers ?? null, generation: body.metadata.generation ?? null });
const owner = ({ metadata: { name, uid } }: Body, more: object = {}): object => ({ apiVersion: 'v1', kind: 'ConfigMap', name, uid, ...more });

export const scenarios: Topic = {
  'wait for finalizers, which can only be taken away then': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a', {}, { finalizers: ['example.com/one', 'example.com/two'] }));
    await s.delete(`${maps}/a`, undefined, { pick: life });
    await s.delete(`${maps}/a`, undefined, { pick: life });
    await s.patch(`${maps}/a`, MERGE, { metadata: { finalizers: ['example.com/one', 'example.com/two', 'example.com/three'] } });
    await s.patch(`${maps}/a`, MERGE, { data: { still: 'writable' } }, { pick: life });
    await s.patch(`${maps}/a`, MERGE, { metadata: { deletionTimestamp: null } }, { pick: life });
    await s.post(maps, configMap('a'));
    await s.patch(`${maps}/a`, MERGE, { metadata: { finalizers: ['example.com/two'] } }, { pick: life });
    await s.patch(`${maps}/a`, MERGE, { metadata: { finalizers: [] } }, { pick: life });
    await s.get(`${maps}/a`);
  },
  'have preconditions': async (s) => {
    const maps = s.in('configmaps');
    const { body: { metadata: { uid, resourceVersion } } } = await s.quiet('POST', maps, configMap('a'));
    const options = (preconditions: object): object => ({ kind: 'DeleteOptions', apiVersion: 'v1', preconditions });
    await s.delete(`${maps}/a`, options({ uid: '11111111-1111-1111-1111-111111111111' }));
    await s.delete(`${maps}/a`, options({ resourceVersion: '1' }));
    await s.delete(`${maps}/a`, options({ uid, resourceVersion }));
  },
  'take options that make sense': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a'));
    const remove = (body: unknown, query = ''): Promise<unknown> => s.delete(`${maps}/a${query}`, body);
    await remove({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Sideways' });
    await remove({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Orphan', orphanDependents: true });
    await remove({ kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 'x' });
    await remove({ kind: 'Pod', apiVersion: 'v1' });
    await remove('nonsense');
    await remove(undefined, '?propagationPolicy=Sideways');
    await remove(undefined, '?gracePeriodSeconds=x');
    await remove({ kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: -1 });
  },
  'of pods give them time': async (s) => {
    const pods = s.in('pods');
    await s.quiet('POST', pods, pod('unbound'));
    await s.delete(`${pods}/unbound`, undefined, { pick: life });
    await s.get(`${pods}/unbound`, { pick: life });
    await s.quiet('POST', pods, pod('bound', { nodeName: 'n1', terminationGracePeriodSeconds: 45 }));
    await s.delete(`${pods}/bound`, undefined, { pick: life });
    await s.delete(`${pods}/bound?gracePeriodSeconds=60`, undefined, { pick: life });
    await s.delete(`${pods}/bound?gracePeriodSeconds=10`, undefined, { pick: life });
    await s.delete(`${pods}/bound`, { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 }, { pick: life });
    await s.get(`${pods}/bound`, { pick: life });
    await s.quiet('POST', pods, pod('brief', { nodeName: 'n1', terminationGracePeriodSeconds: 0 }));
    await s.delete(`${pods}/brief`, undefined, { pick: life });
  },
  'in the background take dependents along': async (s) => {
    const maps = s.in('configmaps');
    const { body } = await s.quiet('POST', maps, configMap('owner'));
    await s.quiet('POST', maps, configMap('dependent', {}, { ownerReferences: [owner(body)] }));
    await s.quiet('POST', maps, configMap('shared', {}, { ownerReferences: [owner(body), owner((await s.quiet('POST', maps, configMap('other'))).body)] }));
    await s.delete(`${maps}/owner?propagationPolicy=Background`);
    await s.until(`${maps}/dependent`, ({ status }) => status === 404);
    await s.until(`${maps}/shared`, ({ body: { metadata } }) => metadata.ownerReferences.length === 1);
    await s.get(`${maps}/shared`, { pick: ({ metadata }) => metadata.ownerReferences.map(({ name }: Body) => name) });
  },
  'in the foreground wait for dependents that block': async (s) => {
    const maps = s.in('configmaps');
    const { body } = await s.quiet('POST', maps, configMap('owner'));
    await s.quiet('POST', maps, configMap('held', {}, { finalizers: ['example.com/hold'], ownerReferences: [owner(body, { blockOwnerDeletion: true })] }));
    await s.delete(`${maps}/owner?propagationPolicy=Foreground`, undefined, { pick: life });
    await s.until(`${maps}/held`, ({ body: { metadata } }) => metadata.deletionTimestamp !== undefined);
    await s.get(`${maps}/owner`, { pick: life });
    await s.patch(`${maps}/held`, MERGE, { metadata: { finalizers: null } }, { pick: life });
    await s.until(`${maps}/owner`, ({ status }) => status === 404);
  },
  'can orphan dependents': async (s) => {
    const maps = s.in('configmaps');
    const { body } = await s.quiet('POST', maps, configMap('owner'));
    await s.quiet('POST', maps, configMap('orphan', {}, { ownerReferences: [owner(body)] }));
    await s.delete(`${maps}/owner?propagationPolicy=Orphan`, undefined, { pick: life });
    await s.until(`${maps}/owner`, ({ status }) => status === 404);
    await s.get(`${maps}/orphan`, { pick: ({ metadata }) => metadata.ownerReferences ?? null });
  },
  'take along what names an owner that never was': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: '11111111-1111-1111-1111-111111111111' }] }));
    await s.until(`${maps}/a`, ({ status }) => status === 404);
  },
  'of namespaces empty them first': async (s) => {
    const name = s.unique('gone');
    const path = `/api/v1/namespaces/${name}`;
    await s.quiet('POST', '/api/v1/namespaces', { metadata: { name } });
    await s.quiet('POST', `${path}/configmaps`, configMap('held', {}, { finalizers: ['example.com/hold'] }));
    await s.delete(path, undefined, { pick: ({ kind, spec, status, metadata }) => ({ kind, spec, status, deleted: metadata.deletionTimestamp }) });
    await s.post(`${path}/configmaps`, configMap('late'));
    await s.until(path, ({ body }) => body.status.conditions?.some(({ type, status }: Body) => type === 'NamespaceFinalizersRemaining' && status === 'True'));
    await s.get(path, { pick: ({ spec, status }) => ({ spec, ...status }) });
    await s.patch(`${path}/configmaps/held`, MERGE, { metadata: { finalizers: null } }, { pick: life });
    await s.until(path, ({ status }) => status === 404);
    for (const kept of ['default', 'kube-system', 'kube-public']) await s.delete(`/api/v1/namespaces/${kept}?dryRun=All`);
  },
};
