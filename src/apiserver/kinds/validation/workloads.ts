import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { PodTemplate, PodTemplateSpec, ReplicationController } from 'kubernetes-types/core/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { child, type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { dns1123Label } from '../../schema/names.js';
import { isObject } from '../../schema/schema.js';
import { atMostAll, eachOf, intOrPercent, nonNegative, oneOf, problemsAsErrors, sorted, unchanged } from './common.js';
import { validateClaimSpec } from './persistent-volumes.js';
import { RESTART_POLICIES, validatePodTemplate } from './pod-spec.js';
import { isEmptySelector, selects, validateLabelSelector } from './selectors.js';

const ALWAYS = ['Always'];

/** Whose pods run for ever: by what selectors are said to be for, what they are called where a deadline is refused. */
const ENDLESS = { deployment: 'ReplicaSet', daemonset: 'DaemonSet', statefulset: 'StatefulSet' } as const;
type Endless = keyof typeof ENDLESS;

const endlessTemplate = (template: PodTemplateSpec | undefined, kind: string): FieldError[] => [
  ...validatePodTemplate(template, 'spec.template', ALWAYS),
  ...(template?.spec?.activeDeadlineSeconds === undefined ? [] : [forbidden('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`)]),
];

const mismatch = (selector: LabelSelector | undefined, template: PodTemplateSpec | undefined, path: string): FieldError[] => {
  const labels = template?.metadata?.labels;
  return selector && selects(selector, labels) ? [] : [invalid(child(path, 'metadata.labels'), labels && sorted(labels), '`selector` does not match template `labels`')];
};

/** The selector of a controller, and that it takes the pods of its own template. Replica sets' are said to be for deployments. */
function selectorAndTemplate(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined, what: Endless): FieldError[] {
  const errors = selector ? validateLabelSelector(selector, 'spec.selector') : what === 'daemonset' ? [] : [required('spec.selector')];
  const isEmpty = selector !== undefined && isEmptySelector(selector);
  if (isEmpty) errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${what}`));
  if (selector && isUnusable(selector)) {
    if (what !== 'daemonset') return [...errors, invalid('spec.selector', selector, what === 'deployment' ? 'invalid label selector' : '')];
  } else if (!isEmpty) errors.push(...mismatch(selector, template, 'spec.template'));
  return [...errors, ...endlessTemplate(template, ENDLESS[what])];
}

/** Whether nothing can be made of a selector. */
const isUnusable = (selector: LabelSelector): boolean => validateLabelSelector(selector, '').length > 0;

const isZero = (value: number | string | undefined): boolean => value === undefined || value === 0 || value === '0%';

interface RollingUpdate { maxUnavailable?: number | string; maxSurge?: number | string }

/** Both zero would leave no way to replace a pod. */
const rollingUpdate = ({ maxUnavailable, maxSurge }: RollingUpdate, path: string): FieldError[] => [
  ...intOrPercent(child(path, 'maxUnavailable'), maxUnavailable),
  ...intOrPercent(child(path, 'maxSurge'), maxSurge),
  ...(isZero(maxUnavailable) && isZero(maxSurge) ? [invalid(child(path, 'maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0')] : []),
  ...atMostAll(child(path, 'maxUnavailable'), maxUnavailable),
];

/** A daemon set either takes pods away first, or adds them first. */
const daemonRollingUpdate = ({ maxUnavailable, maxSurge }: RollingUpdate, path: string): FieldError[] => [
  ...intOrPercent(child(path, 'maxUnavailable'), maxUnavailable),
  ...intOrPercent(child(path, 'maxSurge'), maxSurge),
  ...atMostAll(child(path, 'maxUnavailable'), maxUnavailable),
  ...atMostAll(child(path, 'maxSurge'), maxSurge),
  ...(!isZero(maxUnavailable) && !isZero(maxSurge) ? [invalid(child(path, 'maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero')] : []),
  ...(isZero(maxUnavailable) && isZero(maxSurge) ? [required(child(path, 'maxUnavailable'), 'cannot be 0 when maxSurge is 0')] : []),
];

/** A way of updating as Kubernetes shows it. */
const shown = ({ type = '', rollingUpdate: update }: { type?: string; rollingUpdate?: Record<string, unknown> }): object => ({ Type: type, RollingUpdate: update ? inGo(update) : null });
const inGo = (fields: Record<string, unknown>): object => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name[0]!.toUpperCase() + name.slice(1), value]));

export const validateControllerRevision = ({ revision }: ControllerRevision): FieldError[] => nonNegative('revision', revision);

export function validateNewControllerRevision({ data }: ControllerRevision): FieldError[] {
  if (data === undefined || data === null) return [required('data', 'data is mandatory')];
  return isObject(data) ? [] : [required('data', 'data must be a valid JSON object')];
}

export const validateControllerRevisionUpdate = ({ data }: ControllerRevision, previous: ControllerRevision): FieldError[] => unchanged('data', data, previous.data);

/** A template on its own may be for any controller. */
export const validateStandaloneTemplate = ({ template }: PodTemplate): FieldError[] => validatePodTemplate(template, 'template', RESTART_POLICIES);

export function validateDeployment({ spec }: Deployment): FieldError[] {
  const { strategy, progressDeadlineSeconds, minReadySeconds = 0 } = spec ?? {};
  const errors = [
    ...nonNegative('spec.replicas', spec?.replicas),
    ...selectorAndTemplate(spec?.selector, spec?.template, 'deployment'),
    ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec?.revisionHistoryLimit),
    ...nonNegative('spec.progressDeadlineSeconds', progressDeadlineSeconds),
  ];
  if (strategy?.type === 'Recreate') {
    if (strategy.rollingUpdate) errors.push(forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"));
  } else if (strategy?.type !== 'RollingUpdate') errors.push(notSupported('spec.strategy', shown(strategy as object), ['Recreate', 'RollingUpdate']));
  else errors.push(...rollingUpdate(strategy.rollingUpdate ?? {}, 'spec.strategy.rollingUpdate'));
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds) errors.push(invalid('spec.progressDeadlineSeconds', progressDeadlineSeconds, 'must be greater than minReadySeconds'));
  return errors;
}

export const validateReplicaSet = ({ spec }: ReplicaSet): FieldError[] => [
  ...nonNegative('spec.replicas', spec?.replicas),
  ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
  ...selectorAndTemplate(spec?.selector, spec?.template, 'deployment'),
];

export function validateReplicationController({ spec }: ReplicationController): FieldError[] {
  const selector = spec?.selector ?? {};
  const errors = nonNegative('spec.replicas', spec?.replicas);
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'));
  else errors.push(...mismatch({ matchLabels: selector }, spec?.template, 'spec.template'));
  return [...errors, ...endlessTemplate(spec?.template, 'ReplicationController')];
}

export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  const { podManagementPolicy: policy = '', updateStrategy, persistentVolumeClaimRetentionPolicy: retention } = spec ?? {};
  const errors = [
    ...nonNegative('spec.replicas', spec?.replicas),
    ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
    ...nonNegative('spec.ordinals.start', (spec as { ordinals?: { start?: number } } | undefined)?.ordinals?.start),
    ...oneOf('spec.persistentVolumeClaimRetentionPolicy.whenDeleted', retention?.whenDeleted, ['Retain', 'Delete']),
    ...oneOf('spec.persistentVolumeClaimRetentionPolicy.whenScaled', retention?.whenScaled, ['Retain', 'Delete']),
  ];
  if (!['OrderedReady', 'Parallel'].includes(policy)) errors.push(invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"));
  const { type, rollingUpdate: update } = updateStrategy ?? {};
  if (type === 'OnDelete') {
    if (update) errors.push(invalid('spec.updateStrategy.rollingUpdate', { Partition: update.partition ?? 0, MaxUnavailable: (update as RollingUpdate).maxUnavailable ?? null }, "only allowed for updateStrategy 'RollingUpdate'"));
  } else if (type !== 'RollingUpdate') errors.push(invalid('spec.updateStrategy', shown(updateStrategy as object), "must be 'RollingUpdate' or 'OnDelete'"));
  else errors.push(...orderedUpdate(update ?? {}, 'spec.updateStrategy.rollingUpdate'));
  return [...errors, ...selectorAndTemplate(spec?.selector, withClaimVolumes(spec), 'statefulset')];
}

const orderedUpdate = ({ partition, maxUnavailable }: RollingUpdate & { partition?: number }, path: string): FieldError[] => [
  ...nonNegative(child(path, 'partition'), partition),
  ...intOrPercent(child(path, 'maxUnavailable'), maxUnavailable),
  ...(maxUnavailable !== undefined && isZero(maxUnavailable) ? [invalid(child(path, 'maxUnavailable'), maxUnavailable, 'cannot be 0')] : []),
  ...atMostAll(child(path, 'maxUnavailable'), maxUnavailable),
];

/** What cannot change later, and may be wrong in older sets. */
export const validateNewStatefulSet = ({ spec }: StatefulSet): FieldError[] => [
  ...(spec?.serviceName ? problemsAsErrors('spec.serviceName', spec.serviceName, dns1123Label(spec.serviceName)) : []),
  ...eachOf('spec.volumeClaimTemplates', spec?.volumeClaimTemplates, (claim, place) => validateClaimSpec(claim.spec, child(place, 'spec'))),
];

/** Mounts may name the claims that the set makes for each pod. */
function withClaimVolumes(spec: StatefulSet['spec']): PodTemplateSpec | undefined {
  const claims = (spec?.volumeClaimTemplates ?? []).flatMap(({ metadata }) => (metadata?.name ? [{ name: metadata.name, emptyDir: {} }] : []));
  const { template } = spec ?? {};
  if (!template?.spec || claims.length === 0) return template;
  const own = (template.spec.volumes ?? []).filter(({ name }) => !claims.some((claim) => claim.name === name));
  return { ...template, spec: { ...template.spec, volumes: [...own, ...claims] } };
}

/** The fields of a stateful set that may change; all others tell its pods and volumes apart. */
const STATEFUL_SET_MUTABLE = ['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'];

export function validateStatefulSetUpdate({ spec }: StatefulSet, { spec: before }: StatefulSet): FieldError[] {
  const rest = (value: object | undefined): object => Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => !STATEFUL_SET_MUTABLE.includes(name)));
  if (sameJson(rest(spec), rest(before))) return [];
  return [forbidden('spec', "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")];
}

export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  const { type, rollingUpdate: update } = spec?.updateStrategy ?? {};
  const errors = [...nonNegative('spec.minReadySeconds', spec?.minReadySeconds), ...nonNegative('spec.revisionHistoryLimit', spec?.revisionHistoryLimit)];
  if (type === 'RollingUpdate') errors.push(...(update ? daemonRollingUpdate(update, 'spec.updateStrategy.rollingUpdate') : [required('spec.updateStrategy.rollingUpdate')]));
  else if (type !== 'OnDelete') errors.push(notSupported('spec.updateStrategy', shown(spec?.updateStrategy as object), ['RollingUpdate', 'OnDelete']));
  return [...errors, ...selectorAndTemplate(spec?.selector, spec?.template, 'daemonset')];
}

/** Deployments, replica sets and daemon sets keep selecting the same pods. */
export const validateSelectorUpdate = (object: { spec?: { selector?: unknown } }, previous: { spec?: { selector?: unknown } }): FieldError[] => unchanged('spec.selector', object.spec?.selector, previous.spec?.selector);

export function validatePodDisruptionBudget({ spec }: PodDisruptionBudget): FieldError[] {
  const errors: FieldError[] = [];
  if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined) errors.push(invalid('spec', { MinAvailable: spec.minAvailable, Selector: spec.selector ?? null, MaxUnavailable: spec.maxUnavailable, UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null }, 'minAvailable and maxUnavailable cannot be both set'));
  errors.push(...(['minAvailable', 'maxUnavailable'] as const).flatMap((field) => [...intOrPercent(`spec.${field}`, spec?.[field]), ...atMostAll(`spec.${field}`, spec?.[field])]));
  errors.push(...oneOf('spec.unhealthyPodEvictionPolicy', spec?.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget']));
  return [...errors, ...validateLabelSelector(spec?.selector, 'spec.selector')];
}
