import { ADMINISTRATOR, AUTHENTICATED, type Requester, serviceAccountGroups, serviceAccountUsername, userInfoOf } from '../authentication/requester.js';
import { untyped } from '../cel/convert.js';
import { CelAuthorizer, type Judge } from '../cel/library/authorizer.js';
import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import type { AdmissionRequest, RestContext } from '../rest/context.js';
import type { PolicyVariable } from './policy-expression.js';

/** The attributes of a request, as admission reviews and policies see them; `definition` is the version they see it in. */
export function requestValues({ random }: Pick<RestContext, 'random'>, { definition: requested, kind, namespace, operation, name, subresource, dryRun, user }: AdmissionRequest, { group, version, plural, namespaced, ...seenAs }: ResourceDefinition = requested): JsonObject & { uid: string } {
  return {
    uid: random.uuid(),
    kind: kind ?? { group, version, kind: seenAs.kind },
    resource: { group, version, resource: plural },
    ...(subresource && { subResource: subresource }),
    requestKind: kind ?? { group: requested.group, version: requested.version, kind: requested.kind },
    requestResource: { group: requested.group, version: requested.version, resource: requested.plural },
    ...(subresource && { requestSubResource: subresource }),
    ...(name && { name }),
    ...(namespaced && { namespace }),
    operation,
    userInfo: userInfoOf(user),
    dryRun,
  };
}

/** What expressions of policies and match conditions may name; `seenAs` is the version that the objects are in. */
export function policyValues(ctx: Pick<RestContext, 'storage' | 'random' | 'authorizer'>, request: AdmissionRequest, { params, seenAs }: { params?: ApiObject | undefined; seenAs?: ResourceDefinition }): Record<Exclude<PolicyVariable, 'variables'>, unknown> {
  const { definition, namespace, object, previous } = request;
  return {
    object: untyped(object),
    oldObject: untyped(previous),
    params: untyped(params),
    // The namespace of a Namespace is none.
    namespaceObject: definition.namespaced && seenAs ? untyped(namespaceView(ctx.storage.get('namespaces', '', namespace))) : null,
    authorizer: authorizerFor(ctx, request),
    request: untyped({ ...requestValues(ctx, request, seenAs), options: request.options ?? null }),
  };
}

function authorizerFor({ authorizer }: Pick<RestContext, 'authorizer'>, { user = ADMINISTRATOR, definition: { group, version, plural }, subresource, namespace, name }: AdmissionRequest): CelAuthorizer {
  const judgeFor = (of: Requester): Judge => (attributes) => authorizer.authorize(of, attributes);
  return new CelAuthorizer(judgeFor(user), { group, version, resource: plural, subresource, namespace, name }, (home, account) => judgeFor({ name: serviceAccountUsername(home, account), groups: [...serviceAccountGroups(home), AUTHENTICATED] }));
}

/** What of a namespace policies may look at. */
function namespaceView(namespace: ApiObject | undefined): JsonObject | undefined {
  if (!namespace) return undefined;
  const { managedFields: _managedFields, ownerReferences: _ownerReferences, ...metadata } = namespace.metadata;
  const { spec, status } = namespace;
  return { metadata, ...(spec !== undefined && { spec }), ...(status !== undefined && { status }) };
}
