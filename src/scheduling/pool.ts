import type { Pod } from 'kubernetes-types/core/v1.js';
import { HOSTNAME_LABEL, INITIALIZED_LABEL, NODEPOOL_LABEL, REGISTERED_LABEL } from '../api/labels.js';
import type { NodePool } from '../api/nodepool.js';
import { Requirements } from '../api/requirements.js';
import { addResources, parseResources } from '../api/resources.js';
import type { Resources } from '../api/resources.js';
import type { Taint } from '../api/taints.js';
import { untolerated } from '../api/taints.js';
import type { InstanceType } from '../cloud/instance-type.js';
import { andBits, eachBit, emptyBits, fullBits, hasBit, isEmpty, orBits, setBit } from './bits.js';
import type { Bits } from './bits.js';
import { hostPorts } from './host-ports.js';
import type { HostPort } from './host-ports.js';
import { podConstraints, toleratingPreferences } from './pod-constraints.js';
import { runningRequests } from './pod-requests.js';
import type { RequirementSet, RequirementSets } from './requirement-set.js';
import { readType } from './row.js';
import type { Row, RowOffering } from './row.js';
import type { SnapshotPool } from './snapshot.js';
import type { ValueSet } from './value-set.js';

/** Labels that are set on every node in the simulation, and never written into a claim. */
export const SIMULATION_LABELS = [REGISTERED_LABEL, INITIALIZED_LABEL] as const;

/** Daemons that run on the same set of types. */
interface DaemonGroup {
  readonly requests: Resources;
  readonly ports: readonly HostPort[];
  readonly rows: Bits;
}

/** The requirements of a pool's nodes as labels and lists say them; those of the simulation included. */
export function templateRequirements({ metadata, spec: { template } }: NodePool): Requirements {
  const { group, kind, name } = template.spec.nodeClassRef;
  return Requirements.of(...template.spec.requirements)
    .intersect(Requirements.fromLabels(template.metadata?.labels ?? {}))
    .intersect(Requirements.fromLabels({
      [NODEPOOL_LABEL]: metadata.name,
      [`${group}/${kind.toLowerCase()}`]: name,
      [REGISTERED_LABEL]: 'true',
      [INITIALIZED_LABEL]: 'true',
    }));
}

/**
 * A NodePool with its instance types as columns of numbers, and the sets of them that satisfy a requirement set as bits that are
 * worked out once.
 */
export class Pool {
  readonly name: string;
  readonly taints: readonly Taint[];
  readonly template: RequirementSet;
  readonly limits: Resources;
  /** Of every type, those without an available offering included. */
  readonly typeRequirements: readonly RequirementSet[];
  readonly rows: readonly Row[];
  /** Rows that have room beside their daemons, and an available offering that the pool's own requirements allow. */
  readonly usable: Bits;
  readonly daemons: readonly DaemonGroup[];
  /** Labels of which even all usable rows together have too few values. */
  readonly unmetMinValues: readonly string[];
  private readonly daemonOf: readonly number[];
  private readonly columns = new Map<string, Float64Array>();
  private readonly byValueSet = new Map<ValueSet, Bits>();
  private readonly byRequirements = new Map<RequirementSet, Bits>();
  /** Rows that have offerings with the same requirements, and their prices. */
  private readonly offerings = new Map<RequirementSet, { readonly bits: Bits; readonly rows: number[]; readonly prices: number[] }>();
  private readonly prices = new Map<RequirementSet, Float64Array>();
  /** By which offerings count: requirements differ much more than what they say of offerings. */
  private readonly pricesOf = new Map<string, Float64Array>();
  private readonly priceOrders = new Map<Float64Array, readonly number[]>();
  /** The same number for rows of one type. */
  readonly typeNumbers: Int32Array;

