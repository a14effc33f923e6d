import { hasBit } from './bits.js';
import { HostLoad } from './host-rules.js';
import type { Choice, Machines, Offer } from './machines.js';
import type { Item, PackingStock, Portion } from './packing-stock.js';
import type { RequirementSet } from './requirement-set.js';
import { addTo } from './resource-vector.js';
import type { WorkBudget } from './work-budget.js';

/** Prices that differ by less are the same. */
const SAME_PRICE = 1e-9;
/** Share of a machine that is filled with pods of one kind before others are considered again. */
const SLICE = 0.08;

/** What is on a node already. */
export interface Load {
  readonly requirements: RequirementSet;
  readonly totals: Float64Array;
  readonly hosts: HostLoad;
  /** Instance types that the node must be able to be, at least. */
  readonly alternatives: number;
}

/** A node with some of the pods that are left. */
export interface Filling extends Choice {
  readonly requirements: RequirementSet;
  readonly totals: Float64Array;
  /** At least so many types are left. */
  readonly alternatives: number;
  readonly portions: readonly Portion[];
  /** USD an hour, of the pods. */
  readonly worth: number;
}

/**
 * Fills machines from a stock: always with the pods that use most of what there is most left of, a slice at a time, so that those that need CPU
 * come to lie beside those that need memory.
 */
export class MachineFiller {
  private readonly size: number;
  /** Scratch, by size: those that may still fit, in order; and how far their items were tried. */
  private readonly open: Int32Array;
  private opened = 0;
  private readonly next: Int32Array;
  /** Scratch: pods on the machine, by item. */
  private readonly taken: Int32Array;

  constructor(private readonly stock: PackingStock, private readonly machines: Machines, private readonly budget: WorkBudget) {
    this.size = machines.resources.length;
    this.open = new Int32Array(stock.bySize.length);
    this.next = new Int32Array(stock.bySize.length);
    this.taken = new Int32Array(stock.items.length);
  }

  /** Fills a machine without making it dearer. Undefined when nothing was left for it. */
  fill({ row, price }: Offer, base?: Load): Filling | undefined {
    const { stock, machines: { pool }, size } = this;
    const room = this.machines.roomOf(row);
    const scale = room.map((amount) => 1 / Math.max(1, amount));
    if (base) for (let resource = 0; resource < size; resource += 1) room[resource] = (room[resource] as number) - (base.totals[resource] as number);
    const hosts = new HostLoad(base?.hosts);
    const most = price * (1 + SAME_PRICE);
    const slices: Portion[] = [];
    let requirements = base?.requirements ?? pool.template;
    this.openAll();
    for (let best = this.nextSize(room, scale); best >= 0; best = this.nextSize(room, scale)) {
      const members = stock.bySize[best] as readonly number[];
      for (; (this.next[best] as number) < members.length; this.next[best] = (this.next[best] as number) + 1) {
        const index = members[this.next[best] as number] as number;
        const item = stock.items[index] as Item;
        const amounts = stock.amountsOf(index);
        this.budget.spend(1);
        const possible = Math.min((stock.left[index] as number) - (this.taken[index] as number), timesIn(amounts, room), hosts.roomFor(item.hosts));
        if (possible === 0 || !requirements.admits(item.requirements)) continue;
        const merged = requirements.merge(item.requirements);
        // What a node that stays is not yet decided about may matter to those that count the pods on it.
        if (merged !== requirements && (base !== undefined || !this.isSoldFor(row, merged, most))) continue;
        const count = Math.min(possible, sliceOf(amounts, scale));
        for (let resource = 0; resource < size; resource += 1) room[resource] = (room[resource] as number) - count * (amounts[resource] as number);
        requirements = merged;
        hosts.add(item.hosts, count);
        this.taken[index] = (this.taken[index] as number) + count;
        slices.push({ item: index, count });
        break;
      }
    }
    for (const { item } of slices) this.taken[item] = 0;
    return this.settle(slices, base);
  }

