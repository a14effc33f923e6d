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
  /** Under which values each object stands, so that it is taken out from there whatever the index function says by then. */
  readonly values: Map<ObjectKey, readonly string[]>;
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
  readonly #onIndexError: (error: unknown) => void;
  #all: readonly T[] | undefined;

  /** `onIndexError` is told of objects that an index function cannot cope with; the index does not find these. */
  constructor({ freeze = false, onIndexError = () => undefined }: { freeze?: boolean; onIndexError?: (error: unknown) => void } = {}) {
    this.#freeze = freeze;
    this.#onIndexError = onIndexError;
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
    const built = { definition, entries: new Map(), values: new Map() };
    this.#indexes.set(definition.name, built);
    for (const [key, object] of this.#objects) this.#insert(built, key, object);
  }

  /** Puts an object in, and returns the one it replaces. */
  set(object: T): T | undefined {
    const key = keyOfObject(object);
    const old = this.#objects.get(key);
    if (this.#freeze) deepFreeze(object);
    this.#objects.set(key, object);
    this.#all = undefined;
    for (const index of this.#indexes.values()) {
      remove(index, key);
      this.#insert(index, key, object);
    }
    return old;
  }

  /** Takes an object out, and returns it. */
  delete(key: ObjectKey): T | undefined {
    const old = this.#objects.get(key);
    if (!old) return undefined;
    this.#objects.delete(key);
    this.#all = undefined;
    for (const index of this.#indexes.values()) remove(index, key);
    return old;
  }

  #insert({ definition, entries, values }: BuiltIndex<T>, key: ObjectKey, object: T): void {
    const found = this.#valuesOf(definition, object);
    if (found.length === 0) return;
    values.set(key, found);
    for (const value of found) {
      const bucket = entries.get(value);
      if (bucket) bucket.set(key, object);
      else entries.set(value, new Map([[key, object]]));
    }
  }

  #valuesOf(definition: StoreIndex<T>, object: T): string[] {
    try {
      return definition.values(object).filter((value) => value !== undefined && value !== '') as string[];
    } catch (error) {
      this.#onIndexError(error);
      return [];
    }
  }
}

function remove<T extends KubeObject>({ entries, values }: BuiltIndex<T>, key: ObjectKey): void {
  for (const value of values.get(key) ?? []) {
    const bucket = entries.get(value);
    bucket?.delete(key);
    if (bucket?.size === 0) entries.delete(value);
  }
  values.delete(key);
}
