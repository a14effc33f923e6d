import type { JsonObject } from '../../../src/apiserver/index.js';
import { widget, widgets, widgetsOf } from '../objects.js';
import { APPLY, MERGE, type Body, type RequestOptions, type Session } from '../session.js';
import type { Topic } from '../suite.js';

const TEXT = { type: 'string' };
const TEXTS = { type: 'object', additionalProperties: TEXT };
/** Every kind of list and map that there is. */
const SCHEMA: JsonObject = {
  type: 'object', properties: {
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: TEXT }, atomic: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: TEXT }, plain: { type: 'array', items: TEXT },
    map: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a', 'b'], items: { type: 'object', required: ['a', 'b'], properties: { a: TEXT, b: { type: 'integer' }, c: TEXT, d: TEXTS } } },
    keyed: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['p', 'q'], items: { type: 'object', required: ['p'], properties: { p: { type: 'integer' }, q: { type: 'string', default: 'TCP' }, r: { type: 'boolean' } } } },
    whole: { ...TEXTS, 'x-kubernetes-map-type': 'atomic' }, parts: TEXTS, n: { type: 'integer', nullable: true }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, either: { 'x-kubernetes-int-or-string': true }, text: { type: 'string', default: 'd' },
  },
};

const owned: RequestOptions = { pick: (body: Body) => (body.kind === 'Status' ? body : { spec: body.spec, managedFields: body.metadata.managedFields, generation: body.metadata.generation }) };
const managers: RequestOptions = { pick: ({ metadata, message }: Body) => message ?? metadata.managedFields ?? null };

/** Applies specs of a custom resource with lists of every kind. */
async function applier(s: Session): Promise<(manager: string, spec?: JsonObject, query?: string) => Promise<unknown>> {
  await s.define(widgets(s, SCHEMA));
  return (manager, spec, query = '') => s.patch(`${widgetsOf(s)}/a?fieldManager=${manager}${query}`, APPLY, { ...widget(s, 'a', {}), spec }, owned);
}

