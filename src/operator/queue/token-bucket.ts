import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';

/** How often something may happen: `qps` in the long run, `burst` at once after a rest. */
export interface Rate {
  qps: number;
  burst: number;
}

/** A token bucket that hands out reservations: the caller waits as long as it is told, later callers longer. */
export class TokenBucket {
  #tokens: number;
  #updatedAt: number;

  constructor(private readonly rate: Rate, private readonly clock: Clock) {
    if (!(rate.qps > 0) || !(rate.burst >= 1)) throw new RangeError(`a rate needs qps > 0 and burst >= 1, not qps ${rate.qps}, burst ${rate.burst}`);
    this.#tokens = rate.burst;
    this.#updatedAt = clock.monotonic();
  }

  /** Takes a token, perhaps from the future, and returns how many milliseconds to wait before using it. */
  reserve(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.rate.qps) * 1_000;
  }

  /** Milliseconds until there is a token; 0 when there is one now. */
  untilNext(): number {
    this.#refill();
    return this.#tokens >= 1 ? 0 : ((1 - this.#tokens) / this.rate.qps) * 1_000;
  }

  /** Whether a whole burst is there, so that more would be lost. */
  get full(): boolean {
    this.#refill();
    return this.#tokens >= this.rate.burst;
  }

  /** Takes a token if there is one now. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Waits for a token; returns the milliseconds waited. */
  async take(signal?: AbortSignal): Promise<number> {
    const wait = this.reserve();
    if (wait > 0) {
      try {
        await sleep(this.clock, wait, signal);
      } catch (error) {
        this.#tokens += 1;
        throw error;
      }
    }
    return wait;
  }

  #refill(): void {
    const now = this.clock.monotonic();
    this.#tokens = Math.min(this.rate.burst, this.#tokens + ((now - this.#updatedAt) / 1_000) * this.rate.qps);
    this.#updatedAt = now;
  }
}
