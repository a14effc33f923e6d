import { Cron } from 'croner';
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { CronJob, Job } from 'kubernetes-types/batch/v1.js';
import type { PodTemplate, PodTemplateSpec, ReplicationController } from 'kubernetes-types/core/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { child, type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { isObject } from '../../schema/schema.js';
import { intOrPercent, nonNegative, oneOf, positive, unchanged } from './common.js';
import { RESTART_POLICIES, validatePodTemplate } from './pod-spec.js';
import { isEmptySelector, selects, validateLabelSelector } from './selectors.js';

const ALWAYS = ['Always'];
const ONCE = ['OnFailure', 'Never'];
const LONGEST_CRON_JOB_NAME = 52;

/** Whose pods run for ever: by what selectors are said to be for, what they are called where a deadline is refused. */
const ENDLESS: Readonly<Record<string, string>> = { deployment: 'ReplicaSet', replicaset: 'ReplicaSet', daemonset: 'DaemonSet', statefulset: 'StatefulSet' };

const endlessTemplate = (template: PodTemplateSpec | undefined, kind: string): FieldError[] => [
  ...validatePodTemplate(template, 'spec.template', ALWAYS),
  ...(template?.spec?.activeDeadlineSeconds === undefined ? [] : [forbidden('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`)]),
];

/** The selector of a controller, and that it takes the pods of its own template. */
function selectorAndTemplate(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined, what: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!selector) errors.push(required('spec.selector'));
  else {
    errors.push(...validateLabelSelector(selector, 'spec.selector'));
    if (isEmptySelector(selector)) errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${what}`));
    else if (!selects(selector, template?.metadata?.labels)) errors.push(invalid('spec.template.metadata.labels', template?.metadata?.labels ?? null, '`selector` does not match template `labels`'));
  }
  return [...errors, ...endlessTemplate(template, ENDLESS[what]!)];
}

/** Both zero would leave no way to replace a pod. */
function rollingUpdate(update: { maxUnavailable?: number | string; maxSurge?: number | string } | undefined, path: string): FieldError[] {
  const isZero = (value: number | string | undefined): boolean => value === 0 || value === '0%';
  return [
    ...intOrPercent(child(path, 'maxUnavailable'), update?.maxUnavailable),
    ...intOrPercent(child(path, 'maxSurge'), update?.maxSurge),
    ...(isZero(update?.maxUnavailable) && isZero(update?.maxSurge) ? [invalid(child(path, 'maxUnavailable'), update?.maxUnavailable, 'may not be 0 when `maxSurge` is 0')] : []),
  ];
}

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
    ...oneOf('spec.strategy.type', strategy?.type, ['Recreate', 'RollingUpdate']),
  ];
  if (strategy?.type === 'Recreate' && strategy.rollingUpdate) errors.push(forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"));
  else errors.push(...rollingUpdate(strategy?.rollingUpdate, 'spec.strategy.rollingUpdate'));
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds) errors.push(invalid('spec.progressDeadlineSeconds', progressDeadlineSeconds, 'must be greater than minReadySeconds'));
  return errors;
}

export const validateReplicaSet = ({ spec }: ReplicaSet): FieldError[] => [
  ...nonNegative('spec.replicas', spec?.replicas),
  ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
  ...selectorAndTemplate(spec?.selector, spec?.template, 'replicaset'),
];

export function validateReplicationController({ spec }: ReplicationController): FieldError[] {
  const selector = spec?.selector ?? {};
  const errors = nonNegative('spec.replicas', spec?.replicas);
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'));
  else if (!selects({ matchLabels: selector }, spec?.template?.metadata?.labels)) errors.push(invalid('spec.template.metadata.labels', spec?.template?.metadata?.labels ?? null, '`selector` does not match template `labels`'));
  return [...errors, ...endlessTemplate(spec?.template, 'ReplicationController')];
}

export const validateStatefulSet = ({ spec }: StatefulSet): FieldError[] => [
  ...nonNegative('spec.replicas', spec?.replicas),
  ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
  ...oneOf('spec.podManagementPolicy', spec?.podManagementPolicy, ['OrderedReady', 'Parallel']),
  ...oneOf('spec.updateStrategy.type', spec?.updateStrategy?.type, ['RollingUpdate', 'OnDelete']),
  ...nonNegative('spec.updateStrategy.rollingUpdate.partition', spec?.updateStrategy?.rollingUpdate?.partition),
  ...selectorAndTemplate(spec?.selector, withClaimVolumes(spec), 'statefulset'),
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
const STATEFUL_SET_MUTABLE = ['replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'];

export function validateStatefulSetUpdate({ spec }: StatefulSet, { spec: before }: StatefulSet): FieldError[] {
  const rest = (value: object | undefined): object => Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => !STATEFUL_SET_MUTABLE.includes(name)));
  if (sameJson(rest(spec), rest(before))) return [];
  return [forbidden('spec', "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")];
}

export const validateDaemonSet = ({ spec }: DaemonSet): FieldError[] => [
  ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
  ...oneOf('spec.updateStrategy.type', spec?.updateStrategy?.type, ['RollingUpdate', 'OnDelete']),
  ...rollingUpdate(spec?.updateStrategy?.rollingUpdate, 'spec.updateStrategy.rollingUpdate'),
  ...selectorAndTemplate(spec?.selector, spec?.template, 'daemonset'),
];

/** Deployments, replica sets and daemon sets keep selecting the same pods. */
export const validateSelectorUpdate = (object: { spec?: { selector?: unknown } }, previous: { spec?: { selector?: unknown } }): FieldError[] => unchanged('spec.selector', object.spec?.selector, previous.spec?.selector);

export const validateJob = ({ spec }: Job): FieldError[] => jobSpec(spec, 'spec');

function jobSpec(spec: Job['spec'], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['parallelism', 'completions', 'backoffLimit', 'ttlSecondsAfterFinished'] as const) errors.push(...nonNegative(child(path, field), spec?.[field]));
  errors.push(...positive(child(path, 'activeDeadlineSeconds'), spec?.activeDeadlineSeconds));
  errors.push(...oneOf(child(path, 'completionMode'), spec?.completionMode, ['Indexed', 'NonIndexed']));
  if (spec?.completionMode === 'Indexed' && spec.completions === undefined) errors.push(required(child(path, 'completions'), 'when completion mode is Indexed'));
  return [...errors, ...validatePodTemplate(spec?.template, child(path, 'template'), ONCE)];
}

export function validateJobUpdate({ spec }: Job, { spec: before, status }: Job): FieldError[] {
  // A job that is suspended and has not begun may still be given another template.
  const mayChangeTemplate = before?.suspend === true && !status?.startTime;
  return [
    ...unchanged('spec.selector', spec?.selector, before?.selector),
    ...(mayChangeTemplate ? [] : unchanged('spec.template', spec?.template, before?.template)),
    ...unchanged('spec.completionMode', spec?.completionMode, before?.completionMode),
    ...(spec?.completionMode === 'Indexed' ? [] : unchanged('spec.completions', spec?.completions, before?.completions)),
  ];
}

export function validateCronJob({ metadata, spec }: CronJob): FieldError[] {
  const errors: FieldError[] = [];
  if ((metadata?.name?.length ?? 0) > LONGEST_CRON_JOB_NAME) errors.push(invalid('metadata.name', metadata?.name, `must be no more than ${LONGEST_CRON_JOB_NAME} characters`));
  errors.push(...schedule(spec?.schedule), ...timeZone(spec?.timeZone));
  if (!['Allow', 'Forbid', 'Replace'].includes(spec?.concurrencyPolicy ?? 'Allow')) errors.push(notSupported('spec.concurrencyPolicy', spec?.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']));
  for (const field of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) errors.push(...nonNegative(`spec.${field}`, spec?.[field]));
  return [...errors, ...jobSpec(spec?.jobTemplate?.spec, 'spec.jobTemplate.spec')];
}

function schedule(value: string | undefined): FieldError[] {
  if (!value) return [required('spec.schedule')];
  const fields = value.trim().split(/\s+/);
  if (value.includes('TZ=')) return [invalid('spec.schedule', value, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')];
  if (!value.startsWith('@') && fields.length !== 5) return [invalid('spec.schedule', value, `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)];
  if (/^@every \S+$/.test(value)) return [];
  try {
    new Cron(value, { mode: '5-part', paused: true }).stop();
    return [];
  } catch (error) {
    return [invalid('spec.schedule', value, (error as Error).message)];
  }
}

function timeZone(value: string | undefined): FieldError[] {
  if (value === undefined) return [];
  if (value === '') return [invalid('spec.timeZone', value, 'timeZone must be nil or non-empty string')];
  try {
    Intl.DateTimeFormat('en', { timeZone: value });
    return [];
  } catch {
    return [invalid('spec.timeZone', value, `unknown time zone ${value}`)];
  }
}

export function validatePodDisruptionBudget({ spec }: PodDisruptionBudget): FieldError[] {
  const errors: FieldError[] = [];
  if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined) errors.push(invalid('spec', { MinAvailable: spec.minAvailable, Selector: spec.selector ?? null, MaxUnavailable: spec.maxUnavailable, UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null }, 'minAvailable and maxUnavailable cannot be both set'));
  errors.push(...intOrPercent('spec.minAvailable', spec?.minAvailable), ...intOrPercent('spec.maxUnavailable', spec?.maxUnavailable));
  errors.push(...oneOf('spec.unhealthyPodEvictionPolicy', spec?.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget']));
  return [...errors, ...validateLabelSelector(spec?.selector, 'spec.selector')];
}
