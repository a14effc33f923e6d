import { kubeTime } from '../../../operator/kube/time.js';
import type { Pod } from '../model/kinds.js';
import { behaviourOf, pullDuration, readyDelay } from './container-behaviour.js';
import type { Behaviour } from './container-behaviour.js';
import type { LoggedRun } from './container-log.js';
import { imageOf } from './image.js';
import { missingEnvironment } from './pod-needs.js';
import type { ContainerRun } from './pod-status.js';
import type { PodHost } from './pod-worker.js';

const CREATE_TIME = { least: 100, spread: 250 };
const CRASH_BACKOFF = { first: 10_000, longest: 300_000, forgottenAfter: 600_000 };

/** What a container has of its pod. */
export interface PodLife {
  readonly host: PodHost;
  /** As last seen. */
  readonly pod: Pod;
  /** Aborts when the pod is to end. */
  readonly signal: AbortSignal;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** The container's state has changed. */
  publish(): void;
  wait(delay: number): Promise<void>;
}

/** Runs one container of a pod: pulls, starts, becomes ready, ends, and starts again as the restart policy says. */
export class ContainerRunner {
  /** The runs so far, the latest last; two are kept. */
  readonly logs: LoggedRun[] = [];
  readonly #policy: string;

  constructor(
    private readonly life: PodLife,
    readonly state: ContainerRun,
  ) {
    this.#policy = this.isSidecar ? 'Always' : life.pod.spec.restartPolicy ?? 'Always';
  }

  get isSidecar(): boolean {
    return this.state.init && this.state.spec.restartPolicy === 'Always';
  }

  /** Resolves when the container has ended for good, or will not end by itself. Rejects when the pod ends. */
  async run(): Promise<void> {
    const { clock } = this.life.host.ctx;
    for (let crashes = 0; ; crashes += 1) {
      await this.#start();
      const started = clock.now();
      const { runsFor, exitCode } = this.#behaviour();
      this.#becomeReady();
      if (runsFor === undefined) return;
      await this.life.wait(runsFor);
      this.end(exitCode);
      const again = this.state.init ? exitCode !== 0 && this.#policy !== 'Never' : this.#policy === 'Always' || (this.#policy === 'OnFailure' && exitCode !== 0);
      if (!again) return;
      if (clock.now() - started > CRASH_BACKOFF.forgottenAfter) crashes = 0;
      if (crashes > 0) await this.#backOff(crashes);
      this.state.restarts += 1;
    }
  }

  /** The container has ended. */
  end(exitCode: number): void {
    const { state, life } = this;
    const now = life.host.ctx.clock.now();
    const startedAt = state.state.running?.startedAt ?? kubeTime(now);
    state.ready = false;
    state.state = {
      terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt: kubeTime(now), ...(state.id === undefined ? {} : { containerID: state.id }) },
    };
    const logged = this.logs.at(-1);
    if (logged) Object.assign(logged, { endedAt: now, exitCode });
    life.publish();
  }

  #behaviour(): Behaviour {
    const { host, pod } = this.life;
    if (host.isForeign(pod) || this.isSidecar) return { runsFor: undefined, exitCode: 0 };
    return behaviourOf(this.state.spec, this.#policy, pod.metadata.annotations, this.state.init, host.ctx.random.next());
  }

  async #start(): Promise<void> {
    const { state, life } = this;
    const { host } = life;
    const { clock, random } = host.ctx;
    await this.#environment();
    if (!host.isForeign(life.pod)) {
      await this.#pull();
      await life.wait(CREATE_TIME.least + CREATE_TIME.spread * random.next());
    }
    state.id = `containerd://${random.uuid().replaceAll('-', '')}${random.uuid().replaceAll('-', '')}`;
    this.#keepLastState();
    state.state = { running: { startedAt: kubeTime(clock.now()) } };
    this.logs.push({ id: state.id, image: state.spec.image ?? '', ports: (state.spec.ports ?? []).map(({ containerPort }) => containerPort), startedAt: clock.now() });
    if (this.logs.length > 2) this.logs.shift();
    life.event('Normal', 'Created', `Created container: ${state.spec.name}`);
    life.event('Normal', 'Started', `Started container ${state.spec.name}`);
    host.met.changed();
  }

  /** Waits for the Secrets and ConfigMaps that the environment refers to. */
  async #environment(): Promise<void> {
    const { state, life } = this;
    const { host } = life;
    const missing = (): string | undefined => missingEnvironment(host.ctx.informers, life.pod, state.spec);
    const problem = missing();
    if (problem === undefined) return;
    this.#keepLastState();
    state.state = { waiting: { reason: 'CreateContainerConfigError', message: problem } };
    life.event('Warning', 'Failed', `Error: ${problem}`);
    life.publish();
    await host.met.until(() => missing() === undefined, life.signal);
  }

  async #pull(): Promise<void> {
    const { life, state: { spec } } = this;
    const { images, ctx: { clock, random } } = life.host;
    const image = spec.image ?? '';
    const policy = spec.imagePullPolicy ?? (/:latest$|^[^:@]+$/.test(image) ? 'Always' : 'IfNotPresent');
    if (policy !== 'Always' && images.has(image)) return life.event('Normal', 'Pulled', `Container image "${image}" already present on machine`);
    const begun = clock.now();
    life.event('Normal', 'Pulling', `Pulling image "${image}"`);
    await life.wait(pullDuration(image, images.has(image), random.next()));
    images.add(image);
    const taken = goDuration(clock.now() - begun);
    life.event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${taken} (${taken} including waiting). Image size: ${imageOf(image).bytes} bytes.`);
  }

  #becomeReady(): void {
    const { state, life } = this;
    const { id } = state;
    const delay = life.host.isForeign(life.pod) ? undefined : readyDelay(state.spec);
    const ready = (): void => {
      if (state.id !== id || !state.state.running || life.signal.aborted) return;
      state.ready = true;
      life.publish();
    };
    if (delay === undefined) return ready();
    life.publish();
    life.wait(delay).then(ready, () => undefined);
  }

  async #backOff(crashes: number): Promise<void> {
    const { life, state } = this;
    const { name, namespace, uid } = life.pod.metadata;
    const delay = Math.min(CRASH_BACKOFF.longest, CRASH_BACKOFF.first * 2 ** (crashes - 1));
    const pod = `${name}_${namespace}(${uid})`;
    this.#keepLastState();
    state.state = { waiting: { reason: 'CrashLoopBackOff', message: `back-off ${Math.round(delay / 1_000)}s restarting failed container=${state.spec.name} pod=${pod}` } };
    life.event('Warning', 'BackOff', `Back-off restarting failed container ${state.spec.name} in pod ${pod}`);
    life.publish();
    await life.wait(delay);
  }

  #keepLastState(): void {
    if (this.state.state.terminated) this.state.lastState = this.state.state;
  }
}

/** Milliseconds, at most an hour, as Go prints them. */
const goDuration = (milliseconds: number): string =>
  (milliseconds < 1_000 ? `${milliseconds}ms` : `${milliseconds >= 60_000 ? `${Math.floor(milliseconds / 60_000)}m` : ''}${(milliseconds % 60_000) / 1_000}s`);
