import { NODEPOOL_LABEL } from '../api/labels.js';
import type { NodeClaim } from '../api/nodeclaim.js';
import type { NodeCounts } from '../scheduling/node-counts.js';
import { roomFor } from '../scheduling/node-counts.js';

/** What becomes of a claim: it stays, it goes once what replaces it is initialized, or it goes. */
type Phase = 'active' | 'pendingDisruption' | 'deleting';

/**
 * How many claims each pool has, those that were not launched yet included, and how many more are about to be created. Whoever means to
 * keep a pool at a number of nodes, or within `limits.nodes`, reserves here first: concurrent launches cannot exceed the limit together
 * (karpenter-core §3.16).
 */
export class NodePoolState {
  private readonly phases = new Map<string, Map<string, Phase>>();
  private readonly poolOf = new Map<string, string>();
  private readonly reserved = new Map<string, number>();

  update({ metadata: { name, labels, deletionTimestamp } }: NodeClaim): void {
    const pool = labels[NODEPOOL_LABEL];
    if (this.poolOf.get(name) !== pool) this.forget(name);
    if (pool === undefined) return;
    const phases = this.phases.get(pool) ?? new Map<string, Phase>();
    phases.set(name, deletionTimestamp === undefined ? (phases.get(name) ?? 'active') : 'deleting');
    this.phases.set(pool, phases);
    this.poolOf.set(name, pool);
  }

  forget(claim: string): void {
    const pool = this.poolOf.get(claim) ?? '';
    const phases = this.phases.get(pool);
    this.poolOf.delete(claim);
    phases?.delete(claim);
    if (phases?.size === 0) this.phases.delete(pool);
  }

  /** Says that claims are about to be replaced, or that they stay after all. Claims that are unknown or go already are left as they are. */
  setPendingDisruption(pending: boolean, ...claims: readonly string[]): void {
    for (const claim of claims) {
      const phases = this.phases.get(this.poolOf.get(claim) ?? '');
      const phase = phases?.get(claim);
      if (phase !== undefined && phase !== 'deleting') phases?.set(claim, pending ? 'pendingDisruption' : 'active');
    }
  }

  counts(pool: string): NodeCounts {
    const counts = { active: 0, pendingDisruption: 0, deleting: 0, reserved: this.reserved.get(pool) ?? 0 };
    for (const phase of this.phases.get(pool)?.values() ?? []) counts[phase] += 1;
    return counts;
  }

  /** Names of the claims that stay. */
  active(pool: string): string[] {
    return [...this.phases.get(pool) ?? []].filter(([, phase]) => phase === 'active').map(([name]) => name);
  }

  /** Reserves as many of the wanted nodes as the limit leaves room for; each is to be released, whether its claim could be created or not. */
  reserve(pool: string, wanted: number, limit: number): number {
    const counts = this.counts(pool);
    const granted = Math.min(wanted, roomFor(counts, limit));
    this.reserved.set(pool, counts.reserved + granted);
    return granted;
  }

  /** Gives one reservation back. */
  release(pool: string): void {
    const left = (this.reserved.get(pool) ?? 0) - 1;
    if (left > 0) this.reserved.set(pool, left);
    else this.reserved.delete(pool);
  }
}
