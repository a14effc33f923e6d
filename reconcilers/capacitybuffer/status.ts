import { inject } from 'inversify';
import { CapacityBuffer, VerticalPodAutoscaler } from 'karpenter-ts/api';
import { Condition, Deployment, PodTemplate, Reconciler, ReplicaSet, StatefulSet, Step, Watches, changed, done, generationChanged, index, met, unmet } from 'karpenter-ts/operator';
import type { Key, KubeObject, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import { REASONABLE_BACKOFF } from '../shared/concurrency.js';
import { bufferChunks, templateKey } from './buffer-chunks.js';
import { CapacityBufferSignals } from './capacity-buffer-events.js';

/** Buffers by what they take their template from. */
const bufferByTemplate = index(CapacityBuffer, 'template', ({ metadata: { namespace }, spec: { podTemplateRef, scalableRef } }) =>
  [podTemplateRef ? templateKey('PodTemplate', namespace, podTemplateRef.name) : scalableRef && templateKey(scalableRef.kind, namespace, scalableRef.name)]);

/** Says of each CapacityBuffer what it consists of, and has the provisioner look for room (karpenter-core §3.17). */
@Reconciler({ for: CapacityBuffer, name: 'capacitybuffer', concurrency: 10, backoff: REASONABLE_BACKOFF, root: false, transitionEvents: 'normal', when: generationChanged() })
export class CapacityBufferStatusReconciler {
  constructor(@inject(CapacityBufferSignals) private readonly signals: CapacityBufferSignals) {}

  @Watches(PodTemplate, { when: changed(({ template }) => template) })
  ofPodTemplate({ metadata: { namespace, name } }: PodTemplate, map: MapContext): Key<CapacityBuffer>[] {
    return map.keys({ index: bufferByTemplate, value: templateKey('PodTemplate', namespace, name) });
  }

  @Watches(Deployment, { when: generationChanged() })
  @Watches(StatefulSet, { when: generationChanged() })
  @Watches(ReplicaSet, { when: generationChanged() })
  ofWorkload({ kind, metadata: { namespace, name } }: KubeObject, map: MapContext): Key<CapacityBuffer>[] {
    return map.keys({ index: bufferByTemplate, value: templateKey(kind, namespace, name) });
  }

  /** An autoscaler changes what the next pods of its workload request. */
  @Watches(VerticalPodAutoscaler, { optional: true, when: changed(({ spec }) => spec, ({ status }) => status.recommendation) })
  ofAutoscaler({ metadata: { namespace }, spec: { targetRef } }: VerticalPodAutoscaler, map: MapContext): Key<CapacityBuffer>[] {
    return map.keys({ index: bufferByTemplate, value: targetRef && templateKey(targetRef.kind, namespace, targetRef.name) });
  }

  @Condition('ReadyForProvisioning', { every: '30s' })
  resolve({ status, spec }: CapacityBuffer, ctx: StepContext<CapacityBuffer>): Outcome {
    const chunks = bufferChunks(ctx.object, ctx.cache);
    if (spec.provisioningStrategy !== undefined) status.provisioningStrategy = spec.provisioningStrategy;
    if ('reason' in chunks) return unmet(chunks.reason, chunks.message);
    const { podTemplate, replicas } = chunks;
    delete status.podTemplateRef;
    delete status.podTemplateGeneration;
    if (podTemplate) {
      status.podTemplateRef = { name: podTemplate.metadata.name };
      if (podTemplate.metadata.generation !== undefined) status.podTemplateGeneration = podTemplate.metadata.generation;
    }
    status.replicas = replicas;
    return met('Resolved', 'Pod template resolved successfully');
  }

  @Step({ after: ['ReadyForProvisioning'] })
  announce({ metadata: { uid } }: CapacityBuffer): Outcome {
    this.signals.events.next(uid);
    return done();
  }
}
