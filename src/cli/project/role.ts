import { policyRules, toYAML } from '../../operator/index.js';
import type { Permission, PolicyRule } from '../../operator/index.js';

/** What of the permissions a rule grants, in one line for each reason. */
function reasons(rule: PolicyRule, permissions: readonly Permission[]): string {
  const whys = permissions
    .filter(({ group, resource, verb, resourceNames = [] }) => rule.apiGroups.includes(group) && rule.resources.includes(resource) && rule.verbs.includes(verb) && resourceNames.join() === (rule.resourceNames ?? []).join())
    .map(({ why }) => why);
  return [...new Set(whys)].map((why) => `# ${why}\n`).join('');
}

/** The rules that grant permissions, as YAML, each under what it is for. */
export const rulesText = (permissions: readonly Permission[]): string =>
  policyRules(permissions).map((rule) => `${reasons(rule, permissions)}${toYAML([rule]).replace('---\n', '')}`).join('') || '[]\n';

/** The ClusterRole of an operator. */
export const roleOf = (name: string, permissions: readonly Permission[]): string => [
  '# Written by "karpenter-ts manifests" out of what the reconcilers declare: more goes into @RBAC.',
  toYAML({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels: { 'app.kubernetes.io/name': name } } }).replace('---\n', '').trimEnd(),
  'rules:',
  rulesText(permissions),
].join('\n');
