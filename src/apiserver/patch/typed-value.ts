import type { JsonObject, SchemaNode } from '../contracts.js';
import { goFormat, goKind, goSyntax } from '../schema/go-format.js';
import { deepEqual, setOwn } from '../storage/deep.js';
import { FieldSet, formatPath } from './field-set.js';

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

export const childSchema = (schema: SchemaNode | undefined, field: string): SchemaNode | undefined => {
  const { properties, additionalProperties } = schema ?? {};
  return properties && Object.hasOwn(properties, field) ? properties[field] : additionalProperties;
};

/** Whether a field is one of a struct's, rather than a key of a map. */
const isNamedField = (schema: SchemaNode | undefined, field: string): boolean => schema?.properties !== undefined && Object.hasOwn(schema.properties, field);

const isGranularMap = (value: unknown, schema: SchemaNode | undefined): value is JsonObject => isObject(value) && schema?.mapType !== 'atomic';

const isGranularList = (value: unknown, schema: SchemaNode | undefined): value is unknown[] =>
  Array.isArray(value) && (schema?.listType === 'map' || schema?.listType === 'set');

const isGranular = (value: unknown, schema: SchemaNode | undefined): boolean => isGranularMap(value, schema) || isGranularList(value, schema);

const isEmptyValue = (value: unknown): boolean => Object.keys(value as object).length === 0;

/** Items of a granular list by the edge that leads to each. */
function itemsByEdge(list: readonly unknown[], schema: SchemaNode): Map<string, unknown> {
  const items = new Map<string, unknown>();
  for (const item of list) {
    const edge = edgeOf(item, schema);
    if (!items.has(edge)) items.set(edge, item);
  }
  return items;
}

function edgeOf(item: unknown, { listType, listMapKeys = [], keyDefaults = {} }: SchemaNode): string {
  if (listType === 'set' || !isObject(item)) return `v:${JSON.stringify(item)}`;
  const keys: JsonObject = {};
  for (const key of [...listMapKeys].sort()) {
    const value = item[key] ?? keyDefaults[key];
    if (value !== undefined) keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}

/** Every value that its schema has no room for: of another type, without or with another's keys. In Kubernetes' words, sorted, for it goes through Go maps. */
export const untypedParts = (value: unknown, schema: SchemaNode | undefined): string[] => misfits(value, schema, []).sort();

function misfits(value: unknown, schema: SchemaNode | undefined, path: readonly string[]): string[] {
  if (value === null || value === undefined) return [];
  const problem = typeProblem(value, schema?.type);
  if (problem !== undefined) return [`${formatPath(path)}: ${problem}`];
  if (isObject(value)) return Object.entries(value).flatMap(([field, child]) => misfits(child, childSchema(schema, field), [...path, `f:${field}`]));
  if (!Array.isArray(value)) return [];
  if (!isGranularList(value, schema)) return value.flatMap((item, index) => misfits(item, schema?.items, [...path, `i:${index}`]));
  const found: string[] = [];
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const stranger = itemProblem(item, schema!);
    // Nothing can be said of what follows an item without a path.
    if (stranger !== undefined) return [...found, `${formatPath(path)}: element ${index}: associative list ${stranger}`];
    const edge = edgeOf(item, schema!);
    if (seen.has(edge)) found.push(`${formatPath(path)}: duplicate entries for key ${formatPath([edge])}`);
    seen.add(edge);
    found.push(...misfits(item, schema!.items, [...path, edge]));
  }
  return found;
}

/** A path with indexes, such as `spec.containers[0].imagee`, with the keys of what is at them: `.spec.containers[name="app"].imagee`. */
export function keyedPath(path: string, value: unknown, schema: SchemaNode | undefined): string {
  let here = value;
  let type = schema;
  const edges = Array.from(path.matchAll(/([^.[\]]+)|\[(\d+)\]/g), ([, field, index]) => {
    const isKeyed = index !== undefined && isGranularList(here, type);
    here = (here as JsonObject | undefined)?.[field ?? index!];
    const edge = field !== undefined ? `f:${field}` : isKeyed ? edgeOf(here, type!) : `i:${index}`;
    type = field !== undefined ? childSchema(type, field) : type?.items;
    return edge;
  });
  return formatPath(edges);
}

