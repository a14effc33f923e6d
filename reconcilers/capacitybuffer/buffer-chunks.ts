import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import { InvalidQuantity, VerticalPodAutoscaler } from 'karpenter-ts/api';
import type { CapacityBuffer, CapacityBufferSpec } from 'karpenter-ts/api';
import { chunkSpec } from 'karpenter-ts/cluster';
import { Deployment, PodTemplate, ReplicaSet, StatefulSet, index } from 'karpenter-ts/operator';
import type { Cache, KindClass, KubeObject } from 'karpenter-ts/operator';
import { podRequests, strongestPrediction, withPrediction } from 'karpenter-ts/scheduling';
import { bufferReplicas } from './buffer-replicas.js';

/** More chunks than this are taken for a mistake: each is a pod in every plan. */
export const MOST_CHUNKS = 10_000;

/** What a buffer consists of. */
export interface Chunks {
  readonly template: PodTemplateSpec;
  readonly replicas: number;
  /** Where the template is from, unless it is a workload's. */
  readonly podTemplate?: PodTemplate;
}

/** Why it is not known what a buffer consists of: reason and message of its condition. */
export interface Unresolved {
  readonly reason: 'PodTemplateNotFound' | 'ScalableRefNotFound' | 'ResolutionFailed';
  readonly message: string;
}

interface Workload extends KubeObject { spec: { replicas?: number; template?: PodTemplateSpec } }

const WORKLOADS: Readonly<Record<string, KindClass<Workload>>> = { Deployment, StatefulSet, ReplicaSet };

/** Names what a template may be from. */
export const templateKey = (kind: string, namespace = 'default', name = ''): string => `${kind}/${namespace}/${name}`;

/** Autoscalers by the workload that they scale. */
const autoscalerByTarget = index(VerticalPodAutoscaler, 'target', ({ metadata: { namespace }, spec: { targetRef } }) =>
  [targetRef?.apiVersion?.startsWith('apps/') ? templateKey(targetRef.kind, namespace, targetRef.name) : undefined]);

type Reader = Pick<Cache, 'get' | 'list'>;
/** A template, and how many pods are made from it. */
type Source = Omit<Chunks, 'replicas'> & { readonly workloadReplicas?: number };

const failed = (message: string): Unresolved => ({ reason: 'ResolutionFailed', message });

function podTemplateOf(name: string, namespace: string, cache: Reader): Source | Unresolved {
  const podTemplate = cache.get(PodTemplate, name, namespace);
  if (!podTemplate) return { reason: 'PodTemplateNotFound', message: `PodTemplate ${namespace}/${name} not found` };
  return { template: podTemplate.template ?? {}, podTemplate };
}

function workloadOf({ apiGroup, kind, name }: NonNullable<CapacityBufferSpec['scalableRef']>, namespace: string, cache: Reader): Source | Unresolved {
  if (apiGroup !== undefined && apiGroup !== '' && apiGroup !== 'apps') return failed(`spec.scalableRef.apiGroup is ${JSON.stringify(apiGroup)}; it must be "apps" or empty`);
  const type = WORKLOADS[kind];
  if (!type) return failed(`spec.scalableRef.kind is ${JSON.stringify(kind)}; it must be ${Object.keys(WORKLOADS).join(', ')}`);
  const workload = cache.get(type, name, namespace);
  if (!workload) return { reason: 'ScalableRefNotFound', message: `${kind} ${namespace}/${name} not found` };
  const autoscalers = cache.list(VerticalPodAutoscaler, { index: autoscalerByTarget, value: templateKey(kind, namespace, name) });
  return { template: withPrediction(workload.spec.template ?? {}, strongestPrediction(autoscalers)), workloadReplicas: workload.spec.replicas ?? 1 };
}

/** What a buffer consists of, as of now (karpenter-core §3.17). */
export function bufferChunks({ metadata: { name, namespace = 'default' }, spec }: CapacityBuffer, cache: Reader): Chunks | Unresolved {
  const { podTemplateRef, scalableRef } = spec;
  if (!podTemplateRef && !scalableRef) return failed('neither spec.podTemplateRef nor spec.scalableRef is set');
  try {
    const source = podTemplateRef ? podTemplateOf(podTemplateRef.name, namespace, cache) : workloadOf(scalableRef as NonNullable<typeof scalableRef>, namespace, cache);
    if ('reason' in source) return source;
    const { workloadReplicas, ...chunk } = source;
    const replicas = bufferReplicas(spec, podRequests({ spec: chunkSpec(chunk.template) }), workloadReplicas);
    if (replicas > MOST_CHUNKS) return failed(`CapacityBuffer ${namespace}/${name} would have ${replicas} virtual pods; its replicas, percentage and limits must come to at most ${MOST_CHUNKS}`);
    return { ...chunk, replicas };
  } catch (error) {
    if (error instanceof InvalidQuantity) return failed(`in the pod template, its VerticalPodAutoscaler or spec.limits, ${error.message}`);
    throw error;
  }
}
