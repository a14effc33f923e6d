import { cloneJSON, equalJSON, isObject } from '../engine/json.js';

type JSONObject = Record<string, unknown>;

/** An item of a list, by the field that tells the items apart, or by several, separated by commas; with an empty `key`, by itself. */
export interface ListItem {
  readonly key: string;
  /** Of several fields, their values separated by commas. */
  readonly value: unknown;
}

/** A place in an object: names of members, and items of lists. */
export type Path = readonly (string | ListItem)[];

/** A value that differs between two states of an object; undefined where there is none. Values are leaves: what has members is told member by member. */
export interface FieldChange {
  /** `status.conditions[Ready].reason`, `metadata.labels[example.com/tier]` */
  readonly field: string;
  readonly path: Path;
  readonly from: unknown;
  readonly to: unknown;
}

/** What the server keeps of an object for itself: not a change that somebody made. */
const SERVERS_OWN = new Set(['resourceVersion', 'generation', 'managedFields', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'uid', 'selfLink']);

/** Fields by which items of lists are told apart in Kubernetes' types, the commonest first. */
const ITEM_KEYS = ['type', 'name', 'key,effect', 'key', 'uid', 'containerPort,protocol', 'containerPort', 'port,protocol', 'port', 'mountPath', 'ip', 'id', 'topologyKey'];