/** Why an item of a granular list cannot be told from the others. */
function itemProblem(item: unknown, { listType, listMapKeys = [], keyDefaults = {} }: SchemaNode): string | undefined {
  if (listType === 'set') return item === null ? "without keys has an element that's an explicit null" : isObject(item) ? "without keys has an element that's a map type" : undefined;
  if (item === null) return 'with keys may not have a null element';
  if (!isObject(item)) return 'with keys may not have non-map elements';
  const isKeyed = listMapKeys.some((key) => item[key] !== undefined || keyDefaults[key] !== undefined);
  return isKeyed ? undefined : `with keys has an element that omits all key fields ${goFormat(listMapKeys.map((key) => JSON.stringify(key)))} (and doesn't have default values for any key fields)`;
}

function typeProblem(value: unknown, type: SchemaNode['type']): string | undefined {
  switch (type) {
    case 'integer':
    case 'number':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goKind(value)}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goFormat(value)}}`;
    case 'string':
      return typeof value === 'string' ? undefined : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'array':
      return Array.isArray(value) ? undefined : `expected list, got &{${goFormat(value)}}`;
    case 'object':
      return isObject(value) ? undefined : `expected map, got &{${goFormat(value)}}`;
    case undefined:
      return undefined;
  }
}

/** The paths of all that a value says: leaves, items of lists, keys of maps, and what is empty. */
export function fieldSetOf(value: unknown, schema: SchemaNode | undefined): FieldSet {
  if (isGranularMap(value, schema)) {
    const children = new Map<string, FieldSet>();
    for (const [field, child] of Object.entries(value)) {
      const inner = childSchema(schema, field);
      const below = fieldSetOf(child, inner);
      const member = !isNamedField(schema, field) || (isObject(child) && Object.keys(child).length === 0);
      const node = FieldSet.of(member || below.member, below.children);
      if (!node.isEmpty) children.set(`f:${field}`, node);
    }
    return FieldSet.of(false, children);
  }
  if (isGranularList(value, schema)) {
    const children = new Map<string, FieldSet>();
    for (const [edge, item] of itemsByEdge(value, schema!)) children.set(edge, FieldSet.of(true, fieldSetOf(item, schema!.items).children));
    return FieldSet.of(false, children);
  }
  return FieldSet.LEAF;
}

/** As {@link fieldSetOf}, with every map and list on the way: what is new or gone as a whole. */
function wholeSetOf(value: unknown, schema: SchemaNode | undefined): FieldSet {
  if (isGranularMap(value, schema)) return FieldSet.of(true, new Map(Object.entries(value).map(([field, child]) => [`f:${field}`, wholeSetOf(child, childSchema(schema, field))])));
  if (isGranularList(value, schema)) return FieldSet.of(true, new Map([...itemsByEdge(value, schema!)].map(([edge, item]) => [edge, wholeSetOf(item, schema!.items)])));
  return FieldSet.LEAF;
}

export interface Comparison {
  /** Added, or there before with another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

const SAME: Comparison = { changed: FieldSet.EMPTY, removed: FieldSet.EMPTY };

/** What differs between two values. */
export function compareTyped(before: unknown, after: unknown, schema: SchemaNode | undefined): Comparison {
  if (before === after) return SAME;
  if (isGranularMap(before, schema) && isGranularMap(after, schema)) {
    const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
    return gather([...fields].map((field) => [`f:${field}`, compareEntry(entryOfField(before, field, schema), entryOfField(after, field, schema), childSchema(schema, field))]));
  }
  if (isGranularList(before, schema) && isGranularList(after, schema)) {
    const left = itemsByEdge(before, schema!);
    const right = itemsByEdge(after, schema!);
    const edges = new Set([...left.keys(), ...right.keys()]);
    return gather([...edges].map((edge) => [edge, compareEntry(entryOf(left, edge), entryOf(right, edge), schema!.items)]));
  }
  // Where one of them is null, the other's parts are what differs.
  if (before === null && isGranular(after, schema) && !isEmptyValue(after)) return { changed: wholeSetOf(after, schema).asParent(), removed: FieldSet.EMPTY };
  if (after === null && isGranular(before, schema) && !isEmptyValue(before)) return { changed: FieldSet.EMPTY, removed: wholeSetOf(before, schema).asParent() };
  return deepEqual(before, after) ? SAME : { changed: FieldSet.LEAF, removed: FieldSet.EMPTY };
}

type Entry = { value: unknown } | undefined;

/** A field's value; that of a field which is there without being said is empty. */
function entryOfField(object: JsonObject, field: string, schema: SchemaNode | undefined): Entry {
  if (Object.hasOwn(object, field)) return { value: object[field] };
  const value = schema?.presentFields?.get(field);
  return value === undefined ? undefined : { value };
}

const entryOf = (items: ReadonlyMap<string, unknown>, edge: string): Entry => (items.has(edge) ? { value: items.get(edge) } : undefined);

function compareEntry(before: Entry, after: Entry, schema: SchemaNode | undefined): Comparison {
  if (before && after) return compareTyped(before.value, after.value, schema);
  const set = wholeSetOf((before ?? after)!.value, schema);
  return before ? { changed: FieldSet.EMPTY, removed: set } : { changed: set, removed: FieldSet.EMPTY };
}

function gather(parts: readonly (readonly [string, Comparison])[]): Comparison {
  const pick = (which: keyof Comparison): FieldSet => FieldSet.of(false, new Map(parts.filter(([, part]) => !part[which].isEmpty).map(([edge, part]) => [edge, part[which]])));
  return parts.every(([, part]) => part === SAME) ? SAME : { changed: pick('changed'), removed: pick('removed') };
}

/** A live value with an applied one laid over it. Neither is changed; parts of both are shared. */
export function mergeTyped(live: unknown, applied: unknown, schema: SchemaNode | undefined): unknown {
  if (isGranularMap(applied, schema)) {
    const merged: JsonObject = isObject(live) ? { ...live } : {};
    for (const [field, value] of Object.entries(applied)) {
      setOwn(merged, field, mergeTyped(Object.hasOwn(merged, field) ? merged[field] : undefined, value, childSchema(schema, field)));
    }
    return merged;
  }
  // Null says nothing of what is in a map or a list.
  if (applied === null && isGranular(live, schema)) return live;
  if (isGranularList(applied, schema)) return mergeLists(Array.isArray(live) ? live : [], applied, schema!);
  return applied;
}

/** Applied items keep their order; live ones that were not applied stay between the neighbours they had. */
function mergeLists(live: readonly unknown[], applied: readonly unknown[], schema: SchemaNode): unknown[] {
  const liveItems = itemsByEdge(live, schema);
  const appliedEdges = applied.map((item) => edgeOf(item, schema));
  const wanted = new Set(appliedEdges);
  const merged: unknown[] = [];
  const liveEdges = [...liveItems.keys()];
  let fromLive = 0;
  let fromApplied = 0;
  while (fromLive < liveEdges.length || fromApplied < applied.length) {
    const liveEdge = liveEdges[fromLive];
    const appliedEdge = appliedEdges[fromApplied];
    if (liveEdge !== undefined && !wanted.has(liveEdge)) {
      merged.push(liveItems.get(liveEdge));
      fromLive++;
    } else if (appliedEdge !== undefined) {
      const item = applied[fromApplied++];
      merged.push(liveItems.has(appliedEdge) ? mergeTyped(liveItems.get(appliedEdge), item, schema.items) : item);
      if (appliedEdge === liveEdge) fromLive++;
    } else fromLive++;
  }
  return merged;
}

/** A value without the members of a set; maps and lists that this empties go too, but maps that are `owned` stay. Undefined when nothing is left. */
export function removeFields(value: unknown, removed: FieldSet, owned: FieldSet | undefined, schema: SchemaNode | undefined): unknown {
  if (removed.children.size === 0) return value;
  if (isGranularMap(value, schema)) {
    const left: JsonObject = { ...value };
    for (const [edge, below] of removed.children) {
      const field = edge.slice(2);
      if (!Object.hasOwn(left, field)) continue;
      const kept = owned?.children.get(edge);
      const child = below.member ? undefined : removeFields(left[field], below, kept, childSchema(schema, field));
      if (child !== undefined) setOwn(left, field, child);
      else if (kept?.member && !below.member && isObject(left[field])) setOwn(left, field, {});
      else delete left[field];
    }
    return Object.keys(left).length > 0 || Object.keys(value).length === 0 ? left : undefined;
  }
  if (isGranularList(value, schema)) {
    const left = value.flatMap((item) => {
      const edge = edgeOf(item, schema!);
      const below = removed.children.get(edge);
      if (!below) return [item];
      const child = below.member ? undefined : removeFields(item, below, owned?.children.get(edge), schema!.items);
      return child === undefined ? [] : [child];
    });
    return left.length > 0 || value.length === 0 ? left : undefined;
  }
  return value;
}
