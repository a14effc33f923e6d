import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import { jsonPatch, JsonPatchError } from '../patch/json-patch.js';
import type { AdmissionRequest, RestContext } from '../rest/context.js';
import { kindProblem } from '../rest/kind-problem.js';
import { convertBetween } from '../rest/versions.js';
import { DecodeError } from '../schema/decode-error.js';
import { internalError, StatusError } from '../status.js';
import { deepEqual } from '../storage/deep.js';
import type { WebhookCall } from './webhook-call.js';

/**
 * Changes a request's object, in place, as a webhook's patch changes it in the webhook's version. Whether it changed anything.
 * @throws {StatusError} InternalError, when it does not apply, or makes of the object what is none
 */
export async function patchByWebhook(ctx: RestContext, call: WebhookCall, operations: readonly JsonObject[], { object: target, kind, definition: own }: AdmissionRequest, seenAs: ResourceDefinition): Promise<boolean> {
  const { object: seen } = call;
  if (operations.length === 0) return false;
  if (!seen || !target) throw internalError(`admission webhook ${JSON.stringify(call.name)} attempted to modify the object, which is not supported for this operation`);
  let patched: ApiObject;
  try {
    patched = jsonPatch(structuredClone(seen), structuredClone(operations)) as ApiObject;
    if (!kind) seenAs.prune(patched);
  } catch (error) {
    if (error instanceof JsonPatchError || error instanceof DecodeError) throw internalError(error.message);
    throw error;
  }
  if (!kind) {
    const problem = kindProblem(ctx, patched, seenAs);
    if (problem !== undefined) throw new StatusError(500, '', problem);
    seenAs.setDefaults(patched);
    if (seenAs !== own) patched = await convertBetween(ctx, seenAs, own, patched);
    own.complete?.(patched);
  }
  // Nobody disowns everybody by a webhook.
  if (patched.metadata.managedFields?.length === 0) delete patched.metadata.managedFields;
  const changed = !deepEqual(seen, patched);
  for (const field of Object.keys(target)) if (!Object.hasOwn(patched, field)) delete target[field];
  Object.assign(target, patched);
  return changed;
}
