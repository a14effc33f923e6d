import { kubeTime } from '../../../operator/kube/time.js';
import { Cron } from 'croner';
import type { CronJob, Job } from '../model/kinds.js';
import { conditionOf } from '../model/pods.js';
import { isFinished } from './job-plan.js';
import { messageOf } from '../shell/message-of.js';

/** More missed starts than this are worth a warning; only the latest is made up for anyway. */
const MOST_MISSED = 100;

/** What a CronJob needs next. */
export interface CronJobPlan {
  /** The scheduled time of the Job to create, in milliseconds since the epoch. */
  start?: number;
  /** Running Jobs that a new one replaces, and finished ones beyond the history limits. */
  remove: Job[];
  active: Job[];
  lastSuccessfulTime: string | undefined;
  /** A schedule that cannot be read, or starts that were missed. */
  problem?: { reason: string; message: string };
  /** In milliseconds since the epoch. */
  nextStart: number | undefined;
}

const finishedAt = (job: Job): string => (conditionOf(job.status.conditions, 'Complete') ?? conditionOf(job.status.conditions, 'Failed'))?.lastTransitionTime ?? job.metadata.creationTimestamp;

const succeeded = ({ status }: Job): boolean => conditionOf(status.conditions, 'Complete')?.status === 'True';

/** The surplus of finished Jobs, oldest first. */
function beyondHistory({ spec }: CronJob, owned: readonly Job[]): Job[] {
  const finished = owned.filter(isFinished).sort((a, b) => finishedAt(a).localeCompare(finishedAt(b)));
  const surplus = (jobs: Job[], limit: number): Job[] => jobs.slice(0, Math.max(0, jobs.length - limit));
  return [
    ...surplus(finished.filter(succeeded), spec.successfulJobsHistoryLimit ?? 3),
    ...surplus(finished.filter((job) => !succeeded(job)), spec.failedJobsHistoryLimit ?? 1),
  ];
}

/** Whether a Job is due, as of the last schedule time (or the CronJob's birth). */
export function planCronJob(cronJob: CronJob, owned: readonly Job[], now: number): CronJobPlan {
  const { spec, status, metadata } = cronJob;
  const active = owned.filter((job) => !isFinished(job));
  const successes = owned.filter(succeeded).map(finishedAt).sort();
  const plan: CronJobPlan = { remove: beyondHistory(cronJob, owned), active, lastSuccessfulTime: successes.at(-1) ?? status.lastSuccessfulTime, nextStart: undefined };
  let cron: Cron;
  try {
    cron = new Cron(spec.schedule, { timezone: spec.timeZone ?? 'Etc/UTC', paused: true });
  } catch (error) {
    return { ...plan, problem: { reason: 'UnparseableSchedule', message: `unparseable schedule: ${JSON.stringify(spec.schedule)} : ${messageOf(error)}` } };
  }
  const next = cron.nextRun(new Date(now))?.getTime();
  if (metadata.deletionTimestamp || spec.suspend) return plan;
  plan.nextStart = next;

  const since = Math.max(
    Date.parse(status.lastScheduleTime ?? metadata.creationTimestamp),
    spec.startingDeadlineSeconds === undefined ? 0 : now - spec.startingDeadlineSeconds * 1_000,
  );
  // Exclusive of its reference, hence the millisecond: a start that is due right now is due.
  const past = cron.previousRuns(MOST_MISSED + 1, new Date(now + 1)).map((time) => time.getTime()).filter((time) => time > since && time <= now);
  if (past.length === 0) return plan;
  if (past.length > MOST_MISSED) {
    plan.problem = { reason: 'TooManyMissedTimes', message: `too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew: ${kubeTime(since)}` };
  }
  if (active.length > 0 && spec.concurrencyPolicy === 'Forbid') return { ...plan, problem: { reason: 'JobAlreadyActive', message: 'Not starting job because prior execution is running and concurrency policy is Forbid' } };
  if (spec.concurrencyPolicy === 'Replace') plan.remove.push(...active);
  plan.start = Math.max(...past);
  return plan;
}
