import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';
import { backoffDelay } from '../queue/backoff.js';
import type { Random } from '../random.js';
import type { KubeClient } from './client.js';
import type { ListOptions, Page, Selection, WatchOptions } from './client-options.js';
import { ApiError, UnresponsiveError, isExpired, isNotFound } from './errors.js';
import { ListBudget } from './list-budget.js';
import { keptOf, normalize } from './normalize.js';
import type { KindRef, KubeObject, ObjectKey } from './object.js';
import { keyOfObject } from './object.js';
import { pagesOf } from './pages.js';
import { shareWith } from './share.js';
import type { WatchEvent } from './watch-stream.js';
import { WatchStream } from './watch-stream.js';
import type { WatchTimes } from './watch-times.js';
import { WATCH_TIMES } from './watch-times.js';

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
  /** Everything that happened up to this resourceVersion has been taken over. */
  reached?(resourceVersion: string): void;
}

/** What a reflector did. `silent`: a watch was cut off because nothing came; `expired`: the server had forgotten where the watch was (410). */
export type ReflectorStep = 'listed' | 'streamed' | 'watching' | 'silent' | 'expired' | 'absent';

/** What a reflector has to say about itself. None of these stops it. */
export interface ReflectorObserver {
  /** A list or a watch failed; it will be tried again in `delay` ms. */
  failed(error: unknown, delay: number): void;
  /** An object could not be taken over; the rest goes on. */
  skipped(error: unknown): void;
  /** For counting. */
  did?(step: ReflectorStep): void;
}

/** What the reflectors of a process share. */
export interface ReflectorShared {
  readonly budget: ListBudget;
  /** Whether lists are streamed over a watch; goes off for all when the server refuses that. */
  streaming: boolean;
}

export interface ReflectorOptions extends Selection {
  clock: Clock;
  random: Random;
  /** Objects a page of a list. Default 500. */
  pageSize?: number;
  /** Keep only `metadata`. */
  metadataOnly?: boolean;
  /** Keep `metadata.managedFields`, which say who wrote what. Default false. */
  managedFields?: boolean;
  /** Makes an object smaller before it is kept. */
  keep?: ((object: KubeObject) => KubeObject) | undefined;
  /** A kind that the server does not serve (its CRD is not installed) counts as synced and empty, and is looked for again. */
  optional?: boolean;
  /** Defaults are those of `WATCH_TIMES`. */
  times?: Partial<WatchTimes>;
  /** Default: a budget of its own, and lists in pages. */
  shared?: ReflectorShared;
  observer?: ReflectorObserver;
}

/** Marks the bookmark after which a streamed list is complete. */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/**
 * Keeps a mirror of one kind equal to the server, whatever happens on the way: lists (in pages, or streamed where the server can), watches
 * with bookmarks, reconnects with jittered backoff (`Retry-After` honoured) from where it was, lists again on 410 and reports
 * the difference as proper changes. It ends only when the signal aborts, and from then on reports nothing and opens nothing.
 */
export class Reflector<T extends KubeObject> {
  readonly #times: WatchTimes;
  readonly #shared: ReflectorShared;
  #resourceVersion: string | undefined;
  #failures = 0;
  #lists = 0;
  /** The last streamed list brought no end: the next one comes in pages. */
  #streamFailed = false;
  #synced = false;
  #absent = false;
  /** The object that came before: one that is new is likely to be of the same template. */
  #neighbour: T | undefined;
  /** Answers in a row that the kind is not served. */
  #denials = 0;
  #contactAt: number;
  /** Whether the last watch was answered, and then brought not even a bookmark; and how many in a row were cut off for it. */
  #isMute = false;
  #mute = 0;
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
    this.#times = { ...WATCH_TIMES, ...options.times };
    this.#shared = options.shared ?? { budget: new ListBudget(options.clock), streaming: false };
    this.#contactAt = options.clock.monotonic();
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

  /** Milliseconds since the server was last heard: an event, a bookmark or a page of a list. */
  get silence(): number {
    return this.options.clock.monotonic() - this.#contactAt;
  }

