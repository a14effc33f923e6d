import type { ExistingNode } from './existing-node.js';
import type { Host } from './topology-group.js';
import type { Pool } from './pool.js';
import type { RequirementSets } from './requirement-set.js';
import type { Reservations } from './reservations.js';
import type { Topology } from './topology.js';

/** Everything that a solver works with: a snapshot made ready for the pods of one run. */
export interface Run {
  readonly sets: RequirementSets;
  readonly reservationIDLabel: string;
  /** Heaviest first. */
  readonly pools: readonly Pool[];
  /** In the order in which they are filled. */
  readonly nodes: readonly ExistingNode[];
  readonly closedNodes: ReadonlySet<string>;
  readonly topology: Topology;
  readonly reservations: Reservations;
  /** Resources that pods of the run ask for. */
  readonly resources: readonly string[];
  /** No pod of the run asks for less of any of `resources`. */
  readonly smallestRequest: Float64Array;
  readonly relaxMinValues: boolean;
  /** Number of the first new node as a topology domain. */
  readonly firstDraftHost: Host;
  /** What a pool may still use of each limited resource. */
  readonly remainingLimits: (pool: Pool) => Record<string, number>;
  /** What to call a host in messages. */
  readonly hostName: (host: Host) => string;
}
