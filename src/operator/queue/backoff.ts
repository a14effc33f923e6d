import type { Random } from '../random.js';

/** How long to wait after the n-th failure in a row: `base · 2^(n-1)`, at most `max`, plus up to the fraction `jitter` of itself. In milliseconds. */
export interface Backoff {
  base: number;
  max: number;
  /** Fraction of the wait that randomness may add. */
  jitter: number;
}

/** The wait after `failures` failures in a row (at least one). */
export function backoffDelay({ base, max, jitter }: Backoff, failures: number, random: Random): number {
  const delay = Math.min(max, base * 2 ** Math.min(failures - 1, 60));
  return jitter === 0 ? delay : delay * (1 + jitter * random.next());
}
