import type { Pod } from 'kubernetes-types/core/v1.js';
import { andBits, eachBit, emptyBits, hasBit, setBit } from './bits.js';
import type { Bits } from './bits.js';
import { countOnHost, mostOnHost, roomOnHost } from './movable-pods.js';
import type { HostRules } from './movable-pods.js';
import type { PlannedNode } from './finish.js';
import type { Pool } from './pool.js';
import type { RequirementSet } from './requirement-set.js';
import { addTo } from './resource-vector.js';
import type { ResourceVector } from './resource-vector.js';
import type { TopologyGroup } from './topology-group.js';

/** Prices that differ by less are the same. */
const SAME_PRICE = 1e-9;
/** How often all offers are filled, and how many of the best in between. */
const THOROUGH_EVERY = 8;
const FAVOURITES = 3;
/** Share of a machine that is filled with pods of one kind before others are considered again. */
const SLICE = 0.08;
/** How far a node may be above its share. */
const SHARE_SLACK = 3;

/** Pods that are the same to packing, with what each is worth. */
export interface Item {
  readonly pods: Pod[];
  /** Of the node. */
  readonly requirements: RequirementSet;
  readonly hosts: HostRules;
  readonly vector: ResourceVector;
  /** USD an hour. */
  readonly value: number;
}

/** A machine that is worth buying: a row of the pool, at one of its prices. */
export interface Offer {
  readonly row: number;
  readonly price: number;
}

/** A node that stays, with what cannot leave it. */
export interface Kept {
  readonly requirements: RequirementSet;
  readonly totals: Float64Array;
  readonly counts: ReadonlyMap<TopologyGroup, number>;
  readonly pods: readonly Pod[];
}

/** Items whose pods ask for the same. */
interface Size {
  readonly vector: ResourceVector;
  /** Indexes of the items. */
  readonly members: readonly number[];
}

/** Some of each item on one machine. */
interface Filling extends Offer {
  readonly requirements: RequirementSet;
  readonly totals: Float64Array;
  readonly parts: readonly { readonly item: number; readonly count: number }[];
  readonly worth: number;
}

/** Counts what was looked at, so that an answer depends on its input and not on the machine that gives it. */
export class Budget {
  constructor(private left: number) {}

  get isSpent(): boolean {
    return this.left <= 0;
  }

  spend(work: number): void {
    this.left -= work;
  }
}

/**
 * Packs pods onto machines of a pool such that what they cost together is low: nodes that must stay are filled up to what their
 * cheapest type takes; then, again and again, the machine is bought that carries the most worth for its price, as many times as there
 * are pods for it. Undefined when no packing was found below `limit`, USD an hour, or the budget is spent.
 */
export class Repacking {
  private readonly left: number[];
  private readonly taken: number[];
  /** Items of which pods are left. */
  private alive: number[];
  private sizes: readonly Size[] = [];
  private favourites: readonly Offer[] = [];
  private rounds = 0;
  private readonly smallest: Float64Array;

  constructor(
    private readonly pool: Pool,
    /** Most valuable first. */
    private readonly items: readonly Item[],
    private readonly offers: readonly Offer[],
    private readonly resources: readonly string[],
    private readonly budget: Budget,
    /** USD an hour that a node costs beside its price. */
    private readonly charge: number,
  ) {
    this.left = items.map(({ pods }) => pods.length);
    this.taken = items.map(() => 0);
    this.alive = items.map((_, index) => index);
    this.sizes = this.sizeUp();
    this.smallest = Float64Array.from(resources, (_, resource) => Math.min(...items.map(({ vector }) => amountOf(vector, resource))));
  }

  /** `limit`: of the price; `charged`: of the price with {@link Repacking.charge} for each node. */
  *run(kept: readonly Kept[], limit: number, charged: number): Generator<undefined, PlannedNode[] | undefined> {
    const nodes: PlannedNode[] = [];
    let price = 0;
    const take = (filling: Filling, copies = 1, base: readonly Pod[] = []): void => {
      const { requirements, totals } = filling;
      const rows = this.rowsFor(requirements, totals);
      for (let copy = 0; copy < copies; copy += 1) {
        nodes.push({ pool: this.pool, pods: [...base, ...this.pick(filling)], rows, requirements, totals, reservations: NO_RESERVATIONS, minValuesRelaxed: false });
      }
      this.alive = this.alive.filter((item) => (this.left[item] as number) > 0);
      this.sizes = this.sizeUp();
      price += copies * filling.price;
    };
    for (const node of kept) {
      const offer = this.cheapestFor(node.requirements, node.totals);
      if (offer === undefined) return undefined;
      take(this.fill(offer, node), 1, node.pods);
    }
    let closed: { nodes: number; filling: Filling; price: number; taken: number[] } | undefined;
    while (this.alive.length > 0) {
      yield;
      if (this.budget.isSpent || price >= limit) break;
      const last = this.closing();
      if (last !== undefined && price + last.price < limit && (closed === undefined || price + last.price + this.charge * (nodes.length - closed.nodes) < closed.price)) closed = { nodes: nodes.length, filling: last, price: price + last.price, taken: [...this.taken] };
      const best = this.best();
      if (best === undefined) break;
      take(best, Math.min(...best.parts.map(({ item, count }) => Math.floor((this.left[item] as number) / count))));
    }
    const isDone = this.alive.length === 0;
    const cost = price + this.charge * nodes.length;
    const closedCost = closed === undefined ? Number.POSITIVE_INFINITY : closed.price + this.charge * (closed.nodes + 1);
    if (isDone && price < limit && cost < charged && cost <= closedCost) return nodes;
    if (closed === undefined || closedCost >= charged) return undefined;
    nodes.length = closed.nodes;
    this.taken.splice(0, this.taken.length, ...closed.taken);
    take(closed.filling);
    return nodes;
  }

