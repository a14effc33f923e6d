import type { Pod } from 'kubernetes-types/core/v1.js';
import type { DisruptionReason, NodePool } from '../api/nodepool.js';
import type { InstanceType } from '../cloud/instance-type.js';
import type { ExistingPlacement, NewNode } from '../scheduling/decision.js';
import type { SnapshotNode } from '../scheduling/snapshot.js';
import type { BudgetUsage } from './budgets.js';

/** The ways to find nodes to disrupt, in the order in which they are tried. */
export type DisruptionMethod = 'Emptiness' | 'StaticDrift' | 'Drift' | 'MultiNodeConsolidation' | 'SingleNodeConsolidation';

/** A node that may be disrupted. */
export interface Candidate {
  readonly node: SnapshotNode;
  readonly nodePool: NodePool;
  /** Undefined when the provider no longer lists the node's type. */
  readonly instanceType: InstanceType | undefined;
  readonly zone: string;
  readonly capacityType: string;
  /** USD an hour; 0 when unknown. */
  readonly price: number;
  /** Pods that would have to run elsewhere. */
  readonly pods: readonly Pod[];
  /** 1 plus the eviction cost of every pod that costs anything to move. */
  readonly rescheduleCost: number;
}

/** Nodes to remove, and what to launch first in their place. */
export interface DisruptionCommand {
  readonly method: DisruptionMethod;
  readonly reason: DisruptionReason;
  readonly decision: 'delete' | 'replace';
  readonly candidates: readonly Candidate[];
  readonly replacements: readonly NewNode[];
  /** Where the pods go that need no new node; these nodes are to be nominated. */
  readonly existingNodes: readonly ExistingPlacement[];
  /** USD an hour. */
  readonly savings: number;
}

/** Something to tell the user about a node or a pool: what becomes an event. */
export interface DisruptionNotice {
  readonly type: 'DisruptionBlocked' | 'Unconsolidatable' | 'ConsolidationCandidate' | 'ConsolidationApproved';
  readonly message: string;
  /** Exactly one of the two. */
  readonly node?: SnapshotNode;
  readonly nodePool?: NodePool;
}

/** What became of a consolidation in the eyes of one of its pools. */
export interface MoveEvaluation {
  readonly nodePool: string;
  /** The pool's consolidation policy. */
  readonly policy: string;
  /** Whether every pool agreed to the move. */
  readonly approved: boolean;
  /** What the move is worth to a pool with the policy Balanced, and whether that is enough for it. */
  readonly score?: { readonly value: number; readonly approved: boolean };
}

/** What one method saw. */
export interface MethodReport {
  readonly method: DisruptionMethod;
  readonly candidates: readonly Candidate[];
  /** Nodes that each pool's budgets still allowed. */
  readonly budgets: ReadonlyMap<string, number>;
  readonly usage: ReadonlyMap<string, BudgetUsage>;
  /** Gave up before everything was looked at. */
  readonly timedOut: boolean;
  readonly evaluations: readonly MoveEvaluation[];
  /** Milliseconds; 0 where nothing measures them. */
  readonly duration: number;
  /** Found nothing although no budget stood in the way: need not be tried again until the cluster changes. */
  readonly exhausted: boolean;
}

/** The answer to "what should be disrupted now?". */
export interface DisruptionPlan {
  /** Empty when there is nothing to do. All of one method. */
  readonly commands: readonly DisruptionCommand[];
  readonly notices: readonly DisruptionNotice[];
  /** The methods that were tried, in order. */
  readonly methods: readonly MethodReport[];
  /** Pools that single-node consolidation did not reach in time; to be given back with the next plan. */
  readonly unreachedPools: ReadonlySet<string>;
}
