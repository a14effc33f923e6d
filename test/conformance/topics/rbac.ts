import type { JsonObject } from '../../../src/apiserver/index.js';
import { binding, clusterBinding, clusterRole, configMap, role, rule } from '../objects.js';
import { APPLY, MERGE } from '../session.js';
import type { Answer, Body, RequestOptions, Session } from '../session.js';
import type { Topic } from '../suite.js';

const RBAC = 'rbac.authorization.k8s.io/v1';
const RBAC_GROUP = 'rbac.authorization.k8s.io';
const CLUSTER_ROLES = `/apis/${RBAC}/clusterroles`;
const CLUSTER_BINDINGS = `/apis/${RBAC}/clusterrolebindings`;

const ADA = { as: ['ada'] } as const;
const message = ({ kind, message: said, code }: Body): unknown => (kind === 'Status' && said ? { code, message: said } : kind);
const brief: RequestOptions = { pick: message };

/** Gives a user of the scenario's namespace a role of his own, and waits until it counts. */
async function permit(s: Session, user: string, rules: readonly JsonObject[], probe: string): Promise<void> {
  await s.quiet('POST', s.in('roles', RBAC), role(user, rules));
  await s.quiet('POST', s.in('rolebindings', RBAC), binding(user, `Role/${user}`, `User/${user}`));
  await s.until(probe, ({ status }) => status !== 403, { as: [user] });
}

