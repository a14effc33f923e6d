import type { HorizontalPodAutoscaler, MetricIdentifier, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus, CrossVersionObjectReference } from 'kubernetes-types/autoscaling/v2.js';
import type { JsonObject } from '../../contracts.js';

/** The behaviour of an autoscaler as the annotation has it: Kubernetes' own structs, with their names in Go. */
type Behavior = NonNullable<NonNullable<HorizontalPodAutoscaler['spec']>['behavior']>;

const ZERO = '0';

/** As Go writes a struct: without what is nil, with the zero of what is not a pointer. */
const written = (fields: Record<string, unknown>): JsonObject => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const reference = ({ kind, name, apiVersion }: CrossVersionObjectReference): JsonObject => written({ kind, name, apiVersion });

/** A metric as `autoscaling/v1` writes it. */
export function metricOfVersion1({ type, object, pods, resource, containerResource, external }: MetricSpec): JsonObject {
  const amounts = ({ averageUtilization, averageValue }: MetricTarget): JsonObject => ({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue });
  return written({
    type,
    object: object && written({ target: reference(object.describedObject), metricName: object.metric.name, targetValue: object.target.value ?? ZERO, selector: object.metric.selector, averageValue: object.target.averageValue }),
    pods: pods && written({ metricName: pods.metric.name, targetAverageValue: pods.target.averageValue ?? ZERO, selector: pods.metric.selector }),
    resource: resource && written({ name: resource.name, ...amounts(resource.target) }),
    containerResource: containerResource && written({ name: containerResource.name, ...amounts(containerResource.target), container: containerResource.container }),
    external: external && written({ metricName: external.metric.name, metricSelector: external.metric.selector, targetValue: external.target.value, targetAverageValue: external.target.averageValue }),
  });
}

/** What a metric was last, as `autoscaling/v1` writes it. */
export function statusOfVersion1({ type, object, pods, resource, containerResource, external }: MetricStatus): JsonObject {
  const amounts = ({ averageUtilization, averageValue }: MetricValueStatus): JsonObject => ({ currentAverageUtilization: averageUtilization, currentAverageValue: averageValue ?? ZERO });
  return written({
    type,
    object: object && written({ target: reference(object.describedObject), metricName: object.metric.name, currentValue: object.current.value ?? ZERO, selector: object.metric.selector, averageValue: object.current.averageValue }),
    pods: pods && written({ metricName: pods.metric.name, currentAverageValue: pods.current.averageValue ?? ZERO, selector: pods.metric.selector }),
    resource: resource && written({ name: resource.name, ...amounts(resource.current) }),
    containerResource: containerResource && written({ name: containerResource.name, ...amounts(containerResource.current), container: containerResource.container }),
    external: external && written({ metricName: external.metric.name, metricSelector: external.metric.selector, currentValue: external.current.value ?? ZERO, currentAverageValue: external.current.averageValue }),
  });
}

/** JSON out of an annotation, of whatever shape. */
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;

const metric = (name: string, selector: unknown): MetricIdentifier => written({ name, selector }) as unknown as MetricIdentifier;

/** The other way round; missing parts stay missing, for annotations are anybody's to write. */
export function metricOfVersion2({ type, object, pods, resource, containerResource, external }: Loose): MetricSpec {
  const target = (kind: string, amounts: JsonObject): JsonObject => written({ type: kind, ...amounts });
  const resourceTarget = ({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue }: Loose): JsonObject => target(averageUtilization === undefined ? 'AverageValue' : 'Utilization', { averageUtilization, averageValue });
  return written({
    type,
    object: object && { describedObject: object.target, metric: metric(object.metricName, object.selector), target: target(object.averageValue === undefined ? 'Value' : 'AverageValue', { value: object.targetValue, averageValue: object.averageValue }) },
    pods: pods && { metric: metric(pods.metricName, pods.selector), target: target('AverageValue', { averageValue: pods.targetAverageValue }) },
    resource: resource && { name: resource.name, target: resourceTarget(resource) },
    containerResource: containerResource && { name: containerResource.name, container: containerResource.container, target: resourceTarget(containerResource) },
    external: external && { metric: metric(external.metricName, external.metricSelector), target: target(external.targetValue === undefined ? 'AverageValue' : 'Value', { value: external.targetValue, averageValue: external.targetAverageValue }) },
  }) as unknown as MetricSpec;
}

export function statusOfVersion2({ type, object, pods, resource, containerResource, external }: Loose): MetricStatus {
  const current = ({ currentAverageUtilization: averageUtilization, currentAverageValue: averageValue }: Loose): JsonObject => written({ averageUtilization, averageValue });
  return written({
    type,
    object: object && { describedObject: object.target, metric: metric(object.metricName, object.selector), current: written({ value: object.currentValue, averageValue: object.averageValue }) },
    pods: pods && { metric: metric(pods.metricName, pods.selector), current: { averageValue: pods.currentAverageValue } },
    resource: resource && { name: resource.name, current: current(resource) },
    containerResource: containerResource && { name: containerResource.name, container: containerResource.container, current: current(containerResource) },
    external: external && { metric: metric(external.metricName, external.metricSelector), current: written({ value: external.currentValue, averageValue: external.currentAverageValue }) },
  }) as unknown as MetricStatus;
}

/** With every name in capitals, and null where nothing is said; and back. */
export function behaviorInGo({ scaleUp, scaleDown }: Behavior): JsonObject {
  const rules = (of: Behavior['scaleUp']): JsonObject | null =>
    of ? { StabilizationWindowSeconds: of.stabilizationWindowSeconds ?? null, SelectPolicy: of.selectPolicy ?? null, Policies: of.policies?.map(({ type, value, periodSeconds }) => ({ Type: type, Value: value, PeriodSeconds: periodSeconds })) ?? null, Tolerance: (of as { tolerance?: string }).tolerance ?? null } : null;
  return { ScaleUp: rules(scaleUp), ScaleDown: rules(scaleDown) };
}

export function behaviorOfGo({ ScaleUp, ScaleDown }: Loose): Behavior {
  const rules = (of: Loose): unknown =>
    of ? written({ stabilizationWindowSeconds: of.StabilizationWindowSeconds ?? undefined, selectPolicy: of.SelectPolicy ?? undefined, policies: of.Policies?.map(({ Type, Value, PeriodSeconds }: Loose) => ({ type: Type, value: Value, periodSeconds: PeriodSeconds })) ?? undefined, tolerance: of.Tolerance ?? undefined }) : undefined;
  return written({ scaleUp: rules(ScaleUp), scaleDown: rules(ScaleDown) }) as Behavior;
}
