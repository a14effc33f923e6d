import type { JsonObject } from '../../../src/apiserver/index.js';
import { configMap, deployment, widget, widgets, widgetsOf } from '../objects.js';
import { APPLY, JSON_PATCH, MERGE } from '../session.js';
import type { Body, Session } from '../session.js';
import type { Topic } from '../suite.js';

/** Who owns what. */
const owners = ({ metadata, ...body }: Body): unknown => (body.kind === 'Status' ? body : { ...body, owners: metadata.managedFields?.map(({ time, fieldsType: _fieldsType, ...owner }: Body) => ({ ...owner, time: time ? 'some' : 'none' })) });
const applyTo = (s: Session, path: string) => (manager: string, body: object, query = ''): Promise<Body> => s.patch(`${path}?fieldManager=${manager}${query}`, APPLY, body, { pick: owners });

export const scenarios: Topic = {
  'creates, changes and takes out what its manager owns': async (s) => {
    const apply = applyTo(s, `${s.in('configmaps')}/a`);
    await apply('one', configMap('a', { x: '1', y: '1' }, { labels: { l: '1' } }));
    await apply('one', configMap('a', { x: '2' }));
    await apply('one', configMap('a', { x: '2' }));
    await apply('two', configMap('a', { z: '1' }));
    await apply('one', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
    await apply('two', { apiVersion: 'v1', kind: 'ConfigMap' });
    await apply('two', configMap('b', { z: '1' }));
    await apply('two', { kind: 'ConfigMap', data: {} });
    await apply('two', { apiVersion: 'v1', data: {} });
    await apply('two', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } });
  },
  'refuses to take fields from others without force': async (s) => {
    const apply = applyTo(s, `${s.in('configmaps')}/a`);
    await apply('one', configMap('a', { x: '1', y: '1' }, { annotations: { n: '1' } }));
    await apply('two', configMap('a', { x: '1' }));
    await apply('two', configMap('a', { x: '2', y: '2' }, { annotations: { n: '2' } }));
    await apply('two', configMap('a', { x: '2', y: '2' }), '&force=true');
    await apply('one', configMap('a', { x: '1', y: '1' }));
    await s.patch(`${s.in('configmaps')}/a?fieldManager=three`, MERGE, { data: { x: '3' } }, { pick: owners });
    await apply('two', configMap('a', { x: '2', y: '2' }));
    await apply('three', configMap('a', { x: '4' }));
    await apply('three', configMap('a', { x: '4' }), '&force=true');
  },
  'conflicts name every manager and field': async (s) => {
    const deployments = `${s.in('deployments', 'apps/v1')}/a`;
    const apply = applyTo(s, deployments);
    await apply('one', deployment('a', { replicas: 1 }));
    await s.patch(`${deployments}?fieldManager=scaler`, MERGE, { spec: { replicas: 2 } }, { pick: owners });
    await s.patch(`${deployments}?fieldManager=namer`, JSON_PATCH, [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'other' }], { pick: owners });
    await apply('one', deployment('a', { replicas: 1 }));
    await s.patch(`${deployments}/scale?fieldManager=subscaler`, MERGE, { spec: { replicas: 5 } });
    await s.get(deployments, { pick: owners });
    await s.patch(`${deployments}/status?fieldManager=reporter`, MERGE, { status: { replicas: 5 } }, { pick: owners });
    await apply('one', deployment('a', { replicas: 7 }), '&force=true');
  },
  'lists with keys belong to managers by item': async (s) => {
    const path = `${s.in('deployments', 'apps/v1')}/a`;
    const apply = applyTo(s, path);
    const containers = (...list: object[]): object => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { template: { spec: { containers: list } } } });
    await s.quiet('PATCH', `${path}?fieldManager=base`, deployment('a'), { headers: { 'content-type': APPLY } });
    await apply('one', containers({ name: 'side', image: 'x', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80, protocol: 'TCP' }] }));
    await apply('two', containers({ name: 'side', env: [{ name: 'B', value: '1' }] }));
    await apply('one', containers({ name: 'side', image: 'x' }));
    await apply('one', containers());
    await apply('two', containers({ name: 'side', image: 'a' }, { name: 'side', image: 'b' }));
    await apply('two', containers({ image: 'nameless' }));
    await apply('two', { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 'two' } });
    await apply('two', { apiVersion: 'apps/v1', kind: 'Deployment', spec: { unheard: 1 } });
    await apply('two', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { finalizers: ['example.com/a', 'example.com/b'] } });
    await apply('three', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { finalizers: ['example.com/b', 'example.com/c'] } });
    await apply('two', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { finalizers: [] } });
    await apply('three', { apiVersion: 'apps/v1', kind: 'Deployment' });
  },
  'needs a manager, and no managed fields in its body': async (s) => {
    const path = `${s.in('configmaps')}/a`;
    await s.patch(path, APPLY, configMap('a'));
    await s.patch(`${path}?fieldManager=one`, APPLY, configMap('a', {}, { managedFields: [{ manager: 'x', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }] }));
    await s.patch(`${path}?fieldManager=one`, APPLY, configMap('a', {}, { managedFields: [] }), { pick: owners });
    await s.patch(`${path}?fieldManager=one`, APPLY, configMap('a', {}, { resourceVersion: '1' }));
    await s.patch(`${path}?fieldManager=one`, APPLY, configMap('a', {}, { uid: 'x' }));
    await s.patch(`${path}?fieldManager=one`, APPLY, 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: a\ndata:\n  yaml: "yes"\n', { pick: owners });
    await s.patch(`${path}?fieldManager=one`, APPLY, 'kind: [', { pick: ({ code, reason }) => ({ code, reason }) });
    await s.patch(`${s.in('configmaps')}/new?fieldManager=one`, APPLY, configMap('new', {}, { resourceVersion: '1' }));
    await s.patch(`${s.in('configmaps')}/new?fieldManager=one`, APPLY, configMap('new', {}, { uid: 'x' }));
  },
  'updates and creations own fields too': async (s) => {
    const maps = s.in('configmaps');
    const { body } = await s.post(`${maps}?fieldManager=creator`, configMap('a', { x: '1', y: '1' }), { pick: owners });
    await s.put(`${maps}/a?fieldManager=updater`, { ...body, data: { x: '2', y: '1', z: '1' } }, { pick: owners });
    await s.put(`${maps}/a?fieldManager=updater`, { ...configMap('a', { z: '1' }) }, { pick: owners });
    await s.put(`${maps}/a?fieldManager=updater`, configMap('a', { z: '1' }, { managedFields: [] }), { pick: owners });
    await s.put(`${maps}/a?fieldManager=updater`, configMap('a', { z: '2' }, { managedFields: [{}] }), { pick: owners });
    await s.put(`${maps}/a?fieldManager=updater`, configMap('a', { z: '3' }), { pick: owners });
    await s.patch(`${maps}/a`, MERGE, { metadata: { managedFields: [{}] } }, { pick: owners });
    await s.patch(`${maps}/a`, JSON_PATCH, [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }], { pick: owners });
    await s.post(`${maps}?fieldManager=${'m'.repeat(129)}`, configMap('b'));
    await s.post(maps, configMap('c', { x: 'y' }), { pick: owners, headers: { 'user-agent': 'kubectl/v1.35.0 (linux/amd64) kubernetes/abc' } });
  },
  'custom resources: maps, sets and atomic fields': async (s) => {
    await s.define(widgets(s, {
      type: 'object',
      properties: {
        size: { type: 'integer' },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        map: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['key'], items: { type: 'object', required: ['key'], properties: { key: { type: 'string' }, value: { type: 'string' } } } },
        atomic: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'string' } },
        plain: { type: 'array', items: { type: 'string' } },
        whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: { type: 'string' }, b: { type: 'string' } } },
        free: { type: 'object', additionalProperties: { type: 'string' } },
        open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    }));
    const apply = applyTo(s, `${widgetsOf(s)}/a`);
    await apply('one', widget(s, 'a', { size: 1, set: ['a', 'b'], map: [{ key: 'a', value: '1' }], atomic: ['x'], plain: ['p'], whole: { a: '1' }, free: { a: '1' }, open: { deep: { er: 1 } } }));
    await apply('two', widget(s, 'a', { set: ['b', 'c'], map: [{ key: 'b', value: '2' }], free: { b: '2' } }));
    await apply('two', widget(s, 'a', { atomic: ['y'] }));
    await apply('two', widget(s, 'a', { whole: { b: '1' } }));
    await apply('two', widget(s, 'a', { map: [{ key: 'a', value: '2' }] }));
    await apply('two', widget(s, 'a', { open: { deep: { er: 2 } } }));
    await apply('one', widget(s, 'a', { size: 1, set: ['a'] }));
    await apply('one', widget(s, 'a', { set: ['a', 'a'] }));
    await apply('one', widget(s, 'a', { map: [{ key: 'a' }, { key: 'a' }] }));
    await apply('one', widget(s, 'a', { unheard: 1 }));
    await apply('one', widget(s, 'a', { size: 'big' }));
  },
  'tells what does not fit the schema, and where': async (s) => {
    const path = `${s.in('deployments', 'apps/v1')}/a?dryRun=All&fieldManager=m`;
    const message = { pick: (body: Body): unknown => body.message ?? 'accepted' };
    const apply = (spec: JsonObject): Promise<Body> => s.patch(path, APPLY, deployment('a', spec), message);
    for (const value of ['x', 1, true, [1], { a: 1 }, 1.5]) {
      await apply({ paused: value });
      await apply({ template: { spec: { containers: value } } });
      await apply({ selector: { matchLabels: { a: value } } });
    }
    for (const spec of [{ replicas: 'x' }, { replicas: 1.5 }, { template: 'x' }, { template: { spec: { containers: ['x'] } } }, { template: { spec: { containers: [{ name: 'a', imagee: 'x' }] } } }, { template: { spec: { containers: [{ imagee: 'x' }] } } }, { template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } } }, { strategy: { rollingUpdate: { maxSurge: [1] } } }]) await apply(spec as unknown as JsonObject);
    for (const value of ['yes', 'off', '010', '2001-01-01', '!!binary eA==', '!!str yes', '~']) await s.patch(`${s.in('configmaps')}/a?dryRun=All&fieldManager=m`, APPLY, `kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {a: ${value}}\n`, { pick: ({ data, message: problem }) => problem ?? data ?? null });
  },
  'goes on from what kubectl applied by itself': async (s) => {
    const maps = s.in('configmaps');
    const wrote = (data: object): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { annotations: {}, name: 'a', namespace: s.namespace }, data });
    const annotated = (data: object): object => ({ 'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(wrote(data))}\n` });
    await s.quiet('POST', `${maps}?fieldManager=kubectl-client-side-apply`, configMap('a', { one: '1', two: '2' }, { annotations: annotated({ one: '1', two: '2' }) as JsonObject }));
    const on = (manager: string, data: JsonObject): Promise<unknown> => s.patch(`${maps}/a?fieldManager=${manager}`, APPLY, configMap('a', data), { pick: ({ metadata, data: kept, ...more }) => (kept ? { annotations: metadata.annotations, data: kept } : more) });
    await on('other', { one: '3' });
    await on('kubectl', { one: '3', two: '2' });
    await on('kubectl', { one: '4' });
    await s.quiet('PATCH', `${maps}/a?fieldManager=editor`, { data: { one: '5' } }, { headers: { 'content-type': MERGE } });
    await on('kubectl', { one: '6' });
    await s.quiet('PATCH', `${maps}/a?fieldManager=editor`, { metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'nonsense' } } }, { headers: { 'content-type': MERGE } });
    await on('kubectl', { one: '7' });
    await on('kubectl', { one: '5', three: '3' });
  },
};
