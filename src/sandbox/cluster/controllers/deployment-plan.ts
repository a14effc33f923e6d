import { kubeTime } from '../../../operator/kube/time.js';
import type { DeploymentCondition, DeploymentStatus } from 'kubernetes-types/apps/v1.js';
import type { Deployment, Pod, ReplicaSet } from '../model/kinds.js';
import { conditionOf, isTerminal } from '../model/pods.js';
import { withCondition } from '../model/set-condition.js';
import { sameTemplate, templateHash } from './pod-template.js';

export const REVISION_ANNOTATION = 'deployment.kubernetes.io/revision';
const DESIRED_ANNOTATION = 'deployment.kubernetes.io/desired-replicas';
const MAX_ANNOTATION = 'deployment.kubernetes.io/max-replicas';

/** One ReplicaSet gets another size. */
export interface Resize {
  replicaSet: ReplicaSet;
  from: number;
  to: number;
}

/** What a Deployment needs next. */
export interface DeploymentPlan {
  /** The ReplicaSet of the current template does not exist yet: with this hash and size. */
  create?: { hash: string; replicas: number; revision: string };
  /** The current ReplicaSet carries another revision than it should. */
  revise?: { replicaSet: ReplicaSet; revision: string };
  resize: Resize[];
  /** Old ReplicaSets beyond the history limit. */
  forget: ReplicaSet[];
  /** Annotations that every resized or created ReplicaSet carries. */
  annotations: Record<string, string>;
}

const replicasOf = ({ spec }: { spec: { replicas?: number } }): number => spec.replicas ?? 1;
const sum = (replicaSets: readonly ReplicaSet[], amount: (replicaSet: ReplicaSet) => number): number => replicaSets.reduce((total, replicaSet) => total + amount(replicaSet), 0);
const available = ({ status }: ReplicaSet): number => status.availableReplicas ?? 0;
const revisionOf = ({ metadata }: ReplicaSet): number => Number(metadata.annotations[REVISION_ANNOTATION] ?? 0) || 0;
const byAge = (a: ReplicaSet, b: ReplicaSet): number => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) || a.metadata.name.localeCompare(b.metadata.name);

/** A count, or a share of the replicas. */
export function resolveCount(value: number | string | undefined, replicas: number, round: (share: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value ?? '')?.[1];
  return percent === undefined ? Number(value ?? 0) || 0 : round((Number(percent) * replicas) / 100);
}

