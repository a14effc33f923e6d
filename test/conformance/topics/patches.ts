import { configMap, deployment, pod, widget, widgets, widgetsOf } from '../objects.js';
import { APPLY, JSON_PATCH, MERGE, STRATEGIC } from '../session.js';
import type { Topic } from '../suite.js';

export const scenarios: Topic = {
  'merge patches set, add and take out': async (s) => {
    const maps = s.in('configmaps');
    await s.post(maps, configMap('a', { one: '1', two: '2' }));
    await s.patch(`${maps}/a`, MERGE, { data: { one: null, two: '3', three: '4' }, metadata: { labels: { x: 'y' } } });
    await s.patch(`${maps}/a`, MERGE, { data: null });
    await s.patch(`${maps}/a`, MERGE, { metadata: { name: 'b' } });
    await s.patch(`${maps}/a`, MERGE, { kind: 'Secret' });
    await s.patch(`${maps}/a`, MERGE, { apiVersion: 'v2' });
    await s.patch(`${maps}/a`, MERGE, { metadata: { resourceVersion: '1' } });
    await s.patch(`${maps}/a`, MERGE, { metadata: { uid: 'x' } });
    await s.patch(`${maps}/a`, MERGE, { data: { number: 1 } });
    await s.patch(`${maps}/a`, MERGE, '[]');
    await s.patch(`${maps}/a`, MERGE, 'nonsense');
    await s.patch(`${maps}/a`, MERGE, '');
    await s.patch(`${maps}/missing`, MERGE, { data: {} });
    await s.patch(`${maps}/a`, MERGE, { metadata: { namespace: 'other' } });
    await s.patch(`${maps}/a`, MERGE, { unheard: true });
  },
  'JSON patches add, remove, replace, move, copy and test': async (s) => {
    const maps = s.in('configmaps');
    await s.post(maps, configMap('a', { one: '1', two: '2' }));
    const patch = (...operations: object[]): Promise<unknown> => s.patch(`${maps}/a`, JSON_PATCH, operations, { pick: (body) => (body.kind === 'Status' ? body : body.data ?? null) });
    await patch({ op: 'add', path: '/data/three', value: '3' });
    await patch({ op: 'remove', path: '/data/three' });
    await patch({ op: 'remove', path: '/data/three' });
    await patch({ op: 'replace', path: '/data/one', value: 'eins' });
    await patch({ op: 'replace', path: '/data/none', value: 'eins' });
    await patch({ op: 'move', from: '/data/one', path: '/data/uno' });
    await patch({ op: 'copy', from: '/data/uno', path: '/data/copy' });
    await patch({ op: 'copy', from: '/data/none', path: '/data/copy' });
    await patch({ op: 'move', from: '/data/none', path: '/data/copy' });
    await patch({ op: 'test', path: '/data/uno', value: 'eins' });
    await patch({ op: 'test', path: '/data/uno', value: 'zwei' });
    await patch({ op: 'test', path: '/data/none', value: 'zwei' });
    await patch({ op: 'test', path: '/data/none', value: null });
    await patch({ op: 'unheard', path: '/data/uno' });
    await patch({ path: '/data/uno' });
    await patch({ op: 'add', path: '/data/x' });
    await patch({ op: 'add', value: 'x' });
    await patch({ op: 'add', path: 'data/x', value: 'x' });
    await patch({ op: 'add', path: '/metadata/labels/x', value: 'x' });
    await patch({ op: 'add', path: '/data/number', value: 1 });
    await patch({ op: 'add', path: '/data/a~1b', value: 'slash' });
    await patch({ op: 'add', path: '/data/slash', value: 'x' }, { op: 'test', path: '/data/slash', value: 'y' });
    await patch({ op: 'replace', path: '/metadata/name', value: 'b' });
    await patch({ op: 'replace', path: '', value: configMap('a', { all: 'new' }) });
    await s.patch(`${maps}/a`, JSON_PATCH, {});
    await s.patch(`${maps}/a`, JSON_PATCH, 'nonsense');
    await s.patch(`${maps}/a`, JSON_PATCH, Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/data/all', value: 'new' })), { pick: ({ message, code, reason }) => ({ message, code, reason }) });
  },
  'JSON patches count in lists': async (s) => {
    const pods = s.in('pods');
    await s.quiet('POST', pods, pod('a', { tolerations: [{ key: 'a' , operator: 'Exists' }] }));
    const patch = (...operations: object[]): Promise<unknown> => s.patch(`${pods}/a`, JSON_PATCH, operations, { pick: (body) => (body.kind === 'Status' ? body : body.spec.tolerations.map(({ key }: { key: string }) => key)) });
    await patch({ op: 'add', path: '/spec/tolerations/-', value: { key: 'last', operator: 'Exists' } });
    await patch({ op: 'add', path: '/spec/tolerations/9', value: { key: 'far', operator: 'Exists' } });
    await patch({ op: 'remove', path: '/spec/tolerations/9' });
    await patch({ op: 'replace', path: '/spec/tolerations/x', value: {} });
    await patch({ op: 'test', path: '/spec/tolerations/0/key', value: 'a' });
    await patch({ op: 'add', path: '/spec/tolerations/-1', value: { key: 'negative', operator: 'Exists' } });
    await patch({ op: 'add', path: '/spec/containers/0/image', value: 'other' });
  },
  'strategic patches merge lists by their keys': async (s) => {
    const deployments = s.in('deployments', 'apps/v1');
    await s.quiet('POST', deployments, deployment('a'));
    const patch = (template: object): Promise<unknown> => s.patch(`${deployments}/a`, STRATEGIC, { spec: { template: { spec: template } } }, { pick: (body) => (body.kind === 'Status' ? body : body.spec.template.spec) });
    await patch({ containers: [{ name: 'side', image: 'busybox' }] });
    await patch({ containers: [{ name: 'app', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] }] });
    await patch({ containers: [{ name: 'app', env: [{ name: 'B', value: '2' }], ports: [{ containerPort: 80, name: 'web' }] }] });
    await patch({ containers: [{ name: 'side', $patch: 'delete' }] });
    await patch({ $setElementOrder: 1 });
    await patch({ containers: [{ name: 'app', $setElementOrder: 1 }] });
    await patch({ '$setElementOrder/containers': [{ name: 'new' }, { name: 'app' }], containers: [{ name: 'new', image: 'x' }] });
    await patch({ containers: [{ image: 'nameless' }] });
    await patch({ containers: [{ $patch: 'replace' }, { name: 'only', image: 'y' }] });
    await patch({ tolerations: [{ key: 'a', operator: 'Exists' }] });
    await patch({ tolerations: [{ key: 'b', operator: 'Exists' }] });
    await patch({ nodeSelector: { a: 'b' } });
    await patch({ nodeSelector: { $patch: 'replace', c: 'd' } });
    await patch({ securityContext: { $retainKeys: ['runAsUser'], runAsUser: 5 } });
    await patch({ $patch: 'unheard' });
    await patch({ volumes: [{ name: 'v', emptyDir: {} }] });
    await patch({ volumes: [{ name: 'v', hostPath: { path: '/x' } }] });
    await patch({ volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] });
    await patch({ imagePullSecrets: [{ name: 'a' }] });
    await patch({ imagePullSecrets: [{ name: 'b' }] });
    await patch({ imagePullSecrets: [{ name: 'a', $patch: 'delete' }] });
    await s.patch(`${deployments}/a`, STRATEGIC, { metadata: { finalizers: ['example.com/x'] } }, { pick: ({ metadata }) => metadata.finalizers });
    await s.patch(`${deployments}/a`, STRATEGIC, { metadata: { finalizers: ['example.com/y'] } }, { pick: ({ metadata }) => metadata.finalizers });
    await s.patch(`${deployments}/a`, STRATEGIC, { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/x'] } }, { pick: ({ metadata }) => metadata.finalizers });
    await s.patch(`${deployments}/a`, STRATEGIC, { metadata: { $patch: 'replace', name: 'a', labels: { x: 'y' } } }, { pick: ({ metadata }) => metadata });
    await s.patch(`${deployments}/a`, STRATEGIC, '[]');
    await s.patch(`${deployments}/a`, STRATEGIC, 'nonsense');
    await s.patch(`${deployments}/a`, STRATEGIC, { spec: { replicas: 'two' } });
    await s.patch(`${deployments}/a`, STRATEGIC, { spec: { template: { spec: { containers: 'two' } } } });
    await s.patch(`${deployments}/a`, MERGE, { metadata: { finalizers: null } }, { pick: ({ metadata }) => metadata.finalizers ?? null });
  },
  'strategic patches order lists as they have them': async (s) => {
    const containers = (...names: string[]): object[] => names.map((name) => ({ name, image: 'x' }));
    await s.quiet('POST', s.in('deployments', 'apps/v1'), { metadata: { name: 'a' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: containers('a', 'b', 'c') } } } });
    const patch = (...[order, ...items]: unknown[]): Promise<unknown> => s.patch(`${s.in('deployments', 'apps/v1')}/a`, STRATEGIC, { spec: { template: { spec: { '$setElementOrder/containers': order, ...(items.length > 0 && { containers: items }) } } } }, { pick: ({ message, spec }) => message ?? spec.template.spec.containers.map(({ name }: { name: string }) => name) });
    const named = (...names: string[]): object[] => names.map((name) => ({ name }));
    await patch(named('c', 'a'));
    await patch(named('c', 'a'), { name: 'a', image: 'y' });
    await patch(named('c', 'a'), { name: 'b', image: 'y' });
    await patch(named('c', 'a'), ...containers('a', 'c'));
    await patch(named('c', 'a'), ...containers('c', 'a'));
    await patch(named('unheard', 'a'));
    await patch(named('a', 'b', 'c', 'd'), ...containers('d'));
    await patch(named('d', 'b'), ...containers('b'), { name: 'd', $patch: 'delete' });
    await patch('x');
    await patch([{ image: 'a' }]);
    await patch(['a']);
    await patch([], { name: 'a', image: 'q' });
    await patch([]);
    await s.quiet('POST', s.in('configmaps'), { metadata: { name: 'a', finalizers: ['a/1', 'a/2', 'a/3'] } });
    const finalizers = (metadata: object): Promise<unknown> => s.patch(s.in('configmaps/a'), STRATEGIC, { metadata }, { pick: (body) => body.message ?? body.metadata.finalizers });
    await finalizers({ '$setElementOrder/finalizers': ['a/3', 'a/1'] });
    await finalizers({ '$setElementOrder/finalizers': ['a/3', 'a/4'], finalizers: ['a/4'] });
    await finalizers({ '$setElementOrder/finalizers': ['a/3'], finalizers: ['a/5'] });
    await finalizers({ '$setElementOrder/finalizers': ['a/2'], '$deleteFromPrimitiveList/finalizers': ['a/1'] });
    await s.patch(s.in('configmaps/a'), MERGE, { metadata: { finalizers: null } }, { pick: () => 'done' });
  },
  'custom resources take no strategic patches': async (s) => {
    await s.define(widgets(s, { type: 'object', properties: { list: { type: 'array', items: { type: 'string' } } } }));
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', { list: ['x'] }));
    await s.patch(`${widgetsOf(s)}/a`, STRATEGIC, { spec: { list: ['y'] } });
    await s.patch(`${widgetsOf(s)}/a`, MERGE, { spec: { list: ['y'] } });
    await s.patch(`${widgetsOf(s)}/a`, MERGE, { spec: { list: null } });
    await s.patch(`${widgetsOf(s)}/a`, MERGE, { spec: null });
    await s.patch(`${widgetsOf(s)}/a`, JSON_PATCH, [{ op: 'add', path: '/spec', value: { list: [1] } }]);
  },
  'other kinds of patches are refused': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a'));
    for (const type of ['application/json', 'text/plain', 'application/merge-patch+json; charset=utf-8', '', 'application/apply-patch+cbor']) await s.patch(`${maps}/a`, type, '{}', { pick: (body) => (body.kind === 'Status' ? body : body.kind) });
    await s.patch(`${maps}/a`, APPLY, configMap('a'));
    await s.patch(`${maps}/a?fieldManager=${'m'.repeat(129)}`, MERGE, {});
    await s.patch(`${maps}/a?fieldManager=%00`, MERGE, {});
    await s.patch(`${maps}/a?force=true`, MERGE, {});
    await s.patch(`${maps}/a?force=maybe&fieldManager=x`, APPLY, configMap('a'));
  },
};