  /** What is left, by size; the most valuable first. */
  private sizeUp(): Size[] {
    const sizes = new Map<string, { vector: ResourceVector; members: number[] }>();
    for (const index of this.alive) {
      const { vector } = this.items[index] as Item;
      const key = `${vector.indexes.join()} ${vector.amounts.join()}`;
      const size = sizes.get(key);
      if (size) size.members.push(index);
      else sizes.set(key, { vector, members: [index] });
    }
    return [...sizes.values()];
  }

  private pick({ parts }: Filling): Pod[] {
    return parts.flatMap(({ item, count }) => {
      const from = this.taken[item] as number;
      this.taken[item] = from + count;
      this.left[item] = (this.left[item] as number) - count;
      return (this.items[item] as Item).pods.slice(from, from + count);
    });
  }

  /** The filling that carries the most worth for its price. All offers are looked at now and then, in between those that were best. */
  private best(): Filling | undefined {
    const first = this.items[this.alive[0] as number] as Item;
    const alone = this.cheapestFor(this.pool.template.merge(first.requirements), dense(first.vector, this.resources.length));
    const most = this.highestPrice();
    if (this.rounds % THOROUGH_EVERY === 0 || !this.favourites.some(({ price }) => price <= most)) this.favourites = this.offers;
    this.rounds += 1;
    const fillings = this.favourites.filter(({ price }) => price <= most).map((offer) => this.fill(offer)).filter(({ parts }) => parts.length > 0)
      .sort((a, b) => this.ratio(b) - this.ratio(a));
    this.favourites = fillings.slice(0, FAVOURITES).map(({ row, price }) => ({ row, price }));
    const [best] = fillings;
    const small = alone && this.fill(alone);
    return small && (best === undefined || this.ratio(small) > this.ratio(best) * (1 + SAME_PRICE)) ? small : best;
  }

  /**
   * What a node may cost when it must be one of many because pods keep each other off their hosts: were the first ones much larger than
   * their share, the last ones would carry next to nothing.
   */
  private highestPrice(): number {
    let worth = 0;
    const hosts = new Map<TopologyGroup, number>();
    for (const index of this.alive) {
      const { hosts: { restricting }, value } = this.items[index] as Item;
      const left = this.left[index] as number;
      worth += left * value;
      for (const { group, selected } of restricting) if (selected) hosts.set(group, (hosts.get(group) ?? 0) + left / mostOnHost(group));
    }
    const share = worth / Math.max(1, ...hosts.values());
    return hosts.size === 0 ? Number.POSITIVE_INFINITY : share * SHARE_SLACK;
  }

  private ratio({ worth, price }: Filling): number {
    return worth / (price + this.charge);
  }

  /** One machine for everything that is left. */
  private closing(): Filling | undefined {
    const totals = new Float64Array(this.resources.length);
    let requirements = this.pool.template;
    for (const index of this.alive) {
      const item = this.items[index] as Item;
      if (!requirements.admits(item.requirements)) return undefined;
      requirements = requirements.merge(item.requirements);
      addTo(totals, item.vector, this.left[index] as number);
    }
    this.budget.spend(this.alive.length);
    const offer = this.cheapestFor(requirements, totals);
    if (offer === undefined) return undefined;
    const filling = this.fill(offer);
    return filling.parts.length === this.alive.length && filling.parts.every(({ item, count }) => count === this.left[item]) ? filling : undefined;
  }

  /** The cheapest row that meets the requirements and has this much. */
  private cheapestFor(requirements: RequirementSet, totals: Float64Array): Offer | undefined {
    const { pool, resources } = this;
    const columns = resources.map((name) => pool.column(name));
    const prices = pool.pricesUnder(requirements);
    let best: Offer | undefined;
    eachBit(andBits(pool.usable, pool.compatibleRows(requirements)), (row) => {
      const price = prices[row] as number;
      if (best !== undefined && price >= best.price) return;
      if (columns.every((column, resource) => (totals[resource] as number) <= (column[row] as number))) best = { row, price };
    });
    this.budget.spend(pool.rows.length / 8);
    return best;
  }

