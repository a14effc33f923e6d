import { deepFreeze } from './normalize.js';
import type { KubeObject, ObjectKey } from './object.js';
import { keyOfObject } from './object.js';

/** How objects of a kind are found by a value that they hold. Undefined and empty values are not indexed. */
export interface StoreIndex<T> {
  readonly name: string;
  values(object: T): readonly (string | undefined)[];
}

/** A read of an index that the store does not have. */
export class UnknownIndexError extends Error {
  override readonly name = 'UnknownIndexError';
  readonly reason = 'IndexUnknown';

  constructor(name: string, known: readonly string[]) {
    super(`no index "${name}"; this store has ${known.length > 0 ? known.map((index) => `"${index}"`).join(', ') : 'none'}`);
  }
}

interface BuiltIndex<T extends KubeObject> {
  readonly definition: StoreIndex<T>;
  readonly entries: Map<string, Map<ObjectKey, T>>;
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * Objects of one kind by key and by index, synchronously. What it returns belongs to it: readers must not change objects (with `freeze`
 * they cannot).
 */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<ObjectKey, T>();
  readonly #indexes = new Map<string, BuiltIndex<T>>();
  readonly #freeze: boolean;
  #all: readonly T[] | undefined;

  constructor({ freeze = false }: { freeze?: boolean } = {}) {
    this.#freeze = freeze;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<ObjectKey> {
    return this.#objects.keys();
  }

  /** All objects, in no particular order. The array is shared between calls until something changes. */
  list(): readonly T[] {
    this.#all ??= Object.freeze([...this.#objects.values()]);
    return this.#all;
  }

  /** The objects that an index finds under a value. Throws {@link UnknownIndexError}. */
  find(index: string, value: string | undefined): readonly T[] {
    const built = this.#indexes.get(index);
    if (!built) throw new UnknownIndexError(index, [...this.#indexes.keys()]);
    if (!value) return NONE;
    const found = built.entries.get(value);
    return found ? [...found.values()] : NONE;
  }

  /** Adds an index over what is there and what will come; an index of the same name stays as it is. */
  addIndex(definition: StoreIndex<T>): void {
    if (this.#indexes.has(definition.name)) return;
    const built = { definition, entries: new Map() };
    this.#indexes.set(definition.name, built);
    for (const [key, object] of this.#objects) insert(built, key, object);
  }

  /** Puts an object in, and returns the one it replaces. */
  set(object: T): T | undefined {
    const key = keyOfObject(object);
    const old = this.#objects.get(key);
    if (this.#freeze) deepFreeze(object);
    this.#objects.set(key, object);
    this.#all = undefined;
    for (const index of this.#indexes.values()) {
      if (old) remove(index, key, old);
      insert(index, key, object);
    }
    return old;
  }

  /** Takes an object out, and returns it. */
  delete(key: ObjectKey): T | undefined {
    const old = this.#objects.get(key);
    if (!old) return undefined;
    this.#objects.delete(key);
    this.#all = undefined;
    for (const index of this.#indexes.values()) remove(index, key, old);
    return old;
  }
}

function insert<T extends KubeObject>({ definition, entries }: BuiltIndex<T>, key: ObjectKey, object: T): void {
  for (const value of definition.values(object)) {
    if (!value) continue;
    const bucket = entries.get(value);
    if (bucket) bucket.set(key, object);
    else entries.set(value, new Map([[key, object]]));
  }
}

function remove<T extends KubeObject>({ definition, entries }: BuiltIndex<T>, key: ObjectKey, object: T): void {
  for (const value of definition.values(object)) {
    if (!value) continue;
    const bucket = entries.get(value);
    bucket?.delete(key);
    if (bucket?.size === 0) entries.delete(value);
  }
}
