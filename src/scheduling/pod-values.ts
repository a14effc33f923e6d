import { HOSTNAME_LABEL } from '../api/labels.js';
import { untolerated } from '../api/taints.js';
import { hasBit, membersOf } from './bits.js';
import { LinearProgram } from './linear-program.js';
import type { NodeRequirements, PodClass } from './pod-class.js';
import { toleratingPreferences } from './pod-constraints.js';
import type { Pool } from './pool.js';
import type { RequirementSet } from './requirement-set.js';
import { admitsNewHost } from './topology.js';
import type { TopologyTerm } from './topology-term.js';

/** Different choices of machines that are told apart; what fewer pods have is counted as if they had the choices of all of these. */
const MOST_GROUPS = 16;
/** Groups of pods that keep each other off their hosts which are looked at. */
const MOST_CLIQUES = 8;
const MOST_ROUNDS = 40;
/** Offers whose prices differ by less than this factor are of one size, of which only so many are tried. */
const SIZE_STEP = 1.4;
const MOST_OF_SIZE = 2;
/** By how much values may be too high before they are scaled down. */
const TOLERANCE = 1e-3;

/** Pods of a class that need machines. */
export interface Demand {
  readonly podClass: PodClass;
  readonly count: number;
}

/** Classes that can buy the same machines at the same prices. */
interface Group {
  readonly classes: Demand[];
  /** USD an hour of each pool's rows; Infinity where they cannot run. */
  readonly prices: readonly Float64Array[];
  /** What all of them ask for. */
  readonly demand: Float64Array;
}

/** A machine at a price: what it has, and which groups can be on it for that. */
interface Shape {
  /** Index among the pools. */
  readonly pool: number;
  readonly row: number;
  readonly capacity: Float64Array;
  /** Groups that can be there, those first that pay less. */
  readonly groups: readonly { readonly group: number; readonly price: number }[];
}

/**
 * What each pod is worth, in USD an hour, such that no machine can be filled with pods worth more than its price. So the worth of
 * all pods is a lower bound for what any machines that hold them cost.
 *
 * The values are `v = w · requests` with weights `w` per group of pods (by which machines they can be on) and resource; pods of which only one
 * can be on a host ask for one unit of a resource of which every machine has one. For a machine with capacity `a` that
 * costs `p` when groups `G` are on it, `Σ_k a_k · max_{g ∈ G} w_gk ≤ p` keeps the promise, for whatever is on it: pods of G that fit
 * have `Σ_g w_g · x_g ≤ Σ_k (max_g w_gk) Σ_g x_gk ≤ Σ_k (max_g w_gk) a_k`. The weights with the highest total are the solution of a
 * linear program whose cuts are found as they are needed, scaled down by what they are still too high. Rounding is left out: the
 * bound holds for fractions of machines.
 */
export class PodValues {
  private readonly groups: readonly Group[];
  private readonly cliques: readonly string[];
  private readonly units: Float64Array;
  private readonly shapes: readonly Shape[];
  private readonly weights: readonly Float64Array[];
  private readonly groupOf = new Map<PodClass, number>();

  constructor(private readonly pools: readonly Pool[], demands: readonly Demand[], private readonly resources: readonly string[]) {
    this.cliques = largestCliques(demands);
    this.units = Float64Array.from([...resources, ...this.cliques], (name, index) => (index < resources.length ? largestOf(pools, name) : 1));
    this.groups = this.groupUp(demands);
    this.groups.forEach(({ classes }, index) => {
      for (const { podClass } of classes) this.groupOf.set(podClass, index);
    });
    this.shapes = this.makeShapes();
    this.weights = this.weigh();
  }

  /** USD an hour; 0 for a class that is not among the demands. */
  of(podClass: PodClass): number {
    const group = this.groupOf.get(podClass);
    return group === undefined ? 0 : dot(this.weights[group] as Float64Array, this.inUnits(this.asked(podClass)));
  }

  /** What room for these amounts can be worth at most, whoever takes it. */
  ofRoom(available: Readonly<Record<string, number>>): number {
    const room = Float64Array.from(this.units, (unit, index) => (index < this.resources.length ? Math.max(0, available[this.resources[index] as string] ?? 0) / unit : 1));
    return dot(maximum(this.weights, this.units.length), room);
  }

  /** Whole numbers, so that sums do not depend on their order. */
  private asked({ shape: { requests }, repelling, labels, shape: { namespace } }: PodClass): Float64Array {
    const own = new Set(repelling.filter((term) => keepsOwnAway(term, labels, namespace)).map(cliqueName));
    return Float64Array.from(this.units, (_, index) => (index < this.resources.length
      ? requests[this.resources[index] as string] ?? 0 : Number(own.has(this.cliques[index - this.resources.length] as string))));
  }

  private inUnits(amounts: Float64Array): Float64Array {
    return amounts.map((amount, index) => amount / (this.units[index] as number));
  }

