import { kubeTime } from '../../../operator/kube/time.js';
import { isAlreadyExists } from '../../../operator/kube/errors.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { CronJob, Job } from '../model/kinds.js';
import { controllerOf, controllerReference } from '../model/pods.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_OWNER } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { planCronJob } from './cron-job-plan.js';

const NAME = 'cronjob-controller';

/** Starts Jobs by the clock. */
export class CronJobController implements Component {
  readonly #worker: KeyedWorker;

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, NAME, (key) => this.#sync(key));
  }

  start(): void {
    const { cronJobs, jobs } = this.ctx.informers;
    cronJobs.on(({ object }) => this.#worker.enqueue(keyOfObject(object)));
    for (const cronJob of cronJobs.list()) this.#worker.enqueue(keyOfObject(cronJob));
    jobs.on(({ object }) => {
      const owner = controllerOf(object);
      if (owner?.kind === 'CronJob') this.#worker.enqueue(`${object.metadata.namespace}/${owner.name}`);
    });
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(key: string): Promise<number | undefined> {
    const { informers, writer, events, clock } = this.ctx;
    const cronJob = informers.cronJobs.get(key);
    if (!cronJob) return undefined;
    const plan = planCronJob(cronJob, informers.jobs.find(BY_OWNER, cronJob.metadata.uid), clock.now());
    if (plan.problem) events.record(NAME, cronJob, 'Warning', plan.problem.reason, plan.problem.message);
    for (const job of plan.remove) {
      await writer.delete(informers.jobs, job, { propagationPolicy: 'Background' });
      events.record(NAME, cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
    }
    const removed = new Set(plan.remove);
    const active = plan.active.filter((job) => !removed.has(job));
    const started = plan.start === undefined ? undefined : await this.#startJob(cronJob, plan.start);
    await writer.patchStatus(informers.cronJobs, cronJob, {
      active: [...active, ...(started ? [started] : [])].map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace, uid: metadata.uid, resourceVersion: metadata.resourceVersion })),
      ...(plan.start === undefined ? {} : { lastScheduleTime: kubeTime(plan.start) }),
      ...(plan.lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime: plan.lastSuccessfulTime }),
    });
    return plan.nextStart === undefined ? undefined : Math.max(0, plan.nextStart - clock.now());
  }

  /** Undefined when the Job of that time exists already. */
  async #startJob(cronJob: CronJob, time: number): Promise<Job | undefined> {
    const { informers, writer, events } = this.ctx;
    const { metadata, spec } = cronJob.spec.jobTemplate;
    // Named after the minute, so that one start makes one Job whatever happens.
    const name = `${cronJob.metadata.name}-${Math.floor(time / 60_000)}`;
    try {
      const job = await writer.create(informers.jobs, {
        metadata: {
          name, namespace: cronJob.metadata.namespace, labels: { ...metadata?.labels },
          annotations: { ...metadata?.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': kubeTime(time) },
          ownerReferences: [controllerReference(cronJob)],
        },
        spec,
      });
      events.record(NAME, cronJob, 'Normal', 'SuccessfulCreate', `Created job ${name}`);
      return job;
    } catch (error) {
      if (isAlreadyExists(error)) return undefined;
      throw error;
    }
  }
}
