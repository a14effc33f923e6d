import { normalize } from '../../../operator/kube/normalize.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { KindRef, KubeObject, ObjectKey } from '../../../operator/kube/object.js';
import { Store } from '../../../operator/kube/store.js';
import type { StoreIndex } from '../../../operator/kube/store.js';

/** What became of an object. */
export type Change<T> =
  | { type: 'added'; object: T; old?: undefined }
  | { type: 'updated'; object: T; old: T }
  | { type: 'deleted'; object: T; old?: undefined };

const versionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion);

/**
 * The objects of one kind as last seen, shared by all components. What components write is put in right away ({@link ingest}), so
 * that nobody acts on a state that it has changed itself; the watch's later word on the same or an older version is ignored.
 */
export class Informer<T extends KubeObject> {
  readonly #store = new Store<T>();
  readonly #listeners: ((change: Change<T>) => void)[] = [];
  /** The newest version that the watch has told of: an answer that is older and has no object here is about a deleted one. */
  #watched = 0;

  /** `namespace`: only objects of one. */
  constructor(readonly kind: KindRef, indexes: readonly StoreIndex<T>[] = [], readonly namespace?: string) {
    for (const index of indexes) this.#store.addIndex(index);
  }

  get(key: ObjectKey): T | undefined {
    return this.#store.get(key);
  }

  keys(): IterableIterator<ObjectKey> {
    return this.#store.keys();
  }

  list(): readonly T[] {
    return this.#store.list();
  }

  find(index: string, value: string | undefined): readonly T[] {
    return this.#store.find(index, value);
  }

  /** Calls back for every change from now on. */
  on(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes over what a write returned. */
  ingest(object: T): void {
    const known = this.#store.get(keyOfObject(object));
    if (known ? versionOf(known) >= versionOf(object) : versionOf(object) <= this.#watched) return;
    this.#put(normalize(this.kind, object));
  }

  /** Takes over what the watch says exists. */
  observe(object: T): void {
    this.#watched = Math.max(this.#watched, versionOf(object));
    const known = this.#store.get(keyOfObject(object));
    if (known && known.metadata.uid === object.metadata.uid && versionOf(known) >= versionOf(object)) return;
    this.#put(object);
  }

  /** Takes over what the watch says is gone. */
  observeDeletion(object: T): void {
    this.#watched = Math.max(this.#watched, versionOf(object));
    const known = this.#store.get(keyOfObject(object));
    if (!known || known.metadata.uid !== object.metadata.uid) return;
    this.#store.delete(keyOfObject(object));
    this.#tell({ type: 'deleted', object });
  }

  /** A complete list of this version has been taken over. */
  listed(resourceVersion: string): void {
    this.#watched = Math.max(this.#watched, Number(resourceVersion) || 0);
  }

  #put(object: T): void {
    const old = this.#store.set(object);
    if (old && old.metadata.uid !== object.metadata.uid) {
      this.#tell({ type: 'deleted', object: old });
      this.#tell({ type: 'added', object });
    } else this.#tell(old ? { type: 'updated', object, old } : { type: 'added', object });
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}
