import type { Container, Pod, PodSpec, PodTemplateSpec, Volume } from 'kubernetes-types/core/v1.js';
import type { CapacityBuffer } from '../api/capacitybuffer.js';
import { CAPACITY_BUFFER_FAKE_POD_ANNOTATION, CAPACITY_BUFFER_NAMESPACE_ANNOTATION, CAPACITY_BUFFER_NAME_ANNOTATION } from '../api/labels.js';
import { templateSpec } from './template-spec.js';

/** The lowest priority that there is. */
const LOWEST_PRIORITY = -(2 ** 31);

/** Volumes of claims that no pod of the buffer ever has. */
const isClaimed = ({ persistentVolumeClaim, ephemeral }: Volume): boolean => persistentVolumeClaim !== undefined || ephemeral !== undefined;

/** What a chunk of a buffer asks of its node: the template's spec, free of what binds a pod to a node or to a volume. */
export function chunkSpec({ spec }: PodTemplateSpec): PodSpec {
  const { nodeName: _, volumes = [], ...rest } = templateSpec(spec);
  const claimed = new Set(volumes.filter(isClaimed).map(({ name }) => name));
  const withoutClaims = ({ volumeMounts, volumeDevices: _devices, ...container }: Container): Container =>
    ({ ...container, ...(volumeMounts ? { volumeMounts: volumeMounts.filter(({ name }) => !claimed.has(name)) } : {}) });
  const kept = volumes.filter((volume) => !isClaimed(volume));
  return {
    ...rest,
    containers: rest.containers.map(withoutClaims),
    ...(rest.initContainers ? { initContainers: rest.initContainers.map(withoutClaims) } : {}),
    ...(kept.length > 0 ? { volumes: kept } : {}),
    priority: LOWEST_PRIORITY,
  };
}

/** The pods that stand for the room of a buffer (karpenter-core §3.17). They look as if no node had room for them, and are never written anywhere. */
export function virtualPods({ metadata: { name, namespace = 'default', uid, creationTimestamp } }: CapacityBuffer, template: PodTemplateSpec, replicas: number): Pod[] {
  const spec = chunkSpec(template);
  const annotations = {
    ...template.metadata?.annotations,
    [CAPACITY_BUFFER_FAKE_POD_ANNOTATION]: 'true',
    [CAPACITY_BUFFER_NAME_ANNOTATION]: name,
    [CAPACITY_BUFFER_NAMESPACE_ANNOTATION]: namespace,
  };
  return Array.from({ length: replicas }, (_, index): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `capacity-buffer-${name}-${index + 1}`, namespace, uid: `${uid}-${index + 1}`, labels: template.metadata?.labels ?? {}, annotations,
      creationTimestamp: creationTimestamp as never,
    },
    spec,
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] },
  }));
}
