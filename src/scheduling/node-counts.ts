import type { NodePool } from '../api/nodepool.js';
import { parseResources } from '../api/resources.js';

/** How many nodes a pool has and will have. */
export interface NodeCounts {
  /** Nodes that stay, those that are still being launched included. */
  readonly active: number;
  /** Nodes that go as soon as what replaces them is initialized. */
  readonly pendingDisruption: number;
  readonly deleting: number;
  /** Nodes whose claims are about to be created. */
  readonly reserved: number;
}

/** Whether a pool keeps a number of nodes, instead of as many as pods need. */
export const isStatic = ({ spec }: NodePool): boolean => spec.replicas !== undefined;

/** The most nodes that a pool may have. Throws an InvalidQuantity. */
export const nodeLimit = ({ spec }: NodePool): number => parseResources(spec.limits)['nodes'] ?? Number.POSITIVE_INFINITY;

/** How many more nodes a limit allows: each one counts until it is gone. */
export const roomFor = ({ active, pendingDisruption, deleting, reserved }: NodeCounts, limit: number): number =>
  Math.max(0, limit - active - pendingDisruption - deleting - reserved);

/**
 * How many nodes a static pool is short of. Nothing while it is complete together with the nodes that are being replaced: whether these
 * go or stay is still open. Nodes that are about to be created count, so that nobody makes up for a replacement that is on its way.
 */
export function missingNodes({ spec: { replicas = 0 } }: NodePool, { active, pendingDisruption, reserved }: NodeCounts): number {
  return active + pendingDisruption >= replicas ? 0 : Math.max(0, replicas - active - reserved);
}

/** How many nodes a static pool has too many, nodes that are going anyway left aside. */
export const surplusNodes = ({ spec: { replicas = 0 } }: NodePool, { active }: NodeCounts): number => Math.max(0, active - replicas);
