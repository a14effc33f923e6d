import { createRequire } from 'node:module';
import { timestamp } from '../clock.js';
import type { ApiObject, JsonObject, ManagedFieldsEntry } from '../contracts.js';
import { trackUpdate } from '../patch/managed-fields.js';
import type { RestContext } from '../rest/context.js';
import { RBAC_GROUP } from './authorizer.js';
import type rolesFile from './default-roles.json' with { 'resolution-mode': 'require' };
import type { PolicyRule } from './policy-rule.js';

/** One line of `default-roles.json`, which `tools/default-roles.mjs` writes and explains. */
interface DefaultRole {
  kind: 'ClusterRole' | 'Role' | 'ClusterRoleBinding' | 'RoleBinding';
  namespace?: string;
  name: string;
  labels?: Record<string, string>;
  aggregates?: Record<string, string>[];
  rules?: string[][];
  role?: string;
  subjects?: string[];
}

const roles = createRequire(import.meta.url)('./default-roles.json') as typeof rolesFile as DefaultRole[];

/** Whose fields are whose, but for the time: the same in every server of this process. */
const managers = new Map<DefaultRole, readonly ManagedFieldsEntry[]>();

const words = (text = ''): string[] => text.split(' ').map((word) => (word === 'core' ? '' : word));

function ruleOf([verbs, second, resources, names]: string[]): PolicyRule {
  if (resources === undefined) return { nonResourceURLs: words(second), verbs: words(verbs) };
  return { apiGroups: words(second), ...(names !== undefined && { resourceNames: words(names) }), resources: words(resources), verbs: words(verbs) };
}

function subjectOf(text: string): JsonObject {
  // Names of users and groups have colons themselves.
  const [, kind, rest = ''] = /^([^:]+):(.*)$/.exec(text) ?? [];
  if (kind !== 'ServiceAccount') return { apiGroup: RBAC_GROUP, kind, name: rest };
  const [namespace, name] = rest.split(/:(.*)/);
  return { kind, name, namespace };
}

function fieldsOf({ aggregates, rules, role, subjects = [] }: DefaultRole): JsonObject {
  if (role === undefined) {
    return { ...(aggregates && { aggregationRule: { clusterRoleSelectors: aggregates.map((matchLabels) => ({ matchLabels })) } }), rules: (rules ?? []).map(ruleOf) };
  }
  const [, kind, name] = /^([^:]+):(.*)$/.exec(role) ?? [];
  return { roleRef: { apiGroup: RBAC_GROUP, kind, name }, ...(subjects.length > 0 && { subjects: subjects.map(subjectOf) }) };
}

/** Makes the roles and bindings of Kubernetes' own parts and of `admin`, `edit` and `view`, where they are not there. */
export function ensureDefaultRoles(ctx: RestContext): void {
  const { storage, registry, clock, random } = ctx;
  for (const role of roles) {
    const { kind, namespace = '', name, labels } = role;
    const resource = `${kind.toLowerCase()}s.${RBAC_GROUP}`;
    if (storage.get(resource, namespace, name)) continue;
    const object: ApiObject = {
      apiVersion: `${RBAC_GROUP}/v1`,
      kind,
      metadata: {
        name,
        ...(namespace && { namespace }),
        uid: random.uuid(),
        creationTimestamp: timestamp(clock.now()),
        labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
        annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
      },
      ...fieldsOf(role),
    };
    const known = managers.get(role);
    if (known) object.metadata.managedFields = known.map((entry) => ({ ...entry, time: timestamp(clock.now()) }));
    else {
      trackUpdate(ctx, registry.lookup(RBAC_GROUP, 'v1', `${kind.toLowerCase()}s`)!, undefined, object, '', { fieldManager: 'kube-apiserver' });
      managers.set(role, object.metadata.managedFields!);
    }
    storage.create(resource, object);
  }
}