/** How far a rollout may go over and under the wanted number. Both 0 would block it, so then one may be missing. */
export function rolloutBounds({ spec }: Deployment): { maxSurge: number; maxUnavailable: number } {
  if (spec.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const maxSurge = resolveCount(spec.strategy?.rollingUpdate?.maxSurge ?? '25%', replicasOf({ spec }), Math.ceil);
  const maxUnavailable = resolveCount(spec.strategy?.rollingUpdate?.maxUnavailable ?? '25%', replicasOf({ spec }), Math.floor);
  return { maxSurge, maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : Math.min(maxUnavailable, replicasOf({ spec })) };
}

/** The ReplicaSet of the Deployment's current template: the oldest, should there be several. */
export const currentReplicaSet = ({ spec }: Deployment, owned: readonly ReplicaSet[]): ReplicaSet | undefined =>
  [...owned].sort(byAge).find((replicaSet) => sameTemplate(replicaSet.spec.template ?? {}, spec.template));

/** The next step of a Deployment from what its ReplicaSets report. Pods are only asked for by the strategy Recreate. */
export function planDeployment(deployment: Deployment, owned: readonly ReplicaSet[], pods: readonly Pod[]): DeploymentPlan {
  const wanted = replicasOf(deployment);
  const { maxSurge, maxUnavailable } = rolloutBounds(deployment);
  const annotations = { [DESIRED_ANNOTATION]: String(wanted), [MAX_ANNOTATION]: String(wanted + maxSurge) };
  const current = currentReplicaSet(deployment, owned);
  const old = owned.filter((replicaSet) => replicaSet !== current).sort(byAge);
  const plan: DeploymentPlan = { resize: [], forget: [], annotations };
  const resize = (replicaSet: ReplicaSet, to: number): void => {
    if (to !== replicasOf(replicaSet)) plan.resize.push({ replicaSet, from: replicasOf(replicaSet), to: Math.max(0, to) });
  };
  if (deployment.metadata.deletionTimestamp) return plan;
  const scaled = scalingPlan(deployment, owned, current, wanted, maxSurge);
  if (scaled || deployment.spec.paused) {
    for (const [replicaSet, to] of scaled ?? []) resize(replicaSet, to);
    return plan;
  }

  const revision = String(Math.max(0, ...old.map(revisionOf)) + 1);
  if (current && revisionOf(current) < Number(revision)) plan.revise = { replicaSet: current, revision };
  if (deployment.spec.strategy?.type === 'Recreate') {
    const oldUids = new Set(old.map(({ metadata }) => metadata.uid));
    for (const replicaSet of old) resize(replicaSet, 0);
    const oldRuns = pods.some((pod) => !isTerminal(pod) && pod.metadata.ownerReferences?.some(({ uid }) => oldUids.has(uid)));
    if (plan.resize.length > 0 || oldRuns) return plan;
    if (current) resize(current, wanted);
    else plan.create = { hash: templateHash(deployment.spec.template, deployment.status.collisionCount), replicas: wanted, revision };
  } else if (!current) {
    const room = Math.max(0, wanted + maxSurge - sum(old, replicasOf));
    plan.create = { hash: templateHash(deployment.spec.template, deployment.status.collisionCount), replicas: Math.min(room, wanted), revision };
    return plan;
  } else {
    const room = wanted + maxSurge - sum(owned, replicasOf);
    if (replicasOf(current) > wanted) resize(current, wanted);
    else if (room > 0) resize(current, Math.min(wanted, replicasOf(current) + room));
    if (plan.resize.length === 0) for (const [replicaSet, to] of shrinkOld(old, current, owned, wanted - maxUnavailable)) resize(replicaSet, to);
  }
  if (isComplete(deployment, current)) plan.forget = beyondHistory(deployment, old);
  return plan;
}

/** Unhealthy old pods go first: they serve nobody. Then healthy ones, as far as enough stay available. */
function shrinkOld(old: readonly ReplicaSet[], current: ReplicaSet, owned: readonly ReplicaSet[], minAvailable: number): Map<ReplicaSet, number> {
  const sizes = new Map(old.map((replicaSet) => [replicaSet, replicasOf(replicaSet)]));
  let removable = sum(owned, replicasOf) - minAvailable - (replicasOf(current) - available(current));
  for (const replicaSet of old) {
    const unhealthy = Math.min(Math.max(0, removable), replicasOf(replicaSet) - Math.min(replicasOf(replicaSet), available(replicaSet)));
    sizes.set(replicaSet, replicasOf(replicaSet) - unhealthy);
    removable -= unhealthy;
  }
  let spare = Math.min(sum(owned, available) - minAvailable, removable);
  for (const replicaSet of old) {
    const size = sizes.get(replicaSet) as number;
    const less = Math.min(size, Math.max(0, spare));
    sizes.set(replicaSet, size - less);
    spare -= less;
  }
  return sizes;
}

/**
 * The sizes when the Deployment itself was resized (or is paused): the one active ReplicaSet follows; in the middle of a rollout all
 * keep their proportions. Undefined when it was not.
 */
function scalingPlan({ spec }: Deployment, owned: readonly ReplicaSet[], current: ReplicaSet | undefined, wanted: number, maxSurge: number): Map<ReplicaSet, number> | undefined {
  const active = owned.filter((replicaSet) => replicasOf(replicaSet) > 0);
  const resized = active.some(({ metadata }) => metadata.annotations[DESIRED_ANNOTATION] !== undefined && metadata.annotations[DESIRED_ANNOTATION] !== String(wanted));
  if (!resized && !(spec.paused && active.length <= 1)) return undefined;
  if (active.length <= 1) {
    const only = active[0] ?? current;
    return only && new Map([[only, wanted]]);
  }
  if (spec.strategy?.type === 'Recreate') return undefined;
  const allowed = wanted > 0 ? wanted + maxSurge : 0;
  const total = sum(active, replicasOf);
  let rest = allowed - total;
  // Larger ones first, newer ones first when growing: what remains after rounding goes to the front.
  const ordered = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || (rest > 0 ? byAge(b, a) : byAge(a, b)));
  const sizes = new Map<ReplicaSet, number>();
  for (const replicaSet of ordered) {
    const previous = Number(replicaSet.metadata.annotations[MAX_ANNOTATION]) || total;
    const share = Math.round((replicasOf(replicaSet) * allowed) / previous) - replicasOf(replicaSet);
    const change = rest > 0 ? Math.min(Math.max(share, 0), rest) : Math.max(Math.min(share, 0), rest);
    sizes.set(replicaSet, replicasOf(replicaSet) + change);
    rest -= change;
  }
  const [first] = ordered;
  if (first) sizes.set(first, Math.max(0, (sizes.get(first) as number) + rest));
  return sizes;
}

