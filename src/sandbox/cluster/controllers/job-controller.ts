import { keyOfObject } from '../../../operator/kube/object.js';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import { nameSuffix } from '../../../operator/random.js';
import type { Job, Pod } from '../model/kinds.js';
import { controllerOf } from '../model/pods.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_OWNER } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { INDEX_ANNOTATION, isFinished, planJob, TRACKING_FINALIZER } from './job-plan.js';
import { podFromTemplate } from './pod-template.js';
import { messageOf } from '../shell/message-of.js';

const NAME = 'job-controller';
/** Jobs may name another controller that is to run them. */
const SELF = `kubernetes.io/${NAME}`;

/** Runs Jobs to their completions, and removes finished ones after their time to live. */
export class JobController implements Component {
  readonly #worker: KeyedWorker;

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, NAME, (key) => this.#sync(key));
  }

  start(): void {
    const { jobs, pods } = this.ctx.informers;
    jobs.on(({ type, object }) => {
      if (type === 'deleted') void this.#release(object);
      else this.#worker.enqueue(keyOfObject(object));
    });
    for (const job of jobs.list()) this.#worker.enqueue(keyOfObject(job));
    pods.on(({ object }) => {
      const owner = controllerOf(object);
      if (owner?.kind !== 'Job') return;
      const job = jobs.get(`${object.metadata.namespace}/${owner.name}`);
      if (job) this.#worker.enqueue(keyOfObject(job));
      else if (object.metadata.deletionTimestamp) this.#untrack([object]).catch((error: unknown) => this.ctx.report(`${NAME}: ${messageOf(error)}`));
    });
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(key: string): Promise<number | undefined> {
    const { informers, writer, events, clock } = this.ctx;
    const job = informers.jobs.get(key);
    if (!job || (job.spec.managedBy ?? SELF) !== SELF) return undefined;
    const plan = planJob(job, informers.pods.find(BY_OWNER, job.metadata.uid), clock.now());
    if (isFinished(job) && plan.nextCheck !== undefined && plan.nextCheck <= clock.now()) {
      await writer.delete(informers.jobs, job, { propagationPolicy: 'Background' });
      return undefined;
    }
    // First the count is stored, then the pods may go: a crash in between counts nothing twice that matters and loses nothing.
    await writer.patchStatus(informers.jobs, job, plan.status);
    await this.#untrack(plan.counted);
    const ended = informers.jobs.get(key);
    if (ended && isFinished(ended) && !isFinished(job)) this.#announceEnd(ended);
    for (const pod of plan.remove) {
      await this.#untrack([pod]);
      await writer.delete(informers.pods, pod);
      events.record(NAME, job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    }
    for (const { index } of plan.create) {
      const pod = await writer.create(informers.pods, podFromTemplate(this.#template(job, index), job, index === undefined ? { generateName: `${job.metadata.name}-` } : { name: `${job.metadata.name}-${index}-${nameSuffix(this.ctx.random)}` }));
      events.record(NAME, job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    }
    return plan.nextCheck === undefined ? undefined : Math.max(0, plan.nextCheck - clock.now());
  }

  #announceEnd(job: Job): void {
    const failure = job.status.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
    if (failure) this.ctx.events.record(NAME, job, 'Warning', failure.reason ?? 'Failed', failure.message ?? '');
    else this.ctx.events.record(NAME, job, 'Normal', 'Completed', 'Job completed');
  }

  #template(job: Job, index: number | undefined): PodTemplateSpec {
    const { template } = job.spec;
    const environment = index === undefined ? [] : [{ name: 'JOB_COMPLETION_INDEX', value: String(index) }];
    const spec = template.spec ?? { containers: [] };
    return {
      metadata: {
        ...template.metadata,
        annotations: { ...template.metadata?.annotations, ...(index === undefined ? {} : { [INDEX_ANNOTATION]: String(index) }) },
        labels: { ...template.metadata?.labels, ...(index === undefined ? {} : { [INDEX_ANNOTATION]: String(index) }) },
        finalizers: [...(template.metadata?.finalizers ?? []), TRACKING_FINALIZER],
      },
      spec: { ...spec, containers: spec.containers.map((container) => ({ ...container, env: [...(container.env ?? []), ...environment] })) },
    };
  }

  async #untrack(pods: readonly Pod[]): Promise<void> {
    const { informers, writer } = this.ctx;
    for (const listed of pods) {
      const pod = informers.pods.get(keyOfObject(listed));
      if (!pod?.metadata.finalizers?.includes(TRACKING_FINALIZER)) continue;
      const finalizers = pod.metadata.finalizers.filter((finalizer) => finalizer !== TRACKING_FINALIZER);
      await writer.patch(informers.pods, pod, { metadata: { uid: pod.metadata.uid, finalizers } });
    }
  }

  /** Nobody counts the pods of a Job that is gone. */
  async #release(job: Job): Promise<void> {
    try {
      await this.#untrack(this.ctx.informers.pods.find(BY_OWNER, job.metadata.uid));
    } catch (error) {
      this.ctx.report(`${NAME} ${keyOfObject(job)}: ${messageOf(error)}`);
    }
  }
}
