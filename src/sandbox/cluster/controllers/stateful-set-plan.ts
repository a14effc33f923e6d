import type { PersistentVolumeClaim as Claim, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { Pod, StatefulSet } from '../model/kinds.js';
import { isAvailable, isReady, isTerminal } from '../model/pods.js';

export const REVISION_LABEL = 'controller-revision-hash';

/** The pod that has (or would have) one of a StatefulSet's ordinals. */
export const ordinalOf = (set: StatefulSet, pod: Pod): number | undefined => {
  const suffix = pod.metadata.name.slice(set.metadata.name.length + 1);
  return pod.metadata.name.startsWith(`${set.metadata.name}-`) && /^\d+$/.test(suffix) ? Number(suffix) : undefined;
};

/** What a StatefulSet needs next. */
export interface StatefulSetPlan {
  /** Pods to create, by ordinal, with the revision that each gets. */
  create: { ordinal: number; revision: string }[];
  /** Pods to delete: superfluous, finished, or of an old revision. */
  remove: Pod[];
  status: {
    observedGeneration: number; replicas: number; readyReplicas: number; availableReplicas: number; currentReplicas: number; updatedReplicas: number;
    currentRevision: string; updateRevision: string;
  };
}

const revisionOf = ({ metadata }: Pod): string | undefined => metadata.labels[REVISION_LABEL];

/**
 * The next step. Pods come up in the order of their ordinals and each waits for those before it to be available; they go in the
 * reverse order; `Parallel` management waits for nobody. A rolling update replaces from the highest ordinal down to the partition.
 */
export function planStatefulSet(set: StatefulSet, owned: readonly Pod[], revisions: { current: string; update: string }, now: number): StatefulSetPlan {
  const { spec, metadata } = set;
  const first = (spec as { ordinals?: { start?: number } }).ordinals?.start ?? 0;
  const end = first + (spec.replicas ?? 1);
  const parallel = spec.podManagementPolicy === 'Parallel';
  const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const byOrdinal = new Map<number, Pod>();
  const condemned: Pod[] = [];
  for (const pod of owned) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal === undefined) continue;
    if (ordinal >= first && ordinal < end) byOrdinal.set(ordinal, pod);
    else condemned.push(pod);
  }
  const available = (pod: Pod): boolean => isAvailable(pod, spec.minReadySeconds, now);
  const plan: StatefulSetPlan = { create: [], remove: [], status: statusOf(set, owned, revisions, now) };
  if (metadata.deletionTimestamp) return plan;

  const revisionFor = (ordinal: number): string => (spec.updateStrategy?.type === 'OnDelete' || ordinal >= partition ? revisions.update : revisions.current);
  let waiting = false;
  for (let ordinal = first; ordinal < end && !waiting; ordinal += 1) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) plan.create.push({ ordinal, revision: revisionFor(ordinal) });
    else if (isTerminal(pod) && !pod.metadata.deletionTimestamp) plan.remove.push(pod);
    if (!parallel && (!pod || pod.metadata.deletionTimestamp || !available(pod))) waiting = true;
  }
  if (waiting) return plan;

  condemned.sort((a, b) => (ordinalOf(set, b) as number) - (ordinalOf(set, a) as number));
  for (const pod of condemned) {
    if (!pod.metadata.deletionTimestamp) plan.remove.push(pod);
    if (!parallel) return plan;
  }
  if (spec.updateStrategy?.type === 'OnDelete' || plan.create.length > 0 || plan.remove.length > 0) return plan;
  for (let ordinal = end - 1; ordinal >= Math.max(first, partition); ordinal -= 1) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) return plan;
    if (revisionOf(pod) !== revisions.update) {
      if (!pod.metadata.deletionTimestamp) plan.remove.push(pod);
      return plan;
    }
    if (!available(pod)) return plan;
  }
  return plan;
}

function statusOf({ spec, metadata, status }: StatefulSet, owned: readonly Pod[], { current, update }: { current: string; update: string }, now: number): StatefulSetPlan['status'] {
  const living = owned.filter((pod) => !isTerminal(pod));
  const count = (matches: (pod: Pod) => boolean): number => living.filter(matches).length;
  const replicas = spec.replicas ?? 1;
  const updatedReplicas = count((pod) => !pod.metadata.deletionTimestamp && revisionOf(pod) === update);
  const readyReplicas = count(isReady);
  // The update is over when everything runs the new revision: from then on it is the current one.
  const done = updatedReplicas === replicas && readyReplicas === replicas && living.length === replicas;
  return {
    observedGeneration: metadata.generation ?? 1,
    replicas: living.length,
    readyReplicas,
    availableReplicas: count((pod) => isAvailable(pod, spec.minReadySeconds, now)),
    currentReplicas: done ? updatedReplicas : count((pod) => !pod.metadata.deletionTimestamp && revisionOf(pod) === current),
    updatedReplicas,
    currentRevision: done ? update : (status.currentRevision ?? current),
    updateRevision: update,
  };
}

/** The claim of a pod for one of the templates: `template-set-ordinal`. */
export const claimName = (template: string, pod: string): string => `${template}-${pod}`;

/** The pod of an ordinal, with its identity and its claims as volumes. */
export function statefulPod(set: StatefulSet, template: PodTemplateSpec, ordinal: number, revision: string): PodTemplateSpec & { metadata: { name: string } } {
  const name = `${set.metadata.name}-${ordinal}`;
  const templates = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name as string);
  const volumes = templates.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: claimName(claim, name) } }));
  return {
    metadata: {
      ...template.metadata,
      name,
      labels: {
        ...template.metadata?.labels,
        [REVISION_LABEL]: revision,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
      },
    },
    spec: {
      containers: [],
      ...template.spec,
      hostname: name,
      ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
      volumes: [...(template.spec?.volumes ?? []).filter((volume) => !templates.includes(volume.name)), ...volumes],
    },
  };
}

/** The claims that a pod needs and that are not there. */
export const missingClaims = (set: StatefulSet, ordinal: number, exists: (name: string) => boolean): Claim[] =>
  (set.spec.volumeClaimTemplates ?? [])
    .map((template) => ({
      ...template,
      metadata: {
        ...template.metadata,
        name: claimName(template.metadata?.name as string, `${set.metadata.name}-${ordinal}`),
        namespace: set.metadata.namespace as string,
        labels: { ...template.metadata?.labels, ...set.spec.selector.matchLabels },
      },
      status: {},
    }))
    .filter(({ metadata }) => !exists(metadata.name));
