import type { CrossVersionObjectReference, HPAScalingRules, HorizontalPodAutoscaler, MetricIdentifier, MetricSpec, MetricTarget } from 'kubernetes-types/autoscaling/v2.js';
import { child, type FieldError, forbidden, invalid, required } from '../../schema/field-error.js';
import { dns1123Label, pathSegment } from '../../schema/names.js';
import { parseQuantity } from '../../schema/quantity.js';
import { eachOf, oneOf, problemsAsErrors } from './common.js';
import { containerResourceName } from './resources.js';

/** The kinds of metrics, and the field that each is told in, in the order in which they are looked at. */
const SOURCES = { Object: 'object', External: 'external', Pods: 'pods', Resource: 'resource', ContainerResource: 'containerResource' } as const;
const METRIC_TYPES = Object.keys(SOURCES).sort();
const LONGEST_WINDOW = 3_600;
const LONGEST_PERIOD = 1_800;

type Source = Partial<{ metric: MetricIdentifier; target: MetricTarget; name: string; container: string; describedObject: CrossVersionObjectReference }>;

export function validateHorizontalPodAutoscaler(autoscaler: HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [], behavior } = autoscaler.spec ?? {};
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < 1) errors.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'));
  if (maxReplicas < 1) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (minReplicas !== undefined && maxReplicas < minReplicas) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  errors.push(...reference(scaleTargetRef, 'spec.scaleTargetRef'), ...eachOf('spec.metrics', metrics, metric));
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) errors.push(forbidden('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas'));
  return [...errors, ...(['scaleUp', 'scaleDown'] as const).flatMap((direction) => scalingRules(behavior?.[direction], `spec.behavior.${direction}`))];
}

/** What is scaled is of a group; where it was not, it need not be. Metrics may be of the core group. */
export function validateNewHorizontalPodAutoscaler({ spec }: HorizontalPodAutoscaler): FieldError[] {
  const apiVersion = spec?.scaleTargetRef?.apiVersion ?? '';
  return apiVersion.includes('/') ? [] : [invalid('spec.scaleTargetRef.apiVersion', apiVersion, 'apiVersion must specify API group')];
}

export const validateHorizontalPodAutoscalerUpdate = (object: HorizontalPodAutoscaler, previous: HorizontalPodAutoscaler): FieldError[] =>
  (validateNewHorizontalPodAutoscaler(previous).length > 0 ? [] : validateNewHorizontalPodAutoscaler(object));

