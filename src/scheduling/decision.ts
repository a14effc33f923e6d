import type { Pod } from 'kubernetes-types/core/v1.js';
import type { InstanceType } from '../cloud/instance-type.js';
import type { Requirements } from '../api/requirements.js';
import type { Resources } from '../api/resources.js';
import type { SolveOptions } from './options.js';
import type { Verdict } from './verdict-tree.js';
import type { Snapshot, SnapshotNode, SnapshotPool } from './snapshot.js';

/** A machine that should be launched. */
export interface NewNode {
  readonly pool: SnapshotPool;
  readonly pods: readonly Pod[];
  /** Everything that the node's labels must satisfy, the pool's own requirements included; without the hostname. */
  readonly requirements: Requirements;
  /** Types that can carry the pods, cheapest first, at most `maxInstanceTypes`. */
  readonly instanceTypes: readonly InstanceType[];
  /** Of the pods, and of the daemons that will run there whichever type is launched. */
  readonly requests: Resources;
  /** USD an hour of the cheapest available offering that fits. */
  readonly price: number;
  /** Whether minValues were lowered to what is possible. */
  readonly minValuesRelaxed: boolean;
}

/** Pods for a machine that is there already, or on its way. */
export interface ExistingPlacement {
  readonly node: SnapshotNode;
  readonly pods: readonly Pod[];
}

/** A pod that fits nowhere, and why. */
export interface Unschedulable {
  readonly pod: Pod;
  /** Waits for reserved capacity: no event, and not counted. */
  readonly deferred: boolean;
  /** Karpenter's message, rendered when it is asked for. At most 1 KiB. */
  readonly reason: string;
  /** Each pool's and the existing nodes' part in it, made when it is looked at; undefined for pods that could not be read or were taken back. */
  readonly verdict?: Verdict;
}

/** The answer to "where should these pods run?". */
export interface Decision {
  readonly newNodes: readonly NewNode[];
  readonly existingNodes: readonly ExistingPlacement[];
  readonly unschedulable: readonly Unschedulable[];
  /** Pods that were not decided before the deadline. */
  readonly unfinished: readonly Pod[];
  /** Pools that have no instance type at all that their own requirements allow, and why. */
  readonly emptyPools: readonly { readonly pool: SnapshotPool; readonly reason: string }[];
  /** USD an hour of all new nodes. */
  readonly totalPrice: number;
  /**
   * USD an hour below which no packing of the same pods is possible, whatever its nodes; worked out when it is asked for. What
   * rounding to whole machines costs is not in it, so that a good packing of few pods can be well above it.
   */
  readonly lowerBound: number;
}

/** Places pods on the machines of a snapshot, and plans new ones for the rest. Pure; the same input always gives the same answer. */
export type Solve = (snapshot: Snapshot, pods: readonly Pod[], options?: SolveOptions) => Decision;
