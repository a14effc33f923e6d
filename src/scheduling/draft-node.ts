import type { Pod } from 'kubernetes-types/core/v1.js';
import { andBits, eachBit, emptyBits, isEmpty, setBit } from './bits.js';
import type { Bits } from './bits.js';
import { takenPort } from './host-ports.js';
import type { HostPort } from './host-ports.js';
import type { PodClass } from './pod-class.js';
import type { Pool } from './pool.js';
import type { Refusal } from './refusal.js';
import type { RequirementSet } from './requirement-set.js';
import type { Reservations } from './reservations.js';
import type { ResourceVector } from './resource-vector.js';
import { admitsNewHost } from './topology.js';
import type { Topology, Unsettled } from './topology.js';

/** What all new nodes of a run share. */
export interface DraftContext {
  readonly topology: Topology;
  readonly reservations: Reservations;
  /** Names of the resources that pods of the run ask for; vectors follow its order. */
  readonly resources: readonly string[];
  readonly relaxMinValues: boolean;
}

/** What a node becomes when a pod joins it. */
export interface Joining {
  readonly requirements: RequirementSet;
  readonly rows: Bits;
  readonly reservations: ReadonlySet<string>;
  readonly minValuesRelaxed: boolean;
}

const NONE: ReadonlySet<string> = new Set();

/** A machine that is being planned: what it must be, which types it can be, and what it carries. */
export class DraftNode {
  readonly pods: Pod[] = [];
  /** Of each of `pods`, as it was placed. */
  readonly classes: PodClass[] = [];
  requirements: RequirementSet;
  readonly totals: Float64Array;
  reservations: ReadonlySet<string> = NONE;
  minValuesRelaxed = false;
  private readonly unsettled: Unsettled = new Map();
  private ports: readonly HostPort[] = [];
  private readonly columns: readonly Float64Array[];
  /** The most that any possible type has of each resource. */
  private largest: Float64Array;

  constructor(
    readonly pool: Pool,
    /** Position among the run's new nodes. */
    readonly index: number,
    /** Its number as a topology domain. */
    readonly host: number,
    public rows: Bits,
    private readonly context: DraftContext,
  ) {
    this.requirements = pool.template;
    this.columns = context.resources.map((name) => pool.column(name));
    this.totals = new Float64Array(context.resources.length);
    this.largest = this.largestOf(rows);
  }

  get hasPorts(): boolean {
    return this.ports.length > 0;
  }

  private largestOf(rows: Bits): Float64Array {
    const largest = new Float64Array(this.columns.length).fill(Number.NEGATIVE_INFINITY);
    eachBit(rows, (row) => {
      for (let resource = 0; resource < largest.length; resource += 1) {
        const amount = (this.columns[resource] as Float64Array)[row] as number;
        if (amount > (largest[resource] as number)) largest[resource] = amount;
      }
    });
    return largest;
  }

  /** Whether some possible type has room for the requests, looked at resource by resource. */
  private mayFit({ indexes, amounts }: ResourceVector): boolean {
    for (let each = 0; each < indexes.length; each += 1) {
      const resource = indexes[each] as number;
      if ((this.totals[resource] as number) + (amounts[each] as number) > (this.largest[resource] as number)) return false;
    }
    return true;
  }

  /** Whether even the smallest request of a run cannot fit any more. */
  isFull(smallest: Float64Array): boolean {
    for (let resource = 0; resource < smallest.length; resource += 1) {
      if ((this.totals[resource] as number) + (smallest[resource] as number) > (this.largest[resource] as number)) return true;
    }
    return false;
  }

  private fitting(rows: Bits, { indexes, amounts }: ResourceVector): Bits {
    const kept = emptyBits(rows.length * 32);
    eachBit(rows, (row) => {
      for (let each = 0; each < indexes.length; each += 1) {
        const resource = indexes[each] as number;
        if ((this.totals[resource] as number) + (amounts[each] as number) > ((this.columns[resource] as Float64Array)[row] as number)) return;
      }
      setBit(kept, row);
    });
    return kept;
  }

