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

/** Classes that are looked at between two steps. */
const STEP = 64;
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
  /** Its prices, the lowest first. */
  readonly levels: readonly Level[];
}

/** What can be on a machine for a price. */
interface Level {
  readonly price: number;
  /** A bit for each group. */
  readonly groups: number;
  /** One of those that are not there for less. */
  readonly last: number;
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
  private readonly cliques: readonly string[];
  private readonly units: Float64Array;
  private groups: readonly Group[] = [];
  private shapes: readonly Shape[] = [];
  private weights: readonly Float64Array[] = [];
  private readonly groupOf = new Map<PodClass, number>();

  private constructor(private readonly pools: readonly Pool[], demands: readonly Demand[], private readonly resources: readonly string[]) {
    this.cliques = largestCliques(demands);
    this.units = Float64Array.from([...resources, ...this.cliques], (name, index) => (index < resources.length ? largestOf(pools, name) : 1));
  }

  /** In steps of a few milliseconds. */
  static *of(pools: readonly Pool[], demands: readonly Demand[], resources: readonly string[]): Generator<undefined, PodValues> {
    const values = new PodValues(pools, demands, resources);
    values.groups = yield* values.groupUp(demands);
    values.groups.forEach(({ classes }, index) => {
      for (const { podClass } of classes) values.groupOf.set(podClass, index);
    });
    const shapes: Shape[] = [];
    for (const pool of pools.keys()) {
      yield;
      shapes.push(...values.shapesOf(pool));
    }
    values.shapes = shapes;
    values.weights = yield* values.weigh();
    return values;
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

  private *groupUp(demands: readonly Demand[]): Generator<undefined, Group[]> {
    const byChoice = new Map<string, { classes: Demand[]; prices: readonly Float64Array[]; demand: Float64Array }>();
    for (const [index, demand] of demands.entries()) {
      if (index % STEP === STEP - 1) yield;
      const choices = this.pools.map((pool) => choicesOf(demand.podClass, pool));
      const key = choices.map((each) => each.map(({ id }) => id).join(' ')).join('|');
      let group = byChoice.get(key);
      if (group === undefined) {
        group = { classes: [], prices: this.pools.map((pool, at) => pricesUnder(pool, choices[at] as RequirementSet[])), demand: new Float64Array(this.units.length) };
        byChoice.set(key, group);
      }
      group.classes.push(demand);
      add(group.demand, this.asked(demand.podClass), demand.count);
    }
    const free = (prices: readonly Float64Array[]): boolean => prices.some((each) => each.some((price) => price <= 0));
    const sorted = [...byChoice.values()].filter(({ prices }) => !free(prices)).sort((a, b) => sum(this.inUnits(b.demand)) - sum(this.inUnits(a.demand)));
    if (sorted.length <= MOST_GROUPS) return sorted;
    const rest = sorted.slice(MOST_GROUPS - 1);
    yield;
    const merged = {
      classes: rest.flatMap(({ classes }) => classes),
      prices: this.pools.map((_, pool) => leastOf(rest.map(({ prices }) => prices[pool] as Float64Array))),
      demand: new Float64Array(this.units.length),
    };
    for (const { demand } of rest) add(merged.demand, demand, 1);
    return [...sorted.slice(0, MOST_GROUPS - 1), merged];
  }

  private shapesOf(index: number): Shape[] {
    const pool = this.pools[index] as Pool;
    const columns = this.resources.map((name) => pool.column(name));
    const prices = this.groups.map((group) => group.prices[index] as Float64Array);
    return membersOf(pool.usable).flatMap((row) => {
      const levels: Level[] = [];
      const buyers = prices.flatMap((each, group) => (each[row] === Number.POSITIVE_INFINITY ? [] : [group])).sort((a, b) => (prices[a]?.[row] as number) - (prices[b]?.[row] as number));
      let groups = 0;
      buyers.forEach((group, at) => {
        const price = prices[group]?.[row] as number;
        groups |= 1 << group;
        if (prices[buyers[at + 1] as number]?.[row] !== price) levels.push({ price, groups, last: group });
      });
      if (levels.length === 0) return [];
      return [{ pool: index, row, capacity: Float64Array.from(this.units, (unit, each) => (each < columns.length ? Math.max(0, columns[each]?.[row] as number) / unit : 1)), levels }];
    });
  }

  private *weigh(): Generator<undefined, Float64Array[]> {
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
    for (const [group, { prices }] of this.groups.entries()) {
      yield;
      for (let resource = 0; resource < size; resource += 1) {
        let best: { shape: Shape; price: number; per: number } | undefined;
        for (const shape of this.shapes) {
          const price = prices[shape.pool]?.[shape.row] as number;
          if (price === Number.POSITIVE_INFINITY) continue;
          const per = price / (shape.capacity[resource] as number);
          if (best === undefined || per < best.per) best = { shape, price, per };
        }
        if (best !== undefined) cut(best.shape, best.price, Array.from({ length: size }, () => group));
      }
    }
    let weights = this.split(program.solve());
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      yield;
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
    const highest = new HighestWeights(this.weights);
    for (const { pool: at, row, capacity, levels } of this.shapes) {
      if (at !== index) continue;
      let best: { row: number; price: number; ratio: number } | undefined;
      for (const { price, groups } of levels) {
        const ratio = dot(highest.among(groups).weights, capacity) / (price + charge);
        if (best === undefined || ratio > best.ratio) best = { row, price, ratio };
      }
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
    const highest = new HighestWeights(weights);
    for (const shape of this.shapes) {
      for (const { price, groups, last } of shape.levels) {
        const best = highest.among(groups);
        const ratio = dot(best.weights, shape.capacity) / price;
        if (ratio > 1 && ratio > (worst.get(last)?.ratio ?? 0)) worst.set(last, { shape, price, payers: best.payers, ratio });
      }
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

interface Highest {
  readonly weights: Float64Array;
  /** Whose they are. */
  readonly payers: readonly number[];
}

/** The highest weight of each resource among groups. */
class HighestWeights {
  private readonly known = new Map<number, Highest>();

  constructor(private readonly weights: readonly Float64Array[]) {}

  /** `groups`: a bit for each. */
  among(groups: number): Highest {
    let highest = this.known.get(groups);
    if (highest === undefined) {
      const members = [...this.weights.keys()].filter((group) => (groups & (1 << group)) !== 0);
      const payers = Array.from(this.weights[0] as Float64Array, (_, resource) =>
        members.reduce((best, group) => ((this.weights[group]?.[resource] as number) > (this.weights[best]?.[resource] as number) ? group : best)));
      highest = { payers, weights: Float64Array.from(payers, (group, resource) => this.weights[group]?.[resource] as number) };
      this.known.set(groups, highest);
    }
    return highest;
  }
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

function leastOf(prices: readonly Float64Array[]): Float64Array {
  const least = Float64Array.from(prices[0] as Float64Array);
  for (const each of prices) for (let row = 0; row < least.length; row += 1) if ((each[row] as number) < (least[row] as number)) least[row] = each[row] as number;
  return least;
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
