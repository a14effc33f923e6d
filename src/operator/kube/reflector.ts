import type { Clock, Timer } from '../clock.js';
import { sleep } from '../clock.js';
import { backoffDelay } from '../queue/backoff.js';
import type { Random } from '../random.js';
import type { KubeClient } from './client.js';
import type { Selection, WatchLine } from './client-options.js';
import { ApiError, isAborted, isExpired, isNotFound } from './errors.js';
import { metadataOf, normalize } from './normalize.js';
import type { KindRef, KubeObject, ObjectKey } from './object.js';
import { keyOfObject } from './object.js';

/**
 * A change of one object, as a reflector reports it. Objects that were deleted and made anew are two changes. `initial`: it was
 * part of the first list. `own`: the echo of a write of this process.
 */
export type Change<T> = { object: T; initial: boolean; own: boolean } & (
  | { type: 'added'; old?: undefined }
  | { type: 'modified'; old: T }
  | { type: 'deleted'; old: T }
);

/** Where a reflector keeps what it has seen: always the server's state, whatever readers are shown. */
export interface Mirror<T extends KubeObject> {
  get(key: ObjectKey): T | undefined;
  /** Safe against deletions while it is iterated, as a Map's keys are. */
  keys(): Iterable<ObjectKey>;
  /** Returns whether this state is the result of a write of this process. */
  set(object: T): boolean;
  delete(key: ObjectKey, last: T): boolean;
  /** A complete list, as of this resourceVersion, has been taken over. */
  listed(resourceVersion: string): void;
}

/** What a reflector has to say about itself. None of these stops it. */
export interface ReflectorObserver {
  /** A list or a watch failed; it will be tried again in `delay` ms. */
  failed(error: unknown, delay: number): void;
  /** An object could not be taken over; the rest goes on. */
  skipped(error: unknown): void;
}

export interface ReflectorOptions extends Selection {
  clock: Clock;
  random: Random;
  /** Objects a page of a list. Default 500. */
  pageSize?: number;
  /** Keep only `metadata`. */
  metadataOnly?: boolean;
  /** A kind that the server does not serve (its CRD is not installed) counts as synced and empty, and is looked for again. */
  optional?: boolean;
  observer?: ReflectorObserver;
}

/**
 * How long a watch may be silent before it is taken for dead. Bookmarks come every 60 s; a dropped link is thus noticed
 * within 75 s, without reconnecting healthy quiet watches.
 */
export const INACTIVITY_LIMIT = 70_000;

const RECONNECT = { base: 800, max: 30_000, jitter: 0.3 };

/** How often a kind that is not served is looked for. */
const ABSENT_RECHECK = 10_000;

/** Why a watch was cut off from our side. */
class InactivityError extends Error {
  override readonly name = 'InactivityError';
  readonly reason = 'WatchSilent';
}

/**
 * Keeps a mirror of one kind equal to the server, whatever happens on the way: lists in pages, watches with bookmarks,
 * reconnects with jittered backoff (0.8 s to 30 s, `Retry-After` honoured) from where it was, lists again on 410 and reports the
 * difference as proper changes. It ends only when the signal aborts, and from then on reports nothing and opens nothing.
 */
