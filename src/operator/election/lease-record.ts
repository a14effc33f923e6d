import type { KindRef, KubeObject } from '../kube/object.js';
import { microTime } from '../kube/time.js';
import type { ElectionTimes } from './election.js';
import type { Moment } from './fence.js';

/** A coordination.k8s.io/v1 Lease. */
export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number | null;
    acquireTime?: string | null;
    renewTime?: string | null;
    leaseTransitions?: number | null;
  };
}

export const LEASE: KindRef = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true };

type LeaseSpec = NonNullable<Lease['spec']>;

/**
 * What one candidate knows of a lease, and what follows from that; no I/O and no clock. A holder's time runs from when *this* candidate saw the lease
 * change, never by the times written in it: clocks of different machines need not agree.
 */
export class LeaseRecord {
  #lease: Lease | undefined;
  #lastSeen: string | undefined;
  /** Monotonic time of the last change that was seen. */
  #changedAt = 0;

  constructor(private readonly identity: string, private readonly times: ElectionTimes) {}

  /** The lease as last read or written; undefined when there is none, or what is known is out of date. */
  get lease(): Lease | undefined {
    return this.#lease;
  }

  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity || undefined;
  }

  get heldByUs(): boolean {
    return this.holder === this.identity;
  }

  get heldByAnother(): boolean {
    return this.holder !== undefined && !this.heldByUs;
  }

  observe(lease: Lease | undefined, { monotonic }: Moment): void {
    if (lease && this.#lastSeen !== lease.metadata.resourceVersion) {
      this.#lastSeen = lease.metadata.resourceVersion;
      this.#changedAt = monotonic;
    }
    this.#lease = lease;
  }

  /** What to write in order to lead or to go on leading; undefined while another's lease lasts. */
  claim({ monotonic, wall }: Moment): LeaseSpec | undefined {
    const spec = this.#lease?.spec;
    if (this.heldByAnother && monotonic < this.#changedAt + this.#lastsFor) return undefined;
    const now = microTime(wall);
    return {
      holderIdentity: this.identity,
      leaseDurationSeconds: Math.ceil(this.times.leaseDuration / 1_000),
      acquireTime: (this.heldByUs ? spec?.acquireTime : undefined) ?? now,
      renewTime: now,
      leaseTransitions: (spec?.leaseTransitions ?? 0) + (this.#lease && !this.heldByUs ? 1 : 0),
    };
  }

  /** What to write so that the next candidate leads at once instead of after the lease's duration. */
  release({ wall }: Moment): LeaseSpec {
    return { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(wall) };
  }

  /** How long the holder's lease lasts by its own word. */
  get #lastsFor(): number {
    return (this.#lease?.spec?.leaseDurationSeconds ?? this.times.leaseDuration / 1_000) * 1_000;
  }
}
