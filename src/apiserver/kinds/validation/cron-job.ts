import type { CronJob } from 'kubernetes-types/batch/v1.js';
import { type FieldError, invalid, notSupported, required } from '../../schema/field-error.js';
import { nonNegative, oneOf } from './common.js';
import { cronScheduleProblem } from './cron-schedule.js';
import { jobSpec } from './jobs.js';

const LONGEST_NAME = 52;
const ZONE_PART = /^[A-Za-z0-9._+][A-Za-z0-9._+-]*$/;

/** Jobs are named after it and the minute, which leaves it fewer characters than others. */
export const validateNewCronJob = ({ metadata }: CronJob): FieldError[] =>
  ((metadata?.name?.length ?? 0) > LONGEST_NAME ? [invalid('metadata.name', metadata?.name, `must be no more than ${LONGEST_NAME} characters`)] : []);

export function validateCronJob({ spec }: CronJob): FieldError[] {
  const { jobTemplate } = spec ?? {};
  const errors = [...schedule(spec?.schedule), ...timeZone(spec?.timeZone), ...oneOf('spec.concurrencyPolicy', spec?.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'])];
  for (const field of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) errors.push(...nonNegative(`spec.${field}`, spec?.[field]));
  errors.push(...jobSpec(jobTemplate?.spec, 'spec.jobTemplate.spec'));
  if (jobTemplate?.spec?.selector) errors.push(invalid('spec.jobTemplate.spec.selector', jobTemplate.spec.selector, '`selector` will be auto-generated'));
  return jobTemplate?.spec?.manualSelector ? [...errors, notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false'])] : errors;
}

function schedule(value: string | undefined): FieldError[] {
  if (!value) return [required('spec.schedule')];
  const hasZone = value.includes('TZ');
  const problem = cronScheduleProblem(value.replace(/^(?:CRON_)?TZ=\S+\s+/, ''));
  return [
    ...(problem === undefined ? [] : [invalid('spec.schedule', value, problem)]),
    ...(hasZone ? [invalid('spec.schedule', value, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')] : []),
  ];
}

function timeZone(value: string | undefined): FieldError[] {
  if (value === undefined) return [];
  if (value === '') return [invalid('spec.timeZone', value, 'timeZone must be nil or non-empty string')];
  const unknown = [invalid('spec.timeZone', value, `unknown time zone ${value}`)];
  if (!value.split('/').every((part) => part !== '.' && part !== '..' && ZONE_PART.test(part))) return unknown;
  if (value.toLowerCase() === 'local') return [invalid('spec.timeZone', value, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')];
  try {
    Intl.DateTimeFormat('en', { timeZone: value });
    return [];
  } catch {
    return unknown;
  }
}
