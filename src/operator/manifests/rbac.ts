import type { KindPlan, Plan } from '../dsl/plan.js';
import { bundleTargets } from '../webhook/ca-bundle.js';

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
  /** Only there; absent: in the whole cluster. */
  readonly namespace?: string;
  readonly why: string;
}

/**
 * What the declarations of a plan need at the API server: informers, status and finalizers of what is reconciled, owned objects,
 * events, and the extra rules of `@RBAC`. What steps write to other objects cannot be read off a class: it belongs into `@RBAC`.
 */
export function permissionsOf({ informers, reconcilers, singletons }: Plan): Permission[] {
  const needed = new Map<string, Permission>();
  const need = (
    { group, plural }: Pick<KindPlan, 'group' | 'plural'>, subresource: string, verbs: readonly string[], why: string, { resourceNames, namespace }: Pick<Permission, 'resourceNames' | 'namespace'> = {},
  ): void => {
    for (const verb of verbs) {
      const permission = { group, resource: `${plural}${subresource}`, verb, why, ...(resourceNames ? { resourceNames } : {}), ...(namespace ? { namespace } : {}) };
      const id = [group, permission.resource, verb, namespace, ...(resourceNames ?? []), why].join(' ');
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
    for (const { groups, resources, verbs, why, ...where } of rules) {
      for (const group of groups) for (const plural of resources) need({ group, plural }, '', verbs, `${name}: ${why}`, where);
    }
  }
  if (reconcilers.length + singletons.length > 0) need({ group: '', plural: 'events' }, '', ['create', 'patch'], 'events that tell what was done');
  return [...needed.values()];
}

/** What an operator is called where it runs. */
export interface OperatorIdentity {
  readonly name: string;
  readonly namespace: string;
  /** Default: the operator's name and `-leader-election`. */
  readonly lease?: string;
  /** Shards among which the work is divided; default: one replica leads. */
  readonly shards?: number;
  /** Default: the operator's name and `-webhook-certificates`. */
  readonly secret?: string;
}

/** What an operator needs at the API server beside its reconcilers, to be elected. */
export const electionPermissions = ({ name, namespace, lease = `${name}-leader-election`, shards }: OperatorIdentity): Permission[] => {
  const resourceNames = shards === undefined ? [lease] : ['layout', 'members', ...Array.from({ length: shards }, (_, shard) => String(shard))].map((part) => `${lease}-${part}`);
  const leases = { group: 'coordination.k8s.io', resource: 'leases', namespace };
  return [
    // Creations have no name yet that a rule could be about.
    { ...leases, verb: 'create', why: 'the first lease' },
    ...['get', 'patch', 'watch'].map((verb) => ({ ...leases, verb, resourceNames, why: 'the leases of those that work' })),
  ];
};

/** What an operator needs to serve the webhooks of its plan with certificates of its own; nothing if it has none. */
export const webhookPermissions = (plan: Pick<Plan, 'webhooks' | 'kinds'>, { name, namespace, secret = `${name}-webhook-certificates` }: OperatorIdentity): Permission[] => {
  const targets = bundleTargets(plan, name);
  if (targets.length === 0) return [];
  const secrets = { group: '', resource: 'secrets', namespace };
  const byKind = new Map(targets.map(({ kind }) => [kind.plural, kind]));
  return [
    { ...secrets, verb: 'create', why: 'the first certificates of webhooks' },
    ...['get', 'patch'].map((verb) => ({ ...secrets, verb, resourceNames: [secret], why: 'certificates of webhooks, which replicas share' })),
    ...[...byKind.values()].flatMap(({ group, plural }) => {
      const resourceNames = targets.filter(({ kind }) => kind.plural === plural).map((target) => target.name);
      return ['get', 'patch'].map((verb) => ({ group, resource: plural, verb, resourceNames, why: 'whom API servers trust as our webhooks' }));
    }),
  ];
};

/** The permissions that rules do not grant. */
export function missingPermissions(needed: readonly Permission[], granted: readonly Partial<PolicyRule>[]): Permission[] {
  const covers = (values: readonly string[] | undefined, value: string): boolean => values?.some((candidate) => candidate === value || candidate === '*') ?? false;
  return needed.filter(({ group, resource, verb, resourceNames }) => !granted.some((rule) =>
    covers(rule.apiGroups, group) && covers(rule.resources, resource) && covers(rule.verbs, verb)
    && (!rule.resourceNames?.length || (resourceNames?.every((name) => rule.resourceNames?.includes(name)) ?? false))));
}

/** The fewest rules that grant these permissions, which must be of one scope (the cluster or a namespace), in a fixed order. */
export function policyRules(permissions: readonly Permission[]): PolicyRule[] {
  const verbs = new Map<string, Set<string>>();
  for (const { group, resource, verb, resourceNames = [] } of permissions) {
    const id = JSON.stringify([group, resource, [...resourceNames].sort()]);
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