  /** Resolves at the first complete list. */
  whenSynced(): Promise<void> {
    return this.#whenSynced;
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined && this.#shared.streaming && !this.#streamFailed) await this.#stream(signal);
        else {
          if (this.#resourceVersion === undefined) await this.#list(signal);
          await this.#watch(signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  /** Decides what a failure means and waits as long as it asks for. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, random, observer } = this.options;
    // Silence is normal for a server without bookmarks and 410 for a quiet kind: take up again at once, but a second time in a row waits.
    const silent = error instanceof UnresponsiveError;
    this.#mute = silent && this.#isMute ? this.#mute + 1 : 0;
    // A server whose history was set back (a restored backup) is silent until it has come as far again.
    if (isExpired(error) || this.#mute > 1) this.#resourceVersion = undefined;
    if (silent || isExpired(error)) observer?.did?.(silent ? 'silent' : 'expired');
    const routine = this.#failures === 0 && (silent || isExpired(error));
    this.#failures += 1;
    if (routine) return;
    const absent = this.#isAbsent(error);
    const delay = absent ? this.#times.absentRecheck : this.#delayAfter(error, random);
    if (absent) this.#becomeAbsent();
    else observer?.failed(error, delay);
    await sleep(clock, delay, signal).catch(() => undefined);
  }

  #delayAfter(error: unknown, random: Random): number {
    const { reconnect, longestRetryAfter } = this.#times;
    const backoff = backoffDelay(reconnect, this.#failures, random);
    const { retryAfter } = error instanceof ApiError ? error : {};
    // All who were told the same must not come back together.
    return retryAfter === undefined ? backoff : Math.max(backoff, Math.min(retryAfter, longestRetryAfter) + random.next() * reconnect.base);
  }

  /** Whether an optional kind is not served. A server that has just started may deny for a moment what it serves: what was there has to be denied twice. */
  #isAbsent(error: unknown): boolean {
    if (!this.options.optional || !isNotFound(error)) {
      this.#denials = 0;
      return false;
    }
    this.#denials += 1;
    return this.#denials > 1 || this.#absent || !this.#synced;
  }

  #becomeAbsent(): void {
    if (!this.#absent) this.options.observer?.did?.('absent');
    this.#absent = true;
    this.#failures = 0;
    this.#contact();
    this.#resourceVersion = undefined;
    for (const key of this.mirror.keys()) this.#gone(key);
    this.#becomeSynced();
  }

  #becomeSynced(): void {
    this.#synced = true;
    this.#resolveSynced();
  }

  #contact(): void {
    this.#contactAt = this.options.clock.monotonic();
  }

