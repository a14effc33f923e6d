import type { JsonObject, SchemaNode } from '../contracts.js';
import { goFormat, goKind } from '../schema/go-format.js';
import { deepEqual, setOwn } from '../storage/deep.js';

/** A patch whose directives or lists make no sense for the field they meet. */
export class StrategicMergeError extends Error {
  override readonly name = 'StrategicMergeError';
  readonly reason = 'InvalidPatch';

  /** `code` is the HTTP status that Kubernetes answers with: most are not its client's fault, in its eyes. */
  constructor(message: string, readonly code: 400 | 422 | 500 = 500) {
    super(message);
  }
}

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM_PRIMITIVE_LIST = '$deleteFromPrimitiveList';
const SET_ELEMENT_ORDER = '$setElementOrder';

const isDirective = (field: string): boolean =>
  field === DIRECTIVE || field === RETAIN_KEYS || field.startsWith(DELETE_FROM_PRIMITIVE_LIST) || field.startsWith(SET_ELEMENT_ORDER);

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

const strategies = (schema: SchemaNode | undefined): string[] => schema?.patchStrategy?.split(',') ?? [];

const fieldSchema = (schema: SchemaNode | undefined, field: string): SchemaNode | undefined => schema?.properties?.[field] ?? schema?.additionalProperties;

/** Applies a strategic merge patch to a private copy, which it may change; `schema` says how lists merge. */
export function strategicMergePatch(original: JsonObject, patch: JsonObject, schema: SchemaNode | undefined): JsonObject {
  return mergeObject(original, patch, schema);
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: SchemaNode | undefined): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined) throw new StrategicMergeError(`unknown patch type: ${goFormat(directive)} in map: ${goFormat(patch)}`);

  const retained = patch[RETAIN_KEYS];
  if (retained !== undefined) {
    const bad = !Array.isArray(retained) || Object.keys(patch).some((field) => !field.startsWith('$') && patch[field] !== null && !retained.includes(field));
    if (bad) throw new StrategicMergeError('invalid patch format of retainKeys', 400);
    for (const field of Object.keys(original)) if (!retained.includes(field)) delete original[field];
  }

  // Lists that the patch only orders, or only deletes from, have no field of their own in it.
  const lists = new Set(Object.keys(patch).flatMap((field) => [DELETE_FROM_PRIMITIVE_LIST, SET_ELEMENT_ORDER].filter((prefix) => field.startsWith(prefix)).map((prefix) => listOf(field, patch[field], prefix))));
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
      setOwn(original, field, isObject(before) && !replaces ? mergeObject(before, value, child) : withoutDirectives(value));
    } else setOwn(original, field, value);
  }
  return original;
}

function mergeListField(original: JsonObject, field: string, patchItems: unknown[], patch: JsonObject, schema: SchemaNode | undefined): void {
  if (!Array.isArray(original[field])) {
    if (Object.hasOwn(patch, field)) original[field] = withoutDirectives(patchItems);
    return;
  }
  const before = original[field];
  const deleted = patch[`${DELETE_FROM_PRIMITIVE_LIST}/${field}`];
  const order = patch[`${SET_ELEMENT_ORDER}/${field}`] as unknown[] | undefined;
  if (!strategies(schema).includes('merge')) {
    if (Object.hasOwn(patch, field)) original[field] = patchItems.map(withoutDirectives);
    return;
  }
  const mergeKey = schema?.patchMergeKey;
  let merged: unknown[];
  if (mergeKey) merged = mergeListOfMaps(before, patchItems, mergeKey, schema);
  else {
    const kept = before.filter((item) => !((deleted as unknown[] | undefined) ?? []).some((gone) => deepEqual(gone, item)));
    merged = [...kept, ...patchItems.filter((item) => !kept.some((known) => deepEqual(known, item)))];
  }
  merged = inOrder(merged, before, patchItems, mergeKey);
  if (order !== undefined) {
    refuseOtherOrder(patchItems, order, mergeKey);
    merged = inOrder(merged, before, order, mergeKey);
  }
  original[field] = merged;
}

