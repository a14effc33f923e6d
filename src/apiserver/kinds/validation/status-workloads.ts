import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js';
import type { ReplicationController } from 'kubernetes-types/core/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { child, type FieldError, invalid } from '../../schema/field-error.js';
import { validateConditions } from './conditions.js';
import { nonNegative } from './common.js';

type Counts = Readonly<Record<string, number | undefined>>;

/** What is counted, none of it below zero. */
const counted = (status: unknown, ...fields: readonly string[]): FieldError[] => fields.flatMap((field) => nonNegative(child('status', field), (status as Counts | undefined)?.[field]));

/** Some of the pods, which cannot be more than a whole; `called` is that in messages. */
const partsOf = (status: unknown, whole: string, called: string, ...parts: readonly string[]): FieldError[] => {
  const counts = (status ?? {}) as Counts;
  return parts.filter((part) => (counts[part] ?? 0) > (counts[whole] ?? 0)).map((part) => invalid(child('status', part), counts[part] ?? 0, `cannot be greater than ${called}`));
};

/** Hashes that collided stay collisions. */
function collisions(status: { collisionCount?: number } | undefined, before: { collisionCount?: number } | undefined): FieldError[] {
  if (before?.collisionCount === undefined) return [];
  const { collisionCount = 0 } = status ?? {};
  return collisionCount < before.collisionCount ? [invalid('status.collisionCount', collisionCount, 'cannot be decremented')] : [];
}

export const validateDeploymentStatus = ({ status }: Deployment, { status: before }: Deployment): FieldError[] => [
  ...counted(status, 'observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas', 'terminatingReplicas', 'collisionCount'),
  ...partsOf(status, 'replicas', 'status.replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'),
  ...partsOf(status, 'readyReplicas', 'readyReplicas', 'availableReplicas'),
  ...collisions(status, before),
];

export const validateReplicaSetStatus = ({ status }: ReplicaSet | ReplicationController): FieldError[] => [
  ...counted(status, 'replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration', 'terminatingReplicas'),
  ...partsOf(status, 'replicas', 'status.replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'),
  ...partsOf(status, 'readyReplicas', 'readyReplicas', 'availableReplicas'),
];

export const validateStatefulSetStatus = ({ status }: StatefulSet, { status: before }: StatefulSet): FieldError[] => [
  ...counted(status, 'replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'observedGeneration', 'collisionCount', 'availableReplicas'),
  ...partsOf(status, 'replicas', 'status.replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'),
  ...partsOf(status, 'readyReplicas', 'status.readyReplicas', 'availableReplicas'),
  ...collisions(status, before),
];

export const validateDaemonSetStatus = ({ status }: DaemonSet, { status: before }: DaemonSet): FieldError[] => [
  ...counted(status, 'currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration', 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable', 'collisionCount'),
  ...collisions(status, before),
];

export const validatePodDisruptionBudgetStatus = ({ status }: PodDisruptionBudget): FieldError[] => [
  ...validateConditions(status?.conditions, 'status.conditions'),
  ...counted(status, 'disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'),
];

export const validateHorizontalPodAutoscalerStatus = ({ status }: HorizontalPodAutoscaler): FieldError[] => counted(status, 'currentReplicas', 'desiredReplicas');
