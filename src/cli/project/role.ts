import { policyRules, toYAML } from '../../operator/index.js';
import type { Permission, PolicyRule } from '../../operator/index.js';

const RBAC = 'rbac.authorization.k8s.io/v1';

/** What of the permissions a rule grants, in one line for each reason. */
function reasons(rule: PolicyRule, permissions: readonly Permission[]): string {
  const whys = permissions
    .filter(({ group, resource, verb, resourceNames = [] }) => rule.apiGroups.includes(group) && rule.resources.includes(resource) && rule.verbs.includes(verb) && [...resourceNames].sort().join() === (rule.resourceNames ?? []).join())
    .map(({ why }) => why);
  return [...new Set(whys)].map((why) => `# ${why}\n`).join('');
}

/** The rules that grant permissions, as YAML, each under what it is for. */
export const rulesText = (permissions: readonly Permission[]): string =>
  policyRules(permissions).map((rule) => `${reasons(rule, permissions)}${toYAML([rule]).replace('---\n', '')}`).join('') || '[]\n';

/** Those of the whole cluster, or of a namespace. */
export const permissionsIn = (permissions: readonly Permission[], namespace?: string): Permission[] => permissions.filter((permission) => permission.namespace === namespace);

/** The ClusterRole of an operator, and the Roles of the namespaces in which it may do more, bound to its service account. */
export function roleOf(name: string, permissions: readonly Permission[]): string {
  const role = (kind: 'ClusterRole' | 'Role', namespace?: string): string => [
    toYAML({ apiVersion: RBAC, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels: { 'app.kubernetes.io/name': name } } }).replace('---\n', '').trimEnd(),
    'rules:',
    rulesText(permissionsIn(permissions, namespace)),
  ].join('\n');
  const namespaces = [...new Set(permissions.flatMap(({ namespace }) => namespace ?? []))].sort();
  return [
    '# Written by "karpenter-ts manifests" out of what the reconcilers declare: more goes into @RBAC.\n',
    role('ClusterRole'),
    ...namespaces.flatMap((namespace) => [`---\n${role('Role', namespace)}`, toYAML({
      apiVersion: RBAC, kind: 'RoleBinding', metadata: { name, namespace, labels: { 'app.kubernetes.io/name': name } },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, subjects: [{ kind: 'ServiceAccount', name, namespace: name }],
    })]),
  ].join('');
}
