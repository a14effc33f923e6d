import type { JsonObject } from '../../../src/apiserver/index.js';
import { binding, clusterBinding, clusterRole, role, rule } from '../objects.js';
import type { Body, RequestOptions, Session } from '../session.js';
import type { Topic } from '../suite.js';

const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
const AUTHENTICATION = '/apis/authentication.k8s.io/v1';
const RBAC = 'rbac.authorization.k8s.io/v1';
const ROLES = `/apis/${RBAC}/clusterroles`;
const CLUSTER_BINDINGS = `/apis/${RBAC}/clusterrolebindings`;

/** Ada may do things in the scenario's namespace, Bob in the cluster, and the group `readers` reads. */
async function grant(s: Session): Promise<void> {
  await s.quiet('POST', s.in('roles', RBAC), role('worker', [
    rule('get list', 'pods'), rule('get', 'pods/log'), rule('*', '*/scale', { apiGroups: ['apps'] }), rule('get', 'secrets', { resourceNames: ['mine'] }),
  ]));
  await s.quiet('POST', s.in('rolebindings', RBAC), binding('gone', 'Role/gone', 'User/eve', 'User/ada'));
  await s.quiet('POST', s.in('rolebindings', RBAC), binding('worker', 'Role/worker', 'User/ada'));
  await s.quiet('POST', ROLES, clusterRole(s.unique('reader'), [rule('get list watch', 'nodes'), { verbs: ['get'], nonResourceURLs: ['/metrics', '/debug/*'] }]));
  await s.quiet('POST', CLUSTER_BINDINGS, clusterBinding(s.unique('reader'), `ClusterRole/${s.unique('reader')}`, `User/${s.unique('bob')}`, `Group/${s.unique('readers')}`));
  // Roles are read from caches that follow.
  await s.until(s.in('pods'), ({ status }) => status === 200, { as: ['ada'] });
  await s.until('/api/v1/nodes', ({ status }) => status === 200, { as: [s.unique('bob')] });
}

const status = ({ status: said, message, details }: Body): unknown => (message === undefined ? said : { message, details });
const pick = status;
const can = (s: Session, user: string, resourceAttributes: JsonObject, more: JsonObject = {}): Promise<unknown> =>
  s.post(`${AUTHORIZATION}/subjectaccessreviews`, { spec: { user, resourceAttributes, ...more } }, { pick });

