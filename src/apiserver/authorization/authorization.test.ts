import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import type { Answer } from '../testing/test-cluster.js';
import { settled, TestCluster } from '../testing/test-cluster.js';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const ANN = { 'impersonate-user': 'ann' };
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

describe('Authorization', () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = new TestCluster({ tokens: { boss: { name: 'boss', groups: ['system:masters'] }, ann: { name: 'ann' } } });
  });
  afterEach(() => cluster.server.close());

  const role = (name: string, rules: JsonObject[], more: JsonObject = {}): Promise<unknown> => cluster.ok('POST', `${RBAC}/clusterroles`, { ...more, metadata: { name, ...(more['metadata'] as object) }, rules });
  const bind = (subject: JsonObject, clusterRole: string, namespace = ''): Promise<unknown> =>
    cluster.ok('POST', `${RBAC}/${namespace ? `namespaces/${namespace}/rolebindings` : 'clusterrolebindings'}`, { metadata: { name: `${clusterRole}-${String(subject['name'])}` }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: clusterRole }, subjects: [subject] });
  const bindAnn = (clusterRole: string, namespace = ''): Promise<unknown> => bind({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'ann' }, clusterRole, namespace);
  const refusal = ({ status, body }: Answer): string => (status === 403 ? body.message! : `${status}`);

  it('refuses in words that name who, what and where', async () => {
    expect((await cluster.request('GET', `${CONFIG_MAPS}/a`, undefined, ANN)).body).to.deep.include({
      reason: 'Forbidden', code: 403, details: { name: 'a', kind: 'configmaps' },
      message: 'configmaps "a" is forbidden: User "ann" cannot get resource "configmaps" in API group "" in the namespace "default"',
    });
    for (const [method, path, message] of [
      ['GET', '/api/v1/nodes', 'nodes is forbidden: User "ann" cannot list resource "nodes" in API group "" at the cluster scope'],
      ['GET', '/api/v1/nodes?watch=true', 'nodes is forbidden: User "ann" cannot watch resource "nodes" in API group "" at the cluster scope'],
      ['DELETE', '/apis/apps/v1/namespaces/x/deployments', 'deployments.apps is forbidden: User "ann" cannot deletecollection resource "deployments" in API group "apps" in the namespace "x"'],
      ['PUT', '/apis/apps/v1/namespaces/x/deployments/d/scale', 'deployments.apps "d" is forbidden: User "ann" cannot update resource "deployments/scale" in API group "apps" in the namespace "x"'],
      ['GET', '/apis/nobody.example.com/v1/things', 'things.nobody.example.com is forbidden: User "ann" cannot list resource "things" in API group "nobody.example.com" at the cluster scope'],
      ['GET', '/metrics', 'forbidden: User "ann" cannot get path "/metrics"'],
      ['POST', '/metrics', 'forbidden: User "ann" cannot post path "/metrics"'],
    ] as const) expect(refusal(await cluster.request(method, path, undefined, ANN)), path).to.equal(message);
    expect((await cluster.request('GET', '/version', undefined, ANN)).status).to.equal(200);
    expect((await cluster.request('GET', '/apis', undefined, ANN)).status).to.equal(200);
  });

  it('follows roles and bindings, in a namespace or everywhere, at once when they change', async () => {
    await role('reader', [{ apiGroups: [''], resources: ['configmaps', '*/log'], verbs: ['get', 'list'] }, { nonResourceURLs: ['/metr*'], verbs: ['get'] }]);
    await bindAnn('reader', 'default');
    expect((await cluster.request('GET', CONFIG_MAPS, undefined, ANN)).status).to.equal(200);
    expect(refusal(await cluster.request('POST', CONFIG_MAPS, {}, ANN))).to.contain('cannot create resource "configmaps"');
    expect(refusal(await cluster.request('GET', '/api/v1/configmaps', undefined, ANN))).to.contain('at the cluster scope');
    expect((await cluster.request('GET', '/api/v1/namespaces/default/pods/p/log', undefined, ANN)).status).to.equal(404);
    expect(refusal(await cluster.request('GET', '/metrics', undefined, ANN))).to.contain('cannot get path');
    await bindAnn('reader');
    expect((await cluster.request('GET', '/metrics', undefined, ANN)).status).to.equal(200);
    await cluster.ok('DELETE', `${RBAC}/clusterroles/reader`);
    expect(refusal(await cluster.request('GET', CONFIG_MAPS, undefined, ANN)))
      .to.match(/in the namespace "default": RBAC: clusterrole.rbac.authorization.k8s.io "reader" not found$/);
  });

  it('takes names of single resources into account', async () => {
    await role('one', [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'], verbs: ['get', 'watch', 'list'] }]);
    await bindAnn('one', 'default');
    expect((await cluster.request('GET', `${CONFIG_MAPS}/a`, undefined, ANN)).status).to.equal(404);
    expect((await cluster.request('GET', `${CONFIG_MAPS}/b`, undefined, ANN)).status).to.equal(403);
    expect((await cluster.request('GET', CONFIG_MAPS, undefined, ANN)).status).to.equal(403);
    expect((await cluster.request('GET', `${CONFIG_MAPS}?fieldSelector=metadata.name%3Da`, undefined, ANN)).status).to.equal(200);
  });

  it('has the roles that every cluster has, those of users gathered from others', async () => {
    await role('system:own', [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
    const view = await cluster.ok('GET', `${RBAC}/clusterroles/view`);
    expect(view['rules']).to.deep.include({ apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] });
    await role('things', [{ apiGroups: ['example.com'], resources: ['things'], verbs: ['get'] }], { metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } } });
    await settled();
    for (const name of ['view', 'edit', 'admin']) {
      expect((await cluster.ok('GET', `${RBAC}/clusterroles/${name}`))['rules'], name).to.deep.include({ apiGroups: ['example.com'], resources: ['things'], verbs: ['get'] });
    }
    await bindAnn('edit', 'default');
    expect((await cluster.request('POST', CONFIG_MAPS, { metadata: { name: 'a' } }, ANN)).status).to.equal(201);
    expect(refusal(await cluster.request('POST', `${RBAC}/namespaces/default/roles`, {}, ANN))).to.contain('cannot create resource "roles"');
  });

  it('lets nobody grant what they do not have', async () => {
    await role('granter', [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles', 'rolebindings', 'clusterrolebindings', 'roles'], verbs: ['create', 'update'] }, { apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
    await bindAnn('granter');
    const wanted = { metadata: { name: 'w' }, rules: [{ apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['list', 'get'] }, { nonResourceURLs: ['/metrics'], verbs: ['get'] }] };
    expect(refusal(await cluster.request('POST', `${RBAC}/clusterroles`, wanted, ANN))).to.equal(
      'clusterroles.rbac.authorization.k8s.io "w" is forbidden: user "ann" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
      + '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["list" "get"]}\n{NonResourceURLs:["/metrics"], Verbs:["get"]}');
    expect((await cluster.request('POST', `${RBAC}/clusterroles`, { metadata: { name: 'w' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }, ANN)).status).to.equal(201);
    expect(refusal(await cluster.request('POST', `${RBAC}/clusterroles`, { metadata: { name: 'x' }, aggregationRule: { clusterRoleSelectors: [{}] } }, ANN))).to.contain('must have cluster-admin privileges to use the aggregationRule');
    const binding = (name: string) => ({ metadata: { name: 'b' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }] });
    expect(refusal(await cluster.request('POST', `${RBAC}/namespaces/default/rolebindings`, binding('cluster-admin'), ANN))).to.contain('is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}');
    expect((await cluster.request('POST', `${RBAC}/namespaces/default/rolebindings`, binding('w'), ANN)).status).to.equal(201);
    expect((await cluster.request('POST', `${RBAC}/clusterrolebindings`, binding('nobody'), ANN)).body.message).to.equal('clusterrolebindings.rbac.authorization.k8s.io "nobody" not found');
    await role('may-bind', [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['bind', 'escalate'] }]);
    await bindAnn('may-bind');
    expect((await cluster.request('POST', `${RBAC}/clusterrolebindings`, binding('view'), ANN)).status).to.equal(201);
    expect((await cluster.request('POST', `${RBAC}/clusterroles`, { ...wanted, metadata: { name: 'escalated' } }, ANN)).status).to.equal(201);
  });

  it('lets those impersonate who may', async () => {
    const whoami = async (headers: Record<string, string>): Promise<unknown> => ((await cluster.ok('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, headers))['status'] as JsonObject)['userInfo'];
    expect(await whoami({ ...ANN, 'impersonate-group': 'a,b\nc', 'impersonate-uid': '7', 'impersonate-extra-scopes%2Fx': 'y' })).to.deep.equal({ username: 'ann', uid: '7', groups: ['a,b', 'c', 'system:authenticated'], extra: { 'scopes/x': ['y'] } });
    expect(await whoami({ 'impersonate-user': 'system:serviceaccount:default:robot' })).to.deep.equal({ username: 'system:serviceaccount:default:robot', groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'] });
    const asAnn = { authorization: 'Bearer ann', 'impersonate-user': 'bob' };
    expect(refusal(await cluster.request('GET', '/version', undefined, asAnn))).to.equal('users "bob" is forbidden: User "ann" cannot impersonate resource "users" in API group "" at the cluster scope');
    await role('bob-s', [{ apiGroups: [''], resources: ['users'], resourceNames: ['bob'], verbs: ['impersonate'] }]);
    await bindAnn('bob-s');
    expect(await whoami(asAnn)).to.deep.equal({ username: 'bob', groups: ['system:authenticated'] });
    expect(refusal(await cluster.request('GET', '/version', undefined, { ...asAnn, 'impersonate-group': 'g' }))).to.contain('groups "g" is forbidden');
    expect((await cluster.request('GET', '/version', undefined, { 'impersonate-group': 'g' })).body.message).to.contain('without impersonating a user');
  });

  it('answers reviews as it judges requests', async () => {
    await role('reader', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]);
    await bindAnn('reader', 'default');
    const ask = async (kind: string, spec: JsonObject, namespace = ''): Promise<Answer> => cluster.request('POST', `/apis/authorization.k8s.io/v1/${namespace && `namespaces/${namespace}/`}${kind}s`, { spec }, kind.startsWith('self') ? ANN : {});
    const get = { verb: 'get', resource: 'configmaps', namespace: 'default' };
    expect((await ask('selfsubjectaccessreview', { resourceAttributes: get })).body['status']).to.deep.equal({ allowed: true, reason: 'RBAC: allowed by RoleBinding "reader-ann/default" of ClusterRole "reader" to User "ann"' });
    expect((await ask('selfsubjectaccessreview', { resourceAttributes: { ...get, verb: 'list' } })).body['status']).to.deep.equal({ allowed: false });
    expect((await ask('subjectaccessreview', { user: 'ann', resourceAttributes: get })).body['status']).to.include({ allowed: true });
    expect((await ask('subjectaccessreview', { groups: ['system:masters'], nonResourceAttributes: { path: '/x', verb: 'get' } })).body['status']).to.include({ allowed: true });
    expect((await ask('subjectaccessreview', { resourceAttributes: get })).body.message).to.contain('spec.user: Invalid value: "": at least one of user or group must be specified');
    expect((await ask('localsubjectaccessreview', { user: 'ann', resourceAttributes: get }, 'default')).body['status']).to.include({ allowed: true });
    expect((await ask('localsubjectaccessreview', { user: 'ann', resourceAttributes: get }, 'kube-system')).body.message).to.contain('must match metadata.namespace');
    const { resourceRules, nonResourceRules, incomplete } = (await ask('selfsubjectrulesreview', { namespace: 'default' })).body['status'] as Record<string, JsonObject[]>;
    expect(resourceRules).to.deep.include({ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] });
    expect(nonResourceRules?.flatMap((rule) => rule['nonResourceURLs'])).to.include('/openapi/*');
    expect(incomplete).to.equal(false);
  });
});
