import { eachBit } from './bits.js';
import type { Bits } from './bits.js';
import type { Pool } from './pool.js';
import type { RequirementSet } from './requirement-set.js';

const NONE: ReadonlySet<string> = new Set();

/** Instances left in capacity reservations, and who holds them (karpenter-core §4.10). */
export class Reservations {
  private readonly remaining = new Map<string, number>();
  /** Changes with every release: what could not be held may be free again. */
  version = 0;

  constructor(pools: readonly Pool[], private readonly mode: 'Strict' | 'Fallback' | 'Off') {
    for (const { rows } of pools) {
      for (const { offerings } of rows) {
        for (const { reservation } of offerings) {
          if (reservation) this.remaining.set(reservation.id, Math.min(this.remaining.get(reservation.id) ?? Number.POSITIVE_INFINITY, reservation.capacity));
        }
      }
    }
  }

  /** What a node may hold while `rows` are possible; undefined when its pods must wait for reserved capacity. */
  offer(pool: Pool, rows: Bits, requirements: RequirementSet, held: ReadonlySet<string>): ReadonlySet<string> | undefined {
    if (this.mode === 'Off' || this.remaining.size === 0) return NONE;
    const free = new Set<string>();
    let compatible = false;
    eachBit(rows, (row) => {
      for (const { reservation } of pool.offeringsOf(row, requirements)) {
        if (reservation === undefined) continue;
        compatible = true;
        if (held.has(reservation.id) || (this.remaining.get(reservation.id) ?? 0) > 0) free.add(reservation.id);
      }
    });
    const mustWait = this.mode === 'Strict' && free.size === 0 && (compatible || held.size > 0);
    return mustWait ? undefined : free;
  }

  /** Lets a node hold `wanted` instead of `held`. */
  exchange(held: ReadonlySet<string>, wanted: ReadonlySet<string>): void {
    for (const id of wanted) if (!held.has(id)) this.remaining.set(id, (this.remaining.get(id) ?? 0) - 1);
    for (const id of held) {
      if (wanted.has(id)) continue;
      this.remaining.set(id, (this.remaining.get(id) ?? 0) + 1);
      this.version += 1;
    }
  }
}
