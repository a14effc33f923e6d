import { kubeTime } from '../../../operator/kube/time.js';
import type { Container } from 'kubernetes-types/core/v1.js';
import { sleep } from '../../../operator/clock.js';
import type { Timer } from '../../../operator/clock.js';
import { isConflict, isNotFound } from '../../../operator/kube/errors.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { Pod } from '../model/kinds.js';
import { isReady } from '../model/pods.js';
import type { ComponentContext } from '../shell/component.js';
import { behaviourOf, pullDuration, readyDelay, stopDuration } from './container-behaviour.js';
import type { LoggedRun } from './container-log.js';
import type { ConditionsMet } from './conditions-met.js';
import { missingEnvironment, unattachedClaim, volumeProblem } from './pod-needs.js';
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
const CRASH_BACKOFF = { first: 10_000, longest: 300_000, forgottenAfter: 600_000 };

/** Runs one pod on its node: mounts, pulls, starts, restarts and stops, and reports what came of it. */
export class PodWorker {
  readonly run: PodRun;
  /** Runs of each container, the latest last; two are kept. */
  readonly logs = new Map<string, LoggedRun[]>();
  readonly #life = new AbortController();
  #stopping = false;
  #publishing = false;
  #reportedReady = false;
  #dirty = false;
  #killTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  /** What the kill timer does, and when. */
  #kill: { at: number; run: () => void } | undefined;

  constructor(
    private readonly host: PodHost,
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
  }

