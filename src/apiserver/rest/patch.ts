import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import { jsonPatch, JsonPatchError } from '../patch/json-patch.js';
import { trackUpdate } from '../patch/managed-fields.js';
import { mergePatch } from '../patch/merge-patch.js';
import { strategicMergePatch, StrategicMergeError } from '../patch/strategic-merge-patch.js';
import { badRequest, invalid, StatusError, unsupportedMediaType, wrongMediaType } from '../status.js';
import { type DuplicateFields, NO_DUPLICATES } from '../schema/duplicate-fields.js';
import { goFormat } from '../schema/go-format.js';
import { deepClone } from '../storage/deep.js';
import { applyPatch } from './apply.js';
import type { RestContext, RestResult } from './context.js';
import type { RequestInfo } from './request-info.js';
import { kindProblem } from './kind-problem.js';
import { matchUrl } from './strategy.js';
import { guaranteedUpdate } from './update.js';
import { pruneUnknown, type WriteOptions } from './write-options.js';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_YAML = 'application/apply-patch+yaml';

/** As kube-apiserver limits them, lest a small patch copy an object up to a huge one. */
const MOST_OPERATIONS = 10_000;

/** The media types that a PATCH of a resource may have. */
export const patchTypes = ({ custom }: ResourceDefinition): string[] =>
  custom ? [JSON_PATCH, MERGE_PATCH, APPLY_YAML] : [JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_YAML];

/** PATCH by JSON, merge or strategic merge patch, or by server-side apply. */
export async function patch(ctx: RestContext, info: RequestInfo, contentType: string, body: unknown, options: WriteOptions): Promise<RestResult> {
  const { definition, subresource } = info;
  if (contentType === APPLY_YAML) return applyPatch(ctx, info, body, options);
  const object = await guaranteedUpdate(ctx, info, options, {
    modify: patched(ctx, info, contentType, body, options),
    track: (current, next) => trackUpdate(ctx, definition, current, next, subresource, options),
  });
  return { type: 'object', status: 200, definition, object };
}

/** What a patch that is no apply makes of an object, checked to be one of its kind; the result is a private copy. */
export function patched(ctx: RestContext, { definition, namespace, name, query }: Pick<RequestInfo, 'definition' | 'namespace' | 'name' | 'query'>, contentType: string, body: unknown, options: WriteOptions): (current: ApiObject) => ApiObject {
  if (query.has('force')) throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [{ reason: 'FieldValueForbidden', field: 'force', message: 'Forbidden: may not be specified for non-apply patch' }]);
  const apply = patcher(definition, contentType, body);
  const checks = contentType === JSON_PATCH && Array.isArray(body) ? { ...options, duplicates: problemsOfPatch(body as readonly JsonObject[], options.duplicates) } : options;
  return (current) => {
    const next = apply(current) as ApiObject;
    if (typeof next !== 'object' || next === null || Array.isArray(next)) throw badRequest('the patch made something that is not an object');
    const text = contentType === STRATEGIC_MERGE_PATCH ? goFormat(body) : JSON.stringify(next);
    const refuse = (problem: string): StatusError => invalid({ group: '', kind: '' }, '', [{ reason: 'FieldValueInvalid', field: 'patch', message: `Invalid value: ${JSON.stringify(text)}: ${problem}` }]);
    next.metadata = { ...next.metadata };
    const problem = kindProblem(ctx, next, definition);
    if (problem !== undefined) throw refuse(problem);
    pruneUnknown(definition, next, checks, ({ message, converted }) => refuse(contentType === STRATEGIC_MERGE_PATCH ? converted() : message));
    matchUrl(ctx, next, definition, namespace, name);
    definition.setDefaults(next);
    return next;
  };
}

/** What is wrong with the operations themselves: fields that come twice, and those that no operation has. */
function problemsOfPatch(operations: readonly JsonObject[], duplicates: DuplicateFields = NO_DUPLICATES): DuplicateFields {
  const unknown = operations.flatMap((operation, index) => Object.keys(operation ?? {}).filter((name) => !OPERATION_FIELDS.has(name)).map((name) => `unknown field "[${index}].${name}"`));
  return { ...NO_DUPLICATES, problems: [...duplicates.problems.map(({ text }) => text), ...unknown].map((text) => ({ text: `json patch ${text}`, offset: 0 })) };
}

const OPERATION_FIELDS = new Set(['op', 'path', 'from', 'value']);

/** What a patch does to an object; the result is a private copy. */
function patcher(definition: ResourceDefinition, contentType: string, body: unknown): (current: ApiObject) => unknown {
  switch (contentType) {
    case JSON_PATCH:
      return (current) => applyJsonPatch(current, body);
    case MERGE_PATCH: {
      if (body === null) throw badRequest('Invalid JSON Patch');
      const merged = objectOf(body, 'error decoding patch: ');
      return (current) => deepClone(mergePatch(current, merged));
    }
    case STRATEGIC_MERGE_PATCH: {
      if (definition.custom) break;
      const merged = objectOf(body, '');
      return (current) => {
        try {
          return strategicMergePatch(deepClone(current), merged, definition.schema);
        } catch (error) {
          if (error instanceof StrategicMergeError) throw new StatusError(error.code, error.code === 400 ? 'BadRequest' : error.code === 422 ? 'Invalid' : '', error.message);
          throw error;
        }
      };
    }
  }
  throw definition.custom ? unsupportedMediaType(patchTypes(definition)) : wrongMediaType();
}

const jsonType = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value);

/** A patch as an object; null changes nothing. */
function objectOf(body: unknown, prefix: string): JsonObject {
  if (body === undefined) throw badRequest(`${prefix}unexpected end of JSON input`);
  if (typeof body !== 'object' || Array.isArray(body)) throw badRequest(`${prefix}json: cannot unmarshal ${jsonType(body)} into Go value of type map[string]interface {}`);
  return (body ?? {}) as JsonObject;
}

function applyJsonPatch(current: ApiObject, body: unknown): unknown {
  // Nothing is a list of no operations.
  const operations = body ?? [];
  if (!Array.isArray(operations)) throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonType(operations)} into Go value of type []handlers.jsonPatchOp`);
  if (operations.length > MOST_OPERATIONS) {
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${operations.length}`);
  }
  for (const operation of operations as unknown[]) {
    if (typeof operation !== 'object' || Array.isArray(operation)) throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonType(operation)} into Go value of type handlers.jsonPatchOp`);
  }
  try {
    return jsonPatch(deepClone(current), (deepClone(operations) as (JsonObject | null)[]).map((operation) => operation ?? {}));
  } catch (error) {
    if (error instanceof JsonPatchError) throw new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
    throw error;
  }
}
