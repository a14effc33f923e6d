import type { Clock, Timer } from '../../../operator/clock.js';
import { isConflict } from '../../../operator/kube/errors.js';
import type { Random } from '../../../operator/random.js';
import { messageOf } from './message-of.js';

export interface KeyedWorkerOptions {
  clock: Clock;
  random: Random;
  /** Brings one key up to date; returns the milliseconds after which to look again, if time alone can change something. */
  process: (key: string) => Promise<number | undefined>;
  /** Hears of every failure; the key is tried again with backoff. */
  report: (message: string) => void;
  name: string;
}

const SHORTEST_RETRY = 50;
const LONGEST_RETRY = 60_000;
/** Keys that are worked on at the same time. */
const CONCURRENCY = 16;

/** Runs one function per key: never twice at once for a key, again when the key was named meanwhile, later after a failure. */
export class KeyedWorker {
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #timers = new Map<string, { timer: Timer; due: number }>();
  readonly #failures = new Map<string, number>();
  #stopped = false;

  constructor(private readonly options: KeyedWorkerOptions) {}

  enqueue(key: string): void {
    if (this.#stopped) return;
    this.#waiting.add(key);
    this.#startNext();
  }

  /** Looks at the key after a while, unless it is due earlier anyway. */
  enqueueAfter(key: string, delay: number): void {
    if (this.#stopped) return;
    const due = this.options.clock.now() + delay;
    const existing = this.#timers.get(key);
    if (existing && existing.due <= due) return;
    existing?.timer.cancel();
    const timer = this.options.clock.schedule(delay, () => {
      this.#timers.delete(key);
      this.enqueue(key);
    });
    this.#timers.set(key, { timer, due });
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
    for (const { timer } of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #startNext(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= CONCURRENCY) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    const { process, random, report, name } = this.options;
    try {
      // Changes that arrive in one go are answered in one go.
      await Promise.resolve();
      const again = this.#stopped ? undefined : await process(key);
      this.#failures.delete(key);
      if (again !== undefined) this.enqueueAfter(key, again);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      // A conflict is no mishap: somebody else was faster, and we look again.
      if (!this.#stopped && !isConflict(error)) report(`${name} ${key}: ${messageOf(error)}`);
      this.enqueueAfter(key, Math.min(LONGEST_RETRY, SHORTEST_RETRY * 2 ** (failures - 1)) * (1 + random.next() * 0.3));
    } finally {
      this.#running.delete(key);
      this.#startNext();
    }
  }
}
