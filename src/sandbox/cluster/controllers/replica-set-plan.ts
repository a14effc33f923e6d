import type { Pod, ReplicaSet, ReplicationController } from '../model/kinds.js';
import { availableAt, isActive, isReady } from '../model/pods.js';
import { selects } from '../model/selectors.js';

/** Pods that a controller creates in one go. */
const BURST = 500;

/** What keeps a number of pods: what holds for one kind holds for its predecessor, but for how it selects. */
export type Replicated = ReplicaSet | ReplicationController;

/** What a ReplicaSet needs. */
export interface ReplicaSetPlan {
  create: number;
  remove: Pod[];
  status: { replicas: number; fullyLabeledReplicas: number; readyReplicas: number; availableReplicas: number; observedGeneration: number };
  /** When the next ready pod becomes available, in milliseconds since the epoch. */
  nextAvailableAt: number | undefined;
}

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

const deletionCost = ({ metadata }: Pod): number => Number(metadata.annotations['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0;

const restarts = ({ status }: Pod): number => Math.max(0, ...(status.containerStatuses ?? []).map(({ restartCount }) => restartCount));

const readySince = ({ status }: Pod): number => Date.parse(status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '') || 0;

/** Ages compare by their order of magnitude, so that what started in one go is not told apart by its seconds. */
const magnitude = (age: number): number => Math.floor(Math.log10(Math.max(1, age / 1_000)));

/**
 * Which pod is missed least comes first: unassigned, not running, not ready, of low deletion cost, doubled up on a node, ready for a
 * shorter time, restarted more often, younger.
 */
export function byDispensability(now: number, sameNode: ReadonlyMap<string, number>): (a: Pod, b: Pod) => number {
  const onNode = ({ spec }: Pod): number => sameNode.get(spec.nodeName ?? '') ?? 0;
  return (a, b) =>
    Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName))
    || (phaseRank[a.status.phase ?? ''] ?? 0) - (phaseRank[b.status.phase ?? ''] ?? 0)
    || Number(isReady(a)) - Number(isReady(b))
    || deletionCost(a) - deletionCost(b)
    || onNode(b) - onNode(a)
    || (isReady(a) && isReady(b) ? magnitude(now - readySince(a)) - magnitude(now - readySince(b)) : 0)
    || restarts(b) - restarts(a)
    || magnitude(now - Date.parse(a.metadata.creationTimestamp)) - magnitude(now - Date.parse(b.metadata.creationTimestamp))
    || (a.metadata.uid < b.metadata.uid ? -1 : 1);
}

/** What brings a ReplicaSet's pods to the number it wants. `related` counts pods of sibling ReplicaSets by node. */
export function planReplicaSet(replicaSet: Replicated, owned: readonly Pod[], related: ReadonlyMap<string, number>, now: number): ReplicaSetPlan {
  const { spec, metadata } = replicaSet;
  const active = owned.filter(isActive);
  const missing = metadata.deletionTimestamp ? 0 : (spec.replicas ?? 1) - active.length;
  const times = active.map((pod) => availableAt(pod, spec.minReadySeconds)).filter((at): at is number => at !== undefined);
  const later = times.filter((at) => at > now);
  return {
    create: Math.min(Math.max(0, missing), BURST),
    remove: missing < 0 ? [...active].sort(byDispensability(now, related)).slice(0, -missing) : [],
    status: {
      replicas: active.length,
      fullyLabeledReplicas: active.filter((pod) => selects({ matchLabels: spec.template?.metadata?.labels ?? {} }, pod.metadata.labels)).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: times.length - later.length,
      observedGeneration: metadata.generation ?? 1,
    },
    nextAvailableAt: later.length > 0 ? Math.min(...later) : undefined,
  };
}
