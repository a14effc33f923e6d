import type { Container } from 'kubernetes-types/core/v1.js';
import { sleep } from '../../../operator/clock.js';
import type { Timer } from '../../../operator/clock.js';
import { isConflict, isNotFound } from '../../../operator/kube/errors.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { Pod } from '../model/kinds.js';
import { isReady } from '../model/pods.js';
import type { ComponentContext } from '../shell/component.js';
import { stopDuration } from './container-behaviour.js';
import type { LoggedRun } from './container-log.js';
import { ContainerRunner } from './container-runner.js';
import type { PodLife } from './container-runner.js';
import type { ConditionsMet } from './conditions-met.js';
import { unattachedClaim, volumeProblem } from './pod-needs.js';
import { podPhase, podStatus } from './pod-status.js';
import type { ContainerRun, PodRun } from './pod-status.js';
import { messageOf } from '../shell/message-of.js';

/** What a pod worker has of its kubelet. */
export interface PodHost {
  readonly ctx: ComponentContext;
  readonly nodeName: string;
  readonly hostIp: string;
  readonly met: ConditionsMet;
  /** Images that the node has. */
  readonly images: Set<string>;
  newPodIp(): string;
  /** Why the node cannot take the pod, if it cannot. */
  refuse(pod: Pod): { reason: string; message: string } | undefined;
  /** A process outside runs it: nothing to pull, nothing ends by itself. */
  isForeign(pod: Pod): boolean;
}

const SANDBOX_TIME = { least: 400, spread: 800 };
const STATUS_RETRY = 1_000;

/** Runs one pod on its node: mounts, pulls, starts, restarts and stops, and reports what came of it. */
export class PodWorker implements PodLife {
  readonly run: PodRun;
  readonly #runners: readonly ContainerRunner[];
  readonly #life = new AbortController();
  #stopping = false;
  #gone = false;
  #publishing = false;
  #reportedReady = false;
  #dirty = false;
  #killTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  /** What the kill timer does, and when. */
  #kill: { at: number; run: () => void } | undefined;

  constructor(
    readonly host: PodHost,
    public pod: Pod,
  ) {
    const container = (init: boolean) => (spec: Container): ContainerRun =>
      ({ spec, init, state: { waiting: { reason: (pod.spec.initContainers ?? []).length > 0 && !init ? 'PodInitializing' : 'ContainerCreating' } }, ready: false, restarts: 0 });
    this.run = {
      containers: [...(pod.spec.initContainers ?? []).map(container(true)), ...pod.spec.containers.map(container(false))],
      sandboxReady: false,
      hostIp: host.hostIp,
      startTime: host.ctx.clock.now(),
    };
    this.#runners = this.run.containers.map((state) => new ContainerRunner(this, state));
  }

  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /** Runs of a container, the latest last. */
  logsOf(container: string): readonly LoggedRun[] {
    return this.#runners.find(({ state }) => state.spec.name === container)?.logs ?? [];
  }