function mergeListOfMaps(before: readonly unknown[], patchItems: readonly unknown[], mergeKey: string, schema: SchemaNode): unknown[] {
  const items = patchItems.map((item) => {
    if (!isObject(item)) throw new StrategicMergeError(`expected a map[string]interface {}, but received a ${goKind(item)}`);
    const directive = item[DIRECTIVE];
    if (directive === 'merge') throw new StrategicMergeError('merging lists cannot yet be specified in the patch');
    if (directive !== undefined && directive !== 'replace' && directive !== 'delete') throw new StrategicMergeError(`unknown patch type: ${goFormat(directive)} in map: ${goFormat(item)}`);
    if (directive !== 'replace' && item[mergeKey] === undefined) throw new StrategicMergeError(`map: ${goFormat(item)} does not contain declared merge key: ${mergeKey}`);
    return item;
  });
  if (items.some((item) => item[DIRECTIVE] === 'replace')) return items.filter((item) => !(DIRECTIVE in item)).map(withoutDirectives);

  const merged = [...before];
  const indexOf = (item: JsonObject): number => merged.findIndex((known) => isObject(known) && deepEqual(known[mergeKey], item[mergeKey]));
  for (const item of items.filter((candidate) => candidate[DIRECTIVE] === 'delete')) {
    for (let index = indexOf(item); index >= 0; index = indexOf(item)) merged.splice(index, 1);
  }
  for (const item of items.filter((candidate) => candidate[DIRECTIVE] === undefined)) {
    const index = indexOf(item);
    if (index >= 0) merged[index] = mergeObject(merged[index] as JsonObject, item, schema.items);
    else merged.push(withoutDirectives(item));
  }
  return merged;
}

/** @throws {StrategicMergeError} unless the order names all that the patch sets, as the patch has them. */
function refuseOtherOrder(patchItems: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  const keyOf = (item: unknown, index: number): unknown => {
    if (!mergeKey) return item;
    if (!isObject(item)) throw new StrategicMergeError(`value for key ${index} is not a map`);
    if (item[mergeKey] === undefined) throw new StrategicMergeError(`map: ${goFormat(item)} does not contain declared merge key: ${mergeKey}`);
    return item[mergeKey];
  };
  const keys = order.map(keyOf);
  const wanted = patchItems.filter((item) => !isObject(item) || !Object.hasOwn(item, DIRECTIVE)).map(keyOf);
  let found = 0;
  for (const key of keys) if (found < wanted.length && deepEqual(key, wanted[found])) found += 1;
  if (keys.length > 0 && found < wanted.length) throw new StrategicMergeError(`The order in patch list:\n${goFormat(patchItems)}\n doesn't match ${SET_ELEMENT_ORDER} list:\n${goFormat(order)}\n`);
}

/** The items that `order` names as it has them; the others stay behind those of them that they were behind before, and come last otherwise. */
function inOrder(merged: readonly unknown[], before: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const keyOf = (item: unknown): unknown => (mergeKey && isObject(item) ? item[mergeKey] : item);
  const positionIn = (list: readonly unknown[], item: unknown): number => list.findIndex((known) => deepEqual(keyOf(known), keyOf(item)));
  const rank = (item: unknown): number => positionIn(order, item);
  const wanted = merged.filter((item) => rank(item) >= 0).sort((left, right) => rank(left) - rank(right));
  const others = merged.filter((item) => rank(item) < 0).sort((left, right) => positionIn(before, left) - positionIn(before, right));

  const result: unknown[] = [];
  let next = 0;
  for (const item of others) {
    const at = positionIn(before, item);
    for (let place = 0; next < wanted.length; next++) {
      place = positionIn(before, wanted[next]);
      if (at >= 0 && place > at) break;
      result.push(wanted[next]);
    }
    result.push(item);
  }
  return [...result, ...wanted.slice(next)];
}

/** The list that a directive such as `$setElementOrder/containers` is about. */
function listOf(directive: string, value: unknown, prefix: string): string {
  if (!Array.isArray(value)) throw new StrategicMergeError(`expected a []interface {}, but received a ${goKind(value)}`);
  const [, list] = directive.split('/');
  if (list === undefined) throw new StrategicMergeError(`invalid patch format of ${prefix === SET_ELEMENT_ORDER ? 'setElementOrder' : 'primitive'} list`, 400);
  return list;
}

/** A value that replaces rather than merges: directives have done their work, and nulls delete what is not there. */
function withoutDirectives<T>(value: T): T {
  if (Array.isArray(value)) return value.filter((item) => !(isObject(item) && Object.hasOwn(item, DIRECTIVE))).map(withoutDirectives) as T;
  if (!isObject(value)) return value;
  const plain: JsonObject = {};
  for (const [field, child] of Object.entries(value)) {
    if (child !== null && !isDirective(field)) setOwn(plain, field, withoutDirectives(child));
  }
  return plain as T;
}
