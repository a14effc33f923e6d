import { kubeTime } from '../../../operator/kube/time.js';
import type { JobCondition, JobStatus } from 'kubernetes-types/batch/v1.js';
import type { Job, Pod } from '../model/kinds.js';
import { conditionOf, isActive, isReady, isTerminal } from '../model/pods.js';
import { withCondition } from '../model/set-condition.js';

/** Keeps a finished pod until its Job has counted it. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';
export const INDEX_ANNOTATION = 'batch.kubernetes.io/job-completion-index';

/** Backoff after a failed pod: 10 s, doubled for each further one, at most 10 minutes. */
const BACKOFF = { first: 10_000, longest: 600_000 };

/** What a Job needs next. */
export interface JobPlan {
  /** One entry for each pod to create; the index where pods are indexed. */
  create: { index?: number }[];
  remove: Pod[];
  /** Finished pods that the status now counts: their finalizer may go once the status is stored. */
  counted: Pod[];
  status: JobStatus;
  /** When time alone changes something, in milliseconds since the epoch. */
  nextCheck: number | undefined;
}

export const isFinished = ({ status }: Job): boolean => ['Complete', 'Failed'].some((type) => conditionOf<JobCondition>(status.conditions, type)?.status === 'True');

export const indexOf = ({ metadata }: Pod): number => Number(metadata.annotations[INDEX_ANNOTATION] ?? -1);

/** `0-3,5` as numbers. */
export const parseIndexes = (text: string | undefined): Set<number> =>
  new Set((text ?? '').split(',').filter(Boolean).flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number) as [number, number?];
    return Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
  }));

/** Numbers as `0-3,5`. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const runs: [number, number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last?.[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}${to === from + 1 ? ',' : '-'}${to}`)).join(',');
}

const finishTime = ({ status, metadata }: Pod): number =>
  Math.max(...(status.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? '') || 0), Date.parse(metadata.deletionTimestamp ?? '') || 0);

/** The next step of a Job, and its status with newly finished pods counted. Each pod counts once: its finalizer says that it has not yet. */
export function planJob(job: Job, owned: readonly Pod[], now: number): JobPlan {
  const { spec, status: before, metadata } = job;
  const indexed = spec.completionMode === 'Indexed';
  const parallelism = spec.parallelism ?? 1;
  const uncounted = owned.filter(({ metadata: { finalizers } }) => finalizers?.includes(TRACKING_FINALIZER));
  const succeededNow = uncounted.filter(({ status }) => status.phase === 'Succeeded');
  // A pod that goes before it is done has failed as well.
  const failedNow = uncounted.filter(({ status, metadata: { deletionTimestamp } }) => status.phase === 'Failed' || (deletionTimestamp && status.phase !== 'Succeeded'));
  const completedIndexes = parseIndexes(before.completedIndexes);
  for (const pod of succeededNow) completedIndexes.add(indexOf(pod));
  const succeeded = indexed ? completedIndexes.size : (before.succeeded ?? 0) + succeededNow.length;
  const failed = (before.failed ?? 0) + failedNow.length;
  const active = owned.filter(isActive);
  const status: JobStatus = {
    ...before,
    active: active.length,
    succeeded,
    failed,
    ready: active.filter(isReady).length,
    terminating: owned.filter((pod) => pod.metadata.deletionTimestamp && !isTerminal(pod)).length,
    ...(indexed ? { completedIndexes: formatIndexes(completedIndexes) } : {}),
    ...(before.startTime || spec.suspend ? {} : { startTime: kubeTime(now) }),
  } as JobStatus;
  const plan: JobPlan = { create: [], remove: [], counted: [...succeededNow, ...failedNow], status, nextCheck: undefined };
  if (metadata.deletionTimestamp) return plan;
  if (isFinished(job)) {
    const finished = conditionOf<JobCondition>(before.conditions, 'Complete') ?? conditionOf<JobCondition>(before.conditions, 'Failed');
    if (spec.ttlSecondsAfterFinished !== undefined) plan.nextCheck = Date.parse(finished?.lastTransitionTime ?? '') + spec.ttlSecondsAfterFinished * 1_000;
    return plan;
  }
  const set = (type: string, value: 'True' | 'False', reason: string, message: string): void => {
    status.conditions = withCondition<JobCondition>(status.conditions, { type, status: value, reason, message, lastProbeTime: kubeTime(now) }, now);
  };
  const end = (type: 'Complete' | 'Failed', reason: string, message: string): JobPlan => {
    set(type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget', 'True', reason, message);
    set(type, 'True', reason, message);
    if (type === 'Complete') status.completionTime = kubeTime(now);
    status.active = 0;
    plan.remove.push(...active);
    return plan;
  };
  // Without completions a work queue is worked on: one success and nobody at work any more is the end.
  const complete = spec.completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= spec.completions;
  if (complete) return end('Complete', 'CompletionsReached', 'Reached expected number of succeeded pods');
  // Containers that are restarted in place are failures too, of pods that go on.
  const restarts = spec.template.spec?.restartPolicy === 'OnFailure' ? active.flatMap(({ status: { containerStatuses = [] } }) => containerStatuses).reduce((sum, { restartCount }) => sum + restartCount, 0) : 0;
  if (failed + restarts > (spec.backoffLimit ?? 6)) return end('Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const deadline = spec.activeDeadlineSeconds === undefined || !status.startTime ? undefined : Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1_000;
  if (deadline !== undefined && deadline <= now && !spec.suspend) return end('Failed', 'DeadlineExceeded', 'Job was active longer than specified deadline');
  if (spec.suspend) {
    if (conditionOf<JobCondition>(before.conditions, 'Suspended')?.status !== 'True') set('Suspended', 'True', 'JobSuspended', 'Job suspended');
    plan.remove.push(...active);
    return plan;
  }
  if (conditionOf<JobCondition>(before.conditions, 'Suspended')?.status === 'True') {
    set('Suspended', 'False', 'JobResumed', 'Job resumed');
    status.startTime = kubeTime(now);
  }
  if (deadline !== undefined) plan.nextCheck = deadline;

  const wanted = spec.completions === undefined ? (succeeded > 0 ? active.length : parallelism) : Math.min(parallelism, spec.completions - succeeded);
  if (active.length > wanted) plan.remove.push(...active.slice(wanted));
  const room = Math.max(0, wanted - active.length);
  const failures = owned.filter(({ status: { phase } }) => phase === 'Failed').map(finishTime);
  const backoff = failures.length === 0 ? 0 : Math.max(...failures) + Math.min(BACKOFF.longest, BACKOFF.first * 2 ** (failures.length - 1));
  if (room > 0 && backoff > now) plan.nextCheck = Math.min(plan.nextCheck ?? Infinity, backoff);
  else if (indexed) {
    const taken = new Set([...active.map(indexOf), ...completedIndexes]);
    for (let index = 0; plan.create.length < room && index < (spec.completions ?? 0); index += 1) if (!taken.has(index)) plan.create.push({ index });
  } else plan.create.push(...Array.from({ length: room }, () => ({})));
  return plan;
}