  /** Fills a machine without making it dearer. */
  private fill({ row, price }: Offer, base?: Kept): Filling {
    const { pool, items, left } = this;
    const capacity = Float64Array.from(this.resources, (name) => pool.column(name)[row] as number);
    const room = capacity.map((amount, resource) => amount - (base?.totals[resource] ?? 0));
    const scale = capacity.map((amount) => 1 / Math.max(1, amount));
    const counts = new Map(base?.counts);
    const taken = new Map<number, number>();
    const most = price * (1 + SAME_PRICE);
    let requirements = base?.requirements ?? pool.template;
    let worth = 0;
    const open = this.sizes.map((size) => ({ ...size, next: 0 }));
    while (!this.isFull(room)) {
      const size = this.nextSize(open, room, scale);
      if (size === undefined) break;
      const index = size.members[size.next] as number;
      const item = items[index] as Item;
      const merged = requirements.admits(item.requirements) ? requirements.merge(item.requirements) : undefined;
      // What a node that stays is not yet decided about may matter to those that count the pods on it.
      const possible = merged === undefined || (merged !== requirements && (base !== undefined || !this.isSoldFor(row, merged, most))) ? 0
        : Math.min((left[index] as number) - (taken.get(index) ?? 0), fits(item.vector, room), roomOnHost(item.hosts, counts));
      const count = Math.min(possible, sliceOf(item.vector, scale));
      if (count === possible) size.next += 1;
      if (count === 0 || merged === undefined) continue;
      requirements = merged;
      addTo(room, item.vector, -count);
      countOnHost(item.hosts, count, counts);
      taken.set(index, (taken.get(index) ?? 0) + count);
      worth += count * item.value;
    }
    return { row, price, requirements, totals: capacity.map((amount, resource) => amount - (room[resource] as number)), parts: [...taken].map(([item, count]) => ({ item, count })), worth };
  }

  /** The size of pods to go on with: the one that uses most of what there is most of. Drops those that are done. */
  private nextSize<S extends Size & { readonly next: number }>(open: S[], room: Float64Array, scale: Float64Array): S | undefined {
    let best: S | undefined;
    let highest = -1;
    for (let index = 0; index < open.length;) {
      const size = open[index] as S;
      this.budget.spend(1);
      if (size.next >= size.members.length || !hasRoom(size.vector, room)) {
        open.splice(index, 1);
        continue;
      }
      const score = alignment(size.vector, room, scale);
      if (score > highest) {
        highest = score;
        best = size;
      }
      index += 1;
    }
    return best;
  }

  private isSoldFor(row: number, requirements: RequirementSet, most: number): boolean {
    return hasBit(this.pool.compatibleRows(requirements), row) && (this.pool.pricesUnder(requirements)[row] as number) <= most;
  }

  private isFull(room: Float64Array): boolean {
    for (let resource = 0; resource < room.length; resource += 1) if ((room[resource] as number) < (this.smallest[resource] as number)) return true;
    return false;
  }

  /** Every row that could be launched instead. */
  private rowsFor(requirements: RequirementSet, totals: Float64Array): Bits {
    const columns = this.resources.map((name) => this.pool.column(name));
    const rows = emptyBits(this.pool.rows.length);
    eachBit(andBits(this.pool.usable, this.pool.compatibleRows(requirements)), (row) => {
      for (let resource = 0; resource < totals.length; resource += 1) if ((totals[resource] as number) > ((columns[resource] as Float64Array)[row] as number)) return;
      setBit(rows, row);
    });
    return rows;
  }
}

const NO_RESERVATIONS: ReadonlySet<string> = new Set();

function hasRoom({ indexes, amounts }: ResourceVector, room: Float64Array): boolean {
  for (let each = 0; each < indexes.length; each += 1) if ((amounts[each] as number) > (room[indexes[each] as number] as number)) return false;
  return true;
}

/** How well a pod goes with what room there is: the product of both as shares of the machine. */
function alignment({ indexes, amounts }: ResourceVector, room: Float64Array, scale: Float64Array): number {
  let product = 0;
  for (let each = 0; each < indexes.length; each += 1) {
    const resource = indexes[each] as number;
    product += (amounts[each] as number) * (room[resource] as number) * (scale[resource] as number) ** 2;
  }
  return product;
}

/** How many pods make up a slice of the machine. */
function sliceOf({ indexes, amounts }: ResourceVector, scale: Float64Array): number {
  let largest = 0;
  for (let each = 0; each < indexes.length; each += 1) largest = Math.max(largest, (amounts[each] as number) * (scale[indexes[each] as number] as number));
  return Math.max(1, Math.floor(SLICE / largest));
}

function fits({ indexes, amounts }: ResourceVector, room: Float64Array): number {
  let most = Number.MAX_SAFE_INTEGER;
  for (let each = 0; each < indexes.length; each += 1) {
    const amount = amounts[each] as number;
    if (amount > 0) most = Math.min(most, Math.floor((room[indexes[each] as number] as number) / amount));
  }
  return Math.max(0, most);
}

const dense = (vector: ResourceVector, size: number): Float64Array => {
  const totals = new Float64Array(size);
  addTo(totals, vector, 1);
  return totals;
};

const amountOf = ({ indexes, amounts }: ResourceVector, resource: number): number => amounts[indexes.indexOf(resource)] ?? 0;