/** What of an item tells it from the others; undefined for one that lacks it. */
export function identityOf(item: unknown, key: string): unknown {
  if (key === '') return item;
  if (!isObject(item)) return undefined;
  const values = key.split(',').map((name) => item[name]);
  if (values.some((value) => typeof value !== 'string' && typeof value !== 'number')) return undefined;
  return values.length === 1 ? values[0] : values.join(',');
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Whether two writers mean the same: equal, or two times, which are when each of them wrote. */
export const isSameValue = (a: unknown, b: unknown): boolean => equalJSON(a, b) || (typeof a === 'string' && typeof b === 'string' && TIME.test(a) && TIME.test(b));

/** Whether a field says when others changed: nobody decides about it. */
export const isStamp = ({ field }: Pick<FieldChange, 'field'>): boolean => field.endsWith('.lastTransitionTime');

/** Whether two values are times that lie no further apart than so many milliseconds: whoever notes times now and then does not note the same ones. */
export const isNear = (a: unknown, b: unknown, window: number): boolean =>
  typeof a === 'string' && typeof b === 'string' && TIME.test(a) && TIME.test(b) && Math.abs(Date.parse(a) - Date.parse(b)) <= window;

/** What tells the items of two lists apart: a field's name, nothing for lists that are sets, undefined for lists that are one value. */
export function itemKeyOf(name: string, ...lists: readonly (readonly unknown[])[]): string | undefined {
  if (name === 'finalizers') return '';
  if (lists.every((list) => list.length === 0)) return undefined;
  return ITEM_KEYS.find((key) => lists.every((list) => {
    const values = list.map((item) => identityOf(item, key));
    return !values.includes(undefined) && new Set(values).size === values.length;
  }));
}

const itemsOf = (list: readonly unknown[], key: string): Map<unknown, unknown> => new Map(list.map((item) => [identityOf(item, key), item]));

function textOf(path: Path): string {
  return path.map((segment, at) => {
    if (typeof segment !== 'string') return `[${String(segment.value)}]`;
    return /^[\w-]+$/.test(segment) ? `${at > 0 ? '.' : ''}${segment}` : `[${segment}]`;
  }).join('');
}

function collect(path: Path, before: unknown, after: unknown, changes: FieldChange[]): void {
  if (equalJSON(before, after)) return;
  const name = path.at(-1);
  const [isMap, isList] = [isObject, Array.isArray].map((is) => (is(before) || before === undefined) && (is(after) || after === undefined) && !(before === undefined && after === undefined));
  if (isMap) {
    const [left, right] = [(before ?? {}) as JSONObject, (after ?? {}) as JSONObject];
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    for (const each of names) collect([...path, each], left[each], right[each], changes);
    if (names.size > 0) return;
  } else if (isList && typeof name === 'string') {
    const [left, right] = [(before ?? []) as unknown[], (after ?? []) as unknown[]];
    const key = itemKeyOf(name, left, right);
    if (key !== undefined) {
      const [was, is] = [itemsOf(left, key), itemsOf(right, key)];
      for (const value of new Set([...was.keys(), ...is.keys()])) collect([...path, { key, value }], was.get(value), is.get(value), changes);
      return;
    }
  }
  // Empty and absent is the same to whoever reads it.
  const [from, to] = [before, after].map((value) => (value === null || (typeof value === 'object' && Object.keys(value as object).length === 0) ? undefined : value));
  if (!equalJSON(from, to)) changes.push({ field: textOf(path), path, from, to });
}

/** What somebody changed between two states of an object; a state that is undefined is that of no object. What the server writes by itself is left out. */
export function fieldChanges(before: object | undefined, after: object | undefined): FieldChange[] {
  const changes: FieldChange[] = [];
  const content = (object: object | undefined): JSONObject => {
    const { apiVersion: _apiVersion, kind: _kind, metadata = {}, ...rest } = (object ?? {}) as JSONObject;
    const { name: _name, namespace: _namespace, generateName: _generateName, ...kept } = metadata as JSONObject;
    return { ...rest, metadata: Object.fromEntries(Object.entries(kept).filter(([name]) => !SERVERS_OWN.has(name))) };
  };
  collect([], content(before), content(after), changes);
  return changes;
}

/** The value in a place; undefined when there is none. */
export function valueAt(object: unknown, path: Path): unknown {
  let value = object;
  for (const segment of path) {
    if (typeof segment === 'string') value = isObject(value) ? value[segment] : undefined;
    else value = Array.isArray(value) ? value.find((item) => identityOf(item, segment.key) === segment.value) : undefined;
  }
  return value;
}

/** Whether a change is about the field that tells an item from others: the item comes and goes with it. */
function isOfKey({ path }: Pick<FieldChange, 'path'>): boolean {
  const [item, last] = path.slice(-2);
  return typeof item === 'object' && typeof last === 'string' && item.key.split(',').includes(last);
}

/** The object with the changes made on it. Changes of a list's item come to nothing where the item has gone meanwhile. */
export function withChanges<T extends object>(object: T, changes: readonly Pick<FieldChange, 'path' | 'to'>[]): T {
  const copy = cloneJSON(object);
  for (const { path, to } of changes.toSorted((a, b) => Number(isOfKey(b)) - Number(isOfKey(a)))) put(copy, path, to);
  return copy;
}

/** Puts a value in its place, or takes it away; what has nothing in it after that goes, too. Returns whether the container is empty. */
function put(container: unknown, [segment, ...rest]: Path, to: unknown): boolean {
  if (segment === undefined) return false;
  if (typeof segment === 'string') {
    const map = container as JSONObject;
    if (rest.length === 0) {
      if (to === undefined) delete map[segment];
      else map[segment] = cloneJSON(to);
    } else {
      if (map[segment] === undefined || map[segment] === null) {
        if (to === undefined) return false;
        map[segment] = typeof rest[0] === 'string' ? {} : [];
      }
      if (put(map[segment], rest, to)) delete map[segment];
    }
    return Object.keys(map).length === 0;
  }
  const list = container as unknown[];
  const { key, value } = segment;
  const at = list.findIndex((item) => identityOf(item, key) === value);
  if (rest.length === 0) {
    if (to === undefined && at >= 0) list.splice(at, 1);
    else if (to !== undefined) list.splice(at < 0 ? list.length : at, at < 0 ? 0 : 1, cloneJSON(to));
  } else if (isOfKey({ path: [segment, ...rest] })) {
    if (to === undefined && at >= 0) list.splice(at, 1);
    else if (to !== undefined && at < 0) list.push(Object.fromEntries(key.includes(',') ? key.split(',').map((name, place) => [name, String(value).split(',')[place]]) : [[key, value]]));
  } else if (at >= 0 && put(list[at], rest, to)) list.splice(at, 1);
  return list.length === 0;
}
