import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { Pod, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';

/** How a solve behaves; every field has the default that the provisioner uses. */
export interface SolveOptions {
  /** Whether preferences bind until they cannot be met (default), or never. */
  readonly preferencePolicy?: 'Respect' | 'Ignore';
  /** Whether a pool whose minValues cannot be met is unusable (default), or launches with as many as there are. */
  readonly minValuesPolicy?: 'Strict' | 'BestEffort';
  /**
   * `Strict` (default): pods that fit reserved capacity wait for it. `Fallback`: they take other capacity when it is all held.
   * `Off`: reserved offerings are not looked at.
   */
  readonly reservedCapacity?: 'Strict' | 'Fallback' | 'Off';
  /** Label on offerings that names the reservation. */
  readonly reservationIDLabel?: string;
  /** Labels that a pod may require although no pool defines them. */
  readonly wellKnownLabels?: ReadonlySet<string>;
  /** Names of snapshot nodes that are treated as gone. */
  readonly withoutNodes?: ReadonlySet<string>;
  /** Names of snapshot nodes that `movedPods` may not go to. */
  readonly closedNodes?: ReadonlySet<string>;
  /** Pods that a disruption would move; they may not go to `closedNodes`. */
  readonly movedPods?: ReadonlySet<Pod>;
  /** Pods that only stand for room to be kept free: they take what all others leave. */
  readonly virtualPods?: ReadonlySet<Pod>;
  /**
   * Names of the NodeClaims that earlier answers had for pods, by the pods' uids. Such a pod goes there before anything else is tried, for
   * as long as it fits: else pods that still wait for their machines could be packed anew, onto machines that were made for others, and
   * some of them would need one more.
   */
  readonly earlierClaims?: ReadonlyMap<string, string>;
  /** Instance types kept for one new node, cheapest first. Default 600. */
  readonly maxInstanceTypes?: number;
  /** Spread constraints for pods that have none of their own; their selector comes from `selectorOf`. */
  readonly defaultSpread?: readonly TopologySpreadConstraint[];
  /** What the Services and the controller of a pod select; undefined when nothing does, and the pod gets no default. */
  readonly selectorOf?: (pod: Pod) => LabelSelector | undefined;
  /** Whether new nodes are packed again where that is cheaper (default). The time that it takes is bounded by the number of pods. */
  readonly improve?: boolean;
  /** When to stop, in `now`'s milliseconds. Pods that were not reached are reported as `unfinished`. */
  readonly deadline?: number;
  /** Needed with `deadline`. */
  readonly now?: () => number;
  /** Told before the first pod is placed how many pending pods can go to which zone: see `effectiveZones`. */
  readonly zones?: (counts: ReadonlyMap<string, number>) => void;
  /** Told now and then how many pods are still to be tried. */
  readonly progress?: (left: number) => void;
}