  /** Takes the pod up. Never rejects. */
  start(): void {
    if (this.pod.metadata.deletionTimestamp) return this.update(this.pod);
    const refusal = this.host.refuse(this.pod);
    if (refusal) {
      this.run.failure = refusal;
      this.#event('Warning', refusal.reason, refusal.message);
      return this.#publish();
    }
    this.#live().catch((error: unknown) => {
      if (!this.#life.signal.aborted) this.host.ctx.report(`kubelet ${this.host.nodeName}: pod ${keyOfObject(this.pod)}: ${messageOf(error)}`);
    });
  }

  /** Takes over the pod's newer state; a deletion begins its end. */
  update(pod: Pod): void {
    this.pod = pod;
    if (!pod.metadata.deletionTimestamp) {
      // While the node was out of touch others said that the pod is not ready.
      if (this.#reportedReady && !isReady(pod)) this.#publish();
      return;
    }
    if (this.#stopping) this.#hurry(Date.parse(pod.metadata.deletionTimestamp));
    else this.#stop(pod);
  }

  /** The node dies under the pod: everything ends at once and nobody is told. */
  abandon(): void {
    this.#killTimer?.cancel();
    this.#retryTimer?.cancel();
    this.#life.abort(new Error('the node is gone'));
    for (const container of this.run.containers) if (container.state.running) this.#markEnded(container, 137);
  }

  async #live(): Promise<void> {
    const { ctx, met } = this.host;
    const { signal } = this.#life;
    if (!this.host.isForeign(this.pod)) {
      this.#publish();
      await this.#mount();
      await this.#wait(SANDBOX_TIME.least + ctx.random.next() * SANDBOX_TIME.spread);
    }
    this.run.sandboxReady = true;
    this.run.ip = this.pod.spec.hostNetwork ? this.host.hostIp : this.host.newPodIp();
    this.#publish();
    for (const container of this.run.containers.filter(({ init }) => init)) {
      if (container.spec.restartPolicy === 'Always') {
        this.#spawn(container);
        await met.until(() => container.state.running !== undefined, signal);
      } else {
        await this.#runToEnd(container);
        if (container.state.terminated?.exitCode !== 0) return this.#publish();
      }
    }
    for (const container of this.run.containers.filter(({ init, state }) => !init && state.waiting)) container.state = { waiting: { reason: 'ContainerCreating' } };
    this.#publish();
    for (const container of this.run.containers.filter(({ init }) => !init)) this.#spawn(container);
  }

  async #mount(): Promise<void> {
    const { met, ctx: { informers } } = this.host;
    const { signal } = this.#life;
    const problem = volumeProblem(informers, this.pod);
    if (problem !== undefined) this.#event('Warning', 'FailedMount', problem);
    await met.until(() => volumeProblem(informers, this.pod) === undefined, signal);
    await met.until(() => unattachedClaim(informers, this.pod) === undefined, signal);
  }

  #spawn(container: ContainerRun): void {
    this.#runToEnd(container).then(
      () => this.#publish(),
      (error: unknown) => {
        if (!this.#life.signal.aborted) this.host.ctx.report(`kubelet ${this.host.nodeName}: container ${container.spec.name}: ${messageOf(error)}`);
      },
    );
  }

  /** Runs a container, and runs it again as the restart policy says, until it has ended for good. */
  async #runToEnd(container: ContainerRun): Promise<void> {
    const { clock, random } = this.host.ctx;
    const policy = container.init && container.spec.restartPolicy === 'Always' ? 'Always' : this.pod.spec.restartPolicy ?? 'Always';
    for (let crashes = 0; ; crashes += 1) {
      await this.#startContainer(container);
      const started = clock.now();
      const behaviour = this.host.isForeign(this.pod) || (container.init && policy === 'Always')
        ? { runsFor: undefined, exitCode: 0 }
        : behaviourOf(container.spec, policy, this.pod.metadata.annotations, container.init, random.next());
      this.#becomeReady(container);
      if (behaviour.runsFor === undefined) return;
      await this.#wait(behaviour.runsFor);
      this.#markEnded(container, behaviour.exitCode);
      const again = container.init ? behaviour.exitCode !== 0 && policy !== 'Never' : policy === 'Always' || (policy === 'OnFailure' && behaviour.exitCode !== 0);
      if (!again) return;
      if (clock.now() - started > CRASH_BACKOFF.forgottenAfter) crashes = 0;
      if (crashes > 0) await this.#crashBackoff(container, crashes);
      container.restarts += 1;
    }
  }

  async #crashBackoff(container: ContainerRun, crashes: number): Promise<void> {
    const delay = Math.min(CRASH_BACKOFF.longest, CRASH_BACKOFF.first * 2 ** (crashes - 1));
    container.lastState = container.state;
    const message = `back-off ${Math.round(delay / 1_000)}s restarting failed container=${container.spec.name} pod=${this.pod.metadata.name}_${this.pod.metadata.namespace}(${this.pod.metadata.uid})`;
    container.state = { waiting: { reason: 'CrashLoopBackOff', message } };
    this.#event('Warning', 'BackOff', `Back-off restarting failed container ${container.spec.name} in pod ${this.pod.metadata.name}_${this.pod.metadata.namespace}(${this.pod.metadata.uid})`);
    this.#publish();
    await this.#wait(delay);
  }

  async #startContainer(container: ContainerRun): Promise<void> {
    const { ctx: { informers, clock, random }, met, images } = this.host;
    const { spec } = container;
    const image = spec.image ?? '';
    const problem = missingEnvironment(informers, this.pod, spec);
    if (problem !== undefined) {
      if (container.state.terminated) container.lastState = container.state;
      container.state = { waiting: { reason: 'CreateContainerConfigError', message: problem } };
      this.#event('Warning', 'Failed', `Error: ${problem}`);
      this.#publish();
      await met.until(() => missingEnvironment(informers, this.pod, spec) === undefined, this.#life.signal);
    }
    if (!this.host.isForeign(this.pod)) {
      const policy = spec.imagePullPolicy ?? (/:latest$|^[^:@]+$/.test(image) ? 'Always' : 'IfNotPresent');
      if (policy === 'IfNotPresent' && images.has(image)) this.#event('Normal', 'Pulled', `Container image "${image}" already present on machine`);
      else {
        const begun = clock.now();
        this.#event('Normal', 'Pulling', `Pulling image "${image}"`);
        await this.#wait(pullDuration(image, images.has(image), random.next()));
        images.add(image);
        this.#event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${((clock.now() - begun) / 1_000).toFixed(3)}s`);
      }
      await this.#wait(100 + 250 * random.next());
    }
    container.id = `containerd://${random.uuid().replaceAll('-', '')}${random.uuid().replaceAll('-', '')}`;
    if (container.state.terminated) container.lastState = container.state;
    container.state = { running: { startedAt: kubeTime(clock.now()) } };
    const runs = this.logs.get(spec.name) ?? [];
    const ports = (spec.ports ?? []).map(({ containerPort }) => containerPort);
    this.logs.set(spec.name, [...runs.slice(-1), { id: container.id, image, ports, startedAt: clock.now() }]);
    this.#event('Normal', 'Created', `Created container: ${spec.name}`);
    this.#event('Normal', 'Started', `Started container ${spec.name}`);
  }

  #becomeReady(container: ContainerRun): void {
    const delay = this.host.isForeign(this.pod) ? undefined : readyDelay(container.spec);
    const { id } = container;
    const ready = (): void => {
      if (container.id !== id || !container.state.running || this.#stopping) return;
      container.ready = true;
      this.#publish();
      this.host.met.changed();
    };
    if (delay === undefined) return ready();
    this.#publish();
    this.#wait(delay).then(ready, () => undefined);
  }

  #markEnded(container: ContainerRun, exitCode: number): void {
    const now = this.host.ctx.clock.now();
    const startedAt = container.state.running?.startedAt ?? kubeTime(now);
    container.ready = false;
    container.state = {
      terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt: kubeTime(now), ...(container.id === undefined ? {} : { containerID: container.id }) },
    };
    const logged = this.logs.get(container.spec.name)?.at(-1);
    if (logged) Object.assign(logged, { endedAt: now, exitCode });
    this.#publish();
  }

  /** Ends the containers within the grace period, and then removes the pod. */
  #stop(pod: Pod): void {
    const { ctx } = this.host;
    this.#stopping = true;
    this.#life.abort(new Error('the pod is deleted'));
    const phase = podPhase(this.run, pod.spec.restartPolicy ?? 'Always');
    const running = this.run.containers.filter(({ state }) => state.running);
    for (const { spec } of running) this.#event('Normal', 'Killing', `Stopping container ${spec.name}`);
    const grace = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    const duration = running.length === 0 || phase === 'Succeeded' || phase === 'Failed' ? 0 : stopDuration(pod.spec, pod.metadata.annotations, grace, ctx.random.next());
    const asked = ctx.clock.now() + duration;
    let killed = duration >= grace * 1_000 && grace > 0;
    this.#kill = {
      at: asked,
      run: () => {
        this.#kill = undefined;
        killed ||= ctx.clock.now() < asked;
        for (const container of running) this.#markEnded(container, killed ? 137 : 0);
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

  #wait(delay: number): Promise<void> {
    return sleep(this.host.ctx.clock, delay, this.#life.signal);
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.host.ctx.events.record('kubelet', this.pod, type, reason, message);
  }

  /** Reports the state; changes that happen while a report is under way go into the next one. */
  #publish(): void {
    this.#dirty = true;
    if (this.#publishing) return;
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
      this.#retryTimer = ctx.clock.schedule(STATUS_RETRY, () => this.#publish());
    } finally {
      this.#publishing = false;
    }
  }
}