export const scenarios: Topic = {
  'refuses those who may not, and says what': async (s) => {
    const asked: readonly (readonly [method: string, path: string])[] = [
      ['GET', s.in('pods')], ['GET', s.in('pods/a')], ['GET', s.in('pods?watch=true')], ['GET', '/api/v1/pods'], ['GET', '/api/v1/nodes/n'], ['GET', '/api/v1/namespaces'], ['GET', `/api/v1/namespaces/${s.namespace}`],
      ['GET', s.in('pods/a/log')], ['DELETE', s.in('pods')], ['DELETE', s.in('pods/a')], ['GET', s.in('deployments/a/scale', 'apps/v1')], ['GET', s.in('deployments', 'apps/v1')],
      ['GET', s.in('unheard')], ['GET', s.in('unheard', 'unheard.example.com/v1')], ['GET', '/apis/unheard.example.com/v1/things'], ['GET', '/unheard'], ['GET', '/metrics'], ['GET', '/api/v1/watch/pods'], ['GET', '/logs/'],
      ['GET', `${s.in('pods')}?fieldSelector=metadata.name%3Da`], ['GET', `${s.in('pods')}?fieldSelector=metadata.name%3Da,spec.nodeName%3Dn`], ['GET', `${s.in('pods')}?fieldSelector=spec.nodeName%3Dn`], ['DELETE', `${s.in('pods')}?fieldSelector=metadata.name%3Da`],
    ];
    for (const [method, path] of asked) await s.say(method, path, undefined, ADA);
    await s.post(s.in('pods'), {}, ADA);
    await s.put(s.in('pods/a'), {}, ADA);
    await s.patch(s.in('pods/a'), MERGE, {}, ADA);
    await s.post(s.in('pods/a/eviction'), {}, ADA);
    await s.post(s.in('pods/a/binding'), {}, ADA);
    await s.post(s.in('serviceaccounts/default/token'), {}, ADA);
    await s.patch(`${s.in('configmaps')}/a?fieldManager=x`, APPLY, configMap('a'), ADA);
    await s.say('POST', s.in('pods/a/exec'), undefined, ADA);
    await s.say('GET', s.in('services/a/proxy/x'), undefined, ADA);
  },
  'answers who shows no credentials, or bad ones': async (s) => {
    const nobody: RequestOptions = { token: '' };
    for (const path of ['/api', '/apis', '/api/v1', '/openapi/v3', '/metrics', '/unheard', s.in('pods'), '/api/v1/nodes/n']) await s.get(path, nobody);
    for (const path of ['/healthz', '/livez', '/readyz']) await s.get(path, nobody);
    await s.get('/version', { ...nobody, pick: ({ gitVersion }) => typeof gitVersion });
    await s.get(s.in('pods'), { token: 'nonsense' });
    await s.get('/version', { token: 'nonsense' });
    await s.get(s.in('pods'), { token: '', headers: { authorization: 'Basic YWRhOmFkYQ==' } });
    await s.get(s.in('pods'), { token: '', headers: { authorization: 'Bearer' } });
    await s.get(s.in('pods'), { token: '', headers: { authorization: 'bearer nonsense' } });
    await s.get('/version', { as: ['ada'], pick: ({ gitVersion }) => typeof gitVersion });
    await s.get('/api', { as: ['ada'], pick: ({ kind }) => kind });
  },
  'lets those who may': async (s) => {
    await permit(s, 'ada', [rule('get list create delete', 'configmaps'), rule('get', 'secrets', { resourceNames: ['mine', 'other'] }), rule('update', 'pods/status')], s.in('configmaps'));
    const maps = s.in('configmaps');
    await s.post(maps, configMap('a'), { ...ADA, ...brief });
    await s.get(`${maps}/a`, { ...ADA, ...brief });
    await s.patch(`${maps}/a`, MERGE, { data: {} }, { ...ADA, ...brief });
    await s.patch(`${maps}/b?fieldManager=x`, APPLY, configMap('b'), { ...ADA, ...brief });
    await s.put(`${maps}/a`, configMap('a'), { ...ADA, ...brief });
    await s.get(`${maps}?watch=true&timeoutSeconds=1`, { ...ADA, ...brief });
    await s.delete(maps, undefined, { ...ADA, ...brief });
    await s.delete(`${maps}/a`, undefined, { ...ADA, ...brief });
    await s.get(s.in('secrets/mine'), { ...ADA, ...brief });
    await s.get(s.in('secrets/third'), { ...ADA, ...brief });
    await s.put(s.in('pods/a/status'), { metadata: { name: 'a' } }, { ...ADA, ...brief });
    await s.put(s.in('pods/a'), { metadata: { name: 'a' } }, { ...ADA, ...brief });
    await s.get('/api/v1/namespaces/default/configmaps', { ...ADA, ...brief });
  },
  'lets names be listed and watched one by one': async (s) => {
    await permit(s, 'ada', [rule('get list watch', 'configmaps', { resourceNames: ['mine'] }), rule('deletecollection', 'configmaps'), rule('create', 'secrets', { resourceNames: ['mine'] })], s.in('configmaps/mine'));
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('mine'));
    const names = ({ items, ...rest }: Body): unknown => (items ? items.map(({ metadata }: Body) => metadata.name) : message(rest));
    await s.get(maps, { ...ADA, pick: names });
    for (const selector of ['metadata.name=mine', 'metadata.name==mine', 'metadata.name=other', 'metadata.name!=mine', 'metadata.name=mine,metadata.namespace=x', 'metadata.name=mine,metadata.name=other']) {
      await s.get(`${maps}?fieldSelector=${encodeURIComponent(selector)}`, { ...ADA, pick: names });
    }
    const watch = await s.watch(`${maps}?watch=true&fieldSelector=metadata.name%3Dmine`, { ...ADA, pick: ({ metadata }) => metadata.name });
    await watch.expect(1);
    await s.watch(`${maps}?watch=true`, ADA);
    await s.watch(`/api/v1/watch/namespaces/${s.namespace}/configmaps/mine`, ADA);
    await s.delete(`${maps}?fieldSelector=metadata.name%3Dmine`, undefined, { ...ADA, pick: names });
    await s.post(s.in('secrets'), { metadata: { name: 'mine' } }, { ...ADA, ...brief });
  },
  'keeps roles and bindings': async (s) => {
    const roles = s.in('roles', RBAC);
    const bindings = s.in('rolebindings', RBAC);
    const { body } = await s.post(roles, role('worker', [rule('get', 'pods'), rule('get', 'pods', { apiGroups: ['', 'apps'], resourceNames: ['a'] })]));
    await s.put(`${roles}/worker`, { ...body, rules: [] });
    await s.post(bindings, binding('worker', 'Role/worker', 'User/ada', 'Group/readers'));
    await s.post(bindings, { apiVersion: RBAC, kind: 'RoleBinding', metadata: { name: 'account' }, roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'ServiceAccount', name: 'default' }, { kind: 'ServiceAccount', name: 'default', namespace: s.namespace }] });
    await s.post(bindings, { apiVersion: RBAC, kind: 'RoleBinding', metadata: { name: 'bare' }, roleRef: { kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'User', name: 'ada' }, { kind: 'ServiceAccount', name: 'default', namespace: s.namespace }] });
    await s.patch(`${bindings}/worker`, MERGE, { roleRef: { name: 'other' } });
    await s.patch(`${bindings}/worker`, MERGE, { subjects: null });
    await s.patch(`${bindings}/worker`, MERGE, { metadata: { labels: { a: 'b' } }, subjects: [] });
    await s.post(CLUSTER_ROLES, clusterRole(s.unique('paths'), [{ verbs: ['get'], nonResourceURLs: ['/metrics', '/logs/*'] }]));
    await s.post(CLUSTER_ROLES, { ...clusterRole(s.unique('placed'), []), metadata: { name: s.unique('placed'), namespace: s.namespace } });
    await s.post(CLUSTER_ROLES, { ...clusterRole(s.unique('none'), []), rules: null });
    await s.post(roles, role('System:With.Colons', [], { metadata: { name: 'System:with.colons' } }));
    await s.get(roles, { pick: ({ items, kind }) => ({ kind, names: items.map(({ metadata }: Body) => metadata.name) }) });
    await s.get(bindings, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }, pick: ({ rows }) => rows.map(({ cells }: Body) => cells.slice(0, 2)) });
    await s.get(roles, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }, pick: ({ rows }) => rows.map(({ cells }: Body) => cells[0]) });
    await s.delete(bindings, undefined, { pick: ({ kind, items }) => ({ kind, names: items.map(({ metadata }: Body) => metadata.name) }) });
    await s.delete(`${roles}/worker`);
    await s.get(`${roles}/worker`);
  },
  'refuses roles and bindings that are none': async (s) => {
    const roles = s.in('roles', RBAC);
    const bindings = s.in('rolebindings', RBAC);
    await s.post(roles, role('a', [{ verbs: [] }]));
    await s.post(roles, role('a', [{ verbs: ['get'] }]));
    await s.post(roles, role('a', [{ verbs: ['get'], apiGroups: [''], resources: [] }, { verbs: ['get'], apiGroups: [], resources: ['pods'] }]));
    await s.post(roles, role('a', [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }]));
    await s.post(roles, role('a', [rule('get', 'pods', { nonResourceURLs: ['/metrics'] })]));
    await s.post(CLUSTER_ROLES, clusterRole(s.unique('a'), [rule('get', 'pods', { nonResourceURLs: ['/metrics'] })]));
    await s.post(CLUSTER_ROLES, clusterRole(s.unique('a'), [{ verbs: ['get'], nonResourceURLs: ['/metrics'], resourceNames: ['a'] }]));
    await s.post(CLUSTER_ROLES, clusterRole(s.unique('a'), [rule('get', 'pods')], { aggregationRule: {} }));
    await s.post(CLUSTER_ROLES, clusterRole(s.unique('a'), [], { aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: '-', operator: 'Unheard' }] }] } }));
    await s.post(roles, role('a/b', []));
    await s.post(roles, role('..', []));
    await s.post(roles, role('a%b', []));
    await s.post(bindings, binding('a', 'Role/x', 'User/', 'Unheard/a'));
    await s.post(bindings, binding('a', 'Unheard/x', 'User/a'));
    await s.post(bindings, binding('a', 'Role/', 'User/a'));
    await s.post(bindings, { apiVersion: RBAC, kind: 'RoleBinding', metadata: { name: 'a' } });
    await s.post(bindings, { ...binding('a', 'Role/x'), subjects: [{ kind: 'ServiceAccount', name: 'Upper', namespace: s.namespace }, { kind: 'ServiceAccount', name: 'a', namespace: s.namespace, apiGroup: 'x' }, { kind: 'User', name: 'a', apiGroup: 'x' }, { kind: 'Group', name: 'a', apiGroup: '' }, { kind: 'Group', name: '' }] });
    await s.post(bindings, { ...binding('a', 'Role/x'), roleRef: { apiGroup: 'x', kind: 'Role', name: 'a/b' } });
    await s.post(CLUSTER_BINDINGS, clusterBinding(s.unique('a'), 'Role/x', 'User/a'));
    await s.post(CLUSTER_BINDINGS, { ...clusterBinding(s.unique('a'), 'ClusterRole/x'), subjects: [{ kind: 'ServiceAccount', name: 'a' }] });
  },
  'lets nobody grant what he has not': async (s) => {
    const roles = s.in('roles', RBAC);
    const bindings = s.in('rolebindings', RBAC);
    await permit(s, 'ada', [rule('get create update patch delete', 'roles rolebindings', { apiGroups: [RBAC_GROUP] }), rule('get list', 'pods'), rule('get', 'secrets', { resourceNames: ['mine'] })], `${roles}/x`);
    await s.post(roles, role('same', [rule('get', 'pods')]), { ...ADA, ...brief });
    await s.post(roles, role('more', [rule('get list delete', 'pods pods/log'), rule('get', 'secrets'), rule('get', 'secrets', { resourceNames: ['mine', 'other'] }), rule('*', '*', { apiGroups: ['*'] })]), ADA);
    await s.post(roles, role('more', [rule('watch', 'configmaps')]), { as: ['ada', 'g1', 'g2'] });
    await s.put(`${roles}/same`, role('same', [rule('get delete', 'pods')]), ADA);
    await s.patch(`${roles}/same`, MERGE, { rules: [rule('get', 'pods/exec')] }, ADA);
    await s.patch(`${roles}/same?fieldManager=x&force=true`, APPLY, role('same', [rule('get', 'pods/exec')]), ADA);
    await s.patch(`${roles}/same`, MERGE, { metadata: { labels: { a: 'b' } } }, { ...ADA, ...brief });
    await s.quiet('POST', roles, role('big', [rule('delete', 'pods')]));
    await s.patch(`${roles}/big`, MERGE, { metadata: { labels: { a: 'b' } } }, { ...ADA, ...brief });
    await s.patch(`${roles}/big`, MERGE, { rules: [rule('delete', 'pods')] }, { ...ADA, ...brief });
    await s.post(bindings, binding('a', 'Role/same', 'User/bob'), { ...ADA, ...brief });
    await s.post(bindings, binding('b', 'Role/big', 'User/bob'), ADA);
    await s.post(bindings, binding('b', 'ClusterRole/view', 'User/bob'), { ...ADA, pick: ({ message: said, details }) => ({ begins: said.slice(0, 200), details }) });
    await s.post(bindings, binding('b', 'Role/gone', 'User/bob'), ADA);
    await s.post(bindings, binding('b', 'ClusterRole/gone', 'User/bob'), ADA);
    await s.post(bindings, binding('b', 'ClusterRole/cluster-admin', 'User/bob'), ADA);
    await s.post(CLUSTER_ROLES, clusterRole('x', []), ADA);
  },
  'lets nobody grant more in the cluster than he has': async (s) => {
    const user = s.unique('ada');
    const name = s.unique('made');
    const own = [rule('get create update patch delete', 'clusterroles clusterrolebindings roles', { apiGroups: [RBAC_GROUP] }), rule('get', 'pods services/*'), rule('*', 'nodes'), rule('get list', '*', { apiGroups: ['apps'] }), rule('get', '*/scale', { apiGroups: ['batch'] }), { verbs: ['get'], nonResourceURLs: ['/metrics', '/logs/*'] }];
    await s.quiet('POST', CLUSTER_ROLES, clusterRole(user, own));
    await s.quiet('POST', CLUSTER_BINDINGS, clusterBinding(user, `ClusterRole/${user}`, `User/${user}`));
    await s.until(`${CLUSTER_ROLES}/none`, ({ status }) => status !== 403, { as: [user] });
    const granted = (rules: readonly JsonObject[], more: JsonObject = {}, url = CLUSTER_ROLES): Promise<Answer> => s.post(`${url}?dryRun=All`, url === CLUSTER_ROLES ? clusterRole(name, rules, more) : role(name, rules, more), { as: [user], pick: message });
    await granted([rule('get', 'pods services/status'), rule('delete', 'nodes', { resourceNames: ['n'] }), rule('list', 'deployments deployments/scale', { apiGroups: ['apps'] }), rule('get', 'jobs/scale', { apiGroups: ['batch'] }), { verbs: ['get'], nonResourceURLs: ['/metrics', '/logs/x'] }]);
    await granted([rule('get', 'services jobs/scale')]);
    await granted([rule('get', 'jobs', { apiGroups: ['batch'] }), rule('list', 'pods', { apiGroups: ['', 'apps'] })]);
    await granted([{ verbs: ['get', 'post'], nonResourceURLs: ['/metrics', '/logs', '/logs/*', '/*', '*'] }]);
    await granted([rule('*', 'pods'), rule('get', '*'), rule('get', 'pods', { apiGroups: ['*'] })]);
    await granted([rule('get', 'secrets', { resourceNames: ['a', 'b'] }), rule('get', 'pods', { resourceNames: ['a'] })]);
    await granted([], { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } });
    await granted([rule('delete', 'pods')], { aggregationRule: {} });
    await granted([{ verbs: [], apiGroups: [''], resources: ['secrets'] }]);
    await granted([{}]);
    await granted([{ verbs: ['get'], apiGroups: [''], resources: ['secrets'], nonResourceURLs: ['/x'] }]);
    await granted([rule('get', 'pods')], {}, s.in('roles', RBAC));
    await granted([rule('delete', 'pods')], {}, s.in('roles', RBAC));
    await s.post(`${CLUSTER_BINDINGS}?dryRun=All`, clusterBinding(name, 'ClusterRole/system:public-info-viewer', 'User/bob'), { as: [user], pick: message });
    await s.post(`${CLUSTER_BINDINGS}?dryRun=All`, clusterBinding(name, `ClusterRole/${user}`, 'User/bob'), { as: [user], pick: message });
    await s.post(`${CLUSTER_BINDINGS}?dryRun=All`, clusterBinding(name, 'Role/x', 'User/bob'), { as: [user], pick: message });
    await s.put(`${CLUSTER_ROLES}/${user}`, clusterRole(user, [...own, rule('list', 'pods')]), { as: [user], pick: message });
    await s.put(`${CLUSTER_ROLES}/${user}`, clusterRole(user, own.slice(1)), { as: [user], pick: message });
  },
  'lets those grant who may escalate or bind': async (s) => {
    const roles = s.in('roles', RBAC);
    const bindings = s.in('rolebindings', RBAC);
    await permit(s, 'ada', [rule('get create update escalate', 'roles', { apiGroups: [RBAC_GROUP] }), rule('create', 'rolebindings', { apiGroups: [RBAC_GROUP] })], `${roles}/x`);
    await permit(s, 'bob', [rule('get create', 'rolebindings', { apiGroups: [RBAC_GROUP] }), rule('bind', 'clusterroles', { apiGroups: [RBAC_GROUP], resourceNames: ['view'] })], `${bindings}/x`);
    await s.post(roles, role('big', [rule('delete', 'pods')]), { ...ADA, ...brief });
    await s.post(bindings, binding('a', 'Role/big', 'User/bob'), { ...ADA, ...brief });
    await s.post(bindings, binding('view', 'ClusterRole/view', 'User/bob'), { as: ['bob'], pick: message });
    await s.post(bindings, binding('big', 'Role/big', 'User/bob'), { as: ['bob'], pick: message });
    await s.post(bindings, binding('edit', 'ClusterRole/edit', 'User/bob'), { as: ['bob'], pick: ({ message: said }) => said.slice(0, 150) });
  },
};
