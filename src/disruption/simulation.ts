import type { Pod } from 'kubernetes-types/core/v1.js';
import { conditionOf } from '../api/conditions.js';
import { parseDuration } from '../operator/duration.js';
import type { Decision } from '../scheduling/decision.js';
import { EvictionBudgets } from '../scheduling/eviction-budgets.js';
import { isProvisionable } from '../scheduling/pod-predicates.js';
import { solve } from '../scheduling/solve.js';
import type { Snapshot, SnapshotNode } from '../scheduling/snapshot.js';
import { withoutPods } from '../scheduling/without-pods.js';
import type { Candidate } from './command.js';
import type { DisruptionOptions } from './options.js';

/** A pod that would be left without a node, and why. */
export interface Homeless {
  readonly pod: Pod;
  readonly reason: string;
}

/** What would happen if nodes went. */
export interface Simulation {
  readonly decision: Decision;
  /** Pods that run now and would not any more. */
  readonly homeless: readonly Homeless[];
}

/** When the node last gained or lost a pod, or else became usable. */
function quietSince({ nodeClaim }: SnapshotNode): number | undefined {
  const since = nodeClaim?.status.lastPodEventTime ?? (nodeClaim && conditionOf(nodeClaim, 'Initialized')?.lastTransitionTime);
  return since === undefined ? undefined : Date.parse(since);
}

/** Nodes that are still settling: consolidation must not disturb them with other nodes' pods. */
function settlingNodes({ nodes }: Snapshot, { now, pools }: DisruptionOptions): Set<string> {
  const windows = new Map(pools.map(({ nodePool: { metadata, spec } }) => [metadata.name, parseDuration(spec.disruption?.consolidateAfter ?? '0s') ?? 0]));
  return new Set(nodes.filter((node) => {
    const window = windows.get(node.nodePool ?? '') ?? 0;
    const since = quietSince(node);
    return window > 0 && since !== undefined && now - since < window;
  }).map(({ name }) => name));
}

/**
 * Schedules as if the candidates were gone: their pods, those of nodes that are going anyway,
 * and those that wait (karpenter-core §4.17). Virtual pods may ask for a new node in the answer, but are not named in it.
 */
export function simulate(snapshot: Snapshot, candidates: readonly Candidate[], options: DisruptionOptions, consolidating: boolean): Simulation {
  const { now } = options;
  const virtualPods = new Set(options.virtualPods);
  const evictions = new EvictionBudgets(snapshot.podDisruptionBudgets);
  const moves = (pods: readonly Pod[]): Pod[] => pods.filter((pod) => evictions.isCurrentlyReschedulable(pod, now));
  const gone = new Set(candidates.map(({ node }) => node.name));
  const moved = candidates.flatMap(({ node }) => moves(node.pods));
  const displaced = snapshot.nodes.filter(({ name, markedForDeletion }) => markedForDeletion && !gone.has(name)).flatMap(({ pods }) => moves(pods));
  const decision = withoutPods(solve(snapshot, [...options.pendingPods, ...moved, ...displaced, ...virtualPods], {
    ...options.solve,
    reservedCapacity: 'Fallback',
    // A move makes at most one node: several that are cheaper would only make it impossible.
    improve: false,
    withoutNodes: gone,
    movedPods: new Set(moved),
    virtualPods,
    ...(consolidating ? { closedNodes: settlingNodes(snapshot, options) } : {}),
  }), virtualPods);
  const fromGoing = new Set(displaced);
  const onUnready = decision.existingNodes.filter(({ node }) => !node.initialized).flatMap(({ node, pods }) => pods.filter((pod) => !fromGoing.has(pod))
    .map((pod) => ({ pod, reason: `would schedule against uninitialized nodeclaim/${node.nodeClaim?.metadata.name ?? ''}, node/${node.node?.metadata?.name ?? ''}` })));
  return { decision, homeless: [...decision.unschedulable, ...onUnready].filter(({ pod }) => !isProvisionable(pod)) };
}
