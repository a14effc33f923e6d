import { eachBit, emptyBits, setBit } from './bits.js';
import type { Bits } from './bits.js';
import type { Pool } from './pool.js';
import type { RequirementSet } from './requirement-set.js';

/** A machine that is worth buying: a row of the pool, at one of its prices. */
export interface Offer {
  readonly row: number;
  /** USD an hour. */
  readonly price: number;
}

/** Rows that can be launched for pods. */
export interface Choice {
  readonly rows: Bits;
  /** Different types among them. */
  readonly types: number;
  /** The cheapest of them. */
  readonly offer: Offer;
}

/** The rows of a pool with what they have of the resources of a run, for many questions about what fits. */
export class Machines {
  /** By row, then by resource. */
  private readonly room: Float64Array;
  /** The most that any row has, by resource. */
  private readonly largest: Float64Array;

  constructor(readonly pool: Pool, readonly resources: readonly string[]) {
    const size = resources.length;
    this.room = new Float64Array(pool.rows.length * size);
    this.largest = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    resources.forEach((name, resource) => {
      const column = pool.column(name);
      eachBit(pool.usable, (row) => {
        this.room[row * size + resource] = column[row] as number;
        this.largest[resource] = Math.max(this.largest[resource] as number, column[row] as number);
      });
    });
  }

  /** What a row offers to pods. */
  roomOf(row: number): Float64Array {
    return this.room.slice(row * this.resources.length, (row + 1) * this.resources.length);
  }

  /** Whether no machine has this much. */
  areTooSmallFor(totals: Float64Array): boolean {
    return totals.some((amount, resource) => amount > (this.largest[resource] as number));
  }

  /** Every row that meets the requirements and has this much; undefined when there is none. */
  choiceFor(requirements: RequirementSet, totals: Float64Array): Choice | undefined {
    const { pool, room } = this;
    const [compatible, prices, size] = [pool.compatibleRows(requirements), pool.pricesUnder(requirements), totals.length];
    const rows = emptyBits(pool.rows.length);
    let [types, lastType, cheapest, least] = [0, -1, -1, Number.POSITIVE_INFINITY];
    for (let word = 0; word < rows.length; word += 1) {
      for (let bits = (pool.usable[word] as number) & (compatible[word] as number); bits !== 0; bits &= bits - 1) {
        const row = word * 32 + 31 - Math.clz32(bits & -bits);
        let resource = 0;
        while (resource < size && (totals[resource] as number) <= (room[row * size + resource] as number)) resource += 1;
        if (resource < size) continue;
        setBit(rows, row);
        if (pool.typeNumbers[row] !== lastType) types += 1;
        lastType = pool.typeNumbers[row] as number;
        if ((prices[row] as number) < least) [cheapest, least] = [row, prices[row] as number];
      }
    }
    return cheapest < 0 ? undefined : { rows, types, offer: { row: cheapest, price: least } };
  }
}
