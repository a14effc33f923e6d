import type { JsonObject } from '../contracts.js';
import { deepClone, deepEqual, setOwn } from '../storage/deep.js';

/** An operation that does not apply; the API tells no more than that. */
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
  if (typeof path !== 'string') throw new JsonPatchError('the operation has no path');
  switch (op) {
    case 'add':
      insert(root, path, value);
      return root;
    case 'remove':
      take(root, path);
      return root;
    case 'replace':
      if (path === '') {
        if (!isContainer(value)) throw new JsonPatchError('only an object replaces an object');
        return value;
      }
      put(root, path, value);
      return root;
    case 'move': {
      const moved = read(root, textOf(from));
      take(root, textOf(from));
      insert(root, path, moved);
      return root;
    }
    case 'copy':
      insert(root, path, deepClone(read(root, textOf(from))));
      return root;
    case 'test':
      if (!deepEqual(path === '' ? root : read(root, path), value)) throw new JsonPatchError(`testing value ${path} failed`);
      return root;
    default:
      throw new JsonPatchError(`unknown operation ${JSON.stringify(op)}`);
  }
}

function textOf(from: unknown): string {
  if (typeof from !== 'string') throw new JsonPatchError('the operation has no from');
  return from;
}

/** The object or list that a path ends in, and its last part. What stands before the first slash does not count. */
function find(root: Container, path: string): [Container, string] {
  const parts = path.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = path.includes('/') ? parts.pop()! : undefined;
  let container: unknown = root;
  for (const part of parts) {
    container = valueIn(container as Container, part);
    if (!isContainer(container)) throw new JsonPatchError(`missing path ${path}`);
  }
  if (last === undefined) throw new JsonPatchError(`missing path ${path}`);
  return [container as Container, last];
}

/** The value of a key, null where there is none; that of an index must be there. */
function valueIn(container: Container, key: string): unknown {
  if (Array.isArray(container)) return container[indexIn(key, container.length, container.length - 1)];
  return Object.hasOwn(container, key) ? container[key] : null;
}

/** Negative ones count from `size`. */
function indexIn(key: string, size: number, most: number): number {
  if (!/^[+-]?\d+$/.test(key)) throw new JsonPatchError(`${key} is no index`);
  const index = Number(key) < 0 ? Number(key) + size : Number(key);
  if (index < 0 || index > most) throw new JsonPatchError(`invalid index ${key}`);
  return index;
}

const read = (root: Container, path: string): unknown => valueIn(...find(root, path));

function insert(root: Container, path: string, value: unknown): void {
  const [container, key] = find(root, path);
  if (!Array.isArray(container)) setOwn(container, key, value);
  else if (key === '-') container.push(value);
  else container.splice(indexIn(key, container.length + 1, container.length), 0, value);
}

function put(root: Container, path: string, value: unknown): void {
  const [container, key] = find(root, path);
  if (Array.isArray(container)) container[indexIn(key, container.length, container.length - 1)] = value;
  else setOwn(container, key, value);
}

function take(root: Container, path: string): void {
  const [container, key] = find(root, path);
  if (Array.isArray(container)) container.splice(indexIn(key, container.length, container.length - 1), 1);
  else if (Object.hasOwn(container, key)) delete container[key];
  else throw new JsonPatchError(`nothing to remove at ${path}`);
}
