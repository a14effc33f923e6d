import type { Pod } from 'kubernetes-types/core/v1.js';
import { parseDuration } from '../operator/duration.js';
import { DO_NOT_DISRUPT_ANNOTATION, DO_NOT_EVICT_ANNOTATION } from '../api/labels.js';
import { DISRUPTED_TAINT, tolerates } from '../api/taints.js';

/** How long after its deletion time a pod counts as stuck, in milliseconds. */
const STUCK_AFTER = 60_000;

const isOwnedBy = ({ metadata }: Pod, apiVersion: string, kind: string): boolean =>
  metadata?.ownerReferences?.some((owner) => owner.apiVersion === apiVersion && owner.kind === kind) ?? false;

export const isScheduled = ({ spec }: Pod): boolean => Boolean(spec?.nodeName);
export const isTerminal = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';
export const isTerminating = ({ metadata }: Pod): boolean => metadata?.deletionTimestamp !== undefined;
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !isTerminating(pod);
export const isOwnedByDaemonSet = (pod: Pod): boolean => isOwnedBy(pod, 'apps/v1', 'DaemonSet');
export const isOwnedByStatefulSet = (pod: Pod): boolean => isOwnedBy(pod, 'apps/v1', 'StatefulSet');
/** A static pod, mirrored by its kubelet. */
export const isOwnedByNode = (pod: Pod): boolean => isOwnedBy(pod, 'v1', 'Node');

/** Whether the scheduler found no node for the pod. */
export const failedToSchedule = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable') ?? false;

/** Whether a new node could help the pod. */
export const isProvisionable = (pod: Pod): boolean =>
  failedToSchedule(pod) && !isScheduled(pod) && !pod.status?.nominatedNodeName && !isOwnedByDaemonSet(pod) && !isOwnedByNode(pod);

/** Whether the pod, or its successor of the same name, will need room elsewhere when its node goes. */
export const isReschedulable = (pod: Pod): boolean =>
  (isActive(pod) || (isOwnedByStatefulSet(pod) && isTerminating(pod))) && !isOwnedByDaemonSet(pod) && !isOwnedByNode(pod);

/** The annotation that forbids disrupting the pod, whatever its value; undefined when there is none. */
export const protectionOf = ({ metadata }: Pod): string | undefined => metadata?.annotations?.[DO_NOT_DISRUPT_ANNOTATION] ?? metadata?.annotations?.[DO_NOT_EVICT_ANNOTATION];

/**
 * Until when the pod's annotation forbids disrupting it, in milliseconds since the epoch: for good with `true`, and with a duration until
 * it has passed since the pod started. Undefined without an annotation; other values count for nothing.
 */
export function protectedUntil(pod: Pod): number | undefined {
  const value = protectionOf(pod);
  if (value === undefined) return undefined;
  if (value === 'true') return Infinity;
  const duration = parseDuration(value);
  if (duration === undefined || duration <= 0) return undefined;
  const startedAt = pod.status?.startTime as unknown as string | undefined;
  return startedAt === undefined ? Infinity : Date.parse(startedAt) + duration;
}

/** Whether the pod's annotation forbids disrupting it now. */
export const isProtected = (pod: Pod, now: number): boolean => now < (protectedUntil(pod) ?? -Infinity);

/** Whether the protecting annotation has a value that means nothing. */
export function hasInvalidProtection(pod: Pod): boolean {
  const value = protectionOf(pod);
  return value !== undefined && value !== 'false' && protectedUntil(pod) === undefined;
}

const toleratesDisruption = ({ spec }: Pod): boolean => spec?.tolerations?.some((toleration) => tolerates(toleration, DISRUPTED_TAINT)) ?? false;

const isStuckTerminating = ({ metadata }: Pod, now: number): boolean => {
  const deletedAt = metadata?.deletionTimestamp as unknown as string | undefined;
  return deletedAt !== undefined && now > Date.parse(deletedAt) + STUCK_AFTER;
};

/** Whether the pod may be evicted to empty its node. */
export const isEvictable = (pod: Pod, now: number): boolean =>
  isActive(pod) && !toleratesDisruption(pod) && !isOwnedByNode(pod) && !isProtected(pod, now);

/** Whether emptying a node includes this pod. */
export const isDrainable = (pod: Pod, now: number): boolean =>
  !toleratesDisruption(pod) && !isStuckTerminating(pod, now) && !isOwnedByNode(pod);

/** Whether emptying a node has to wait for this pod. */
export const isWaitingEviction = (pod: Pod, now: number): boolean => !isTerminal(pod) && isDrainable(pod, now);

/** Whether nothing on the pod forbids disrupting its node. */
export const isDisruptable = (pod: Pod, now: number): boolean => !isActive(pod) || !isProtected(pod, now);