  /** Throws an InvalidQuantity when the pool's limits are none. */
  constructor(readonly source: SnapshotPool, private readonly sets: RequirementSets, daemonSetPods: readonly Pod[], reservationIDLabel: string) {
    const { nodePool, instanceTypes } = source;
    this.name = nodePool.metadata.name;
    this.taints = nodePool.spec.template.spec.taints ?? [];
    this.limits = parseResources(nodePool.spec.limits);
    this.template = sets.from(templateRequirements(nodePool));
    const types = [...instanceTypes].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)).map((type) => readType(type, sets, reservationIDLabel));
    this.typeRequirements = types.map(({ requirements }) => requirements);
    this.rows = types.flatMap(({ rows }) => rows);
    this.rows.forEach(({ offerings }, row) => {
      for (const { requirements, price } of offerings) {
        const alike = this.offerings.get(requirements) ?? { bits: emptyBits(this.rows.length), rows: [], prices: [] };
        setBit(alike.bits, row);
        alike.rows.push(row);
        alike.prices.push(price);
        this.offerings.set(requirements, alike);
      }
    });
    let number = 0;
    this.typeNumbers = Int32Array.from(this.rows, ({ type }, row) => (row > 0 && this.rows[row - 1]?.type !== type ? (number += 1) : number));
    [this.daemons, this.daemonOf] = this.groupDaemons(daemonSetPods);
    this.usable = this.rowsWithRoom(this.compatibleRows(this.template));
    this.unmetMinValues = [...this.valuesReached(this.usable, this.template)].filter(([set, reached]) => reached < (set.minValues as number)).map(([{ key }]) => key.key);
  }

  private groupDaemons(daemonSetPods: readonly Pod[]): [DaemonGroup[], number[]] {
    const here = daemonSetPods.filter((pod) => !pod.spec?.resourceClaims?.length && untolerated(this.taints, toleratingPreferences(pod.spec?.tolerations ?? [])) === undefined)
      .map((pod) => {
        const { nodeSelector, required } = podConstraints(pod, []);
        const terms = (required.length > 0 ? required : [[]]).map((term) => this.sets.from(Requirements.of(...nodeSelector, ...term).without(HOSTNAME_LABEL)));
        return { pod, terms: terms.filter((term) => this.template.admits(term)) };
      });
    const groups = new Map<string, { pods: Pod[]; rows: Bits }>();
    const daemonOf = this.rows.map(({ requirements }, row) => {
      const pods = here.filter(({ terms }) => terms.some((term) => intersects(requirements, term))).map(({ pod }) => pod);
      const key = pods.map((pod) => here.findIndex((each) => each.pod === pod)).join(' ');
      const group = groups.get(key) ?? { pods, rows: emptyBits(this.rows.length) };
      setBit(group.rows, row);
      groups.set(key, group);
      return [...groups.keys()].indexOf(key);
    });
    const merged = [...groups.values()].map(({ pods, rows }) => ({ requests: addResources(...pods.map(runningRequests)), ports: pods.flatMap(hostPorts), rows }));
    return [merged, daemonOf];
  }

  /** What each row offers to pods of a resource: allocatable minus daemons. */
  column(resource: string): Float64Array {
    let column = this.columns.get(resource);
    if (column === undefined) {
      column = Float64Array.from(this.rows, ({ allocatable }, row) =>
        (allocatable[resource] ?? 0) - (this.daemonsOf(row)[resource] ?? 0));
      this.columns.set(resource, column);
    }
    return column;
  }

  /** What daemons take of a row. */
  daemonsOf(row: number): Resources {
    return (this.daemons[this.daemonOf[row] as number] as DaemonGroup).requests;
  }

  /** How many different types the rows are of. */
  countTypes(rows: Bits): number {
    const types = new Set<InstanceType>();
    eachBit(rows, (row) => types.add((this.rows[row] as Row).type));
    return types.size;
  }

  private rowsWithRoom(rows: Bits): Bits {
    const names = new Set([...this.rows.flatMap(({ allocatable }) => Object.keys(allocatable)), ...this.daemons.flatMap(({ requests }) => Object.keys(requests))]);
    const columns = [...names].map((name) => this.column(name));
    const kept = emptyBits(this.rows.length);
    eachBit(rows, (row) => {
      if (columns.every((column) => (column[row] as number) >= 0)) setBit(kept, row);
    });
    return kept;
  }

  /** Rows whose type meets the requirements and that have an available offering which does. */
  compatibleRows(requirements: RequirementSet): Bits {
    let rows = this.byRequirements.get(requirements);
    if (rows === undefined) {
      rows = andBits(this.rowsMeeting(requirements), this.rowsOffering(requirements));
      this.byRequirements.set(requirements, rows);
    }
    return rows;
  }

  /** Rows whose type meets the requirements, whatever its offerings. */
  rowsMeeting(requirements: RequirementSet): Bits {
    let rows = fullBits(this.rows.length);
    for (const set of requirements.sets) rows = andBits(rows, this.rowsAdmitting(set));
    return rows;
  }

  /** Rows with an available offering that meets the requirements. */
  rowsOffering(requirements: RequirementSet): Bits {
    let rows = emptyBits(this.rows.length);
    for (const [offering, { bits }] of this.offerings) if (requirements.admits(offering)) rows = orBits(rows, bits);
    return rows;
  }

  private rowsAdmitting(set: ValueSet): Bits {
    let rows = this.byValueSet.get(set);
    if (rows === undefined) {
      rows = emptyBits(this.rows.length);
      for (let row = 0; row < this.rows.length; row += 1) {
        if ((this.rows[row] as Row).requirements.get(set.key)?.admits(set) !== false) setBit(rows, row);
      }
      this.byValueSet.set(set, rows);
    }
    return rows;
  }

  /** Available offerings of a row that meet the requirements, cheapest first. */
  offeringsOf(row: number, requirements: RequirementSet): RowOffering[] {
    return (this.rows[row] as Row).offerings.filter((offering) => requirements.admits(offering.requirements));
  }

  /** USD an hour of each row's cheapest available offering that meets the requirements; Infinity without one. */
  pricesUnder(requirements: RequirementSet): Float64Array {
    let prices = this.prices.get(requirements);
    if (prices === undefined) {
      const admitted = [...this.offerings].filter(([offering]) => requirements.admits(offering));
      const name = admitted.map(([{ id }]) => id).join();
      prices = this.pricesOf.get(name) ?? this.leastPrices(admitted.map(([, alike]) => alike));
      this.pricesOf.set(name, prices);
      this.prices.set(requirements, prices);
    }
    return prices;
  }

  private leastPrices(offerings: readonly { readonly rows: readonly number[]; readonly prices: readonly number[] }[]): Float64Array {
    const least = new Float64Array(this.rows.length).fill(Number.POSITIVE_INFINITY);
    for (const { rows, prices } of offerings) rows.forEach((row, index) => (least[row] = Math.min(least[row] as number, prices[index] as number)));
    return least;
  }

  /** Whether some of its offerings are reserved capacity. */
  get hasReservations(): boolean {
    return this.rows.some(({ offerings }) => offerings.some(({ reservation }) => reservation !== undefined));
  }

  /** USD an hour of the cheapest of the rows. */
  cheapest(rows: Bits, requirements: RequirementSet): number {
    const prices = this.pricesUnder(requirements);
    let least = Number.POSITIVE_INFINITY;
    eachBit(rows, (row) => {
      least = Math.min(least, prices[row] as number);
    });
    return least;
  }

  /** Rows that have a price under the requirements, cheapest first; equal prices by their type's name. */
  private rowsByPrice(requirements: RequirementSet): readonly number[] {
    const prices = this.pricesUnder(requirements);
    let order = this.priceOrders.get(prices);
    if (order === undefined) {
      const nameOf = (row: number): string => (this.rows[row] as Row).type.name;
      order = this.rows.map((_, row) => row).filter((row) => prices[row] !== Number.POSITIVE_INFINITY)
        .sort((a, b) => (prices[a] as number) - (prices[b] as number) || (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : a - b));
      this.priceOrders.set(prices, order);
    }
    return order;
  }

  /** Types of the rows by the cheapest offering of any of their rows, cheapest first; equal prices by name. */
  typesByPrice(rows: Bits, requirements: RequirementSet): { type: InstanceType; price: number }[] {
    const prices = this.pricesUnder(requirements);
    const seen = new Set<InstanceType>();
    const types: { type: InstanceType; price: number }[] = [];
    for (const row of this.rowsByPrice(requirements)) {
      const { type } = this.rows[row] as Row;
      if (!hasBit(rows, row) || seen.has(type)) continue;
      seen.add(type);
      types.push({ type, price: prices[row] as number });
    }
    return types;
  }

  rowsOfTypes(types: ReadonlySet<InstanceType>, among: Bits): Bits {
    const rows = emptyBits(this.rows.length);
    eachBit(among, (row) => {
      if (types.has((this.rows[row] as Row).type)) setBit(rows, row);
    });
    return rows;
  }

  /** How many different types the rows have. */
  typeCount(rows: Bits): number {
    let [count, last] = [0, -1];
    eachBit(rows, (row) => {
      if (this.typeNumbers[row] !== last) count += 1;
      last = this.typeNumbers[row] as number;
    });
    return count;
  }

  /** Rows of whose daemons none takes one of the ports. */
  rowsWithFreePorts(rows: Bits, conflicts: (taken: readonly HostPort[]) => boolean): Bits {
    let free = emptyBits(this.rows.length);
    for (const group of this.daemons) if (!conflicts(group.ports)) free = orBits(free, andBits(rows, group.rows));
    return free;
  }

  /** What daemons take at least, whichever of the rows is launched. */
  leastDaemons(rows: Bits): Resources {
    const present = this.daemons.filter((group) => !isEmpty(andBits(group.rows, rows)));
    const least: Record<string, number> = {};
    for (const name of new Set(present.flatMap(({ requests }) => Object.keys(requests)))) {
      const amount = Math.min(...present.map(({ requests }) => requests[name] ?? 0));
      if (amount > 0) least[name] = amount;
    }
    return least;
  }

  /** The most that any of the rows has of a resource. */
  largestCapacity(rows: Bits, resource: string): number {
    let largest = 0;
    eachBit(rows, (row) => {
      largest = Math.max(largest, (this.rows[row] as Row).type.capacity[resource] ?? 0);
    });
    return largest;
  }

  /** Rows that have no more than what is left of each limited resource. */
  rowsWithin(rows: Bits, remaining: Readonly<Record<string, number>>): Bits {
    if (Object.keys(remaining).length === 0) return rows;
    const kept = emptyBits(this.rows.length);
    eachBit(rows, (row) => {
      const { capacity } = (this.rows[row] as Row).type;
      for (const name in remaining) if (name !== 'nodes' && (capacity[name] ?? 0) > (remaining[name] as number)) return;
      setBit(kept, row);
    });
    return kept;
  }

  /** Different values of each key that binds a number of them, over the types of the rows. */
  valuesReached(rows: Bits, requirements: RequirementSet): Map<ValueSet, number> {
    const reached = new Map<ValueSet, number>();
    for (const set of requirements.withMinValues) {
      const values = new Set<string>();
      eachBit(rows, (row) => {
        const own = (this.rows[row] as Row).requirements.get(set.key);
        if (own !== undefined && !own.complement) for (const name of own.names()) values.add(name);
      });
      reached.set(set, values.size);
    }
    return reached;
  }
}

/** Whether two requirement sets can hold together, keys that only one names aside. */
function intersects(a: RequirementSet, b: RequirementSet): boolean {
  return b.sets.every((set) => a.get(set.key)?.admits(set) !== false);
}
