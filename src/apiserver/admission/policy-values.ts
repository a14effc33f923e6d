import { userInfoOf } from '../authentication/requester.js';
import { untyped } from '../cel/convert.js';
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

/** What expressions of policies and match conditions may name. */
export function policyValues(ctx: Pick<RestContext, 'storage' | 'random'>, request: AdmissionRequest, params: ApiObject | undefined): Record<Exclude<PolicyVariable, 'variables'>, unknown> {
  const { definition, namespace, object, previous } = request;
  return {
    object: untyped(object),
    oldObject: untyped(previous),
    params: untyped(params),
    namespaceObject: definition.namespaced ? untyped(namespaceView(ctx.storage.get('namespaces', '', namespace))) : null,
    request: untyped({ ...requestValues(ctx, request), options: request.options ?? null }),
  };
}

/** What of a namespace policies may look at. */
function namespaceView(namespace: ApiObject | undefined): JsonObject | undefined {
  if (!namespace) return undefined;
  const { managedFields: _managedFields, ownerReferences: _ownerReferences, ...metadata } = namespace.metadata;
  return { ...namespace, metadata };
}
