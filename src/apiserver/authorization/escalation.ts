import type { RoleRef } from 'kubernetes-types/rbac/v1.js';
import { ADMINISTRATOR, MASTERS, type Requester } from '../authentication/requester.js';
import type { ApiObject } from '../contracts.js';
import type { AdmissionPlugin, AdmissionRequest } from '../rest/context.js';
import { badRequest, forbidden, notFound } from '../status.js';
import { deepEqual } from '../storage/deep.js';
import { type Authorizer, RBAC_GROUP } from './authorizer.js';
import { describeRules, FULL_AUTHORITY, type PolicyRule, uncovered } from './policy-rule.js';

type Role = ApiObject & { rules?: PolicyRule[]; aggregationRule?: { clusterRoleSelectors?: object[] } };
type Binding = ApiObject & { roleRef: RoleRef };

/** Nobody grants, by roles or bindings, what they do not have, unless they may `escalate` the role or `bind` it. */
export function escalationCheck(authorizer: Authorizer): AdmissionPlugin {
  return {
    check(request) {
      const { definition: { group, plural }, object, previous, user = ADMINISTRATOR } = request;
      if (group !== RBAC_GROUP || !object || user.groups?.includes(MASTERS) || (previous && onlyForDeletion(object, previous))) return;
      if (plural === 'roles' || plural === 'clusterroles') checkRole(authorizer, user, request, object);
      else checkBinding(authorizer, user, request, object as Binding);
    },
  };
}

function checkRole(authorizer: Authorizer, user: Requester, { definition, previous, namespace, name }: AdmissionRequest, role: Role): void {
  // At a create, the name is not in the URL yet.
  const question = { verb: 'escalate', group: RBAC_GROUP, version: '*', resource: definition.plural, subresource: '', namespace, name: previous ? name : '', path: '' };
  if (authorizer.authorize(user, question).allowed) return;
  confirm(authorizer, user, definition, role, role.rules ?? []);
  if ([role, previous as Role | undefined].some((each) => each?.aggregationRule?.clusterRoleSelectors?.length) && uncovered(authorizer.rulesFor(user, '').rules, FULL_AUTHORITY).length > 0) {
    throw forbidden(definition, name, 'must have cluster-admin privileges to use the aggregationRule');
  }
}

function checkBinding(authorizer: Authorizer, user: Requester, { definition, namespace }: AdmissionRequest, binding: Binding): void {
  const { roleRef } = binding;
  if (roleRef.kind === 'Role' && !namespace) throw badRequest('Namespace parameter required.');
  const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
  if (authorizer.authorize(user, { verb: 'bind', group: roleRef.apiGroup, version: '*', resource, subresource: '', namespace, name: roleRef.name, path: '' }).allowed) return;
  const rules = authorizer.rulesOf(roleRef, namespace);
  // Kubernetes names the resource of the request.
  if (!rules) throw notFound(definition, roleRef.name);
  confirm(authorizer, user, definition, binding, rules);
}

function confirm(authorizer: Authorizer, user: Requester, definition: AdmissionRequest['definition'], { metadata: { name = '', namespace = '' } }: ApiObject, wanted: readonly PolicyRule[]): void {
  const { rules, error } = authorizer.rulesFor(user, namespace);
  const missing = uncovered(rules, wanted);
  if (missing.length === 0) return;
  const groups = (user.groups ?? []).map((group) => JSON.stringify(group)).join(' ');
  throw forbidden(definition, name, `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${describeRules(missing).join('\n')}${error && `; resolution errors: ${error}`}`);
}

/** Finalizers and owners may be taken off by who could not write the object: it would never go away otherwise. */
function onlyForDeletion(object: ApiObject, previous: ApiObject): boolean {
  const rest = ({ metadata: { finalizers: _finalizers, ownerReferences: _owners, managedFields: _managers, ...metadata }, ...fields }: ApiObject): object => ({ ...fields, metadata });
  return deepEqual(rest(object), rest(previous));
}
