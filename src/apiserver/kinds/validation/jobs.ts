import type { Job, JobSpec } from 'kubernetes-types/batch/v1.js';
import type { PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import { at, child, type FieldError, invalid, required, tooLong } from '../../schema/field-error.js';
import { dns1123Label } from '../../schema/names.js';
import { domainPrefixedPath, nonNegative, oneOf, sorted, unchanged } from './common.js';
import { failurePolicy, type SuccessPolicy, successRules } from './job-policies.js';
import { validatePodTemplate } from './pod-spec.js';
import { selects, validateLabelSelector } from './selectors.js';

const ONCE = ['OnFailure', 'Never'];
const MOST_AT_ONCE = 100_000;
/** From here on there are tighter bounds where indexes are retried one by one. */
const MANY_COMPLETIONS = 100_000;
const MOST_OF_MANY = 10_000;
const LONGEST_MANAGER = 63;

type Spec = JobSpec & Partial<{ backoffLimitPerIndex: number; maxFailedIndexes: number; managedBy: string; podReplacementPolicy: string; successPolicy: SuccessPolicy }>;

export function validateJob({ metadata, spec }: Job): FieldError[] {
  const errors = jobSpec(spec, 'spec');
  if (!spec?.selector) errors.push(required('spec.selector'));
  else errors.push(...validateLabelSelector(spec.selector, 'spec.selector'));
  const labels = spec?.template?.metadata?.labels;
  const isUsable = spec?.selector === undefined || validateLabelSelector(spec.selector, '').length === 0;
  if (isUsable && !(spec?.selector && selects(spec.selector, labels))) errors.push(invalid('spec.template.metadata.labels', labels && sorted(labels), '`selector` does not match template `labels`'));
  const last = `${metadata?.name}-${(spec?.completions ?? 0) - 1}`;
  if (spec?.completionMode === 'Indexed' && (spec.completions ?? 0) > 0 && dns1123Label(last).length > 0) errors.push(invalid('metadata.name', metadata?.name, `will not able to create pod with invalid DNS label: ${last}`));
  return errors;
}

/** Unless it is said to be chosen by hand, the selector is one that Kubernetes made. */
export function validateNewJob({ metadata, spec }: Job): FieldError[] {
  if (spec?.manualSelector || !spec?.selector) return [];
  const labels = spec.template?.metadata?.labels ?? {};
  const expected: Record<string, string> = {};
  for (const prefix of ['', 'batch.kubernetes.io/']) Object.assign(expected, { [`${prefix}controller-uid`]: metadata?.uid ?? '', [`${prefix}job-name`]: metadata?.name ?? '' });
  return [
    ...Object.entries(expected).filter(([label, value]) => labels[label] !== value).map(([label, value]) => invalid(at('spec.template.metadata.labels', label), sorted(labels), `must be '${value}'`)),
    ...(selects(spec.selector, expected) ? [] : [invalid('spec.selector', spec.selector, '`selector` not auto-generated')]),
  ];
}

/** What is wrong with a job, whether it is one already or what jobs are made of. */
export function jobSpec(spec: Spec | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'] as const) errors.push(...nonNegative(child(path, field), spec?.[field]));
  if (!spec) return errors;
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) errors.push(required(child(path, 'backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  const { managedBy } = spec;
  if (managedBy !== undefined) errors.push(...domainPrefixedPath(child(path, 'managedBy'), managedBy), ...(managedBy.length > LONGEST_MANAGER ? [tooLong(child(path, 'managedBy'), LONGEST_MANAGER)] : []));
  errors.push(...oneOf(child(path, 'completionMode'), spec.completionMode, ['NonIndexed', 'Indexed']));
  const isIndexed = spec.completionMode === 'Indexed';
  if (isIndexed) errors.push(...indexedSpec(spec, path));
  else if ((spec.completionMode ?? 'NonIndexed') === 'NonIndexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) if (spec[field] !== undefined) errors.push(invalid(child(path, field), spec[field], 'requires indexed completion mode'));
  }
  const { podFailurePolicy, successPolicy, template } = spec;
  if (podFailurePolicy) errors.push(...failurePolicy(podFailurePolicy, spec, child(path, 'podFailurePolicy')));
  if (successPolicy && !isIndexed) errors.push(invalid(child(path, 'successPolicy'), { Rules: successPolicy.rules?.map(({ succeededIndexes = null, succeededCount = null }) => ({ SucceededIndexes: succeededIndexes, SucceededCount: succeededCount })) ?? null }, 'requires indexed completion mode'));
  else if (successPolicy) errors.push(...successRules(successPolicy, spec.completions ?? 0, child(path, 'successPolicy', 'rules')));
  errors.push(...oneOf(child(path, 'podReplacementPolicy'), spec.podReplacementPolicy, podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']));
  errors.push(...validatePodTemplate(template, child(path, 'template'), ONCE));
  if (podFailurePolicy && template?.spec?.restartPolicy === 'OnFailure') errors.push(invalid(child(path, 'template.spec.restartPolicy'), 'OnFailure', 'only "Never" is supported when podFailurePolicy is specified'));
  return errors;
}

function indexedSpec({ completions, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes }: Spec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const atMost = (field: 'parallelism' | 'maxFailedIndexes', value: number, most: number, why = ''): void => {
    if (value > most) errors.push(invalid(child(path, field), value, `must be less than or equal to ${most}${why}`));
  };
  if (completions === undefined) errors.push(required(child(path, 'completions'), 'when completion mode is Indexed'));
  atMost('parallelism', parallelism, MOST_AT_ONCE, ' when completion mode is Indexed');
  if (completions !== undefined && (maxFailedIndexes ?? 0) > completions) errors.push(invalid(child(path, 'maxFailedIndexes'), maxFailedIndexes, 'must be less than or equal to completions'));
  atMost('maxFailedIndexes', maxFailedIndexes ?? 0, MOST_AT_ONCE);
  if (completions === undefined || completions <= MANY_COMPLETIONS || backoffLimitPerIndex === undefined) return errors;
  const why = ` when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) errors.push(required(child(path, 'maxFailedIndexes'), `must be specified when completions is above ${MANY_COMPLETIONS}`));
  atMost('parallelism', parallelism, MOST_OF_MANY, why);
  atMost('maxFailedIndexes', maxFailedIndexes ?? 0, MOST_OF_MANY, why);
  return errors;
}

/** What a job does cannot change; one that is suspended and has not begun may still be sent elsewhere, and one by indexes may grow or shrink. */
export function validateJobUpdate({ spec: after }: Job, { spec: old, status }: Job): FieldError[] {
  const [spec, before] = [after, old] as [Spec | undefined, Spec | undefined];
  const mayMove = before?.suspend === true && !status?.startTime;
  const template = mayMove ? placedLike(before.template, spec?.template) : before?.template;
  const { completions, parallelism } = spec ?? {};
  const isResized = spec?.completionMode === 'Indexed' && completions !== undefined;
  const errors = isResized ? (completions === before?.completions || completions === parallelism ? [] : [invalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism')]) : unchanged('spec.completions', completions, before?.completions);
  return [
    ...errors,
    ...unchanged('spec.selector', spec?.selector, before?.selector),
    ...unchanged('spec.template', spec?.template, template),
    ...(['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const).flatMap((field) => unchanged(`spec.${field}`, spec?.[field], before?.[field])),
  ];
}

/** The template with what another says about where its pods go, and what they are labelled. */
function placedLike(template: PodTemplateSpec | undefined, other: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  if (!template?.spec || !other?.spec) return template;
  const { labels: _labels, annotations: _annotations, ...metadata } = template.metadata ?? {};
  const { labels, annotations } = other.metadata ?? {};
  const spec: PodSpec & { schedulingGates?: unknown } = structuredClone(template.spec);
  for (const field of ['nodeSelector', 'tolerations', 'schedulingGates'] as const) {
    delete spec[field];
    const value = (other.spec as typeof spec)[field];
    if (value !== undefined) Object.assign(spec, { [field]: value });
  }
  const { nodeAffinity: _nodeAffinity, ...affinity } = template.spec.affinity ?? {};
  const nodeAffinity = other.spec.affinity?.nodeAffinity;
  const merged = { ...affinity, ...(nodeAffinity && { nodeAffinity }) };
  if (other.spec.affinity || Object.keys(merged).length > 0) spec.affinity = merged;
  else delete spec.affinity;
  return { ...template, metadata: { ...metadata, ...(labels && { labels }), ...(annotations && { annotations }) }, spec };
}
