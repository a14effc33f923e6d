import type { Clock } from '../clock.js';
import type { Rate } from '../queue/token-bucket.js';
import { TokenBucket } from '../queue/token-bucket.js';

/** What all informers of a process may ask for together. */
export interface ListLimits {
  /** Lists under way at a time. Default 4. */
  concurrent: number;
  /** Lists that are not an informer's first. Default: 2 a second, 10 at once. */
  again: Rate;
}

/**
 * One budget for the lists of all informers: when an API server has lost its memory of the past, all watches expire together, and must not
 * all be answered with everything at once. First come, first served; first lists wait for a place only.
 */
export class ListBudget {
  readonly #again: TokenBucket;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(clock: Clock, { concurrent, again }: ListLimits = { concurrent: 4, again: { qps: 2, burst: 10 } }) {
    this.#again = new TokenBucket(again, clock);
    this.#free = concurrent;
  }

  /** Lists that wait for a place. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs a list when its turn has come; rejects with the signal's reason if that aborts first. */
  async run<R>(again: boolean, signal: AbortSignal, list: () => Promise<R>): Promise<R> {
    if (again) await this.#again.take(signal);
    await this.#place(signal);
    try {
      return await list();
    } finally {
      this.#release();
    }
  }

  async #place(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal.reason as Error);
      };
      const turn = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.push(turn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Hands the place to the next, if somebody waits. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