export const scenarios: Topic = {
  'says who may do what with resources': async (s) => {
    await grant(s);
    const here = { namespace: s.namespace };
    await can(s, 'ada', { ...here, verb: 'get', resource: 'pods' });
    await can(s, 'ada', { ...here, verb: 'get', resource: 'pods', name: 'a', version: 'v1' });
    await can(s, 'ada', { ...here, verb: 'get', resource: 'pods', version: '*' });
    await can(s, 'ada', { ...here, verb: 'get', resource: 'pods', subresource: 'log' });
    await can(s, 'ada', { ...here, verb: 'get', resource: 'pods', subresource: 'exec' });
    await can(s, 'ada', { ...here, verb: 'get', resource: 'pods/log' });
    await can(s, 'ada', { ...here, verb: 'delete', resource: 'pods' });
    await can(s, 'ada', { ...here, verb: '*', resource: 'pods' });
    await can(s, 'ada', { ...here, verb: 'get', resource: '*' });
    await can(s, 'ada', { ...here, verb: 'get', group: '*', resource: 'pods' });
    await can(s, 'ada', { ...here, verb: 'get', group: 'apps', resource: 'pods' });
    await can(s, 'ada', { ...here, verb: 'update', group: 'apps', resource: 'deployments', subresource: 'scale' });
    await can(s, 'ada', { ...here, verb: 'get', resource: 'secrets', name: 'mine' });
    await can(s, 'ada', { ...here, verb: 'get', resource: 'secrets', name: 'other' });
    await can(s, 'ada', { ...here, verb: 'get', resource: 'secrets' });
    await can(s, 'ada', { verb: 'get', resource: 'pods' });
    await can(s, 'ada', { namespace: 'no-such-namespace', verb: 'get', resource: 'pods' });
    await can(s, 'eve', { ...here, verb: 'get', resource: 'pods' });
    await can(s, s.unique('bob'), { verb: 'list', resource: 'nodes' });
    await can(s, s.unique('bob'), { ...here, verb: 'list', resource: 'nodes' });
    await can(s, 'carol', { verb: 'list', resource: 'nodes' }, { groups: [s.unique('readers')] });
    await can(s, '', { verb: 'list', resource: 'nodes' }, { groups: [s.unique('readers')] });
    await can(s, 'dora', { verb: 'list', resource: 'nodes' }, { groups: ['system:masters'] });
    await can(s, 'dora', {});
    await can(s, `system:serviceaccount:${s.namespace}:default`, { ...here, verb: 'get', resource: 'pods' }, { uid: 'u', extra: { 'example.com/scopes': ['a', 'b'] } });
  },
  'says who may ask for which path': async (s) => {
    await grant(s);
    const may = (user: string, nonResourceAttributes: JsonObject): Promise<unknown> => s.post(`${AUTHORIZATION}/subjectaccessreviews`, { spec: { user, nonResourceAttributes } }, { pick });
    const bob = s.unique('bob');
    for (const path of ['/metrics', '/metrics/', '/metrics/cadvisor', '/debug', '/debug/', '/debug/pprof/heap', '/version', '', '*', '/healthz']) await may(bob, { path, verb: 'get' });
    await may(bob, { path: '/metrics', verb: 'post' });
    await may(bob, { path: '/metrics' });
    await may(bob, {});
    await s.post(`${AUTHORIZATION}/subjectaccessreviews`, { spec: { user: bob, groups: ['system:authenticated'], nonResourceAttributes: { path: '/apis', verb: 'get' } } }, { pick });
    await s.post(`${AUTHORIZATION}/subjectaccessreviews`, { spec: { user: bob, groups: ['system:unauthenticated'], nonResourceAttributes: { path: '/version', verb: 'get' } } }, { pick });
  },
  'answers whoever asks about himself': async (s) => {
    await grant(s);
    const ask = (spec: JsonObject, as: RequestOptions = { as: ['ada'] }): Promise<unknown> => s.post(`${AUTHORIZATION}/selfsubjectaccessreviews`, { spec }, as);
    await ask({ resourceAttributes: { namespace: s.namespace, verb: 'list', resource: 'pods' } });
    await ask({ resourceAttributes: { namespace: s.namespace, verb: 'list', resource: 'secrets' } });
    await ask({ nonResourceAttributes: { path: '/apis', verb: 'get' } });
    await ask({ resourceAttributes: { verb: '*', resource: '*', group: '*' } }, {});
    await ask({ resourceAttributes: { verb: 'list', resource: 'nodes' } }, { as: ['carol', s.unique('readers')] });
    await ask({ resourceAttributes: { verb: 'list', resource: 'nodes' } }, { token: '' });
    await s.post(`${AUTHORIZATION}/subjectaccessreviews`, { spec: { user: 'bob', resourceAttributes: { verb: 'list', resource: 'nodes' } } }, { as: ['ada'] });
  },
  'judges selectors': async (s) => {
    await grant(s);
    const selecting = (more: JsonObject): Promise<unknown> => s.post(`${AUTHORIZATION}/subjectaccessreviews`, { spec: { user: 'ada', resourceAttributes: { namespace: s.namespace, verb: 'list', resource: 'pods', ...more } } });
    await selecting({ fieldSelector: { rawSelector: 'spec.nodeName=n' } });
    await selecting({ fieldSelector: { rawSelector: '=' } });
    await selecting({ fieldSelector: { rawSelector: '', requirements: [] } });
    await selecting({ fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n'] }] } });
    await selecting({ fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: [] }] } });
    await selecting({ fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['a', 'b'] }] } });
    await selecting({ fieldSelector: { requirements: [{ key: '', operator: 'Exists', values: ['n'] }] } });
    await selecting({ fieldSelector: { requirements: [{ key: 'k', operator: 'Unheard', values: ['n'] }] } });
    await selecting({ fieldSelector: { requirements: [{ key: 'k', operator: '', values: ['n'] }] } });
    await selecting({ fieldSelector: { rawSelector: 'a=b', requirements: [{ key: 'k', operator: 'In', values: ['n'] }] } });
    await selecting({ fieldSelector: {} });
    await selecting({ labelSelector: { rawSelector: 'app in (a,b)' } });
    await selecting({ labelSelector: { rawSelector: 'app in (' } });
    await selecting({ labelSelector: { requirements: [{ key: 'app', operator: 'In', values: ['a', 'b'] }, { key: 'x', operator: 'DoesNotExist' }] } });
    await selecting({ labelSelector: { requirements: [{ key: 'app', operator: 'NotIn' }, { key: 'x', operator: 'DoesNotExist', values: ['v'] }, { operator: 'Exists' }, { key: 'k', operator: 'Equals' }] } });
    await selecting({ labelSelector: { rawSelector: 'a', requirements: [{ key: 'app', operator: 'Exists' }] } });
    await selecting({ labelSelector: {} });
    await selecting({ verb: 'get', name: 'a', labelSelector: { rawSelector: 'a' } });
  },
  'refuses questions that are none': async (s) => {
    const attributes = { verb: 'get', resource: 'pods', namespace: s.namespace };
    const path = { path: '/', verb: 'get' };
    for (const kind of ['subjectaccessreviews', 'selfsubjectaccessreviews']) {
      for (const spec of [undefined, {}, { resourceAttributes: attributes }, { resourceAttributes: attributes, nonResourceAttributes: path, user: 'ada' }, { user: '', groups: [''], resourceAttributes: attributes }, { user: 7 }, { unheard: true, user: 'ada', resourceAttributes: attributes }]) {
        await s.post(`${AUTHORIZATION}/${kind}`, { ...(spec && { spec }) }, { pick: ({ status: said, code, message, details }) => ({ said, code, message, details }) });
      }
    }
    await s.post(`${AUTHORIZATION}/subjectaccessreviews`, { metadata: { name: 'named', namespace: s.namespace, labels: { a: 'b' } }, spec: { user: 'ada', resourceAttributes: attributes } });
    await s.post(`${AUTHORIZATION}/selfsubjectaccessreviews`, { metadata: { name: 'named' }, spec: { resourceAttributes: attributes } });
    await s.post(`${AUTHORIZATION}/subjectaccessreviews?dryRun=All`, { spec: { user: 'ada', resourceAttributes: attributes } });
    await s.post(`${AUTHORIZATION}/subjectaccessreviews?fieldValidation=Strict`, { spec: { user: 'ada', resourceAttributes: { ...attributes, unheard: 1 } } });
    await s.post(`${AUTHORIZATION}/subjectaccessreviews`, { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: {} });
    await s.post(`${AUTHORIZATION}/subjectaccessreviews`, { status: { allowed: true }, spec: { user: 'ada', resourceAttributes: attributes } });
    await s.get(`${AUTHORIZATION}/subjectaccessreviews`);
    await s.get(`${AUTHORIZATION}/subjectaccessreviews/a`);
    await s.delete(`${AUTHORIZATION}/selfsubjectaccessreviews`);
  },
  'answers about one namespace': async (s) => {
    await grant(s);
    const local = s.in('localsubjectaccessreviews', 'authorization.k8s.io/v1');
    const attributes = { verb: 'get', resource: 'pods', namespace: s.namespace };
    await s.post(local, { spec: { user: 'ada', resourceAttributes: attributes } });
    await s.post(local, { metadata: { namespace: s.namespace }, spec: { user: 'ada', resourceAttributes: attributes } });
    await s.post(local, { metadata: { namespace: 'default' }, spec: { user: 'ada', resourceAttributes: attributes } });
    await s.post(local, { spec: { user: 'ada', resourceAttributes: { verb: 'get', resource: 'pods' } } });
    await s.post(local, { spec: { user: 'ada', resourceAttributes: { ...attributes, namespace: 'default' } } });
    await s.post(local, { spec: { user: 'ada', nonResourceAttributes: { path: '/', verb: 'get' } } });
    await s.post(local, { metadata: { name: 'named' }, spec: { user: 'ada', resourceAttributes: attributes } });
    await s.post(local, { spec: {} });
    await s.post('/apis/authorization.k8s.io/v1/namespaces/no-such-namespace/localsubjectaccessreviews', { spec: { user: 'ada', resourceAttributes: { ...attributes, namespace: 'no-such-namespace' } } });
  },
  'lists what somebody may do': async (s) => {
    await grant(s);
    // Roles come in no particular order.
    const text = (item: Body): string => JSON.stringify(item, Object.keys(item).sort());
    const sorted = (list: Body): Body => [...list].sort((left, right) => (text(left) < text(right) ? -1 : 1));
    const own = ({ status: said, ...rest }: Body): unknown => ({ ...rest, status: said?.resourceRules ? { ...said, resourceRules: sorted(said.resourceRules), nonResourceRules: sorted(said.nonResourceRules) } : said });
    const rules = (spec: JsonObject | undefined, as: RequestOptions): Promise<unknown> => s.post(`${AUTHORIZATION}/selfsubjectrulesreviews`, { ...(spec && { spec }) }, { ...as, pick: own });
    await rules({ namespace: s.namespace }, { as: ['ada'] });
    await rules({ namespace: 'default' }, { as: ['ada'] });
    await rules({ namespace: s.namespace }, { as: [s.unique('bob')] });
    await rules({ namespace: s.namespace }, {});
    await rules({ namespace: '' }, { as: ['ada'] });
    await rules(undefined, { as: ['ada'] });
    await rules({ namespace: s.namespace }, { token: '' });
    await s.post(`${AUTHORIZATION}/selfsubjectrulesreviews`, { metadata: { name: 'a' }, spec: { namespace: s.namespace } }, { as: ['ada'], pick: ({ metadata, message }) => ({ metadata, message }) });
  },
  'says who somebody is': async (s) => {
    const who = (options: RequestOptions): Promise<unknown> => s.post(`${AUTHENTICATION}/selfsubjectreviews`, {}, options);
    await who({ as: ['ada', 'readers', 'writers'] });
    await who({});
    await who({ token: '' });
    await who({ token: 'nonsense' });
    await who({ headers: { 'impersonate-user': 'bob', 'impersonate-group': 'g', 'impersonate-uid': '7', 'impersonate-extra-example.com%2fscopes': 'x' } });
    await who({ headers: { 'impersonate-user': `system:serviceaccount:${s.namespace}:robot` } });
    await s.post(`${AUTHENTICATION}/selfsubjectreviews`, { metadata: { name: 'named' } }, { as: ['ada'] });
    await s.post(`${AUTHENTICATION}/selfsubjectreviews`, { status: { userInfo: { username: 'root' } } }, { as: ['ada'] });
    await s.post(`${AUTHENTICATION}/selfsubjectreviews?dryRun=All`, {}, { as: ['ada'] });
    await s.get(`${AUTHENTICATION}/selfsubjectreviews`);
  },
  'reviews tokens': async (s) => {
    const { body } = await s.quiet('POST', `${s.in('serviceaccounts')}/default/token`, { spec: { audiences: ['vault', 'https://kubernetes.default.svc.cluster.local'] } });
    const { body: foreign } = await s.quiet('POST', `${s.in('serviceaccounts')}/default/token`, { spec: { audiences: ['vault'] } });
    const review = (what: string, spec: JsonObject, options: RequestOptions = {}): Promise<unknown> => {
      s.note(`# ${what}`);
      // Tokens are new in every run.
      return s.say('POST', `${AUTHENTICATION}/tokenreviews`, { spec }, { ...options, hidden: true, pick: ({ spec: _spec, ...rest }) => rest });
    };
    const { token } = body.status;
    await review('a token of a service account', { token });
    await review('for one of its audiences', { token, audiences: ['vault', 'other'] });
    await review('for an audience that it has not', { token, audiences: ['other'] });
    await review('one that is not for the API server', { token: foreign.status.token });
    await review('the same for its audience', { token: foreign.status.token, audiences: ['vault'] });
    await review('of a user', { token: s.server.tokenOf!('ada', ['readers']) });
    await review('of a user, for an audience', { token: s.server.tokenOf!('ada', ['readers']), audiences: ['vault'] });
    await review('nonsense', { token: 'nonsense' });
    await review('nonsense in three parts', { token: 'a.b.c' });
    await review('altered', { token: `${token.slice(0, -4)}AAAA` });
    await review('no token', { token: '' });
    await review('by somebody who may not ask', { token }, { as: ['ada'] });
    await s.post(`${AUTHENTICATION}/tokenreviews`, {});
    await s.post(`${AUTHENTICATION}/tokenreviews`, { metadata: { name: 'named' }, spec: { token: 'nonsense' } });
    await s.post(`${AUTHENTICATION}/tokenreviews`, { metadata: { namespace: 'default' }, spec: { token: 'nonsense' } });
    await s.post(`${AUTHENTICATION}/tokenreviews?dryRun=All`, { spec: { token: 'nonsense' } });
    await s.get(`${AUTHENTICATION}/tokenreviews`);
    await s.get(`${AUTHENTICATION}/tokenreviews/a`);
  },
};
