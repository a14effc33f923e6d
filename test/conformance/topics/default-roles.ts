import { clusterRole, rule } from '../objects.js';
import type { Body } from '../session.js';
import type { Topic } from '../suite.js';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const DEFAULTS = 'labelSelector=kubernetes.io%2Fbootstrapping%3Drbac-defaults';
const sorted = (list: readonly string[]): string => [...list].sort().join();
/** Rules in one line each; the order of lists says nothing. */
const line = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Body): string =>
  [sorted(verbs), ...(apiGroups ? [sorted(apiGroups.map((group: string) => group || 'core'))] : []), sorted(resources ?? nonResourceURLs), ...(resourceNames ? [sorted(resourceNames)] : [])].join(' | ');
const subject = ({ kind, name, namespace }: Body): string => `${kind}:${namespace ? `${namespace}/` : ''}${name}`;

/** A role or binding as it is granted, without what differs from cluster to cluster. */
const described = ({ metadata, rules, aggregationRule, roleRef, subjects }: Body): unknown => ({
  name: `${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`, labels: Object.entries(metadata.labels).filter(([key]) => key !== 'kubernetes.io/bootstrapping').map((pair) => pair.join('=')), annotations: metadata.annotations,
  managers: metadata.managedFields.map(({ manager, operation }: Body) => `${manager} ${operation}`),
  ...(aggregationRule && { aggregationRule }), ...(rules && { rules: rules.map(line).sort() }), ...(roleRef && { role: `${roleRef.kind}/${roleRef.name}`, subjects: (subjects ?? []).map(subject) }),
});

export const scenarios: Topic = {
  'grants what Kubernetes grants by default, in the cluster': async (s) => {
    await s.until(`${RBAC}/clusterroles/admin`, ({ body }) => body.rules?.some(({ resources }: Body) => resources?.includes('localsubjectaccessreviews')) && body.rules?.some(({ resources }: Body) => resources?.includes('configmaps')));
    await s.get(`${RBAC}/clusterroles?${DEFAULTS}`, { pick: ({ items }) => items.map(described) });
    await s.get(`${RBAC}/clusterrolebindings?${DEFAULTS}`, { pick: ({ items }) => items.map(described) });
  },
  'grants what Kubernetes grants by default, in namespaces': async (s) => {
    await s.get(`${RBAC}/roles?${DEFAULTS}`, { pick: ({ items }) => items.map(described) });
    await s.get(`${RBAC}/rolebindings?${DEFAULTS}`, { pick: ({ items }) => items.map(described) });
  },
  'gathers the rules of roles by their labels': async (s) => {
    const { body } = await s.quiet('POST', `${RBAC}/clusterroles`, clusterRole(s.unique('sum'), [], { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'example.com/part-of': s.unique('sum') } }, { matchExpressions: [{ key: 'example.com/extra', operator: 'In', values: [s.unique('sum')] }] }] } }));
    const url = `${RBAC}/clusterroles/${body.metadata.name}`;
    const pick = ({ rules, metadata }: Body): unknown => ({ rules: rules?.map(line) ?? rules, managers: (metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }: Body) => ({ manager, operation, fields: fieldsV1 })) });
    await s.get(url, { pick: ({ rules }) => rules });
    const part = (name: string, label: string, verbs: string): Promise<Body> =>
      s.quiet('POST', `${RBAC}/clusterroles`, { ...clusterRole(s.unique(name), [rule(verbs, 'pods'), rule('get', 'nodes')]), metadata: { name: s.unique(name), labels: { [label]: s.unique('sum') } } });
    await part('one', 'example.com/part-of', 'get');
    await s.until(url, ({ body: { rules } }) => rules?.length === 2);
    await part('two', 'example.com/extra', 'list');
    await s.until(url, ({ body: { rules } }) => rules?.length === 3);
    await s.get(url, { pick });
    // What somebody writes is replaced by what was gathered.
    await s.patch(url, 'application/merge-patch+json', { rules: [rule('*', 'secrets')] }, { pick: ({ rules }) => rules.map(line) });
    await s.until(url, ({ body: { rules } }) => rules?.length === 3);
    await s.quiet('DELETE', `${RBAC}/clusterroles/${s.unique('one')}`);
    await s.until(url, ({ body: { rules } }) => rules?.length === 2);
    await s.get(url, { pick });
  },
};