  async #list(signal: AbortSignal): Promise<void> {
    await this.#inTurn(signal, async () => {
      const seen = new Set<ObjectKey>();
      let resourceVersion: string | undefined;
      const take = (page: Page<T>): void => {
        signal.throwIfAborted();
        for (const item of page.items) this.#guard(() => this.#take(item, seen));
        this.#contact();
        ({ resourceVersion } = page);
      };
      const { pageSize: limit = 500 } = this.options;
      const { answer: timeout } = this.#times;
      // Our own backoff is the only one: retries of the client would multiply the requests.
      const ask = (part: ListOptions): Promise<Page<T>> => this.client.list<T>(this.kind, { ...this.#selection(), ...part, signal, retry: false });
      try {
        for await (const page of pagesOf((part) => ask({ limit, timeout, ...part }))) take(page);
      } catch (error) {
        if (resourceVersion === undefined || !isExpired(error)) throw error;
        // The list took longer than the server remembers; one answer with everything, however long it takes, is the way out.
        seen.clear();
        take(await ask({}));
      }
      this.#complete(seen, resourceVersion as string);
    });
    this.options.observer?.did?.('listed');
  }

  /** Runs a list when the budget allows it. */
  #inTurn(signal: AbortSignal, list: () => Promise<void>): Promise<void> {
    this.#lists += 1;
    return this.#shared.budget.run(this.#lists > 1, signal, list);
  }

  /** Everything has been taken over, as of the resourceVersion; what was not seen is gone. */
  #complete(seen: ReadonlySet<ObjectKey>, resourceVersion: string): void {
    for (const key of this.mirror.keys()) if (!seen.has(key)) this.#gone(key);
    this.mirror.listed(resourceVersion);
    this.#resourceVersion = resourceVersion;
    this.#absent = false;
    this.#denials = 0;
    this.#streamFailed = false;
    this.#mute = 0;
    this.#becomeSynced();
  }

  /** Lists over a watch, object by object, and goes on watching. */
  async #stream(signal: AbortSignal): Promise<void> {
    const stream = this.#newStream();
    const events = stream.open({ ...this.#watchOptions(), sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }, signal);
    try {
      await this.#inTurn(signal, () => this.#takeInitial(events));
      this.options.observer?.did?.('streamed');
      await this.#follow(stream, events);
    } catch (error) {
      if (this.#resourceVersion !== undefined) throw error;
      if (error instanceof ApiError && (error.code === 400 || error.code === 422)) this.#shared.streaming = false;
      else {
        this.#streamFailed = true;
        throw error;
      }
    } finally {
      await events.return();
    }
  }

  async #takeInitial(events: AsyncGenerator<WatchEvent, void, undefined>): Promise<void> {
    const seen = new Set<ObjectKey>();
    for (;;) {
      const { value: line, done } = await events.next();
      if (done) throw new Error(`the streamed list of ${this.kind.plural} ended before it was complete`);
      this.#contact();
      const { metadata } = line.object ?? {};
      if (line.type !== 'BOOKMARK') this.#guard(() => (line.type === 'DELETED' ? this.#drop(line.object as T, seen) : this.#take(line.object as T, seen)));
      else if (metadata?.annotations?.[INITIAL_EVENTS_END] === 'true') {
        this.#complete(seen, metadata.resourceVersion);
        return;
      }
    }
  }

  #take(item: T, seen?: Set<ObjectKey>): void {
    const object = this.#ingest(item);
    seen?.add(keyOfObject(object));
    this.#put(object);
  }

  #drop(item: T, seen?: Set<ObjectKey>): void {
    const object = this.#ingest(item);
    seen?.delete(keyOfObject(object));
    this.#gone(keyOfObject(object), object);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const stream = this.#newStream();
    await this.#follow(stream, stream.open({ ...this.#watchOptions(), resourceVersion: this.#resourceVersion }, signal));
  }

  #newStream(): WatchStream {
    const { answer, inactivity } = this.#times;
    return new WatchStream(this.client, this.kind, this.options.clock, this.#times, () => (this.#resourceVersion === undefined ? answer : inactivity));
  }

  #watchOptions(): WatchOptions {
    // Between 5 and 10 minutes, so that the watches of many clients do not end together.
    return { ...this.#selection(), timeoutSeconds: 300 + Math.floor(this.options.random.next() * 300) };
  }

  async #follow(stream: WatchStream, events: AsyncIterable<WatchEvent>): Promise<void> {
    this.options.observer?.did?.('watching');
    try {
      for await (const line of events) {
        this.#contact();
        this.#apply(line);
      }
    } finally {
      if (stream.lived >= this.#times.stable) this.#failures = 0;
      this.#isMute = stream.lines === 0 && stream.lived > 0;
    }
    // A server that ends watches at once would otherwise be asked without pause.
    if (stream.lived < this.#times.stable) throw new Error(`the watch of ${this.kind.plural} ended after ${stream.lived}ms`);
  }

  #apply(line: WatchEvent): void {
    const { resourceVersion } = line.object?.metadata ?? {};
    if (line.type !== 'BOOKMARK') this.#guard(() => (line.type === 'DELETED' ? this.#drop(line.object as T) : this.#take(line.object as T)));
    // Also after an object that was skipped: asking for it again would bring it again.
    if (!resourceVersion) return;
    this.#resourceVersion = resourceVersion;
    this.mirror.reached?.(resourceVersion);
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
    const { managedFields } = (object?.metadata ?? {}) as { managedFields?: unknown };
    const normal = normalize(this.kind, object);
    if (this.options.managedFields) Object.assign(normal.metadata, { managedFields });
    const kept = shareWith(this.mirror.get(keyOfObject(normal)) ?? this.#neighbour, keptOf(normal, this.options));
    this.#neighbour = kept;
    return kept;
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