  /** What becomes of the node when a pod of the class joins; or why it cannot. Taints and limits are the caller's. */
  join(podClass: PodClass, vector: ResourceVector): Joining | Refusal {
    const { pool, context } = this;
    const { shape: { ports } } = podClass;
    const isFresh = this.pods.length === 0;
    if (!isFresh && !this.mayFit(vector)) return { rule: 'resources', pool };
    if (ports.length > 0 && takenPort(ports, this.ports)) return { rule: 'ports', pool };
    if (podClass.node.hostname !== undefined && !admitsNewHost(podClass.node.hostname)) return { rule: 'hostname', pool, wants: podClass.node.hostname };
    if (!this.requirements.admits(podClass.node.requirements)) return { rule: 'requirements', pool, has: this.requirements, wants: podClass.node.requirements };
    const merged = this.requirements.merge(podClass.node.requirements);
    let refusal: Refusal | undefined;
    for (const volume of podClass.volumes) {
      if (volume.hostname !== undefined && !admitsNewHost(volume.hostname)) {
        refusal ??= { rule: 'hostname', pool, wants: volume.hostname };
        continue;
      }
      if (!merged.admits(volume.requirements)) {
        refusal ??= { rule: 'volumes', pool, has: merged, wants: volume.requirements };
        continue;
      }
      const withVolume = merged.merge(volume.requirements);
      const alternatives = context.topology.narrow(podClass, withVolume, this.host, this.unsettled);
      if (!Array.isArray(alternatives)) {
        refusal = { rule: 'topology', pool, ...alternatives };
        continue;
      }
      for (const narrowed of alternatives) {
        const outcome = this.settle(podClass, narrowed.reduce((requirements, set) => requirements.narrow(set), withVolume), vector);
        if (!('rule' in outcome)) return outcome;
        refusal = outcome;
        if (outcome.rule === 'reserved') break;
      }
    }
    return refusal as Refusal;
  }

  /** The types that are left under the final requirements, if any. */
  private settle(podClass: PodClass, requirements: RequirementSet, vector: ResourceVector): Joining | Refusal {
    const { pool, context: { reservations, relaxMinValues } } = this;
    const { ports } = podClass.shape;
    let rows = requirements === this.requirements ? this.rows : andBits(this.rows, pool.compatibleRows(requirements));
    if (ports.length > 0) rows = pool.rowsWithFreePorts(rows, (taken) => takenPort(ports, taken) !== undefined);
    rows = this.fitting(rows, vector);
    if (isEmpty(rows)) return { rule: 'types', pool, requirements, requests: this.requestsWith(vector), rows: this.rows };
    let settled = requirements;
    let minValuesRelaxed = this.minValuesRelaxed;
    if (requirements.withMinValues.length > 0) {
      for (const [set, reached] of pool.valuesReached(rows, requirements)) {
        if (reached >= (set.minValues as number)) continue;
        if (!relaxMinValues || this.pods.length > 0) return { rule: 'minValues', pool, keys: [set.key.key] };
        settled = settled.replace(set.withMinValues(reached));
        minValuesRelaxed = true;
      }
    }
    const held = reservations.offer(pool, rows, settled, this.reservations);
    if (held === undefined) return { rule: 'reserved', pool };
    return { requirements: settled, rows, reservations: held, minValuesRelaxed };
  }

  private requestsWith({ indexes, amounts }: ResourceVector): Float64Array {
    const totals = this.totals.slice();
    for (let each = 0; each < indexes.length; each += 1) totals[indexes[each] as number] = (totals[indexes[each] as number] as number) + (amounts[each] as number);
    return totals;
  }

  /** Takes the pod in. */
  commit(pod: Pod, podClass: PodClass, { indexes, amounts }: ResourceVector, joining: Joining): void {
    const { context } = this;
    for (let each = 0; each < indexes.length; each += 1) {
      this.totals[indexes[each] as number] = (this.totals[indexes[each] as number] as number) + (amounts[each] as number);
    }
    context.reservations.exchange(this.reservations, joining.reservations);
    if (this.unsettled.size > 0) context.topology.settle(this.unsettled, joining.requirements, this.pool.taints);
    this.requirements = joining.requirements;
    this.rows = joining.rows;
    this.largest = this.largestOf(joining.rows);
    this.reservations = joining.reservations;
    this.minValuesRelaxed = joining.minValuesRelaxed;
    this.pods.push(pod);
    this.classes.push(podClass);
    if (podClass.shape.ports.length > 0) this.ports = [...this.ports, ...podClass.shape.ports];
    context.topology.recordOnNewNode(podClass, joining.requirements, this.pool.taints, this.host, this.unsettled);
  }
}
