import type { Job, JobStatus } from 'kubernetes-types/batch/v1.js';
import { at, child, duplicate, type FieldError, invalid, required } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { nonNegative } from './common.js';

type Status = JobStatus & { terminating?: number; failedIndexes?: string };

const holds = ({ conditions = [] }: Status, type: string): boolean => conditions.some((condition) => condition.type === type && condition.status === 'True');
const denied = ({ conditions = [] }: Status, type: string): boolean => conditions.some((condition) => condition.type === type && condition.status === 'False');
const finished = (status: Status): boolean => holds(status, 'Complete') || holds(status, 'Failed');
const contradiction = (problem: string): FieldError => ({ ...invalid('status.conditions', '', ''), message: `Invalid value: ${problem}` });

/** What a status update of a Job may not say. Most of it is only held against those who change what it is about. */
export function validateJobStatus({ spec, status = {} }: Job, { status: before = {} }: Job): FieldError[] {
  const errors = [...counts(status), ...uncounted(status)];
  const changed = (...fields: readonly (keyof Status)[]): boolean => fields.some((field) => !sameJson((status as Status)[field] ?? null, (before as Status)[field] ?? null));
  const turned = (...types: readonly string[]): boolean => types.some((type) => holds(status, type) !== holds(before, type));
  const turnedFinished = finished(status) !== finished(before);
  const has = (type: string): boolean => holds(status, type);
  const refuse = (when: boolean, wrong: boolean, error: () => FieldError): void => void (when && wrong && errors.push(error()));
  const { completionTime, startTime, active = 0, ready, terminating = 0, uncountedTerminatedPods } = status as Status;

  refuse(turned('Complete', 'Failed'), has('Complete') && has('Failed'), () => contradiction('cannot set Complete=True and Failed=true conditions'));
  refuse(turned('Complete', 'FailureTarget'), has('Complete') && has('FailureTarget'), () => contradiction('cannot set Complete=True and FailureTarget=true conditions'));
  refuse(turned('Complete') || changed('completionTime'), completionTime !== undefined && !has('Complete'), () => invalid('status.completionTime', completionTime, 'cannot set completionTime when there is no Complete=True condition'));
  refuse(turned('Complete') || changed('completionTime'), completionTime === undefined && has('Complete'), () => required('status.completionTime', 'completionTime is required for Complete jobs'));
  refuse(changed('startTime', 'completionTime'), startTime !== undefined && completionTime !== undefined && completionTime < startTime, () => invalid('status.completionTime', completionTime, 'must be equal to or after `startTime`'));
  refuse(turned('Failed') || changed('failedIndexes'), has('Failed') && !has('FailureTarget'), () => contradiction('cannot set Failed=True condition without the FailureTarget=true condition'));
  refuse(turned('Complete', 'SuccessCriteriaMet'), has('Complete') && !has('SuccessCriteriaMet'), () => contradiction('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'));
  refuse(turnedFinished || changed('active'), active > 0 && finished(status), () => invalid('status.active', active, 'active>0 is invalid for finished job'));
  refuse((turnedFinished || changed('startTime')) && !(spec?.suspend === true && spec.completions === 0), startTime === undefined && finished(status), () => required('status.startTime', 'startTime is required for finished job'));
  refuse(turnedFinished || changed('uncountedTerminatedPods'), finished(status) && pods(uncountedTerminatedPods) > 0, () => invalid('status.uncountedTerminatedPods', { Succeeded: uncountedTerminatedPods?.succeeded ?? null, Failed: uncountedTerminatedPods?.failed ?? null }, 'must be empty for finished job'));
  errors.push(...indexes(spec, status, changed('completedIndexes'), changed('failedIndexes')));
  refuse(turnedFinished || changed('terminating'), terminating > 0 && finished(status), () => invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  refuse(changed('ready', 'active'), ready !== undefined && ready > active, () => invalid('status.ready', ready, 'cannot set more ready pods than active'));
  refuse(true, has('SuccessCriteriaMet') && has('Failed'), () => contradiction('cannot set SuccessCriteriaMet=True and Failed=true conditions'));
  refuse(true, has('SuccessCriteriaMet') && has('FailureTarget'), () => contradiction('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'));
  for (const type of ['Failed', 'Complete', 'FailureTarget']) refuse(true, holds(before, type) && !has(type), () => contradiction(`cannot disable the terminal ${type}=True condition`));
  refuse(true, (status.failed ?? 0) < (before.failed ?? 0), () => invalid('status.failed', status.failed ?? 0, 'cannot decrease the failed counter'));
  const mayShrink = spec?.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  refuse(!mayShrink, (status.succeeded ?? 0) < (before.succeeded ?? 0), () => invalid('status.succeeded', status.succeeded ?? 0, 'cannot decrease the succeeded counter'));
  refuse(changed('completionTime'), completionTime !== undefined && before.completionTime !== undefined, () => invalid('status.completionTime', completionTime, 'field is immutable'));
  const resumes = holds(before, 'Suspended') && denied(status, 'Suspended');
  refuse(changed('startTime') && !resumes, before.startTime !== undefined && spec?.suspend !== true, () => required('status.startTime', 'startTime cannot be removed for unsuspended job'));
  refuse(true, holds(before, 'SuccessCriteriaMet') && !has('SuccessCriteriaMet'), () => contradiction('cannot disable the SuccessCriteriaMet=True condition'));
  refuse(true, holds(before, 'Complete') && !holds(before, 'SuccessCriteriaMet') && has('SuccessCriteriaMet'), () => contradiction('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'));
  return errors;
}

const counts = (status: Status): FieldError[] => (['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((field) => nonNegative(child('status', field), status[field]));

const pods = (uncounted: Status['uncountedTerminatedPods']): number => (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);

function uncounted({ uncountedTerminatedPods }: Status): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((field) => (uncountedTerminatedPods?.[field] ?? []).flatMap((uid, index) => {
    const place = at(child('status.uncountedTerminatedPods', field), index);
    if (uid === '') return [invalid(place, uid, 'must not be empty')];
    if (seen.has(uid)) return [duplicate(place, uid)];
    seen.add(uid);
    return [];
  }));
}

/** Intervals such as `1,3-5`, below the number of completions. */
function indexes(spec: Job['spec'], status: Status, completedChanged: boolean, failedChanged: boolean): FieldError[] {
  const { completedIndexes = '', failedIndexes } = status;
  const { completions, backoffLimitPerIndex } = (spec ?? {}) as NonNullable<Job['spec']> & { backoffLimitPerIndex?: number };
  const errors: FieldError[] = [];
  const completed = intervals(completedIndexes, completions);
  const failed = intervals(failedIndexes ?? '', completions);
  if (completedChanged && completed.problem !== undefined) errors.push(invalid('status.completedIndexes', completedIndexes, `error parsing completedIndexes: ${completed.problem}`));
  if (failedChanged && backoffLimitPerIndex !== undefined && failed.problem !== undefined) errors.push(invalid('status.failedIndexes', failedIndexes, `error parsing failedIndexes: ${failed.problem}`));
  if (completedChanged && completedIndexes !== '' && spec?.completionMode !== 'Indexed') errors.push(invalid('status.completedIndexes', completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode'));
  if (failedChanged && backoffLimitPerIndex === undefined && failedIndexes !== undefined) errors.push(invalid('status.failedIndexes', failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  if (failedChanged || completedChanged) {
    const common = completed.found.flatMap(([from, to]) => failed.found.filter(([first, last]) => from <= last && first <= to).map(([first]) => Math.max(from, first)));
    if (common.length > 0) errors.push(invalid('status.failedIndexes', failedIndexes, `failedIndexes and completedIndexes overlap at index: ${common[0]}`));
  }
  return errors;
}

/** What intervals such as `1,3-5` are made of, how many indexes that is, and what is wrong with them. */
export function intervals(text: string, completions: number | undefined): { found: [number, number][]; total: number; problem?: string } {
  const found: [number, number][] = [];
  const result = (problem?: string): ReturnType<typeof intervals> => ({ found, total: found.reduce((sum, [from, to]) => sum + to - from + 1, 0), ...(problem !== undefined && { problem }) });
  if (text === '' || completions === undefined) return result();
  for (const interval of text.split(',')) {
    const limits = interval.split('-');
    if (limits.length > 2) return result(`the fragment ${JSON.stringify(interval)} violates the requirement that an index interval can have at most two parts separated by '-'`);
    for (const limit of limits) {
      if (!/^[+]?\d+$/.test(limit)) return result(`cannot convert string to integer for index: ${JSON.stringify(limit)}`);
      if (Number(limit) >= completions) return result(`too large index: ${JSON.stringify(limit)}`);
    }
    const [from, to] = [Number(limits[0]), Number(limits[1] ?? limits[0])];
    const previous = limits.length > 1 && from >= to ? { last: from, next: to } : found.length > 0 && found.at(-1)![1] >= from ? { last: found.at(-1)![1], next: from } : undefined;
    if (previous) return result(`non-increasing order, previous: ${previous.last}, current: ${previous.next}`);
    found.push([from, to]);
  }
  return result();
}
