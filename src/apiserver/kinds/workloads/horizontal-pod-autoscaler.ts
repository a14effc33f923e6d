import type { HorizontalPodAutoscaler as AutoscalerV1 } from 'kubernetes-types/autoscaling/v1.js';
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from 'kubernetes-types/autoscaling/v2.js';
import type { ApiObject } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';
import { behaviorInGo, behaviorOfGo, metricOfVersion1, metricOfVersion2, statusOfVersion1, statusOfVersion2 } from './autoscaler-annotations.js';

const DEFAULT_UTILIZATION = 80;
/** Where version 1 keeps what it has no fields for. */
const PREFIX = 'autoscaling.alpha.kubernetes.io/';
const METRICS = `${PREFIX}metrics`;
const CURRENT_METRICS = `${PREFIX}current-metrics`;
const BEHAVIOR = `${PREFIX}behavior`;
const CONDITIONS = `${PREFIX}conditions`;

const isCpuUtilization = ({ type, resource }: MetricSpec): boolean => type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;
const isCpuStatus = ({ type, resource }: MetricStatus): boolean => type === 'Resource' && resource?.name === 'cpu' && resource.current.averageUtilization !== undefined;

const cpuUtilization = (averageUtilization: number): MetricSpec => ({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } });

/** How replicas come and go where a behaviour does not say. */
const percent = { type: 'Percent', value: 100, periodSeconds: 15 };
const SCALE_UP = { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, percent] };
const SCALE_DOWN = { selectPolicy: 'Max', policies: [percent] };

export const horizontalPodAutoscalerBehaviour: KindBehaviour = {
  setDefaults(object) {
    const { spec } = object as unknown as HorizontalPodAutoscaler;
    if (!spec) return;
    spec.minReplicas ??= 1;
    if (!spec.metrics || spec.metrics.length === 0) spec.metrics = [cpuUtilization(DEFAULT_UTILIZATION)];
    if (spec.behavior) spec.behavior = { scaleUp: { ...SCALE_UP, ...spec.behavior.scaleUp }, scaleDown: { ...SCALE_DOWN, ...spec.behavior.scaleDown } };
  },
};

/** `autoscaling/v1`: one CPU target, and everything else in annotations, so that nothing is lost either way. */
export const horizontalPodAutoscalerV1Behaviour: KindBehaviour = {
  setDefaults(object) {
    const { spec } = object as unknown as AutoscalerV1;
    if (!spec) return;
    spec.minReplicas ??= 1;
    if (!metricsIn(object)?.length) spec.targetCPUUtilizationPercentage ??= DEFAULT_UTILIZATION;
  },
  fromStorage: (object) => toVersion1(object),
  toStorage: (object) => toVersion2(object),
};

/** The annotations that are anybody's own; undefined for none. */
function ownAnnotations({ metadata }: ApiObject): Record<string, string> {
  const { [METRICS]: _metrics, [CURRENT_METRICS]: _current, [BEHAVIOR]: _behavior, [CONDITIONS]: _conditions, ...own } = metadata.annotations ?? {};
  return own;
}

function annotated(object: ApiObject, annotations: Record<string, string>): ApiObject['metadata'] {
  const { annotations: _before, ...metadata } = object.metadata;
  return { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) };
}

function toVersion1(object: ApiObject): ApiObject {
  const { metrics = [], behavior, ...spec } = (object['spec'] ?? {}) as HorizontalPodAutoscaler['spec'] & object;
  const { currentMetrics, conditions = [], ...status } = (object['status'] ?? {}) as Partial<NonNullable<HorizontalPodAutoscaler['status']>>;
  const others = metrics.filter((metric) => !isCpuUtilization(metric));
  const current = currentMetrics?.find(isCpuStatus)?.resource?.current.averageUtilization;
  const target = metrics.find(isCpuUtilization)?.resource?.target.averageUtilization;
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: annotated(object, {
      ...ownAnnotations(object),
      ...(others.length > 0 && { [METRICS]: JSON.stringify(others.map(metricOfVersion1)) }),
      ...(currentMetrics?.length && { [CURRENT_METRICS]: JSON.stringify(currentMetrics.map(statusOfVersion1)) }),
      ...(behavior && { [BEHAVIOR]: JSON.stringify(behaviorInGo(behavior)) }),
      ...(conditions.length > 0 && { [CONDITIONS]: JSON.stringify(conditions) }),
    }),
    spec: { ...spec, ...(target !== undefined && { targetCPUUtilizationPercentage: target }) },
    ...(object['status'] !== undefined && { status: { currentReplicas: 0, desiredReplicas: 0, ...status, ...(current !== undefined && { currentCPUUtilizationPercentage: current }) } }),
  };
}

function toVersion2(object: ApiObject): ApiObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = (object['spec'] ?? {}) as AutoscalerV1['spec'] & object;
  const { currentCPUUtilizationPercentage: current, currentReplicas, ...status } = (object['status'] ?? {}) as Partial<NonNullable<AutoscalerV1['status']>>;
  const { [CURRENT_METRICS]: keptCurrent, [BEHAVIOR]: keptBehavior, [CONDITIONS]: keptConditions } = object.metadata.annotations ?? {};
  const metrics = [...(metricsIn(object) ?? []), ...(target === undefined ? [] : [cpuUtilization(target)])];
  const behavior = read(keptBehavior, behaviorOfGo);
  const ofCpu: MetricStatus[] = current === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }];
  const currentMetrics = read(keptCurrent, listOf(statusOfVersion2)) ?? ofCpu;
  const conditions = read(keptConditions, listOf((condition) => condition)) ?? [];
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: annotated(object, ownAnnotations(object)),
    spec: { ...spec, metrics: metrics.length > 0 ? metrics : [cpuUtilization(DEFAULT_UTILIZATION)], ...(behavior && Object.keys(behavior).length > 0 && { behavior }) },
    ...(object['status'] !== undefined && { status: { ...status, ...(currentReplicas && { currentReplicas }), currentMetrics: currentMetrics.length > 0 ? currentMetrics : null, ...(conditions.length > 0 && { conditions }) } }),
  };
}

/** What version 1 keeps of metrics in an annotation. */
const metricsIn = ({ metadata }: ApiObject): MetricSpec[] | undefined => read(metadata.annotations?.[METRICS], listOf(metricOfVersion2));

/** What an annotation holds; those are anybody's to write: one that makes no sense counts as none. */
function read<T>(annotation: string | undefined, as: (value: unknown) => T): T | undefined {
  if (annotation === undefined) return undefined;
  try {
    return as(JSON.parse(annotation));
  } catch {
    return undefined;
  }
}

const listOf = <T>(item: (value: unknown) => T) => (value: unknown): T[] => (value as unknown[]).map(item);
