import { clusterBinding, clusterRole, rule } from '../objects.js';
import type { Body, RequestOptions } from '../session.js';
import type { Topic } from '../suite.js';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
/** Who the server takes somebody for, or why not. */
const pick = ({ status, kind, message, code }: Body): unknown => (kind === 'Status' ? { code, message } : status.userInfo);

export const scenarios: Topic = {
  'takes somebody for whom he names, if he may': async (s) => {
    const user = s.unique('ada');
    await s.quiet('POST', `${RBAC}/clusterroles`, clusterRole(user, [
      rule('impersonate', 'users', { resourceNames: ['bob', 'system:anonymous'] }), rule('impersonate', 'groups', { resourceNames: ['readers', 'system:unauthenticated'] }),
      rule('impersonate', 'serviceaccounts', { resourceNames: ['robot'] }), rule('impersonate', 'userextras/scopes', { apiGroups: ['authentication.k8s.io'], resourceNames: ['view'] }), rule('impersonate', 'uids', { apiGroups: ['authentication.k8s.io'], resourceNames: ['7'] }),
    ]));
    await s.quiet('POST', `${RBAC}/clusterrolebindings`, clusterBinding(user, `ClusterRole/${user}`, `User/${user}`));
    const who = (headers: Record<string, string>, options: RequestOptions = { as: [user] }): Promise<unknown> => s.post(REVIEWS, {}, { ...options, headers, pick });
    await s.until('/api', ({ status }) => status === 200, { as: [user], headers: { 'impersonate-user': 'bob' } });
    await who({ 'impersonate-user': 'bob' });
    await who({ 'impersonate-user': 'carol' });
    await who({ 'impersonate-user': 'bob', 'impersonate-group': 'readers' });
    await who({ 'impersonate-user': 'bob', 'impersonate-group': 'writers' });
    await who({ 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' });
    await who({ 'impersonate-user': 'bob', 'impersonate-extra-scopes': 'view' });
    await who({ 'impersonate-user': 'bob', 'impersonate-extra-scopes': 'edit' });
    await who({ 'impersonate-user': 'bob', 'impersonate-extra-other': 'view' });
    await who({ 'impersonate-user': 'bob', 'impersonate-uid': '7' });
    await who({ 'impersonate-user': 'bob', 'impersonate-uid': '8' });
    await who({ 'impersonate-user': 'system:anonymous' });
    await who({ 'impersonate-user': 'bob', 'impersonate-group': 'system:unauthenticated' });
    await who({ 'impersonate-user': `system:serviceaccount:${s.namespace}:robot` });
    await who({ 'impersonate-user': `system:serviceaccount:${s.namespace}:other` });
    await who({ 'impersonate-group': 'readers' });
    await who({ 'impersonate-uid': '7' });
    await who({ 'impersonate-extra-scopes': 'view' });
    await who({ 'impersonate-user': '' });
    await who({ 'impersonate-user': 'bob' }, { token: '' });
    await s.get(s.in('pods'), { as: [user], headers: { 'impersonate-user': 'bob' } });
    await s.get(s.in('pods'), { as: [user], headers: { 'impersonate-user': `system:serviceaccount:${s.namespace}:robot` } });
    await s.get('/api/v1/nodes', { as: [user], headers: { 'impersonate-user': 'eve', 'impersonate-group': 'readers' } });
  },
  'lets the administrator be anybody': async (s) => {
    const who = (headers: Record<string, string>): Promise<unknown> => s.post(REVIEWS, {}, { headers, pick });
    await who({ 'impersonate-user': 'bob', 'impersonate-extra-Scopes': 'a', 'impersonate-extra-acme.com%2fproject': 'p', 'impersonate-extra-bad%zz': 'x' });
    await who({ 'impersonate-user': 'system:serviceaccount:x:y', 'impersonate-group': 'g' });
    await who({ 'impersonate-user': 'system:serviceaccount:X:y' });
    await who({ 'impersonate-user': 'system:serviceaccount:x' });
    await who({ 'impersonate-user': 'system:node:n', 'impersonate-group': 'system:nodes' });
    await who({ 'impersonate-user': 'bob', 'impersonate-group': 'system:authenticated' });
    await s.get('/api/v1/nodes', { headers: { 'impersonate-user': 'bob' } });
    await s.get('/api/v1/nodes', { headers: { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' }, pick: ({ kind }) => kind });
    await s.kubectl('get pods --as=bob');
    await s.kubectl('auth can-i list pods --as=bob');
    await s.kubectl('auth can-i list pods');
    await s.kubectl('auth whoami');
    await s.kubectl('auth whoami --as=bob --as-group=readers --as-uid=7 -o yaml', undefined, { mask: (text) => text });
  },
};
