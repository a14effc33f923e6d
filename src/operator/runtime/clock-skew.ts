import { roughly } from '../duration.js';
import type { Logger } from '../logger.js';
import type { Metrics } from './metrics.js';

/** Servers tell the time in whole seconds. */
const RESOLUTION = 1_000;

/** Less than this, in milliseconds, is no news. */
const NOTABLE = 10_000;

/**
 * By how much this machine's clock differs from the API server's, as far as the answers prove it. Nothing here relies on their agreement (leases
 * are judged by when a renewal was seen, queues by a clock that is never set), but what others say is dated by theirs: tokens, certificates, creation
 * times that deadlines count from.
 */
export class ClockSkew {
  #skew = 0;
  #told = 0;

  constructor(private readonly log: Logger, metrics: Metrics) {
    metrics.derived({ name: 'operator_clock_skew_seconds', help: 'By how much the clock of this process is at least ahead of the API server\'s (below 0: behind it), by the last answer' }, () =>
      [{ labels: {}, value: this.#skew / 1_000 }]);
  }

  /** An answer carried the server's time; it was asked for and came at these times of ours. Milliseconds since the epoch. */
  observe(server: number, sent: number, answered: number): void {
    if (Number.isNaN(server)) return;
    const [least, most] = [sent - (server + RESOLUTION), answered - server];
    this.#skew = least > 0 ? least : most < 0 ? most : 0;
    const notable = Math.abs(this.#skew) >= NOTABLE ? Math.sign(this.#skew) : 0;
    if (notable === this.#told) return;
    this.#told = notable;
    if (notable === 0) this.log.info('the clock agrees with the API server\'s again');
    else this.log.warn('the clock differs from the API server\'s', { by: `${roughly(Math.abs(this.#skew))} ${notable > 0 ? 'ahead' : 'behind'}` });
  }
}
