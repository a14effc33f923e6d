import type { Random } from '../random.js';

/** How long to wait after the n-th failure in a row: `base · 2^(n-1)`, at most `max`, plus or minus `jitter` of itself. In milliseconds. */
export interface Backoff {
  base: number;
  max: number;
  /** Fraction in [0, 1). */
  jitter: number;
}

/** The wait after `failures` failures in a row (at least one). */
export function backoffDelay({ base, max, jitter }: Backoff, failures: number, random: Random): number {
  const delay = Math.min(max, base * 2 ** Math.min(failures - 1, 60));
  return jitter === 0 ? delay : Math.min(max, delay * (1 + jitter * (2 * random.next() - 1)));
}
