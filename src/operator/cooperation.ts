import type { Clock } from './clock.js';
import { sleep } from './clock.js';

/**
 * Drives work that comes in steps to its end and lets everything else that is due run between any two: timers, watches and lease
 * renewals go on meanwhile. Rejects with the signal's reason when it aborts.
 */
export async function cooperatively<Result>(steps: Iterator<unknown, Result>, clock: Clock, signal?: AbortSignal): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await sleep(clock, 0, signal);
  }
}
