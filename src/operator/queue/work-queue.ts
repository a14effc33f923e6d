import type { Subscriber } from 'rxjs';
import { Observable } from 'rxjs';
import type { Clock, Timer } from '../clock.js';
import { Heap } from '../heap.js';
import type { Random } from '../random.js';
import type { Backoff } from './backoff.js';
import { backoffDelay } from './backoff.js';
import type { Ranked, Ready } from './ready.js';
import { FairReady, RankedReady } from './ready.js';
import type { Rate } from './token-bucket.js';
import { TokenBucket } from './token-bucket.js';

/** Where a queue reports what it does; times in milliseconds. */
export interface QueueObserver {
  /** A key became ready to run. */
  added(): void;
  /** A run starts after waiting this long. */
  started(waited: number): void;
  /** A run ended after this long. */
  finished(worked: number): void;
  /** A key is to be tried again after a failure. */
  retried(): void;
}

/** What a WorkQueue is built from. */
export interface WorkQueueOptions {
  clock: Clock;
  random: Random;
  backoff: Backoff;
  /** Limits how many runs are started. Default: no limit. */
  rate?: Rate;
  /** Keys of one priority take turns by this value. */
  fairBy?: (key: string) => string | undefined;
  observer?: QueueObserver;
}

/** How urgent a key is, and how soon. */
export interface AddOptions {
  /** Default 0. A key that is there already keeps the higher of the two. */
  priority?: number;
  /** Milliseconds until the key may run. A key that is there already runs at the earlier of the two times. */
  after?: number;
  /** Cuts a backoff that would last longer. */
  despiteBackoff?: boolean;
}

/** A key that is to be run now; the run ends with `done(key)`. */
export interface Item {
  readonly key: string;
  readonly priority: number;
  /** Failed tries since the last success. */
  readonly attempt: number;
  /** Milliseconds from being ready to now. */
  readonly waited: number;
}

/** Where a key stands, for diagnosis. */
export interface KeyState {
  readonly state: 'ready' | 'waiting' | 'running';
  readonly priority: number;
  readonly failures: number;
  /** When it runs (next), in the clock's time; undefined when it runs now and is not wanted again. */
  readonly due: number | undefined;
  /** How many keys are to run before, as it stands; only of ready ones. */
  readonly ahead?: number;
  /** When the run under way started; only of running ones. */
  readonly startedAt?: number;
  /** The end of the backoff; absent when there is none. */
  readonly backoffUntil?: number;
}

interface Entry extends Ranked {
  readonly key: string;
  state: 'ready' | 'waiting' | 'running';
  /** When a waiting key becomes ready; when a running one is wanted again, Infinity if it is not. */
  due: number;
  failures: number;
  /** The end of the backoff: nothing runs the key before, and nothing moves it. */
  notBefore: number;
  startedAt: number;
  /** Priority of the next run, while running. */
  nextPriority: number;
  pool: Pool | undefined;
}

interface Pool {
  free: number;
  readonly subscriber: Subscriber<Item>;
}

/**
 * For so long (in milliseconds, looked at every so many runs), and so many runs at most, runs are started without letting the event loop
 * turn: a queue full of short runs must not keep sockets and timers waiting.
 */
const BURST = { time: 10, lookEvery: 64, runs: 4_096 };

/**
 * The queue between what happens and what is done about it. Guarantees:
 *
 * - A key is there at most once, and never runs twice at the same time.
 * - Nothing is lost: a key that is added while it runs, runs once more afterwards.
 * - Ready keys run in order of priority, one point of which weighs as much as a second of waiting: nothing starves.
 * - After a failure the key waits out its backoff. Adding it meanwhile neither prolongs nor shortens that; only `forget` ends it.
 * - A key that is not ready, waiting or running takes no memory.
 */
export class WorkQueue {
  readonly #entries = new Map<string, Entry>();
  readonly #ready: Ready<Entry>;
  readonly #waiting = new Heap<Entry>((left, right) => left.due < right.due || (left.due === right.due && left.sequence < right.sequence));
  readonly #running = new Set<Entry>();
  readonly #depths = new Map<number, number>();
  readonly #bucket: TokenBucket | undefined;
  #pools: Pool[] = [];
  #sequence = 0;
  #burst = 0;
  #burstBegan = 0;
  #timer: Timer | undefined;
  #timerDue = Infinity;
  #latest = -Infinity;
  #pause: Timer | undefined;
  #draining = false;
  #stopped = false;

  constructor(private readonly options: WorkQueueOptions) {
    this.#ready = options.fairBy ? new FairReady() : new RankedReady();
    this.#bucket = options.rate && new TokenBucket(options.rate, options.clock);
  }