  private groupUp(demands: readonly Demand[]): Group[] {
    const byChoice = new Map<string, { classes: Demand[]; prices: readonly Float64Array[]; demand: Float64Array }>();
    for (const demand of demands) {
      const choices = this.pools.map((pool) => choicesOf(demand.podClass, pool));
      const key = choices.map((each) => each.map(({ id }) => id).join(' ')).join('|');
      let group = byChoice.get(key);
      if (group === undefined) {
        group = { classes: [], prices: this.pools.map((pool, index) => pricesUnder(pool, choices[index] as RequirementSet[])), demand: new Float64Array(this.units.length) };
        byChoice.set(key, group);
      }
      group.classes.push(demand);
      add(group.demand, this.asked(demand.podClass), demand.count);
    }
    const free = (prices: readonly Float64Array[]): boolean => prices.some((each) => each.some((price) => price <= 0));
    const sorted = [...byChoice.values()].filter(({ prices }) => !free(prices)).sort((a, b) => sum(this.inUnits(b.demand)) - sum(this.inUnits(a.demand)));
    if (sorted.length <= MOST_GROUPS) return sorted;
    const rest = sorted.slice(MOST_GROUPS - 1);
    const merged = {
      classes: rest.flatMap(({ classes }) => classes),
      prices: this.pools.map((_, pool) => rest.map(({ prices }) => prices[pool] as Float64Array).reduce((a, b) => a.map((price, row) => Math.min(price, b[row] as number)))),
      demand: new Float64Array(this.units.length),
    };
    for (const { demand } of rest) add(merged.demand, demand, 1);
    return [...sorted.slice(0, MOST_GROUPS - 1), merged];
  }

  private makeShapes(): Shape[] {
    return this.pools.flatMap((pool, index) => membersOf(pool.usable).flatMap((row) => {
      const groups = this.groups.map(({ prices }, group) => ({ group, price: prices[index]?.[row] as number }))
        .filter(({ price }) => price < Number.POSITIVE_INFINITY).sort((a, b) => a.price - b.price || a.group - b.group);
      if (groups.length === 0) return [];
      const capacity = Float64Array.from(this.units, (unit, each) => (each < this.resources.length ? Math.max(0, pool.column(this.resources[each] as string)[row] as number) / unit : 1));
      return [{ pool: index, row, capacity, groups }];
    }));
  }

  private weigh(): Float64Array[] {
    const size = this.units.length;
    const program = new LinearProgram(this.groups.flatMap(({ demand }) => [...this.inUnits(demand)]));
    const cut = ({ capacity }: Shape, price: number, payers: readonly number[]): void => {
      const coefficients = new Float64Array(this.groups.length * size);
      payers.forEach((group, resource) => {
        coefficients[group * size + resource] = capacity[resource] as number;
      });
      program.addCut(coefficients, price);
    };
    // What bounds each weight: the machine that sells its resource at the lowest price.
    this.groups.forEach((_, group) => {
      for (let resource = 0; resource < size; resource += 1) {
        let best: { shape: Shape; price: number; per: number } | undefined;
        for (const shape of this.shapes) {
          const price = shape.groups.find((each) => each.group === group)?.price;
          if (price === undefined) continue;
          const per = price / (shape.capacity[resource] as number);
          if (best === undefined || per < best.per) best = { shape, price, per };
        }
        if (best !== undefined) cut(best.shape, best.price, Array.from({ length: size }, () => group));
      }
    });
    let weights = this.split(program.solve());
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const worst = this.overfull(weights);
      if (worst.length === 0 || Math.max(...worst.map(({ ratio }) => ratio)) <= 1 + TOLERANCE) break;
      for (const { shape, price, payers } of worst) cut(shape, price, payers);
      weights = this.split(program.solve());
    }
    const ratio = Math.max(1, ...this.overfull(weights).map((each) => each.ratio));
    return weights.map((each) => each.map((weight) => (Number.isFinite(weight) ? weight : 0) / ratio / (1 + 1e-9)));
  }

  /**
   * The machines of a pool that come closest to being worth their price and `charge` when they are full, best first: a few of
   * every size. */
  bestOffers(pool: Pool, most: number, charge: number): { row: number; price: number }[] {
    const index = this.pools.indexOf(pool);
    const offers: { row: number; price: number; ratio: number }[] = [];
    for (const { pool: at, row, ...shape } of this.shapes) {
      if (at !== index) continue;
      let best: { row: number; price: number; ratio: number } | undefined;
      eachLevel(shape, this.weights, (price, weights) => {
        const ratio = dot(weights, shape.capacity) / (price + charge);
        if (best === undefined || ratio > best.ratio) best = { row, price, ratio };
      });
      if (best !== undefined) offers.push(best);
    }
    const ofSize = new Map<number, number>();
    return offers.sort((a, b) => b.ratio - a.ratio || a.price - b.price || a.row - b.row).filter(({ price }) => {
      const size = Math.floor(Math.log(price) / Math.log(SIZE_STEP));
      const taken = ofSize.get(size) ?? 0;
      ofSize.set(size, taken + 1);
      return taken < MOST_OF_SIZE;
    }).slice(0, most);
  }

  private split(solution: Float64Array): Float64Array[] {
    const size = this.units.length;
    return this.groups.map((_, group) => solution.slice(group * size, (group + 1) * size));
  }

  /** The machine that could be filled with the most above its price, for each group that is the one that sets the price. */
  private overfull(weights: readonly Float64Array[]): Overfull[] {
    const worst = new Map<number, Overfull>();
    for (const shape of this.shapes) {
      eachLevel(shape, weights, (price, best, payers, last) => {
        const ratio = dot(best, shape.capacity) / price;
        if (ratio > 1 && ratio > (worst.get(last)?.ratio ?? 0)) worst.set(last, { shape, price, payers: [...payers], ratio });
      });
    }
    return [...worst.values()];
  }
}

