import type { Pod } from 'kubernetes-types/core/v1.js';
import type { SolveOptions } from '../scheduling/options.js';
import type { SnapshotPool } from '../scheduling/snapshot.js';
import type { DisruptionMethod } from './command.js';

export interface DisruptionOptions {
  /** Milliseconds since the epoch at which the snapshot was taken. */
  readonly now: number;
  /** Every managed pool, with what its node class can launch: also those that may not launch now. */
  readonly pools: readonly SnapshotPool[];
  /** Pods that wait for a node: they compete for what is left. */
  readonly pendingPods: readonly Pod[];
  /** Pods that stand for the room of capacity buffers: they need it where the nodes that go had it. Never a reason to keep a node by themselves. */
  readonly virtualPods?: readonly Pod[];
  /** Provider ids of nodes that a command in flight disrupts or launched for. */
  readonly inFlight?: ReadonlySet<string>;
  /** Names of nodes that hold room for capacity buffers. */
  readonly bufferedNodes?: ReadonlySet<string>;
  /** Whether spot nodes may be replaced by cheaper spot nodes. Default false. */
  readonly spotToSpot?: boolean;
  /** Methods that found nothing since the cluster last changed. */
  readonly exhausted?: ReadonlySet<DisruptionMethod>;
  /** The methods to try, in order. Default: all, in Karpenter's order. */
  readonly methods?: readonly DisruptionMethod[];
  /** Pools that single-node consolidation did not reach in its last pass: they come first. */
  readonly unreachedPools?: ReadonlySet<string>;
  /** Measures how long searching takes, in milliseconds; without it the search is not bounded. */
  readonly elapsed?: () => number;
  /** USD an hour that each pool costs, where it is tracked; else the sum of its candidates. */
  readonly poolCosts?: ReadonlyMap<string, number>;
  /** The operator's settings for simulations. */
  readonly solve?: Pick<SolveOptions, 'preferencePolicy' | 'minValuesPolicy' | 'wellKnownLabels' | 'reservationIDLabel' | 'defaultSpread' | 'selectorOf' | 'maxInstanceTypes'>;
}
