import type { KindPlan, Plan } from '../dsl/plan.js';

/** One rule of a Role or ClusterRole. */
export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** A permission, and what needs it. */
export interface Permission {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly resourceNames?: readonly string[];
  readonly why: string;
}

/**
 * What the declarations of a plan need at the API server: informers, status and finalizers of what is reconciled, owned objects,
 * events, and the extra rules of `@RBAC`. What steps write to other objects cannot be read off a class: it belongs into `@RBAC`.
 */
export function permissionsOf({ informers, reconcilers, singletons }: Plan): Permission[] {
  const needed = new Map<string, Permission>();
  const need = ({ group, plural }: Pick<KindPlan, 'group' | 'plural'>, subresource: string, verbs: readonly string[], why: string, resourceNames?: readonly string[]): void => {
    for (const verb of verbs) {
      const permission = { group, resource: `${plural}${subresource}`, verb, why, ...(resourceNames ? { resourceNames } : {}) };
      const id = [group, permission.resource, verb, ...(resourceNames ?? [])].join(' ');
      if (!needed.has(id)) needed.set(id, permission);
    }
  };
  for (const { kind } of informers) need(kind, '', ['get', 'list', 'watch'], 'informer');
  for (const { name, kind, steps, finalizers, owns } of reconcilers) {
    if (kind.statusSubresource && steps.some(({ condition }) => condition !== undefined)) need(kind, '/status', ['patch'], `conditions of ${name}`);
    if (finalizers.length > 0) need(kind, '', ['patch'], `finalizer of ${name}`);
    for (const owned of owns) need(owned.kind, '', ['create', 'patch'], `owned by ${name}`);
    // Clusters with OwnerReferencesPermissionEnforcement ask for it of whoever lets an owner's deletion wait for what it owns.
    if (owns.length > 0) need(kind, '/finalizers', ['update'], `owner references of ${name}`);
  }
  for (const { name, rules } of [...reconcilers, ...singletons]) {
    for (const { groups, resources, verbs, resourceNames, why } of rules) {
      for (const group of groups) for (const plural of resources) need({ group, plural }, '', verbs, `${name}: ${why}`, resourceNames);
    }
  }
  if (reconcilers.length + singletons.length > 0) {
    for (const group of ['', 'events.k8s.io']) need({ group, plural: 'events' }, '', ['create', 'patch'], 'events');
  }
  return [...needed.values()];
}

/** The permissions that rules do not grant. */
export function missingPermissions(needed: readonly Permission[], granted: readonly Partial<PolicyRule>[]): Permission[] {
  const covers = (values: readonly string[] | undefined, value: string): boolean => values?.some((candidate) => candidate === value || candidate === '*') ?? false;
  return needed.filter(({ group, resource, verb, resourceNames }) => !granted.some((rule) =>
    covers(rule.apiGroups, group) && covers(rule.resources, resource) && covers(rule.verbs, verb)
    && (!rule.resourceNames?.length || (resourceNames?.every((name) => rule.resourceNames?.includes(name)) ?? false))));
}

/** The fewest rules that grant these permissions, in a fixed order. */
export function policyRules(permissions: readonly Permission[]): PolicyRule[] {
  const verbs = new Map<string, Set<string>>();
  for (const { group, resource, verb, resourceNames = [] } of permissions) {
    const id = JSON.stringify([group, resource, resourceNames]);
    verbs.set(id, (verbs.get(id) ?? new Set()).add(verb));
  }
  const rules = new Map<string, PolicyRule>();
  for (const [id, granted] of [...verbs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [group, resource, resourceNames] = JSON.parse(id) as [string, string, string[]];
    const sorted = [...granted].sort();
    const key = JSON.stringify([group, sorted, resourceNames]);
    const rule = rules.get(key);
    if (rule) rule.resources.push(resource);
    else rules.set(key, { apiGroups: [group], resources: [resource], verbs: sorted, ...(resourceNames.length > 0 ? { resourceNames } : {}) });
  }
  return [...rules.values()];
}
