import type { ClusterRole, PolicyRule, Role, RoleBinding, RoleRef, Subject } from 'kubernetes-types/rbac/v1.js';
import { at, child, type FieldError, invalid, notSupported, required } from '../../schema/field-error.js';
import { dns1123Subdomain, pathSegment } from '../../schema/names.js';
import { eachOf, oneOf, problemsAsErrors, unchanged } from './common.js';
import { validateLabelSelector } from './selectors.js';

const GROUP = 'rbac.authorization.k8s.io';
/** Kubernetes shows references by the names that its fields have in Go. */
const shown = ({ apiGroup, kind, name }: RoleRef): object => ({ APIGroup: apiGroup, Kind: kind, Name: name });

export const validateRole = ({ rules }: Role): FieldError[] => eachOf('rules', rules, (rule, place) => ruleProblems(rule, place, true));

export function validateClusterRole({ rules, aggregationRule }: ClusterRole): FieldError[] {
  const errors = eachOf('rules', rules, (rule, place) => ruleProblems(rule, place, false));
  if (!aggregationRule) return errors;
  const selectors = child('aggregationRule', 'clusterRoleSelectors');
  if (!aggregationRule.clusterRoleSelectors?.length) errors.push(required(selectors, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  aggregationRule.clusterRoleSelectors?.forEach((selector, index) => {
    const problems = validateLabelSelector(selector, at(selectors, index));
    errors.push(...problems);
    // A selector that cannot be read is nil.
    if (problems.length > 0) errors.push({ reason: 'FieldValueInvalid', field: at(selectors, index), message: 'Invalid value: null: invalid label selector.' });
  });
  return errors;
}

function ruleProblems({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule, place: string, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = (verbs ?? []).length === 0 ? [required(child(place, 'verbs'), 'verbs must contain at least one value')] : [];
  if (nonResourceURLs.length > 0) {
    const urls = child(place, 'nonResourceURLs');
    if (namespaced) errors.push(invalid(urls, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) errors.push(invalid(urls, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
    return errors;
  }
  if (apiGroups.length === 0) errors.push(required(child(place, 'apiGroups'), 'resource rules must supply at least one api group'));
  if (resources.length === 0) errors.push(required(child(place, 'resources'), 'resource rules must supply at least one resource'));
  return errors;
}

export const validateRoleBinding = ({ roleRef, subjects }: RoleBinding): FieldError[] => bindingProblems(roleRef, subjects, ['Role', 'ClusterRole'], true);
export const validateClusterRoleBinding = ({ roleRef, subjects }: RoleBinding): FieldError[] => bindingProblems(roleRef, subjects, ['ClusterRole'], false);

const bindingProblems = ({ apiGroup, kind, name }: Partial<RoleRef> = {}, subjects: readonly Subject[] | undefined, kinds: readonly string[], namespaced: boolean): FieldError[] => [
  ...oneOf('roleRef.apiGroup', apiGroup ?? '', [GROUP]),
  ...oneOf('roleRef.kind', kind ?? '', kinds),
  ...(name ? problemsAsErrors('roleRef.name', name, pathSegment(name)) : [required('roleRef.name')]),
  ...eachOf('subjects', subjects, (subject, place) => subjectProblems(subject, place, namespaced)),
];

function subjectProblems({ kind, name, namespace, apiGroup = '' }: Subject, place: string, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = name ? [] : [required(child(place, 'name'))];
  switch (kind) {
    case 'ServiceAccount':
      if (name) errors.push(...problemsAsErrors(child(place, 'name'), name, dns1123Subdomain(name)));
      if (apiGroup) errors.push(notSupported(child(place, 'apiGroup'), apiGroup, ['']));
      if (!namespaced && !namespace) errors.push(required(child(place, 'namespace')));
      return errors;
    case 'User':
    case 'Group':
      return [...errors, ...oneOf(child(place, 'apiGroup'), apiGroup, [GROUP])];
    default:
      return [...errors, notSupported(child(place, 'kind'), kind ?? '', ['ServiceAccount', 'User', 'Group'])];
  }
}

export const validateBindingUpdate = ({ roleRef }: RoleBinding, { roleRef: before }: RoleBinding): FieldError[] =>
  (unchanged('roleRef', roleRef, before).length > 0 ? [invalid('roleRef', shown(roleRef), 'cannot change roleRef')] : []);
