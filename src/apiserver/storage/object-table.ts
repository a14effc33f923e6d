import type { ApiObject } from '../contracts.js';

/** `namespace/name`, the order of etcd's keys; the namespace is empty for cluster scope. */
export type StorageKey = string;

export const storageKey = (namespace: string, name: string): StorageKey => `${namespace}/${name}`;

export const keyOf = ({ metadata: { namespace = '', name = '' } }: ApiObject): StorageKey => storageKey(namespace, name);

/** Objects of one resource by key, with their keys in order. Sorting waits until a list needs it. */
export class ObjectTable {
  private readonly objects = new Map<StorageKey, ApiObject>();
  private sortedKeys: StorageKey[] | undefined;

  get size(): number {
    return this.objects.size;
  }

  get(key: StorageKey): ApiObject | undefined {
    return this.objects.get(key);
  }

  set(key: StorageKey, object: ApiObject): void {
    if (!this.objects.has(key)) this.sortedKeys = undefined;
    this.objects.set(key, object);
  }

  delete(key: StorageKey): void {
    if (this.objects.delete(key)) this.sortedKeys = undefined;
  }

  clone(): ObjectTable {
    const copy = new ObjectTable();
    for (const [key, object] of this.objects) copy.objects.set(key, object);
    return copy;
  }

  /** Objects in key order, of one namespace or all, that come after a key if one is given. */
  list(namespace?: string, after?: StorageKey): ApiObject[] {
    return this.range(namespace, after).slice();
  }

  /** The same, looked at only as far as somebody asks. It is as of now: whoever waits in between sees what was changed meanwhile. */
  range(namespace?: string, after?: StorageKey): ObjectRange {
    const keys = (this.sortedKeys ??= [...this.objects.keys()].sort());
    const from = Math.max(namespace === undefined ? 0 : lowerBound(keys, storageKey(namespace, '')), after === undefined ? 0 : lowerBound(keys, `${after}\0`));
    const to = Math.max(from, namespace === undefined ? keys.length : lowerBound(keys, storageKey(namespace, '\uffff')));
    return {
      length: to - from,
      slice: (begin = 0, end = to - from) => keys.slice(from + begin, Math.min(to, from + end)).map((key) => this.objects.get(key)!),
    };
  }
}

/** A part of a table's objects, in key order. */
export interface ObjectRange {
  readonly length: number;
  slice(begin?: number, end?: number): ApiObject[];
}

function lowerBound(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
