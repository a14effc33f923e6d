import type { Resources } from '../api/resources.js';
import { eachBit } from './bits.js';
import type { Bits } from './bits.js';
import type { Pool } from './pool.js';

/** What would have fit, had it only had a little more. */
export interface NearMiss {
  /** Instance type or node. */
  readonly name: string;
  /** What is missing. */
  readonly short: Resources;
  /** What daemons take of it. */
  readonly daemons: Resources;
}

/** Of the rows, the one that misses the fewest resources by the least, measured by what is asked for; undefined when there are no rows. */
export function nearestType(pool: Pool, rows: Bits, requests: Float64Array, resources: readonly string[]): NearMiss | undefined {
  let best: { share: number; row: number; miss: NearMiss } | undefined;
  eachBit(rows, (row) => {
    let share = 0;
    const short: Record<string, number> = {};
    resources.forEach((name, index) => {
      const missing = (requests[index] as number) - (pool.column(name)[row] as number);
      if (missing <= 0) return;
      short[name] = missing;
      share += missing / (requests[index] as number);
    });
    const name = pool.rows[row]?.type.name ?? '';
    if (best !== undefined && (share > best.share || (share === best.share && name >= best.miss.name))) return;
    best = { share, row, miss: { name, short, daemons: pool.daemonsOf(row) } };
  });
  return best?.miss;
}