  /** Takes the pod up. Never rejects. */
  start(): void {
    if (this.pod.metadata.deletionTimestamp) return this.update(this.pod);
    const refusal = this.host.refuse(this.pod);
    if (refusal) {
      this.run.failure = refusal;
      this.event('Warning', refusal.reason, refusal.message);
      return this.publish();
    }
    this.#live().catch((error: unknown) => {
      if (!this.signal.aborted) this.host.ctx.report(`kubelet ${this.host.nodeName}: pod ${keyOfObject(this.pod)}: ${messageOf(error)}`);
    });
  }

  /** Takes over the pod's newer state; a deletion begins its end. */
  update(pod: Pod): void {
    this.pod = pod;
    if (!pod.metadata.deletionTimestamp) {
      if (this.#owesReport(pod)) this.publish();
      return;
    }
    if (this.#stopping) this.#hurry(Date.parse(pod.metadata.deletionTimestamp));
    else this.#stop(pod);
  }

  /** Whether others changed what a report is about: its spec, its readiness while the node was out of touch, or what its readiness waits for. */
  #owesReport(pod: Pod): boolean {
    const { observedGeneration = pod.metadata.generation } = pod.status as { observedGeneration?: number };
    if (observedGeneration !== pod.metadata.generation || (this.#reportedReady && !isReady(pod))) return true;
    return (pod.spec.readinessGates ?? []).length > 0 && isReady(pod) !== isReady({ ...pod, status: podStatus(pod, this.run, this.host.ctx.clock.now()) });
  }

  /** The node dies under the pod: everything ends at once and nobody is told. */
  abandon(): void {
    this.#killTimer?.cancel();
    this.#retryTimer?.cancel();
    this.#life.abort(new Error('the node is gone'));
    this.#gone = true;
    for (const runner of this.#runners) if (runner.state.state.running) runner.end(137);
  }

  async #live(): Promise<void> {
    const { ctx, met } = this.host;
    if (!this.host.isForeign(this.pod)) {
      this.publish();
      await this.#mount();
      await this.wait(SANDBOX_TIME.least + ctx.random.next() * SANDBOX_TIME.spread);
    }
    this.run.sandboxReady = true;
    this.run.ip = this.pod.spec.hostNetwork ? this.host.hostIp : this.host.newPodIp();
    this.publish();
    for (const runner of this.#runners.filter(({ state }) => state.init)) {
      if (runner.isSidecar) {
        this.#spawn(runner);
        await met.until(() => runner.state.state.running !== undefined, this.signal);
      } else {
        await runner.run();
        if (runner.state.state.terminated?.exitCode !== 0) return this.#endSidecars();
      }
    }
    const runners = this.#runners.filter(({ state }) => !state.init);
    for (const { state } of runners) state.state = { waiting: { reason: 'ContainerCreating' } };
    this.publish();
    for (const runner of runners) this.#spawn(runner);
  }

  async #mount(): Promise<void> {
    const { met, ctx: { informers } } = this.host;
    const problem = volumeProblem(informers, this.pod);
    if (problem !== undefined) this.event('Warning', 'FailedMount', problem);
    await met.until(() => volumeProblem(informers, this.pod) === undefined, this.signal);
    await met.until(() => unattachedClaim(informers, this.pod) === undefined, this.signal);
  }

  #spawn(runner: ContainerRunner): void {
    runner.run().then(
      () => this.#endSidecars(),
      (error: unknown) => {
        if (!this.signal.aborted) this.host.ctx.report(`kubelet ${this.host.nodeName}: container ${runner.state.spec.name}: ${messageOf(error)}`);
      },
    );
  }

  /** Sidecars have nothing left to do when the last container has ended for good. */
  #endSidecars(): void {
    const phase = podPhase(this.run, this.pod.spec.restartPolicy ?? 'Always');
    if (phase !== 'Succeeded' && phase !== 'Failed') return;
    for (const runner of this.#runners) if (runner.isSidecar && runner.state.state.running) runner.end(0);
  }

  /** Ends the containers within the grace period, and then removes the pod. */
  #stop(pod: Pod): void {
    const { ctx } = this.host;
    this.#stopping = true;
    this.#life.abort(new Error('the pod is deleted'));
    const phase = podPhase(this.run, pod.spec.restartPolicy ?? 'Always');
    const running = this.#runners.filter(({ state }) => state.state.running);
    for (const { state } of running) this.event('Normal', 'Killing', `Stopping container ${state.spec.name}`);
    const grace = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    const duration = running.length === 0 || phase === 'Succeeded' || phase === 'Failed' ? 0 : stopDuration(pod.spec, pod.metadata.annotations, grace, ctx.random.next());
    const asked = ctx.clock.now() + duration;
    let killed = duration >= grace * 1_000 && grace > 0;
    this.#kill = {
      at: asked,
      run: () => {
        this.#kill = undefined;
        killed ||= ctx.clock.now() < asked;
        for (const runner of running) runner.end(killed ? 137 : 0);
        void this.#remove();
      },
    };
    this.#killTimer = ctx.clock.schedule(duration, this.#kill.run);
  }

  /** A second deletion with a shorter grace period. */
  #hurry(deadline: number): void {
    const kill = this.#kill;
    if (!kill || deadline >= kill.at) return;
    this.#killTimer?.cancel();
    kill.at = deadline;
    this.#killTimer = this.host.ctx.clock.schedule(deadline - this.host.ctx.clock.now(), kill.run);
  }

  async #remove(): Promise<void> {
    const { ctx } = this.host;
    try {
      await ctx.writer.delete(ctx.informers.pods, this.pod, { gracePeriodSeconds: 0 });
    } catch (error) {
      ctx.report(`kubelet ${this.host.nodeName}: cannot remove ${keyOfObject(this.pod)}: ${messageOf(error)}; trying again`);
      this.#killTimer = ctx.clock.schedule(5_000, () => void this.#remove());
    }
  }

  wait(delay: number): Promise<void> {
    return sleep(this.host.ctx.clock, delay, this.signal);
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.host.ctx.events.record('kubelet', this.pod, type, reason, message);
  }

  /** Reports the state; changes that happen while a report is under way go into the next one. */
  publish(): void {
    this.#dirty = true;
    if (this.#publishing || this.#gone) return;
    this.#publishing = true;
    void this.#report();
  }

  async #report(): Promise<void> {
    const { ctx } = this.host;
    try {
      while (this.#dirty) {
        await Promise.resolve();
        this.#dirty = false;
        const current = ctx.informers.pods.get(keyOfObject(this.pod));
        if (current?.metadata.uid !== this.pod.metadata.uid) return;
        const status = podStatus(current, this.run, ctx.clock.now());
        await ctx.writer.patchStatus(ctx.informers.pods, current, status);
        this.#reportedReady = status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
      }
    } catch (error) {
      // The pod is another one by now, or none.
      if (isNotFound(error) || isConflict(error)) return;
      ctx.report(`kubelet ${this.host.nodeName}: status of ${keyOfObject(this.pod)}: ${messageOf(error)}; trying again`);
      this.#retryTimer = ctx.clock.schedule(STATUS_RETRY, () => this.publish());
    } finally {
      this.#publishing = false;
    }
  }
}
