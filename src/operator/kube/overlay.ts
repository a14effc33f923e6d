import type { Clock, Timer } from '../clock.js';
import type { KubeObject, ObjectKey } from './object.js';
import { keyOfObject } from './object.js';
import type { Mirror } from './reflector.js';
import { compareResourceVersions } from './resource-version.js';
import type { Store } from './store.js';

/** A write of ours that the server has not yet shown us. */
interface Held<T> {
  readonly uid: string;
  /** The state that we wrote; undefined when we deleted the object (a tombstone). */
  readonly written: T | undefined;
  /** What the write answered; for a tombstone, the last state that we knew. */
  readonly resourceVersion: string;
  /** Every resourceVersion that we wrote since the server was last level with us, to know our echoes. */
  readonly echoes: Set<string>;
  /** What the server has shown us meanwhile: behind our write, and not for readers. */
  server: T | undefined;
  /** Ends the holding where resourceVersions cannot be compared. */
  timer: Timer | undefined;
}

/** An echo that is older than so many of our writes to the object counts as somebody else's: that costs a run, and is safe. */
const ECHOES_KEPT = 1_000;

/** How long our write wins over what the server shows, on servers whose resourceVersions are no integers. */
const HOLD_LIMIT = 5_000;

/**
 * Read-your-own-writes. Readers use the store; this puts our writes into it the moment they are answered, and keeps older news from the
 * server out of it until the server has caught up (resourceVersion ≥ ours). To the reflector it shows the server's state only, so
 * that changes are reported with their true old and new objects, echoes of our own writes included.
 *
 * It holds at most one state an object, and only from the write to its echo.
 */
export class Overlay<T extends KubeObject> implements Mirror<T> {
  readonly #held = new Map<ObjectKey, Held<T>>();
  /** Up to where the server's history has been taken over. */
  #reached: string | undefined;

  constructor(private readonly store: Store<T>, private readonly clock: Clock) {}

  /** How many writes wait for their echo. */
  get size(): number {
    return this.#held.size;
  }

  /** Takes over the answer to a write of ours, in the store's normal form. */
  wrote(object: T): void {
    const key = keyOfObject(object);
    const { uid, resourceVersion } = object.metadata;
    const held = this.#held.get(key);
    // The answer to a write that raced with our own deletion of the same object.
    if (held && held.written === undefined && held.uid === uid) return;
    const shown = this.store.get(key);
    // The answer was so late that the watch has shown the write, and then the object's end: nothing would ever take it away again.
    if (shown?.metadata.uid !== uid && this.#isPast(resourceVersion)) return;
    if (shown && shown.metadata.uid === uid) {
      if (shown.metadata.resourceVersion === resourceVersion) return;
      if ((compareResourceVersions(resourceVersion, shown.metadata.resourceVersion) ?? 1) < 0) return;
    }
    const echoes = held?.uid === uid ? held.echoes : new Set<string>();
    echoes.add(resourceVersion);
    if (echoes.size > ECHOES_KEPT) echoes.delete(echoes.values().next().value as string);
    this.#hold(key, { uid, written: object, resourceVersion, echoes, server: held ? held.server : shown, timer: undefined }, held);
    this.store.set(object);
  }

  /** Notes that a deletion of ours has removed the object: readers no longer see it. */
  removed(key: ObjectKey, uid: string): void {
    const held = this.#held.get(key);
    const shown = this.store.get(key);
    if (!shown || shown.metadata.uid !== uid) return;
    const echoes = held?.uid === uid ? held.echoes : new Set<string>();
    const server = held ? held.server : shown;
    this.store.delete(key);
    // Nothing to bury where the server has never shown the object: its birth is still to come, and must not be taken for news.
    this.#hold(key, { uid, written: undefined, resourceVersion: shown.metadata.resourceVersion, echoes, server, timer: undefined }, held);
  }

  get(key: ObjectKey): T | undefined {
    const held = this.#held.get(key);
    return held ? held.server : this.store.get(key);
  }

  *keys(): Iterable<ObjectKey> {
    for (const key of this.store.keys()) if (!this.#held.has(key)) yield key;
    for (const [key, held] of this.#held) if (held.server) yield key;
  }

  set(object: T): boolean {
    const key = keyOfObject(object);
    const held = this.#held.get(key);
    if (!held) {
      this.store.set(object);
      return false;
    }
    const own = held.uid === object.metadata.uid && held.echoes.has(object.metadata.resourceVersion);
    if (this.#caughtUp(held, object)) this.#release(key, held, object);
    else held.server = object;
    return own;
  }

  delete(key: ObjectKey, last: T): boolean {
    const held = this.#held.get(key);
    if (!held) {
      this.store.delete(key);
      return false;
    }
    const own = held.written === undefined && held.uid === last.metadata.uid;
    // The death of a predecessor says nothing about the object that we made under its name.
    if (held.uid === last.metadata.uid) this.#release(key, held, undefined);
    else held.server = undefined;
    return own;
  }

  reached(resourceVersion: string): void {
    this.#reached = resourceVersion;
  }

  listed(resourceVersion: string): void {
    // Its history was set back: what we wrote since is lost.
    const isSetBack = this.#reached !== undefined && (compareResourceVersions(resourceVersion, this.#reached) ?? 0) < 0;
    this.reached(resourceVersion);
    for (const [key, held] of this.#held) {
      if (isSetBack || (compareResourceVersions(resourceVersion, held.resourceVersion) ?? -1) >= 0) this.#release(key, held, held.server);
    }
  }

  #isPast(resourceVersion: string): boolean {
    return this.#reached !== undefined && (compareResourceVersions(resourceVersion, this.#reached) ?? 1) <= 0;
  }

  /** Whether the server's state of a key is at least as new as our write. */
  #caughtUp(held: Held<T>, object: T): boolean {
    const order = compareResourceVersions(object.metadata.resourceVersion, held.resourceVersion);
    if (held.written === undefined) return object.metadata.uid !== held.uid && (order ?? 1) > 0;
    return order === undefined ? object.metadata.resourceVersion === held.resourceVersion : order >= 0;
  }

  #hold(key: ObjectKey, held: Held<T>, previous: Held<T> | undefined): void {
    previous?.timer?.cancel();
    this.#held.set(key, held);
    if (compareResourceVersions(held.resourceVersion, '0') === undefined) {
      held.timer = this.clock.schedule(HOLD_LIMIT, () => this.#release(key, held, held.server ?? held.written));
    }
  }

  #release(key: ObjectKey, held: Held<T>, state: T | undefined): void {
    held.timer?.cancel();
    this.#held.delete(key);
    if (state) this.store.set(state);
    else this.store.delete(key);
  }
}