  /** Keys that are ready, waiting or running. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many keys are ready, by priority. */
  get depths(): ReadonlyMap<number, number> {
    return this.#depths;
  }

  /** Milliseconds that the current runs have taken so far: all together, and the longest. */
  unfinished(): { total: number; longest: number } {
    const now = this.#now();
    let total = 0;
    let longest = 0;
    for (const { startedAt } of this.#running) {
      total += now - startedAt;
      longest = Math.max(longest, now - startedAt);
    }
    return { total, longest };
  }

  /** Whether the key is ready, waiting or running. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  inspect(key: string): KeyState | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const { state, priority, failures, due, enqueuedAt, startedAt, notBefore } = entry;
    return {
      state, priority, failures, due: state === 'ready' ? enqueuedAt : due === Infinity ? undefined : due,
      ...(state === 'ready' ? { ahead: this.#ready.ahead(entry) } : {}),
      ...(state === 'running' ? { startedAt } : {}),
      ...(notBefore > this.options.clock.now() ? { backoffUntil: notBefore } : {}),
    };
  }

  /** Asks for a run of the key. */
  add(key: string, { priority = 0, after = 0, despiteBackoff = false }: AddOptions = {}): void {
    if (this.#stopped) return;
    const now = this.#now();
    const entry = this.#entries.get(key);
    if (!entry) this.#place(this.#create(key, priority), now + Math.max(0, after), now);
    else {
      if (despiteBackoff) entry.notBefore = Math.min(entry.notBefore, now + Math.max(0, after));
      this.#want(entry, priority, now + Math.max(0, after), now);
    }
  }

  /** Notes a failure: the key is run again when its backoff is over. */
  retry(key: string, { priority = 0 }: Pick<AddOptions, 'priority'> = {}): void {
    if (this.#stopped) return;
    const { random, backoff, observer } = this.options;
    const now = this.#now();
    const entry = this.#entries.get(key) ?? this.#create(key, priority);
    entry.failures += 1;
    entry.notBefore = now + backoffDelay(backoff, entry.failures, random);
    observer?.retried();
    if (entry.state === 'ready') this.#unready(entry);
    this.#want(entry, priority, entry.notBefore, now);
  }

  /** Ends the key's backoff and starts its count of failures anew. Does not ask for a run. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.failures = 0;
    entry.notBefore = 0;
  }

  /** Ends a run. If the key was asked for meanwhile, it is up again. */
  done(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.state !== 'running') throw new Error(`done("${key}"): the key is ${entry ? entry.state : 'not in the queue'}, not running`);
    const { observer } = this.options;
    const now = this.#now();
    observer?.finished(now - entry.startedAt);
    this.#running.delete(entry);
    if (entry.pool) entry.pool.free += 1;
    entry.pool = undefined;
    if (entry.due === Infinity || this.#stopped) {
      this.#entries.delete(key);
    } else {
      entry.priority = entry.nextPriority;
      this.#place(entry, Math.max(entry.due, entry.notBefore), now);
    }
    this.#drainSoon();
  }

  /**
   * Keys to run, at most `slots` of them unfinished at a time: emission waits for `done`. Every subscription is a pool of its own.
   * Unsubscribing stops the emission; runs that have begun still end with `done`.
   */
  work(slots: number): Observable<Item> {
    return new Observable((subscriber) => {
      const pool: Pool = { free: slots, subscriber };
      this.#pools.push(pool);
      this.#drainSoon();
      return () => {
        this.#pools = this.#pools.filter((other) => other !== pool);
      };
    });
  }

  /** Forgets everything that waits and completes every `work`. Runs that have begun still end with `done`. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#pause?.cancel();
    for (const entry of this.#entries.values()) {
      if (entry.state === 'ready') this.#unready(entry);
      if (entry.state !== 'running') this.#entries.delete(entry.key);
    }
    for (const { subscriber } of this.#pools) subscriber.complete();
  }

  /** The clock's time. If the clock was set back, everything that waits is moved back with it: it waits as long as it was asked to, by any clock. */
  #now(): number {
    const now = this.options.clock.now();
    const back = this.#latest - now;
    this.#latest = now;
    if (back > 0) {
      for (const entry of this.#entries.values()) {
        entry.due -= back;
        entry.notBefore -= back;
        entry.enqueuedAt -= back;
        entry.startedAt -= back;
      }
      this.#timerDue -= back;
    }
    return now;
  }

