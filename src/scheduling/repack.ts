import type { Pod } from 'kubernetes-types/core/v1.js';
import type { PlannedNode } from './finish.js';
import { MachineFiller } from './machine-filler.js';
import type { Filling, Load } from './machine-filler.js';
import type { Machines, Offer } from './machines.js';
import { PackingStock } from './packing-stock.js';
import type { Item } from './packing-stock.js';
import { addTo } from './resource-vector.js';
import type { WorkBudget } from './work-budget.js';

/** How often all offers are filled, and how many of the best in between. */
const THOROUGH_EVERY = 8;
const FAVOURITES = 3;
/** How far a node may be above its share. */
const SHARE_SLACK = 3;
/** Prices and worths that differ by less are the same. */
const SAME = 1e-9;
const NO_RESERVATIONS: ReadonlySet<string> = new Set();

/** A node that stays, with what cannot leave it. */
export interface Kept extends Load {
  readonly pods: readonly Pod[];
}

/** A node as it was packed. */
export interface PackedNode extends PlannedNode {
  /** Instance types that it must be able to be, at least. */
  readonly alternatives: number;
}

/** Nodes that carry everything, and what they cost in USD an hour. */
export interface Packing {
  readonly nodes: readonly PackedNode[];
  readonly price: number;
}

/**
 * Packs pods onto machines of a pool such that what they cost together is low: nodes that must stay are filled up to what their
 * cheapest type takes; then, again and again, the machine is bought that carries the most worth for its price, as many times as there
 * are pods for it, until one machine for all that is left is cheaper.
 */
export class Repacking {
  private readonly stock: PackingStock;
  private readonly filler: MachineFiller;
  private favourites: readonly Offer[] = [];
  private rounds = 0;
  /** The cheapest machine for one pod of an item. */
  private readonly alone = new Map<number, Offer | undefined>();

  constructor(
    private readonly machines: Machines,
    /** Most valuable first. */
    items: readonly Item[],
    private readonly offers: readonly Offer[],
    private readonly budget: WorkBudget,
    /** USD an hour that a node costs beside its price. */
    private readonly charge: number,
  ) {
    this.stock = new PackingStock(items, machines.resources.length);
    this.filler = new MachineFiller(this.stock, machines, budget);
  }

  /** Undefined when no packing was found whose price is below `limit`, or the budget is spent. */
  *run(kept: readonly Kept[], limit: number): Generator<undefined, Packing | undefined> {
    const { stock } = this;
    const nodes: PackedNode[] = [];
    let price = 0;
    for (const node of kept) {
      if (this.budget.isPauseDue()) yield;
      const choice = this.machines.choiceFor(node.requirements, node.totals);
      const filling = choice && this.filler.fill(choice.offer, node);
      if (filling === undefined) return undefined;
      price += filling.offer.price;
      nodes.push(this.nodeOf(filling, [...node.pods, ...stock.take(filling.portions)]));
    }
    let closed: { readonly nodes: number; readonly last: PackedNode; readonly price: number; readonly cost: number } | undefined;
    while (!stock.isEmpty && !this.budget.isSpent && price < limit) {
      const closing = this.closing();
      const cost = closing === undefined ? Number.POSITIVE_INFINITY : price + closing.offer.price + this.charge * (nodes.length + 1);
      if (closing !== undefined && cost < (closed?.cost ?? Number.POSITIVE_INFINITY)) {
        closed = { nodes: nodes.length, last: this.nodeOf(closing, stock.peek(closing.portions)), price: price + closing.offer.price, cost };
      }
      const best = yield* this.best();
      if (best === undefined) break;
      const copies = Math.min(...best.portions.map(({ item, count }) => Math.floor((stock.left[item] as number) / count)));
      for (let copy = 0; copy < copies; copy += 1) nodes.push(this.nodeOf(best, stock.take(best.portions)));
      price += copies * best.offer.price;
    }
    const isComplete = stock.isEmpty && price + this.charge * nodes.length <= (closed?.cost ?? Number.POSITIVE_INFINITY);
    const packing = isComplete ? { nodes, price } : closed && { nodes: [...nodes.slice(0, closed.nodes), closed.last], price: closed.price };
    return packing !== undefined && packing.price < limit ? packing : undefined;
  }

  private nodeOf({ rows, requirements, totals, alternatives }: Filling, pods: readonly Pod[]): PackedNode {
    return { pool: this.machines.pool, pods, rows, requirements, totals, alternatives, reservations: NO_RESERVATIONS, minValuesRelaxed: false };
  }

  /** The filling that carries the most worth for its price. All offers are looked at now and then, in between those that were best. */
  private *best(): Generator<undefined, Filling | undefined> {
    const most = this.highestPrice();
    if (this.rounds % THOROUGH_EVERY === 0 || !this.favourites.some(({ price }) => price <= most)) this.favourites = this.offers;
    this.rounds += 1;
    const fillings: { readonly offer: Offer; readonly filling: Filling }[] = [];
    for (const offer of this.favourites) {
      if (this.budget.isPauseDue()) yield;
      const filling = offer.price <= most ? this.filler.fill(offer) : undefined;
      if (filling !== undefined) fillings.push({ offer, filling });
    }
    fillings.sort((a, b) => this.ratio(b.filling) - this.ratio(a.filling));
    this.favourites = fillings.slice(0, FAVOURITES).map(({ offer }) => offer);
    const best = fillings[0]?.filling;
    const alone = this.cheapestAlone();
    const small = alone && this.filler.fill(alone);
    return small && (best === undefined || this.ratio(small) > this.ratio(best) * (1 + SAME)) ? small : best;
  }

  /** The cheapest machine that the most valuable pod can be on. */
  private cheapestAlone(): Offer | undefined {
    const { machines, stock: { items, remaining: [first] } } = this;
    if (first === undefined) return undefined;
    if (!this.alone.has(first)) {
      const { requirements, vector } = items[first] as Item;
      const totals = new Float64Array(machines.resources.length);
      addTo(totals, vector, 1);
      this.alone.set(first, machines.choiceFor(machines.pool.template.merge(requirements), totals)?.offer);
    }
    return this.alone.get(first);
  }

  /**
   * What a node may cost when it must be one of many because pods keep each other off their hosts: were the first ones much larger than
   * their share, the last ones would carry next to nothing.
   */
  private highestPrice(): number {
    const { hostsNeeded, worth } = this.stock;
    return hostsNeeded === 0 ? Number.POSITIVE_INFINITY : (worth / Math.max(1, hostsNeeded)) * SHARE_SLACK;
  }

  private ratio({ worth, offer: { price } }: Filling): number {
    return worth / (price + this.charge);
  }

  /** One machine for everything that is left. */
  private closing(): Filling | undefined {
    const { stock: { items, left, remaining, totals }, machines } = this;
    if (machines.areTooSmallFor(totals)) return undefined;
    let { template: requirements } = machines.pool;
    for (const index of remaining) {
      const item = items[index] as Item;
      if (!requirements.admits(item.requirements)) return undefined;
      requirements = requirements.merge(item.requirements);
    }
    this.budget.spend(remaining.length);
    const choice = machines.choiceFor(requirements, totals);
    const filling = choice && this.filler.fill(choice.offer);
    return filling?.portions.length === remaining.length && filling.portions.every(({ item, count }) => count === left[item]) ? filling : undefined;
  }
}