/** A machine that could be filled with `ratio` times its price. */
interface Overfull {
  readonly shape: Shape;
  readonly price: number;
  /** The group that would pay the most for each resource. */
  readonly payers: readonly number[];
  readonly ratio: number;
}

/** Calls `visit` for each price of a machine with the highest weights among the groups that can be there for that, and the last of them. */
function eachLevel({ capacity, groups }: Pick<Shape, 'capacity' | 'groups'>, weights: readonly Float64Array[], visit: (price: number, best: Float64Array, payers: readonly number[], last: number) => void): void {
  const best = new Float64Array(capacity.length).fill(-1);
  const payers: number[] = Array.from(capacity, () => 0);
  groups.forEach(({ group, price }, index) => {
    const own = weights[group] as Float64Array;
    for (let resource = 0; resource < best.length; resource += 1) {
      if ((own[resource] as number) <= (best[resource] as number)) continue;
      best[resource] = own[resource] as number;
      payers[resource] = group;
    }
    if (groups[index + 1]?.price !== price) visit(price, best, payers, group);
  });
}

/** What a class may ask of a new node of the pool, preferences aside: alternatives; none when it cannot be there. */
function choicesOf({ nodeFilter: { anyTerm }, volumes, tolerations }: PodClass, pool: Pool): RequirementSet[] {
  if (untolerated(pool.taints, toleratingPreferences(tolerations)) !== undefined) return [];
  const onNewHost = ({ hostname }: NodeRequirements): boolean => hostname === undefined || admitsNewHost(hostname);
  const choices = new Set<RequirementSet>();
  for (const term of anyTerm) {
    if (!onNewHost(term) || !pool.template.admits(term.requirements)) continue;
    const merged = pool.template.merge(term.requirements);
    for (const volume of volumes) if (onNewHost(volume) && merged.admits(volume.requirements)) choices.add(merged.merge(volume.requirements));
  }
  return [...choices].sort((a, b) => a.id - b.id);
}

function pricesUnder(pool: Pool, choices: readonly RequirementSet[]): Float64Array {
  const prices = new Float64Array(pool.rows.length).fill(Number.POSITIVE_INFINITY);
  for (const requirements of choices) {
    const rows = pool.compatibleRows(requirements);
    pool.pricesUnder(requirements).forEach((price, row) => {
      if (hasBit(rows, row) && price < (prices[row] as number)) prices[row] = price;
    });
  }
  return prices;
}

/** Whether at most one pod of a class can be on a host because of the term. */
const keepsOwnAway = ({ key, selector, namespaces }: TopologyTerm, labels: PodClass['labels'], namespace: string): boolean =>
  key === HOSTNAME_LABEL && namespaces.includes(namespace) && selector.matches(labels);

const cliqueName = ({ selector, namespaces }: TopologyTerm): string => `${namespaces.join()} ${selector.name}`;

/** Of the groups of pods that each keep the whole group off their host, those with the most pods. */
function largestCliques(demands: readonly Demand[]): string[] {
  const counts = new Map<string, number>();
  for (const { podClass: { repelling, labels, shape: { namespace } }, count } of demands) {
    for (const name of new Set(repelling.filter((term) => keepsOwnAway(term, labels, namespace)).map(cliqueName))) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return [...counts].filter(([, count]) => count > 1).sort(([a, most], [b, count]) => count - most || (a < b ? -1 : 1)).slice(0, MOST_CLIQUES).map(([name]) => name);
}

function largestOf(pools: readonly Pool[], resource: string): number {
  let largest = 1;
  for (const pool of pools) for (const amount of pool.column(resource)) largest = Math.max(largest, amount);
  return largest;
}

function add(target: Float64Array, amounts: Float64Array, times: number): void {
  for (let index = 0; index < target.length; index += 1) target[index] = (target[index] as number) + times * (amounts[index] as number);
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let index = 0; index < a.length; index += 1) total += (a[index] as number) * (b[index] as number);
  return total;
}

const sum = (amounts: Float64Array): number => amounts.reduce((total, amount) => total + amount, 0);

function maximum(rows: readonly Float64Array[], size: number): Float64Array {
  const most = new Float64Array(size);
  for (const row of rows) for (let index = 0; index < size; index += 1) most[index] = Math.max(most[index] as number, row[index] as number);
  return most;
}