  #create(key: string, priority: number): Entry {
    const entry: Entry = {
      key, priority, tenant: this.options.fairBy?.(key) ?? '', state: 'waiting', heapIndex: -1, sequence: 0,
      enqueuedAt: 0, due: Infinity, failures: 0, notBefore: 0, startedAt: 0, nextPriority: 0, pool: undefined,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Merges one more wish for a run into an entry. */
  #want(entry: Entry, priority: number, wanted: number, now: number): void {
    if (entry.state === 'running') {
      entry.nextPriority = entry.due === Infinity ? priority : Math.max(entry.nextPriority, priority);
      entry.due = Math.min(entry.due, wanted);
      return;
    }
    const raised = priority > entry.priority;
    if (entry.state === 'ready') {
      if (!raised) return;
      this.#unready(entry);
      entry.priority = priority;
      this.#makeReady(entry, entry.enqueuedAt);
      return;
    }
    if (raised) entry.priority = priority;
    const due = Math.max(Math.min(entry.due, wanted), entry.notBefore);
    if (due !== entry.due) {
      this.#waiting.remove(entry);
      this.#place(entry, due, now);
    }
  }

  /** Puts an entry that is in no heap where its time says. */
  #place(entry: Entry, due: number, now: number): void {
    entry.sequence = this.#sequence;
    this.#sequence += 1;
    if (due <= now) {
      this.#makeReady(entry, due);
      return;
    }
    entry.state = 'waiting';
    entry.due = due;
    this.#waiting.push(entry);
    if (due < this.#timerDue) this.#arm(due, now);
  }

  #makeReady(entry: Entry, enqueuedAt: number): void {
    entry.state = 'ready';
    entry.due = Infinity;
    entry.enqueuedAt = enqueuedAt;
    this.#ready.push(entry);
    this.#depths.set(entry.priority, (this.#depths.get(entry.priority) ?? 0) + 1);
    this.options.observer?.added();
    this.#drainSoon();
  }

  /** Takes a ready entry out of the order. */
  #unready(entry: Entry): void {
    this.#ready.remove(entry);
    this.#leaveDepth(entry);
    entry.state = 'waiting';
  }

  #leaveDepth({ priority }: Entry): void {
    const depth = (this.#depths.get(priority) as number) - 1;
    if (depth > 0) this.#depths.set(priority, depth);
    else this.#depths.delete(priority);
  }

  /** One timer, for the first key that becomes ready. */
  #arm(due: number, now: number): void {
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.options.clock.schedule(due - now, () => {
      this.#timerDue = Infinity;
      const late = this.#now();
      for (let entry = this.#waiting.peek(); entry && entry.due <= late; entry = this.#waiting.peek()) {
        this.#waiting.remove(entry);
        this.#makeReady(entry, entry.due);
      }
      const next = this.#waiting.peek();
      if (next) this.#arm(next.due, late);
    });
  }

  /** Starts runs once the current turn is over, so that what is added together is ordered together. */
  #drainSoon(): void {
    if (this.#draining || this.#pause || this.#pools.length === 0 || this.#ready.size === 0) return;
    this.#draining = true;
    queueMicrotask(() => {
      this.#draining = false;
      this.#drain();
    });
  }

  #drain(): void {
    for (;;) {
      if (this.#stopped || this.#pause || this.#ready.size === 0) return;
      const pool = this.#pools.find(({ free }) => free > 0);
      if (!pool) return;
      if (this.#burstIsOver()) {
        this.#pauseFor(0);
        return;
      }
      const wait = this.#bucket?.untilNext() ?? 0;
      if (wait > 0) {
        this.#pauseFor(wait);
        return;
      }
      this.#bucket?.tryTake();
      this.#burst += 1;
      this.#start(this.#ready.pop() as Entry, pool);
    }
  }

  #burstIsOver(): boolean {
    if (this.#burst === 0) this.#burstBegan = this.#now();
    return this.#burst >= BURST.runs || (this.#burst % BURST.lookEvery === BURST.lookEvery - 1 && this.#now() - this.#burstBegan >= BURST.time);
  }

  #pauseFor(delay: number): void {
    this.#pause = this.options.clock.schedule(delay, () => {
      this.#pause = undefined;
      this.#burst = 0;
      this.#drain();
    });
  }

  #start(entry: Entry, pool: Pool): void {
    const now = this.#now();
    this.#leaveDepth(entry);
    entry.state = 'running';
    entry.startedAt = now;
    entry.pool = pool;
    pool.free -= 1;
    this.#running.add(entry);
    const waited = now - entry.enqueuedAt;
    this.options.observer?.started(waited);
    pool.subscriber.next({ key: entry.key, priority: entry.priority, attempt: entry.failures, waited });
  }
}
