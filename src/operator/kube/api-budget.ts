import type { Clock } from '../clock.js';
import type { Rate } from '../queue/token-bucket.js';
import { TokenBucket } from '../queue/token-bucket.js';

/** How many requests a client sends. */
export interface ApiRate extends Rate {
  /**
   * The fraction of both numbers that is kept for urgent requests: those of runs on objects that are being deleted. Default 0; below 1. A share
   * that nobody uses is lent to the others.
   */
  reserved?: number;
}

/**
 * One limit on the requests of everybody who shares a client, of which a share is kept back: when a thousand objects change at once, the
 * requests that take finalizers away and let go of nodes do not wait behind all of theirs. An urgent request waits for at most
 * `(n + 1) / (qps · reserved)` seconds when `n` urgent ones are before it.
 */
export class ApiBudget {
  readonly #shared: TokenBucket;
  readonly #reserve: TokenBucket | undefined;

  /** Throws RangeError for a rate under which nothing could be sent. */
  constructor({ qps, burst, reserved = 0 }: ApiRate, clock: Clock) {
    if (!(reserved >= 0 && reserved < 1)) throw new RangeError(`reserved is a fraction from 0 to less than 1, not ${reserved}`);
    const kept = reserved === 0 ? 0 : Math.max(1, burst * reserved);
    this.#shared = new TokenBucket({ qps: qps * (1 - reserved), burst: kept === 0 ? burst : Math.max(1, burst - kept) }, clock);
    this.#reserve = kept === 0 ? undefined : new TokenBucket({ qps: qps * reserved, burst: kept }, clock);
  }

  /** Waits until a request may be sent; resolves with the milliseconds waited. Rejects with the signal's reason. */
  take(urgent: boolean, signal?: AbortSignal): Promise<number> {
    return this.#bucketFor(urgent).take(signal);
  }

  #bucketFor(urgent: boolean): TokenBucket {
    const [shared, reserve] = [this.#shared, this.#reserve];
    const wait = shared.untilNext();
    if (!reserve || wait === 0) return shared;
    // What flows into a full reserve would be lost.
    return (urgent ? reserve.untilNext() < wait : reserve.full) ? reserve : shared;
  }
}