export class Reflector<T extends KubeObject> {
  #resourceVersion: string | undefined;
  #failures = 0;
  #synced = false;
  #absent = false;
  #contactAt: number;
  #resolveSynced: () => void = () => undefined;
  readonly #whenSynced = new Promise<void>((resolve) => {
    this.#resolveSynced = resolve;
  });

  constructor(
    readonly kind: KindRef,
    private readonly client: KubeClient,
    private readonly mirror: Mirror<T>,
    private readonly deliver: (change: Change<T>) => void,
    private readonly options: ReflectorOptions,
  ) {
    this.#contactAt = options.clock.now();
  }

  /** Whether the first list has been taken over completely. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Whether the server does not serve the kind. */
  get absent(): boolean {
    return this.#absent;
  }

  /** The last resourceVersion seen. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** Milliseconds since the server was last heard. */
  get silence(): number {
    return this.options.clock.now() - this.#contactAt;
  }

  /** Resolves at the first complete list. */
  whenSynced(): Promise<void> {
    return this.#whenSynced;
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal);
        await this.#watch(signal);
      } catch (error) {
        if (isAborted(error, signal)) return;
        await this.#recover(error, signal);
      }
    }
  }

  /** Decides what a failure means and waits as long as it asks for. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, random, optional, observer } = this.options;
    if (isExpired(error)) this.#resourceVersion = undefined;
    // Silence is normal for a server without bookmarks and 410 for a quiet kind: take up again at once, but a second time in a row waits.
    const routine = this.#failures === 0 && (isExpired(error) || error instanceof InactivityError);
    this.#failures += 1;
    if (routine) return;
    let delay = Math.max(backoffDelay(RECONNECT, this.#failures, random), error instanceof ApiError ? error.retryAfter ?? 0 : 0);
    if (optional && isNotFound(error)) {
      this.#becomeAbsent();
      delay = ABSENT_RECHECK;
    } else {
      observer?.failed(error, delay);
    }
    await sleep(clock, delay, signal).catch(() => undefined);
  }

  #becomeAbsent(): void {
    this.#absent = true;
    this.#contactAt = this.options.clock.now();
    this.#resourceVersion = undefined;
    for (const key of this.mirror.keys()) this.#gone(key);
    this.#becomeSynced();
  }

  #becomeSynced(): void {
    this.#synced = true;
    this.#resolveSynced();
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { pageSize = 500 } = this.options;
    const seen = new Set<ObjectKey>();
    let limit: number | undefined = pageSize;
    let next: string | undefined;
    let resourceVersion: string;
    do {
      let page;
      try {
        page = await this.client.list<T>(this.kind, { ...this.#selection(), limit, continue: next, signal });
      } catch (error) {
        if (next === undefined || !isExpired(error)) throw error;
        // The list took longer than the server remembers; one answer with everything is the way out.
        next = undefined;
        limit = undefined;
        seen.clear();
        page = await this.client.list<T>(this.kind, { ...this.#selection(), signal });
      }
      signal.throwIfAborted();
      for (const item of page.items) this.#take(item, seen);
      resourceVersion = page.resourceVersion;
      next = page.continue;
      this.#contactAt = this.options.clock.now();
    } while (next);
    for (const key of this.mirror.keys()) if (!seen.has(key)) this.#gone(key);
    this.mirror.listed(resourceVersion);
    this.#resourceVersion = resourceVersion;
    this.#absent = false;
    this.#becomeSynced();
  }

  #take(item: T, seen: Set<ObjectKey>): void {
    this.#guard(() => {
      const object = this.#ingest(item);
      seen.add(keyOfObject(object));
      this.#put(object);
    });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.options;
    const silence = new AbortController();
    const startedAt = clock.now();
    let timer: Timer | undefined;
    let lines = 0;
    const heard = (): void => {
      this.#contactAt = clock.now();
      timer?.cancel();
      timer = clock.schedule(INACTIVITY_LIMIT, () => silence.abort(new InactivityError(`the watch of ${this.kind.plural} was silent for ${INACTIVITY_LIMIT / 1_000}s`)));
    };
    try {
      timer = clock.schedule(INACTIVITY_LIMIT, () => silence.abort(new InactivityError(`no answer to the watch of ${this.kind.plural} in ${INACTIVITY_LIMIT / 1_000}s`)));
      const watch = this.client.watch(this.kind, {
        ...this.#selection(),
        resourceVersion: this.#resourceVersion,
        // Between 5 and 10 minutes, so that the watches of many clients do not end together.
        timeoutSeconds: 300 + Math.floor(random.next() * 300),
        signal: AbortSignal.any([signal, silence.signal]),
      });
      for await (const line of watch) {
        // An event that is still under way when the abort comes must not be taken over.
        signal.throwIfAborted();
        if (line.type === 'ERROR') throw new ApiError(line.object, { method: 'GET', path: `watch of ${this.kind.plural}` });
        heard();
        lines += 1;
        this.#failures = 0;
        this.#apply(line);
      }
    } catch (error) {
      // The transport reports our own cut-off in its own way.
      throw silence.signal.aborted && !signal.aborted ? silence.signal.reason : error;
    } finally {
      timer?.cancel();
    }
    // A server that ends empty watches at once would otherwise be asked without pause.
    if (lines === 0 && clock.now() - startedAt < 1_000) throw new Error(`the watch of ${this.kind.plural} ended at once and empty`);
  }

  #apply(line: Exclude<WatchLine, { type: 'ERROR' }>): void {
    const { resourceVersion } = line.object?.metadata ?? {};
    if (line.type !== 'BOOKMARK') {
      this.#guard(() => {
        const object = this.#ingest(line.object as T);
        if (line.type === 'DELETED') this.#gone(keyOfObject(object), object);
        else this.#put(object);
      });
    }
    // Also after an object that was skipped: asking for it again would bring it again.
    if (resourceVersion) this.#resourceVersion = resourceVersion;
  }

  #put(object: T): void {
    const initial = !this.#synced;
    const key = keyOfObject(object);
    const old = this.mirror.get(key);
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion && old.metadata.uid === object.metadata.uid) return;
    const same = old?.metadata.uid === object.metadata.uid;
    if (!same) this.#gone(key);
    const own = this.mirror.set(object);
    this.deliver(same ? { type: 'modified', object, old, initial, own } : { type: 'added', object, initial, own });
  }

  /** `last` is the state in which the object was deleted, which a watch reports and a list does not. */
  #gone(key: ObjectKey, last?: T): void {
    const old = this.mirror.get(key);
    if (!old) return;
    const object = last ?? old;
    const own = this.mirror.delete(key, object);
    this.deliver({ type: 'deleted', object, old, initial: false, own });
  }

  #ingest(object: T): T {
    const normal = normalize(this.kind, object);
    return this.options.metadataOnly ? metadataOf(normal) : normal;
  }

  #guard(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.options.observer?.skipped(error);
    }
  }

  #selection(): Selection & { metadataOnly?: boolean } {
    const { namespace, labelSelector, fieldSelector, metadataOnly } = this.options;
    return { namespace, labelSelector, fieldSelector, ...(metadataOnly ? { metadataOnly } : {}) };
  }
}
