import type { RoleRef, Subject } from 'kubernetes-types/rbac/v1.js';
import type { Requester } from '../authentication/requester.js';
import { MASTERS, serviceAccountUsername } from '../authentication/requester.js';
import type { ApiObject, Storage } from '../contracts.js';
import { StatusError } from '../status.js';
import type { Attributes } from './attributes.js';
import { allows, type PolicyRule } from './policy-rule.js';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** Whose grants are remembered, at most. */
const MOST_KNOWN = 1_000;

export interface Decision {
  readonly allowed: boolean;
  /** Which binding allows it, or what could not be looked up; empty when there is nothing to say. */
  readonly reason: string;
}

/** The rules of somebody in a namespace, each with the words for where it comes from. */
interface Grants {
  readonly rules: readonly { readonly rule: PolicyRule; readonly source: string }[];
  /** Bindings whose role is gone. */
  readonly errors: readonly string[];
}

type Binding = ApiObject & { roleRef: RoleRef; subjects?: Subject[] };

/** Judges requests by the roles that the cluster stores, as Kubernetes' RBAC does. */
export class Authorizer {
  /** By user and namespace, until a role or binding changes. */
  readonly #known = new Map<string, Grants>();

  constructor(private readonly storage: Storage) {
    storage.subscribe(({ resource }) => {
      if (resource.endsWith(RBAC_GROUP)) this.#known.clear();
    });
  }

  authorize(user: Requester, attributes: Attributes): Decision {
    if (user.groups?.includes(MASTERS)) return { allowed: true, reason: '' };
    const { rules, errors } = this.#grants(user, attributes.namespace);
    const granted = rules.find(({ rule }) => allows(rule, attributes));
    if (granted) return { allowed: true, reason: `RBAC: allowed by ${granted.source}` };
    return { allowed: false, reason: errors.length > 0 ? `RBAC: ${aggregated(errors)}` : '' };
  }

  /** @throws {StatusError} Forbidden, in Kubernetes' words */
  require(user: Requester, attributes: Attributes): void {
    const { allowed, reason } = this.authorize(user, attributes);
    if (!allowed) throw refusal(user, attributes, reason);
  }

  /** What somebody may do in a namespace (or, without one, in the whole cluster), and what could not be looked up for it. */
  rulesFor(user: Requester, namespace: string): { rules: PolicyRule[]; error: string } {
    const { rules, errors } = this.#grants(user, namespace);
    return { rules: rules.map(({ rule }) => rule), error: aggregated(errors) };
  }

  /** The rules of the role that a binding names; undefined if there is none. */
  rulesOf({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const role = this.storage.get(`${kind.toLowerCase()}s.${RBAC_GROUP}`, kind === 'Role' ? namespace : '', name);
    return role && ((role['rules'] ?? []) as PolicyRule[]);
  }

  #grants(user: Requester, namespace: string): Grants {
    const key = JSON.stringify([user.name, user.groups, namespace]);
    let grants = this.#known.get(key);
    if (!grants) {
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(key, (grants = this.#gathered(user, namespace)));
    }
    return grants;
  }

  #gathered(user: Requester, namespace: string): Grants {
    const rules: { rule: PolicyRule; source: string }[] = [];
    const errors: string[] = [];
    const bindings = [
      ...this.storage.list(`clusterrolebindings.${RBAC_GROUP}`),
      ...(namespace ? this.storage.list(`rolebindings.${RBAC_GROUP}`, namespace) : []),
    ] as Binding[];
    for (const { kind, metadata, roleRef, subjects = [] } of bindings) {
      const home = metadata.namespace ?? '';
      const subject = subjects.find((each) => isMeant(user, each, home));
      if (!subject) continue;
      const source = `${kind} "${metadata.name}${home && `/${home}`}" of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${subject.name}${subject.kind === 'ServiceAccount' ? `/${subject.namespace || home}` : ''}"`;
      const stored = this.rulesOf(roleRef, home);
      if (!stored) errors.push(`${roleRef.kind.toLowerCase()}.${RBAC_GROUP} "${roleRef.name}" not found`);
      else for (const rule of stored) rules.push({ rule, source });
    }
    return { rules, errors };
  }
}

function isMeant(user: Requester, { kind, name, namespace }: Subject, home: string): boolean {
  switch (kind) {
    case 'User':
      return user.name === name;
    case 'Group':
      return user.groups?.includes(name) ?? false;
    case 'ServiceAccount': {
      const of = namespace || home;
      return of !== '' && user.name === serviceAccountUsername(of, name);
    }
    default:
      return false;
  }
}

const aggregated = (errors: readonly string[]): string => {
  const distinct = [...new Set(errors)];
  return distinct.length > 1 ? `[${distinct.join(', ')}]` : (distinct[0] ?? '');
};

function refusal({ name: user }: Requester, attributes: Attributes, reason: string): StatusError {
  const { group, resource, name, path } = attributes;
  const subject = path ? '' : `${group ? `${resource}.${group}` : resource}${name ? ` "${name}"` : ''} is `;
  const details = path ? {} : { ...(name && { name }), ...(group && { group }), kind: resource };
  return new StatusError(403, 'Forbidden', `${subject}forbidden: ${wish(user, attributes)}${reason && `: ${reason}`}`, details);
}

function wish(user: string, { verb, resource, subresource, group, namespace, path }: Attributes): string {
  const who = `User ${JSON.stringify(user)} cannot ${verb}`;
  if (path) return `${who} path ${JSON.stringify(path)}`;
  const what = JSON.stringify(subresource ? `${resource}/${subresource}` : resource);
  return `${who} resource ${what} in API group ${JSON.stringify(group)} ${namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope'}`;
}