  private openAll(): void {
    this.opened = 0;
    this.stock.bySize.forEach((members, size) => {
      if (members.length === 0) return;
      this.open[this.opened++] = size;
      this.next[size] = 0;
    });
  }

  /** The size of pods to go on with, -1 when there is none. Drops those that cannot fit any more. */
  private nextSize(room: Float64Array, scale: Float64Array): number {
    const { open, next, size, opened, stock: { least, bySize } } = this;
    let best = -1;
    let highest = -1;
    let left = 0;
    for (let index = 0; index < opened; index += 1) {
      const candidate = open[index] as number;
      if ((next[candidate] as number) >= (bySize[candidate] as readonly number[]).length) continue;
      // How well a pod goes with what room there is: the product of both as shares of the machine.
      let product = 0;
      let resource = 0;
      for (let at = candidate * size; resource < size; resource += 1, at += 1) {
        const amount = least[at] as number;
        const has = room[resource] as number;
        if (amount > has) break;
        product += amount * has * (scale[resource] as number) * (scale[resource] as number);
      }
      if (resource < size) continue;
      open[left++] = candidate;
      if (product <= highest) continue;
      best = candidate;
      highest = product;
    }
    this.opened = left;
    this.budget.spend(opened);
    return best;
  }

  private isSoldFor(row: number, requirements: RequirementSet, most: number): boolean {
    const { pool } = this.machines;
    return hasBit(pool.compatibleRows(requirements), row) && (pool.pricesUnder(requirements)[row] as number) <= most;
  }

  /** The filling that the slices make up. They are taken back, the last first, for as long as too few types are left. */
  private settle(slices: Portion[], base?: Load): Filling | undefined {
    for (;;) {
      const filling = slices.length > 0 || base !== undefined ? this.fillingOf(slices, base) : undefined;
      const last = filling === undefined ? slices.pop() : undefined;
      if (last === undefined) return filling;
      if (last.count > 1) slices.push({ ...last, count: last.count >> 1 });
    }
  }

  /** Undefined when too few types are left. */
  private fillingOf(slices: readonly Portion[], base?: Load): Filling | undefined {
    const { stock: { items }, machines } = this;
    const portions = new Map<number, number>();
    for (const { item, count } of slices) portions.set(item, (portions.get(item) ?? 0) + count);
    let requirements = base?.requirements ?? machines.pool.template;
    let alternatives = base?.alternatives ?? 0;
    let worth = 0;
    const totals = Float64Array.from(base?.totals ?? new Float64Array(this.size));
    for (const [index, count] of portions) {
      const item = items[index] as Item;
      requirements = requirements.merge(item.requirements);
      alternatives = Math.max(alternatives, item.alternatives);
      worth += count * item.value;
      addTo(totals, item.vector, count);
    }
    this.budget.spend(machines.pool.rows.length / 8);
    const choice = machines.choiceFor(requirements, totals);
    if (choice === undefined || choice.types < alternatives) return undefined;
    return { ...choice, requirements, totals, alternatives, worth, portions: [...portions].map(([item, count]) => ({ item, count })) };
  }
}

/** How many pods there is room for. */
function timesIn(amounts: Float64Array, room: Float64Array): number {
  let times = Number.MAX_SAFE_INTEGER;
  for (let resource = 0; resource < amounts.length; resource += 1) {
    const amount = amounts[resource] as number;
    if (amount > 0) times = Math.min(times, Math.floor((room[resource] as number) / amount));
  }
  return times;
}

/** How many pods make up a slice of the machine. */
function sliceOf(amounts: Float64Array, scale: Float64Array): number {
  let largest = 0;
  for (let resource = 0; resource < amounts.length; resource += 1) largest = Math.max(largest, (amounts[resource] as number) * (scale[resource] as number));
  return Math.max(1, Math.floor(SLICE / largest));
}