function reference(target: CrossVersionObjectReference | undefined, path: string): FieldError[] {
  const { apiVersion = '' } = target ?? {};
  return [
    ...(['kind', 'name'] as const).flatMap((field) => {
      const value = target?.[field];
      return value ? problemsAsErrors(child(path, field), value, pathSegment(value)) : [required(child(path, field))];
    }),
    ...(apiVersion.split('/').length > 2 ? [invalid(child(path, 'apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`)] : []),
  ];
}

function scalingRules(rules: HPAScalingRules | undefined, path: string): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: window, policies = [] } = rules;
  const errors: FieldError[] = [];
  if (window !== undefined && window < 0) errors.push(invalid(child(path, 'stabilizationWindowSeconds'), window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > LONGEST_WINDOW) errors.push(invalid(child(path, 'stabilizationWindowSeconds'), window, `must be less than or equal to ${LONGEST_WINDOW}`));
  errors.push(...oneOf(child(path, 'selectPolicy'), rules.selectPolicy, ['Disabled', 'Max', 'Min']));
  if (policies.length === 0) errors.push(required(child(path, 'policies'), 'must specify at least one Policy'));
  return [...errors, ...eachOf(child(path, 'policies'), policies, ({ type, value, periodSeconds }, place) => [
    ...oneOf(child(place, 'type'), type, ['Percent', 'Pods']),
    ...(value > 0 ? [] : [invalid(child(place, 'value'), value, 'must be greater than zero')]),
    ...(periodSeconds > 0 ? [] : [invalid(child(place, 'periodSeconds'), periodSeconds, 'must be greater than zero')]),
    ...(periodSeconds > LONGEST_PERIOD ? [invalid(child(place, 'periodSeconds'), periodSeconds, `must be less than or equal to ${LONGEST_PERIOD}`)] : []),
  ])];
}

function metric(spec: MetricSpec, path: string): FieldError[] {
  const { type = '' } = spec as Partial<MetricSpec>;
  const errors: FieldError[] = [];
  const unknown = oneOf(child(path, 'type'), type, METRIC_TYPES);
  if (type === '') errors.push(required(child(path, 'type'), 'must specify a metric source type'));
  errors.push(...unknown);
  const given = Object.values(SOURCES).filter((field) => spec[field as 'object']);
  const [first] = given;
  if (first) errors.push(...SOURCE_CHECKS[first](spec[first as 'object'] as Source, child(path, first)));
  const expected = SOURCES[type as keyof typeof SOURCES];
  if (!expected) errors.push(...unknown);
  else if (!given.includes(expected)) errors.push(required(child(path, expected), 'must populate information for the given metric source'));
  if (given.length !== 1) errors.push(...given.filter((field) => field !== expected).map((field) => forbidden(child(path, field), 'must populate the given metric source only')));
  return errors;
}

/** What each kind of metric must say. */
const SOURCE_CHECKS: Record<(typeof SOURCES)[keyof typeof SOURCES], (source: Source, path: string) => FieldError[]> = {
  object: (source, path) => [
    ...reference(source.describedObject, child(path, 'describedObject')),
    ...named(source, path),
    ...(source.target?.value === undefined && source.target?.averageValue === undefined ? [required(child(path, 'target.averageValue'), 'must set either a target value or averageValue')] : []),
  ],
  external: (source, path) => [
    ...named(source, path),
    ...(source.target?.value === undefined && source.target?.averageValue === undefined ? [required(child(path, 'target.averageValue'), 'must set either a target value for metric or a per-pod target')] : []),
    ...(source.target?.value !== undefined && source.target.averageValue !== undefined ? [forbidden(child(path, 'target.value'), 'may not set both a target value for metric and a per-pod target')] : []),
  ],
  pods: (source, path) => [...named(source, path), ...(source.target?.averageValue === undefined ? [required(child(path, 'target.averageValue'), 'must specify a positive target averageValue')] : [])],
  resource: (source, path) => [...(source.name ? [] : [required(child(path, 'name'), 'must specify a resource name')]), ...usage(source, path)],
  containerResource: (source, path) => [
    ...(source.name ? containerResourceName(child(path, 'name'), source.name) : [required(child(path, 'name'), 'must specify a resource name')]),
    ...(source.container ? problemsAsErrors(child(path, 'container'), source.container, dns1123Label(source.container)) : [required(child(path, 'container'), 'must specify a container')]),
    ...usage(source, path),
  ],
};

function named(source: Source, path: string): FieldError[] {
  const name = source.metric?.name;
  return [...(name ? problemsAsErrors(child(path, 'metric.name'), name, pathSegment(name)) : [required(child(path, 'metric.name'), 'must specify a metric name')]), ...target(source.target, child(path, 'target'))];
}

/** How much of a resource may be used: so much, or so much of what was asked for. */
const usage = ({ target: wanted }: Source, path: string): FieldError[] => [
  ...target(wanted, child(path, 'target')),
  ...(wanted?.averageUtilization === undefined && wanted?.averageValue === undefined ? [required(child(path, 'target.averageUtilization'), 'must set either a target raw value or a target utilization')] : []),
  ...(wanted?.averageUtilization !== undefined && wanted.averageValue !== undefined ? [forbidden(child(path, 'target.averageValue'), 'may not set both a target raw value and a target utilization')] : []),
];

function target(wanted: Partial<MetricTarget> = {}, path: string): FieldError[] {
  const { type = '', averageUtilization } = wanted;
  return [
    ...(type === '' ? [required(child(path, 'type'), 'must specify a metric target type')] : []),
    ...(['Utilization', 'Value', 'AverageValue'].includes(type) ? [] : [invalid(child(path, 'type'), type, 'must be either Utilization, Value, or AverageValue')]),
    ...(['value', 'averageValue'] as const).flatMap((field) => ((parseQuantity(wanted[field])?.nano ?? 1n) > 0n ? [] : [invalid(child(path, field), wanted[field], 'must be positive')])),
    ...(averageUtilization !== undefined && averageUtilization < 1 ? [invalid(child(path, 'averageUtilization'), averageUtilization, 'must be greater than 0')] : []),
  ];
}
