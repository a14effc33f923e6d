import type { JsonObject } from '../contracts.js';
import { deepClone, deepEqual, setOwn } from '../storage/deep.js';

/** An operation that does not apply, in the words of the library that kube-apiserver uses; clients that patch hear none of them, webhooks do. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
  readonly reason = 'InvalidPatch';
}

type Container = JsonObject | unknown[];

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

/**
 * RFC 6902, as kube-apiserver carries it out: `replace`, `copy` and `move` of a key that an object lacks work on null instead of failing,
 * negative indexes count from the end, and an operation without a value has null. The document may be changed.
 */
export function jsonPatch(document: JsonObject, operations: readonly JsonObject[]): unknown {
  let root: unknown = document;
  for (const operation of operations) root = carryOut(root as Container, operation);
  return root;
}

function carryOut(root: Container, { op, path, from, value = null }: JsonObject): unknown {
  switch (op) {
    case 'add':
      insert(find(root, textOf(op, 'path', path), (missing) => `add operation does not apply: doc is missing path: ${JSON.stringify(missing)}`), value, `error in add for path: '${String(path)}'`);
      return root;
    case 'remove':
      take(find(root, textOf(op, 'path', path), (missing) => `remove operation does not apply: doc is missing path: ${JSON.stringify(missing)}`), `error in remove for path: '${String(path)}'`);
      return root;
    case 'replace':
      if (path === '') {
        if (!isContainer(value)) throw new JsonPatchError('replace operation value must be object or array');
        return value;
      }
      put(find(root, textOf(op, 'path', path), (missing) => `replace operation does not apply: doc is missing path: ${missing}`), value, `replace operation does not apply: doc is missing key: ${String(path)}: ${MISSING}`);
      return root;
    case 'move': {
      const source = find(root, textOf(op, 'from', from), (missing) => `move operation does not apply: doc is missing from path: ${missing}`);
      const moved = read(source, `error in move for path: '${source.key}'`);
      take(source, `error in move for path: '${source.key}'`);
      insert(find(root, textOf(op, 'path', path), (missing) => `move operation does not apply: doc is missing destination path: ${missing}`), moved, `error in move for path: '${String(path)}'`);
      return root;
    }
    case 'copy': {
      const copied = deepClone(read(find(root, textOf(op, 'from', from), (missing) => `copy operation does not apply: doc is missing from path: ${missing}`), `error in copy for from: '${String(from)}'`));
      insert(find(root, textOf(op, 'path', path), (missing) => `copy operation does not apply: doc is missing destination path: ${missing}`), copied, 'error while adding value during copy');
      return root;
    }
    case 'test': {
      const actual = path === '' ? root : read(find(root, textOf(op, 'path', path), (missing) => `test operation does not apply: is missing path: ${missing}`), `error in test for path: '${String(path)}'`);
      if (!deepEqual(actual, value)) throw new JsonPatchError(`testing value ${String(path)} failed: test failed`);
      return root;
    }
    default:
      throw new JsonPatchError(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`);
  }
}

const MISSING = 'missing value';

function textOf(op: string, field: 'path' | 'from', value: unknown): string {
  if (typeof value !== 'string') throw new JsonPatchError(`${op} operation failed to decode ${field}: ${MISSING}`);
  return value;
}

/** Where an operation works: a key or index of an object or list. */
interface Place {
  readonly container: Container;
  readonly key: string;
}

/** The object or list that a path ends in, and its last part. What stands before the first slash does not count. */
function find(root: Container, path: string, problem: (path: string) => string): Place {
  const parts = path.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = path.includes('/') ? parts.pop()! : undefined;
  let container: unknown = root;
  for (const part of parts) container = isContainer(container) ? valueIn(container, part) : undefined;
  if (key === undefined || !isContainer(container)) throw new JsonPatchError(`${problem(path)}: ${MISSING}`);
  return { container, key };
}

/** The value of a key, null where there is none; undefined for an index that is not there. */
function valueIn(container: Container, key: string): unknown {
  if (Array.isArray(container)) return container[indexIn(key, container.length)];
  return Object.hasOwn(container, key) ? container[key] : null;
}

/** Negative ones count from `size`; NaN for what is none. */
function indexIn(key: string, size: number): number {
  const index = /^[+-]?\d+$/.test(key) ? Number(key) : Number.NaN;
  return index < 0 ? index + size : index;
}

/** The index that an operation is about. @throws {JsonPatchError} for one that is not in the list */
function place(list: readonly unknown[], key: string, { most, context }: { most: number; context: string }): number {
  const index = indexIn(key, most + 1);
  if (Number.isNaN(index)) throw new JsonPatchError(`${context}: strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`);
  if (index < 0 || index > most) throw new JsonPatchError(`${context}: Unable to access invalid index: ${Number(key)}: invalid index referenced`);
  return index;
}

function read({ container, key }: Place, context: string): unknown {
  if (!Array.isArray(container)) return valueIn(container, key);
  return container[place(container, key, { most: container.length - 1, context })];
}

function insert({ container, key }: Place, value: unknown, context: string): void {
  if (!Array.isArray(container)) setOwn(container, key, value);
  else if (key === '-') container.push(value);
  else container.splice(place(container, key, { most: container.length, context }), 0, value);
}

function put({ container, key }: Place, value: unknown, missing: string): void {
  if (!Array.isArray(container)) {
    setOwn(container, key, value);
    return;
  }
  const index = indexIn(key, container.length);
  if (!(index >= 0 && index < container.length)) throw new JsonPatchError(missing);
  container[index] = value;
}

function take({ container, key }: Place, context: string): void {
  if (Array.isArray(container)) container.splice(place(container, key, { most: container.length - 1, context }), 1);
  else if (Object.hasOwn(container, key)) delete container[key];
  else throw new JsonPatchError(`${context}: Unable to remove nonexistent key: ${key}: ${MISSING}`);
}
