import type { JsonObject, SchemaNode } from '../contracts.js';
import { deepEqual, setOwn } from '../storage/deep.js';

/** A patch whose directives or lists make no sense for the field they meet. */
export class StrategicMergeError extends Error {
  override readonly name = 'StrategicMergeError';
  readonly reason = 'InvalidPatch';
}

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM_PRIMITIVE_LIST = '$deleteFromPrimitiveList/';
const SET_ELEMENT_ORDER = '$setElementOrder/';

const isDirective = (field: string): boolean =>
  field === DIRECTIVE || field === RETAIN_KEYS || field.startsWith(DELETE_FROM_PRIMITIVE_LIST) || field.startsWith(SET_ELEMENT_ORDER);

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

const strategies = (schema: SchemaNode | undefined): string[] => schema?.patchStrategy?.split(',') ?? [];

const fieldSchema = (schema: SchemaNode | undefined, field: string): SchemaNode | undefined => schema?.properties?.[field] ?? schema?.additionalProperties;

/** Applies a strategic merge patch to a private copy, which it may change; `schema` says how lists merge. */
export function strategicMergePatch(original: JsonObject, patch: JsonObject, schema: SchemaNode | undefined): JsonObject {
  return mergeObject(original, patch, schema, []);
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: SchemaNode | undefined, strategy: readonly string[]): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw new StrategicMergeError(`unknown patch type: ${JSON.stringify(directive)}; known are "replace", "merge", "delete"`);

  const retained = patch[RETAIN_KEYS];
  if (retained !== undefined) {
    if (!Array.isArray(retained)) throw new StrategicMergeError('the $retainKeys directive must be a list of field names');
    if (!strategy.includes('retainKeys')) throw new StrategicMergeError('$retainKeys is only allowed where the patch strategy is retainKeys');
    const missing = Object.keys(patch).find((field) => !field.startsWith('$') && patch[field] !== null && !retained.includes(field));
    if (missing !== undefined) throw new StrategicMergeError(`$retainKeys lacks the field ${missing} that the patch sets`);
    for (const field of Object.keys(original)) if (!retained.includes(field)) delete original[field];
  }

  // Lists that the patch only orders, or only deletes from, have no field of their own in it.
  const lists = new Set(Object.keys(patch).flatMap((field) => [DELETE_FROM_PRIMITIVE_LIST, SET_ELEMENT_ORDER].filter((prefix) => field.startsWith(prefix)).map((prefix) => field.slice(prefix.length))));
  for (const field of lists) {
    if (!Object.hasOwn(patch, field)) mergeListField(original, field, [], patch, fieldSchema(schema, field));
  }

  for (const [field, value] of Object.entries(patch)) {
    if (isDirective(field)) continue;
    const child = fieldSchema(schema, field);
    if (value === null) delete original[field];
    else if (Array.isArray(value)) mergeListField(original, field, value, patch, child);
    else if (isObject(value)) {
      const replaces = strategies(child).includes('replace');
      const before = Object.hasOwn(original, field) ? original[field] : undefined;
      setOwn(original, field, isObject(before) && !replaces ? mergeObject(before, value, child, strategies(child)) : withoutDirectives(value));
    } else setOwn(original, field, value);
  }
  return original;
}

function mergeListField(original: JsonObject, field: string, patchItems: unknown[], patch: JsonObject, schema: SchemaNode | undefined): void {
  const before = Array.isArray(original[field]) ? original[field] : [];
  const deleted = patch[DELETE_FROM_PRIMITIVE_LIST + field];
  const order = patch[SET_ELEMENT_ORDER + field];
  if (!strategies(schema).includes('merge')) {
    if (Object.hasOwn(patch, field)) original[field] = patchItems.map(withoutDirectives);
    return;
  }
  const mergeKey = schema?.patchMergeKey;
  let merged: unknown[];
  if (mergeKey) merged = mergeListOfMaps(before, patchItems, mergeKey, schema, field);
  else {
    if (deleted !== undefined && !Array.isArray(deleted)) throw new StrategicMergeError(`${DELETE_FROM_PRIMITIVE_LIST}${field} must be a list`);
    const kept = before.filter((item) => !(deleted ?? []).some((gone: unknown) => deepEqual(gone, item)));
    merged = [...kept, ...patchItems.filter((item) => !kept.some((known) => deepEqual(known, item)))];
  }
  if (order !== undefined) merged = inOrder(merged, before, order, mergeKey, field);
  // A list that was never there is not made by deleting from it.
  if (merged.length > 0 || Object.hasOwn(original, field)) original[field] = merged;
}

function mergeListOfMaps(before: readonly unknown[], patchItems: readonly unknown[], mergeKey: string, schema: SchemaNode, field: string): unknown[] {
  const replace = patchItems.some((item) => isObject(item) && item[DIRECTIVE] === 'replace');
  if (replace) return patchItems.filter((item) => !(isObject(item) && DIRECTIVE in item)).map(withoutDirectives);

  const merged = [...before];
  for (const item of patchItems) {
    if (!isObject(item)) throw new StrategicMergeError(`the list ${field} holds objects, not ${JSON.stringify(item)}`);
    const key = item[mergeKey];
    if (key === undefined) throw new StrategicMergeError(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
    const index = merged.findIndex((known) => isObject(known) && deepEqual(known[mergeKey], key));
    if (item[DIRECTIVE] === 'delete') {
      if (index >= 0) merged.splice(index, 1);
    } else if (index >= 0) merged[index] = mergeObject(merged[index] as JsonObject, item, schema.items, strategies(schema));
    else merged.push(withoutDirectives(item));
  }
  return merged;
}

/** The patch's items in the order it wants; items it does not know stay where they were among them. */
function inOrder(merged: readonly unknown[], before: readonly unknown[], order: unknown, mergeKey: string | undefined, field: string): unknown[] {
  if (!Array.isArray(order)) throw new StrategicMergeError(`${SET_ELEMENT_ORDER}${field} must be a list`);
  const keyOf = (item: unknown): unknown => (mergeKey && isObject(item) ? item[mergeKey] : item);
  const rank = (item: unknown): number => order.findIndex((ordered) => deepEqual(keyOf(ordered), keyOf(item)));
  const wanted = merged.filter((item) => rank(item) >= 0).sort((left, right) => rank(left) - rank(right));
  const others = merged.filter((item) => rank(item) < 0);
  const position = (item: unknown): number => before.findIndex((known) => deepEqual(keyOf(known), keyOf(item)));

  const result: unknown[] = [];
  let next = 0;
  for (const item of others) {
    const at = position(item);
    while (next < wanted.length && position(wanted[next]) >= 0 && position(wanted[next]) < at) result.push(wanted[next++]);
    result.push(item);
  }
  return [...result, ...wanted.slice(next)];
}

/** A value that replaces rather than merges: directives have done their work, and nulls delete what is not there. */
function withoutDirectives<T>(value: T): T {
  if (Array.isArray(value)) return value.filter((item) => !(isObject(item) && item[DIRECTIVE] === 'delete')).map(withoutDirectives) as T;
  if (!isObject(value)) return value;
  const plain: JsonObject = {};
  for (const [field, child] of Object.entries(value)) {
    if (child !== null && !isDirective(field)) setOwn(plain, field, withoutDirectives(child));
  }
  return plain as T;
}
