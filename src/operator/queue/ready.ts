import type { HeapItem } from '../heap.js';
import { Heap } from '../heap.js';

/** One point of priority is worth this much waiting: what waits ages upwards, so that nothing waits for ever. */
const AGING = 1_000;

/** What decides the order of keys that may run. */
export interface Ranked extends HeapItem {
  priority: number;
  /** Milliseconds of the clock's time. */
  enqueuedAt: number;
  /** Breaks ties: first come, first served. */
  sequence: number;
  /** Whom the work is for; keys of one priority take turns by it. */
  tenant: string;
}

/** Keys that may run, in the order in which they should. */
export interface Ready<T extends Ranked> {
  readonly size: number;
  push(entry: T): void;
  pop(): T | undefined;
  remove(entry: T): void;
  /** How many entries come before one, as it stands; looks at all of them. */
  ahead(entry: T): number;
}

/**
 * Seconds of waiting and points of priority on one scale. The order of two entries never changes while they wait, so a heap stays one; and
 * an entry is only ever passed by those that came less than the difference of their priorities (in seconds) after it.
 */
const rankOf = ({ enqueuedAt, priority }: Ranked): number => enqueuedAt - priority * AGING;

const before = (left: Ranked, right: Ranked): boolean => {
  const difference = rankOf(left) - rankOf(right);
  return difference < 0 || (difference === 0 && left.sequence < right.sequence);
};

/** Order by priority and age alone. */
export class RankedReady<T extends Ranked> extends Heap<T> implements Ready<T> {
  constructor() {
    super(before);
  }

  ahead(entry: T): number {
    return this.count((other) => before(other, entry));
  }
}

/** Tenants of one priority, in the order of their turns. */
type Band<T extends Ranked> = Map<string, Heap<T>>;

/**
 * The same, with tenants of a priority taking turns, one key a turn: a tenant with a thousand keys and one with a single key are
 * served alike. Between priorities, the tenants whose turn it is compare by rank.
 */
export class FairReady<T extends Ranked> implements Ready<T> {
  readonly #bands = new Map<number, Band<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(entry: T): void {
    let band = this.#bands.get(entry.priority);
    if (!band) this.#bands.set(entry.priority, (band = new Map()));
    let heap = band.get(entry.tenant);
    if (!heap) band.set(entry.tenant, (heap = new Heap<T>(before)));
    heap.push(entry);
    this.#size += 1;
  }

  pop(): T | undefined {
    let next: T | undefined;
    for (const band of this.#bands.values()) {
      const front = (band.values().next().value as Heap<T>).peek() as T;
      if (!next || before(front, next)) next = front;
    }
    if (!next) return undefined;
    const { priority, tenant } = next;
    this.remove(next);
    const band = this.#bands.get(priority);
    const rest = band?.get(tenant);
    if (band && rest) {
      // A Map iterates in order of insertion: in again is to the end of the round.
      band.delete(tenant);
      band.set(tenant, rest);
    }
    return next;
  }

  remove(entry: T): void {
    const band = this.#bands.get(entry.priority) as Band<T>;
    const heap = band.get(entry.tenant) as Heap<T>;
    heap.remove(entry);
    this.#size -= 1;
    if (heap.size > 0) return;
    band.delete(entry.tenant);
    if (band.size === 0) this.#bands.delete(entry.priority);
  }

  /** A tenant's entry waits for those of its own before it, and for as many turns of every other tenant of its priority. */
  ahead(entry: T): number {
    let ahead = 0;
    for (const [priority, band] of this.#bands) {
      const own = priority === entry.priority ? band.get(entry.tenant) : undefined;
      if (!own) {
        for (const heap of band.values()) ahead += heap.count((other) => before(other, entry));
        continue;
      }
      const turns = own.count((other) => before(other, entry));
      let isLater = false;
      for (const heap of band.values()) {
        if (heap === own) isLater = true;
        else ahead += Math.min(heap.size, isLater ? turns : turns + 1);
      }
      ahead += turns;
    }
    return ahead;
  }
}
