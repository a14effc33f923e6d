import type { HorizontalPodAutoscaler as AutoscalerV1 } from 'kubernetes-types/autoscaling/v1.js';
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from 'kubernetes-types/autoscaling/v2.js';
import type { ApiObject } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';

const DEFAULT_UTILIZATION = 80;
/** Where version 1 keeps what it has no fields for. */
const METRICS_ANNOTATION = 'autoscaling.alpha.kubernetes.io/metrics';

const isCpuUtilization = (metric: MetricSpec): boolean => metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target.type === 'Utilization';

const cpuUtilization = (averageUtilization: number): MetricSpec => ({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } });

export const horizontalPodAutoscalerBehaviour: KindBehaviour = {
  setDefaults(object) {
    const { spec } = object as unknown as HorizontalPodAutoscaler;
    if (!spec) return;
    spec.minReplicas ??= 1;
    if (!spec.metrics || spec.metrics.length === 0) spec.metrics = [cpuUtilization(DEFAULT_UTILIZATION)];
  },
};

/** `autoscaling/v1`: one CPU target, and everything else in an annotation, so that nothing is lost either way. */
export const horizontalPodAutoscalerV1Behaviour: KindBehaviour = {
  setDefaults(object) {
    const { spec } = object as unknown as AutoscalerV1;
    if (spec) spec.minReplicas ??= 1;
  },
  fromStorage: (object) => toVersion1(object),
  toStorage: (object) => toVersion2(object),
};

function toVersion1(object: ApiObject): ApiObject {
  const { metrics = [], ...spec } = (object['spec'] ?? {}) as HorizontalPodAutoscaler['spec'] & object;
  const { currentMetrics = [], ...status } = (object['status'] ?? {}) as Partial<NonNullable<HorizontalPodAutoscaler['status']>>;
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => metric !== cpu);
  const current = currentMetrics.find(({ type, resource }: MetricStatus) => type === 'Resource' && resource?.name === 'cpu')?.resource?.current.averageUtilization;
  const target = cpu?.resource?.target.averageUtilization;
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: { ...object.metadata, ...(others.length > 0 && { annotations: { ...object.metadata.annotations, [METRICS_ANNOTATION]: JSON.stringify(others) } }) },
    spec: { ...spec, ...(target !== undefined && { targetCPUUtilizationPercentage: target }) },
    ...(object['status'] !== undefined && { status: { ...status, ...(current !== undefined && { currentCPUUtilizationPercentage: current }) } }),
  };
}

function toVersion2(object: ApiObject): ApiObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = (object['spec'] ?? {}) as AutoscalerV1['spec'] & object;
  const { [METRICS_ANNOTATION]: kept, ...annotations } = object.metadata.annotations ?? {};
  const { currentCPUUtilizationPercentage: current, ...status } = (object['status'] ?? {}) as Partial<NonNullable<AutoscalerV1['status']>>;
  const metrics = [...metricsOf(kept), ...(target === undefined ? [] : [cpuUtilization(target)])];
  const { annotations: _annotations, ...metadata } = object.metadata;
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { ...spec, metrics: metrics.length > 0 ? metrics : [cpuUtilization(DEFAULT_UTILIZATION)] },
    ...(object['status'] !== undefined && {
      status: { ...status, ...(current !== undefined && { currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }] }) },
    }),
  };
}

/** Annotations are anybody's to write: one that is no list of metrics counts as none. */
function metricsOf(annotation: string | undefined): MetricSpec[] {
  if (annotation === undefined) return [];
  try {
    const metrics: unknown = JSON.parse(annotation);
    return Array.isArray(metrics) ? (metrics as MetricSpec[]) : [];
  } catch {
    return [];
  }
}
