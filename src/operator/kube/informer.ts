import { Observable } from 'rxjs';
import type { Clock } from '../clock.js';
import type { Random } from '../random.js';
import type { KubeClient } from './client.js';
import type { Selection } from './client-options.js';
import type { Status } from './errors.js';
import { keptOf, normalize } from './normalize.js';
import type { KindRef, KubeObject, ObjectKey } from './object.js';
import { Overlay } from './overlay.js';
import type { Change, ReflectorObserver, ReflectorShared } from './reflector.js';
import { Reflector } from './reflector.js';
import { Store } from './store.js';
import type { WatchTimes } from './watch-times.js';

/** What of a kind an informer follows. */
export interface InformerScope extends Selection {
  metadataOnly?: boolean;
  optional?: boolean;
  /** Makes an object smaller before it is kept; its metadata has to stay. */
  keep?: ((object: KubeObject) => KubeObject) | undefined;
}

/** What informers report; all of it is counted and logged, none of it stops them. */
export interface InformerObserver extends ReflectorObserver {
  /** A subscriber threw while it was told of a change. */
  handlerFailed(error: unknown): void;
}

export interface InformerOptions extends InformerScope {
  clock: Clock;
  random: Random;
  /** Freeze what is stored, so that a reader who changes it fails at once. Costs time for every object; meant for tests. */
  freeze?: boolean;
  pageSize?: number;
  times?: Partial<WatchTimes>;
  shared?: ReflectorShared;
  observer?: InformerObserver;
}

/** One kind (or a selection of it) in memory, kept level with the server, our own writes included. */
export class Informer<T extends KubeObject> {
  readonly store: Store<T>;
  readonly #overlay: Overlay<T>;
  readonly #reflector: Reflector<T>;
  readonly #listeners = new Set<(change: Change<T>) => void>();

  constructor(readonly kind: KindRef, client: KubeClient, private readonly options: InformerOptions) {
    this.store = new Store<T>({ freeze: options.freeze ?? false, onIndexError: (error) => options.observer?.handlerFailed(error) });
    this.#overlay = new Overlay(this.store, options.clock);
    this.#reflector = new Reflector<T>(kind, client, this.#overlay, (change) => this.#deliver(change), options);
  }

  get synced(): boolean {
    return this.#reflector.synced;
  }

  /** Whether the server does not serve the kind (only for `optional` ones). */
  get absent(): boolean {
    return this.#reflector.absent;
  }

  /** Whether only `metadata` of the objects is kept. */
  get metadataOnly(): boolean {
    return this.options.metadataOnly ?? false;
  }

  /** Milliseconds since the server was last heard. */
  get silence(): number {
    return this.#reflector.silence;
  }

  /** Writes of ours that wait for their echo. */
  get heldWrites(): number {
    return this.#overlay.size;
  }

  whenSynced(): Promise<void> {
    return this.#reflector.whenSynced();
  }

  /** Follows the server until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  /** Every object there is (as `added`, `initial`), then every change. A subscriber's error is counted and takes nothing down. */
  get changes(): Observable<Change<T>> {
    return new Observable((subscriber) => {
      for (const object of this.store.list()) subscriber.next({ type: 'added', object, initial: true, own: false });
      const listener = (change: Change<T>): void => subscriber.next(change);
      return this.listen(listener);
    });
  }

  /** Calls the listener for every change from now on; the result ends that. */
  listen(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Shows the answer to a write of ours to readers at once. */
  wrote(object: KubeObject): void {
    const normal = normalize(this.kind, object as T);
    if (!this.#follows(normal)) return;
    // Releasing the last finalizer of a deleted object answers with the object, which is gone by then.
    const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [], uid } = normal.metadata;
    if (deletionTimestamp && finalizers.length === 0 && !deletionGracePeriodSeconds) this.#overlay.removed(keyOf(normal), uid);
    else this.#kept(normal, (kept) => this.#overlay.wrote(kept));
  }

  /** Takes over the answer to a deletion of ours. */
  deleted(target: KubeObject, answer: KubeObject | Status): void {
    const { metadata } = answer as { metadata?: Partial<KubeObject['metadata']> };
    const stays = answer.kind !== 'Status' && metadata?.uid !== undefined && metadata.deletionTimestamp !== undefined;
    if (stays) this.wrote(answer as KubeObject);
    else this.#overlay.removed(keyOf(target), target.metadata.uid);
  }

  /** An informer of a selection takes over writes only of objects that it has seen: whether others belong to it, the server decides. */
  #follows(object: T): boolean {
    const { namespace, labelSelector, fieldSelector } = this.options;
    if (namespace && object.metadata.namespace !== namespace) return false;
    return (!labelSelector && !fieldSelector) || this.store.get(keyOf(object)) !== undefined;
  }

  /** A function of the user's that throws costs a look at what was written, not the write. */
  #kept(object: T, take: (kept: T) => void): void {
    try {
      take(keptOf(object, this.options));
    } catch (error) {
      this.options.observer?.handlerFailed(error);
    }
  }

  #deliver(change: Change<T>): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.options.observer?.handlerFailed(error);
      }
    }
  }
}

const keyOf = ({ metadata: { namespace, name } }: KubeObject): ObjectKey => (namespace ? `${namespace}/${name}` : name);