const isComplete = ({ spec, status, metadata }: Deployment, current: ReplicaSet | undefined): boolean =>
  current !== undefined && status.updatedReplicas === (spec.replicas ?? 1) && status.replicas === (spec.replicas ?? 1)
  && status.availableReplicas === (spec.replicas ?? 1) && status.observedGeneration === metadata.generation;

function beyondHistory({ spec }: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const retired = old.filter((replicaSet) => replicasOf(replicaSet) === 0 && (replicaSet.status.replicas ?? 0) === 0 && !replicaSet.metadata.deletionTimestamp);
  return retired.sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, retired.length - (spec.revisionHistoryLimit ?? 10)));
}

/** What a Deployment reports of its ReplicaSets. `nextCheck` is when the progress deadline may have passed. */
export function deploymentStatus(deployment: Deployment, owned: readonly ReplicaSet[], now: number): { status: DeploymentStatus; nextCheck: number | undefined } {
  const { spec, metadata, status: before } = deployment;
  const current = currentReplicaSet(deployment, owned);
  const wanted = replicasOf(deployment);
  const replicas = sum(owned, ({ status }) => status.replicas ?? 0);
  const availableReplicas = sum(owned, available);
  const status: DeploymentStatus = {
    observedGeneration: metadata.generation ?? 1,
    replicas,
    updatedReplicas: current?.status.replicas ?? 0,
    readyReplicas: sum(owned, ({ status: { readyReplicas } }) => readyReplicas ?? 0),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(owned, replicasOf) - availableReplicas),
    conditions: before.conditions ?? [],
  };
  const set = (type: string, value: boolean, reason: string, message: string, moved = false): void => {
    const existing = conditionOf<DeploymentCondition>(status.conditions, type);
    const same = existing?.status === (value ? 'True' : 'False') && existing.reason === reason && existing.message === message;
    const lastUpdateTime = same && !moved ? existing.lastUpdateTime : kubeTime(now);
    status.conditions = withCondition(status.conditions, { type, status: value ? 'True' : 'False', reason, message, ...(lastUpdateTime === undefined ? {} : { lastUpdateTime }) }, now);
  };
  if (availableReplicas >= wanted - rolloutBounds(deployment).maxUnavailable) set('Available', true, 'MinimumReplicasAvailable', 'Deployment has minimum availability.');
  else set('Available', false, 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.');

  const failure = owned.flatMap((replicaSet) => replicaSet.status.conditions ?? []).find(({ type, status: value }) => type === 'ReplicaFailure' && value === 'True');
  if (failure) set('ReplicaFailure', true, failure.reason ?? 'FailedCreate', failure.message ?? '');
  else status.conditions = status.conditions?.filter(({ type }) => type !== 'ReplicaFailure') ?? [];

  const progress = conditionOf<DeploymentCondition>(before.conditions, 'Progressing');
  const subject = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${metadata.name}"`;
  const complete = current !== undefined && status.updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
  const moved = (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) || (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0)
    || availableReplicas > (before.availableReplicas ?? 0) || replicas - (status.updatedReplicas ?? 0) < (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  let nextCheck: number | undefined;
  if (spec.paused) {
    if (progress?.reason !== 'DeploymentPaused') set('Progressing', progress?.status !== 'False', 'DeploymentPaused', 'Deployment is paused');
  } else if (complete) {
    set('Progressing', true, 'NewReplicaSetAvailable', `${subject} has successfully progressed.`);
  } else if (current && (!progress || progress.reason === 'NewReplicaSetAvailable' && before.observedGeneration !== metadata.generation && !before.updatedReplicas)) {
    set('Progressing', true, 'NewReplicaSetCreated', `Created new replica set "${current.metadata.name}"`, true);
  } else if (moved || progress?.reason === 'DeploymentPaused') {
    set('Progressing', true, 'ReplicaSetUpdated', `${subject} is progressing.`, true);
  } else if (progress && progress.reason !== 'NewReplicaSetAvailable') {
    const deadline = Date.parse(progress.lastUpdateTime ?? '') + (spec.progressDeadlineSeconds ?? 600) * 1_000;
    if (progress.reason !== 'ProgressDeadlineExceeded' && deadline <= now) set('Progressing', false, 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`);
  }
  const progressing = conditionOf<DeploymentCondition>(status.conditions, 'Progressing');
  if (progressing?.status === 'True' && !complete && progressing.reason !== 'NewReplicaSetAvailable') {
    nextCheck = Math.max(now, Date.parse(progressing.lastUpdateTime ?? '') + (spec.progressDeadlineSeconds ?? 600) * 1_000 + 1_000);
  }
  return { status, nextCheck };
}
