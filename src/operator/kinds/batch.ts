import type * as batch from 'kubernetes-types/batch/v1.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { typed } from './typed.js';

/** Pods that run to completion. */
@ForeignKind({ group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', namespaced: true })
export class Job extends typed<batch.Job>() {}

/** Jobs on a schedule. */
@ForeignKind({ group: 'batch', version: 'v1', kind: 'CronJob', plural: 'cronjobs', namespaced: true })
export class CronJob extends typed<batch.CronJob>() {}
