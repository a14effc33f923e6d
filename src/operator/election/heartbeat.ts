import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';

/** What a heartbeat takes of a buffer. */
export const HEARTBEAT_BYTES = 8;

/** A counter in shared memory which the main loop moves on as long as it turns, or says that it is going to stand still. */
export class Heartbeat {
  readonly #beats: Int32Array;

  constructor(buffer: ArrayBufferLike, offset = 0) {
    this.#beats = new Int32Array(buffer, offset, 2);
  }

  /** Whether the loop has said that it may stand still. */
  get excused(): boolean {
    return Atomics.load(this.#beats, 1) > 0;
  }

  get count(): number {
    return Atomics.load(this.#beats, 0);
  }

  /** Does what is known to block the loop for long. */
  async excuse<R>(work: () => Promise<R>): Promise<R> {
    Atomics.add(this.#beats, 1, 1);
    try {
      return await work();
    } finally {
      Atomics.sub(this.#beats, 1, 1);
    }
  }

  /** Beats every `period` ms until the signal aborts. */
  async beat(clock: Clock, period: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      Atomics.add(this.#beats, 0, 1);
      await sleep(clock, period, signal).catch(() => undefined);
    }
  }
}

/**
 * For how long a heartbeat has stood still, as seen by another thread that looks every `period` ms. It counts only the time in which that thread itself
 * was running: a process that was stopped as a whole (SIGSTOP, a frozen machine) has not hung.
 */
export class StallWatch {
  #count = -1;
  #lookedAt = -Infinity;
  #stalled = 0;

  constructor(private readonly heartbeat: Pick<Heartbeat, 'count' | 'excused'>, private readonly period: number) {}

  /** Looks, and says how many milliseconds the loop has been stalled for; `now` is monotonic. */
  look(now: number): number {
    const { count, excused } = this.heartbeat;
    const passed = Math.min(now - this.#lookedAt, 2 * this.period);
    this.#stalled = count === this.#count && !excused ? this.#stalled + passed : 0;
    this.#count = count;
    this.#lookedAt = now;
    return this.#stalled;
  }
}