export const scenarios: Topic = {
  'in lists of every kind': async (s) => {
    const apply = await applier(s);
    await apply('x', { set: ['a', 'b'], atomic: ['a'], plain: ['p'], map: [{ a: 'x', b: 1, c: 'c' }], keyed: [{ p: 1, r: true }], whole: { a: 'b' }, parts: { a: 'b' }, n: 1, free: { q: [1] }, either: 3 });
    await apply('y', { set: ['b', 'c'], map: [{ a: 'x', b: 1, d: { e: 'f' } }, { a: 'y', b: 2 }], keyed: [{ p: 1, q: 'UDP' }], parts: { c: 'd' } });
    await apply('y', { atomic: ['z'] });
    await apply('y', { whole: { c: 'd' }, plain: ['q'], free: { z: 1 } });
    await apply('y', { whole: { c: 'd' }, n: null, free: { q: [2] } }, '&force=true');
    await apply('x', { set: ['a'] });
    for (const spec of [{ set: ['a', 'a'] }, { map: [{ a: 'x', b: 1 }, { a: 'x', b: 1 }] }, { map: [{ a: 'x' }] }, { keyed: [{ q: 'x' }] }, { keyed: [{ p: 'text' }] }, { unknown: 1, free: { unknown: 1 } }]) await apply('x', spec);
    await apply('x', {}, '&fieldValidation=Strict');
    await apply('x', { either: 'x', text: 'q' });
    await apply('z', { either: 'x', text: 'q' });
    await apply('z', { either: 4 });
    await apply('x');
    await apply('z');
    for (const spec of [{ set: ['m', 'n'], map: [{ a: 'q', b: 9 }] }, { set: ['m', 'm'] }, { map: [{ a: 'q', b: 9 }, { a: 'q', b: 9 }] }, { keyed: [{ p: 9 }, { p: 9, q: 'TCP' }] }]) await s.patch(`${widgetsOf(s)}/a`, MERGE, { spec }, owned);
  },
  'that are null are values': async (s) => {
    const apply = await applier(s);
    await apply('x', { n: 1, parts: { a: 'b' }, text: 'x' });
    await apply('y', { n: null }, '&force=true');
    await apply('x', { parts: null });
    await apply('x', { text: null });
    await apply('w', { set: ['a'], map: [{ a: 'x', b: 1 }] });
    await apply('w', { set: null });
    await apply('w', { map: null });
    await apply('v', { keyed: null });
    await apply('z', { parts: { a: null } });
    const deployment = (manager: string, spec: JsonObject): Promise<unknown> => s.patch(`${s.in('deployments/a', 'apps/v1')}?fieldManager=${manager}`, APPLY, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec }, { pick: (body) => body.message ?? { replicas: body.spec.replicas, managedFields: body.metadata.managedFields } });
    const usual = { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } };
    await deployment('x', { ...usual, replicas: 2 });
    await deployment('y', { replicas: null });
    await deployment('x', { ...usual, replicas: null });
    await deployment('y', { paused: null, strategy: null });
  },
  'conflict as they are written': async (s) => {
    const deployment = (manager: string, container: JsonObject, more: JsonObject = {}): Promise<unknown> => s.patch(`${s.in('deployments/a', 'apps/v1')}?fieldManager=${manager}`, APPLY, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', ...container }], ...more } } } }, managers);
    await deployment('x', { image: 'i', ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }], env: [{ name: 'A', value: '1' }], args: ['q'] });
    for (const container of [{ image: 'j' }, { env: [{ name: 'B', value: '2' }], ports: [{ containerPort: 81 }] }, { args: ['z'] }, { ports: [{ containerPort: 80, name: 'web' }] }, { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }]) await deployment('y', container);
    await deployment('y', { resources: { limits: { cpu: '1000m' } } }, { tolerations: [{ key: 'k' }], nodeSelector: { x: 'y' } });
    await deployment('z', { resources: { limits: { cpu: 1 } } }, { tolerations: [{ key: 'k' }] });
    await deployment('z', { resources: { limits: { cpu: '1' } } });
    const service = (manager: string, spec: JsonObject): Promise<unknown> => s.patch(`${s.in('services/a')}?fieldManager=${manager}`, APPLY, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec }, managers);
    await service('x', { clusterIP: 'None', ports: [{ port: 80, name: 'a' }, { port: 81, name: 'b' }], selector: { a: 'b' } });
    await service('y', { ports: [{ port: 80, name: 'q' }], selector: { a: 'c' } });
  },
  'of a status have times, if only none': async (s) => {
    const deployment = s.in('deployments/a', 'apps/v1');
    await s.quiet('PATCH', `${deployment}?fieldManager=x`, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } }, { headers: { 'content-type': APPLY } });
    const status = { pick: (body: Body): unknown => body.message ?? { status: body.status, managedFields: body.metadata.managedFields.filter(({ subresource }: Body) => subresource) } };
    await s.patch(`${deployment}/status?fieldManager=one`, APPLY, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, status: { conditions: [{ type: 'A', status: 'True' }], replicas: 1 } }, status);
    await s.patch(`${deployment}/status?fieldManager=two`, APPLY, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, status: { conditions: [{ type: 'B', status: 'True' }], replicas: 2 }, spec: { replicas: 7 } }, status);
    await s.patch(`${deployment}/scale?fieldManager=three`, APPLY, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a' }, spec: { replicas: 5 } });
    await s.get(deployment, managers);
    await s.quiet('POST', s.in('pods'), { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    const container = (state: JsonObject): JsonObject => ({ status: { containerStatuses: [{ name: 'c', ready: false, restartCount: 0, image: 'i', imageID: '', state }] } });
    for (const state of [{ running: {} }, { terminated: { exitCode: 1 } }, { waiting: {} }]) await s.patch(s.in('pods/p/status'), MERGE, container(state), { pick: (body) => body.message ?? body.status.containerStatuses });
    await s.quiet('POST', s.in('persistentvolumeclaims'), { metadata: { name: 'v' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    await s.patch(s.in('persistentvolumeclaims/v/status'), MERGE, { status: { conditions: [{ type: 'A', status: 'True' }] } }, { pick: (body) => body.message ?? body.status });
  },
  'are kept in books that can be read': async (s) => {
    const apply = await applier(s);
    await apply('x', { text: 'x' });
    const entry = { manager: 'q', operation: 'Apply', apiVersion: `${s.group}/v1`, fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:text': {} } } };
    for (const managedFields of [[], [{ manager: 'q', operation: 'Bad' }], [{ ...entry, operation: 'Bad' }], [{ ...entry, fieldsType: 'FieldsV2' }], [{ ...entry, fieldsV1: { 'x:spec': {} } }], [{ ...entry, apiVersion: 'v1' }], [entry], [{}], [entry]]) {
      await s.patch(`${widgetsOf(s)}/a`, MERGE, { metadata: { managedFields } }, managers);
    }
    await apply('z', { text: 'again' });
    await s.post(s.in('configmaps'), { metadata: { name: 'a' }, data: { a: 'b' } }, managers);
    for (const managedFields of [[{ ...entry, apiVersion: 'v1' }], [{ ...entry, apiVersion: 'v1', fieldsV1: { 'f:data': { 'f:a': {} } } }], [], [{ ...entry, apiVersion: 'v1' }]]) await s.patch(s.in('configmaps/a'), MERGE, { metadata: { managedFields } }, managers);
  },
  'are those of the first document': async (s) => {
    const text = (more: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {a: "1"}\n${more}`;
    for (const more of ['---\na: b\n', '---\n', '...\n', '---\n{', '--- x']) await s.patch(`${s.in('configmaps/b')}?fieldManager=x`, APPLY, text(more), { pick: ({ message, data }) => message ?? data });
    await s.post(`${s.in('configmaps')}?dryRun=All`, `---\n${text('---\nkind: Secret')}`.replace('name: b', 'name: c'), { headers: { 'content-type': 'application/yaml' }, pick: ({ message, data }) => message ?? data });
  },
};
