import { setMaxListeners } from 'node:events';
import { availableParallelism, hostname } from 'node:os';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ContainerModule, ServiceIdentifier } from 'inversify';
import { Container } from 'inversify';
import { collectDefaultMetrics } from 'prom-client';
import { rejectOnAbort } from '../abort.js';
import { Clock, sleep, systemClock } from '../clock.js';
import { Cache } from '../context.js';
import { compile } from '../dsl/compile.js';
import type { Plan, ReconcilerClass } from '../dsl/plan.js';
import { KubeClient } from '../kube/client.js';
import { EventRecorder } from '../kube/event-recorder.js';
import { defaultKubeConfig, httpTransport } from '../kube/http-transport.js';
import { Informers } from '../kube/informers.js';
import { LeaseElection } from '../kube/lease-election.js';
import { INACTIVITY_LIMIT } from '../kube/reflector.js';
import type { KubeTransport } from '../kube/transport.js';
import { Logger } from '../logger.js';
import type { Rate } from '../queue/token-bucket.js';
import { Random, systemRandom } from '../random.js';
import { Controller } from './controller.js';
import { ControllersMetrics } from './controller-metrics.js';
import { announceFinalized } from './finalized-events.js';
import { Health } from './health.js';
import type { EndpointPorts } from './http-endpoints.js';
import { HttpEndpoints } from './http-endpoints.js';
import { InformerCache } from './informer-cache.js';
import { informerObserver } from './informer-metrics.js';
import { Kinds } from './kinds.js';
import { Metrics } from './metrics.js';
import { ReconcilerToken, reconcilers } from './reconcilers.js';
import { restClientMetrics } from './rest-client-metrics.js';
import type { Environment } from './run-context.js';
import { SingletonController } from './singleton.js';
import { Startable } from './startable.js';
import { ObservedConditions, StatusMetrics } from './status-metrics.js';
import { StopStack } from './stop-stack.js';
import { createLogger } from './winston-logger.js';

/** Who leads, when several replicas run. Times in milliseconds. */
export interface LeaderElectionOptions {
  /** Name of the Lease. Default: the operator's name and `-leader-election`. */
  lease?: string;
  /** Default: the pod's namespace (`POD_NAMESPACE`, `SYSTEM_NAMESPACE`), else `kube-system`. */
  namespace?: string;
  /** Default: host name and a random suffix. */
  identity?: string;
  leaseDuration?: number;
  renewDeadline?: number;
  retryPeriod?: number;
}

export interface OperatorOptions {
  /** Names the operator in events, leases and requests. */
  name: string;
  /** Default: what kubectl would use. */
  kubeconfig?: KubeConfig;
  /** Instead of a kubeconfig: an API server in this process, for example. */
  transport?: KubeTransport;
  clock?: Clock;
  random?: Random;
  logger?: Logger;
  /** Reconciler classes beside those of the modules. */
  reconcilers?: readonly ReconcilerClass[];
  /** Default: no election, this process leads. `true` takes all defaults. */
  leaderElection?: boolean | LeaderElectionOptions;
  /** Fill the caches while another replica leads, so that taking over takes seconds. Default true; costs memory and watches. */
  warmup?: boolean;
  /** Default: 8080 and 8081. `false` serves nothing. */
  ports?: EndpointPorts | false;
  /** Limit on requests to the API server; leases are outside it. Default: 200 a second, 300 at once. */
  rate?: Rate;
  userAgent?: string;
  /** CPUs that concurrencies by CPU count. Default: those of the machine. */
  cpus?: number;
  /** Milliseconds that a stop may take before what hangs is left behind. Default 30 s. */
  shutdownTimeout?: number;
  /** Freeze objects in the cache, so that code that changes them fails. Default false. */
  freeze?: boolean;
  /** Report the Node process's own metrics too. Default true. */
  processMetrics?: boolean;
}

/** How often a start that waits for caches says what it waits for. */
const SYNC_REPORT = 30_000;

/** A watch that was silent for longer is not merely between two bookmarks: its own limit, and time to reconnect. */
const SILENCE_LIMIT = 2 * INACTIVITY_LIMIT;

/** Reconciler classes, the services that they need, and everything that makes them run. */
export class Operator {
  readonly container = new Container({ defaultScope: 'Singleton' });
  readonly metrics = new Metrics();
  readonly livez = new Health('healthz');
  readonly readyz = new Health('readyz');
  readonly #modules: ContainerModule[] = [];
  readonly #overrides: { token: ServiceIdentifier; value: unknown }[] = [];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Logger;
  readonly #kinds = new Kinds();
  readonly #client: KubeClient;
  readonly #leaseClient: KubeClient;
  readonly #cache: InformerCache;
  readonly #recorder: EventRecorder;
  readonly #stopInformers = new AbortController();
  readonly #informers: Informers;
  #endpoints: HttpEndpoints | undefined;
  #election: LeaseElection | undefined;
  #plan: Plan | undefined;
  #started = false;
  #becomeReady: () => void = () => undefined;
  readonly #ready = new Promise<void>((resolve) => {
    this.#becomeReady = resolve;
  });

  constructor(private readonly options: OperatorOptions) {
    this.#clock = options.clock ?? systemClock();
    this.#random = options.random ?? systemRandom;
    this.#log = options.logger ?? createLogger({ clock: this.#clock });
    const kubeconfig = options.transport ? undefined : options.kubeconfig ?? defaultKubeConfig();
    const transport = options.transport ?? httpTransport(kubeconfig as KubeConfig);
    const host = kubeconfig?.getCurrentCluster()?.server.replace(/^https?:\/\//, '') ?? 'in-process';
    const shared = {
      clock: this.#clock, random: this.#random, userAgent: options.userAgent ?? options.name, fieldManager: options.name,
      metrics: restClientMetrics(this.metrics, host),
    };
    this.#client = new KubeClient(transport, { ...shared, rate: options.rate ?? { qps: 200, burst: 300 }, mayWrite: () => !options.leaderElection || this.leading });
    this.#leaseClient = new KubeClient(transport, shared);
    this.#cache = new InformerCache(this.#kinds, this.#client);
    this.#recorder = new EventRecorder({
      client: this.#client, clock: this.#clock, component: options.name,
      onDropped: (reason, error) => this.#log.debug('event dropped', { reason, ...(error === undefined ? {} : { error }) }),
    });
    this.#informers = new Informers({
      client: this.#client, clock: this.#clock, random: this.#random, freeze: options.freeze ?? false, signal: this.#stopInformers.signal,
      observe: informerObserver(this.metrics, this.#log),
    });
    this.#bindServices();
  }

  /** Adds modules: reconcilers (see `reconcilers()`) and the services that they inject. */
  use(...modules: readonly ContainerModule[]): this {
    this.#mustNotHaveStarted('use');
    this.#modules.push(...modules);
    return this;
  }

  /** Puts a value in the place of what a module binds under a token; for tests. */
  override<T>(token: ServiceIdentifier<T>, value: T): this {
    this.#mustNotHaveStarted('override');
    this.#overrides.push({ token, value });
    return this;
  }

  /** What the loaded classes declare; there once the operator has been started. */
  get plan(): Plan {
    if (!this.#plan) throw new Error('the plan is compiled when the operator starts');
    return this.#plan;
  }

  /** Whether this process may write: it leads, or there is no election. */
  get leading(): boolean {
    return this.options.leaderElection ? this.#election?.leading ?? false : this.#started;
  }

  /** Where `/metrics`, `/healthz` and `/readyz` are served. */
  get ports(): Readonly<Record<'metrics' | 'health', number>> | undefined {
    return this.#endpoints?.bound;
  }

  /** Resolves when reconcilers are at work (which, without the lead, may take for ever). */
  ready(): Promise<void> {
    return this.#ready;
  }

  /**
   * Runs until the signal aborts: serves probes, fills the caches, waits for the lead, works; then stops in the opposite order, and
   * resolves. Rejects when it cannot start (invalid declarations, a port in use) and when the lead is lost.
   */
  async run({ signal = new AbortController().signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#mustNotHaveStarted('run');
    this.#started = true;
    const stack = new StopStack(this.#clock, this.#log);
    try {
      await this.#start(stack, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await stack.stop(this.options.shutdownTimeout ?? 30_000);
      this.#log.info('stopped', { operator: this.options.name });
    }
  }

  /**
   * Starts layer on layer, and then waits for the end. The stack learns of every layer before it can have an effect, and an abort is
   * noticed between two layers: nothing starts once the stop has begun.
   */
  async #start(stack: StopStack, signal: AbortSignal): Promise<void> {
    await this.#compile();
    const environment: Environment = {
      client: this.#client, informers: this.#informers, kinds: this.#kinds, cache: this.#cache,
      recorder: this.#recorder, clock: this.#clock, random: this.#random, log: this.#log,
    };
    stack.push('connections', () => this.#client.close());
    await this.#serve(stack);
    signal.throwIfAborted();
    const { warmup = true } = this.options;
    let lost = warmup ? undefined : await this.#elected(stack, signal);
    stack.push('informers', () => this.#stopInformers.abort(new Error('the operator stops')));
    this.#startInformers();
    const controllers = await this.#controllers(environment);
    await this.#synced(signal);

    const services = this.container.isBound(Startable) ? await this.container.getAllAsync<Startable>(Startable) : [];
    await this.#startServices(services.filter(({ leaderOnly = true }) => !leaderOnly), stack, signal);
    lost ??= await this.#elected(stack, signal);
    stack.push('events', () => this.#recorder.flushed());
    const work = new AbortController();
    setMaxListeners(0, work.signal);
    await this.#startServices(services.filter(({ leaderOnly = true }) => leaderOnly), stack, work.signal);
    signal.throwIfAborted();
    stack.push('reconcilers', async () => {
      work.abort(new Error('the operator stops'));
      await Promise.all(controllers.map((controller) => controller.stop()));
    });
    for (const controller of controllers) controller.startSources(work.signal);
    for (const controller of controllers) controller.startWorkers(work.signal);
    this.#log.info('started', { operator: this.options.name, reconcilers: this.plan.reconcilers.length + this.plan.singletons.length });
    this.#becomeReady();
    await rejectOnAbort(lost.promise, signal);
  }

  async #compile(): Promise<void> {
    await this.container.loadAsync(...this.#modules, reconcilers(...(this.options.reconcilers ?? [])));
    for (const { token, value } of this.#overrides) {
      if (this.container.isBound(token)) this.container.unbind(token);
      this.container.bind(token).toConstantValue(value);
    }
    this.#plan = compile(this.container.isBound(ReconcilerToken) ? this.container.getAll<ReconcilerClass>(ReconcilerToken) : []);
    this.#kinds.know(this.#plan.kinds);
  }

  async #serve(stack: StopStack): Promise<void> {
    const { ports = {}, processMetrics = true } = this.options;
    if (processMetrics) collectDefaultMetrics({ register: this.metrics.registry });
    this.readyz.add('informers', () => this.#checkInformers());
    for (const kind of this.plan.kinds.filter(({ definition }) => definition)) {
      this.readyz.add(`crd-${kind.plural}.${kind.group}`, async () => {
        const { resources } = await this.#client.raw<{ resources: { name: string }[] }>(`/apis/${kind.group}/${kind.version}`);
        if (!resources.some(({ name }) => name === kind.plural)) throw new Error(`${kind.group}/${kind.version} does not serve ${kind.plural}`);
      });
    }
    if (ports === false) return;
    this.#endpoints = new HttpEndpoints(this.metrics, { healthz: this.livez, readyz: this.readyz }, ports);
    stack.push('endpoints', () => this.#endpoints?.stop());
    await this.#endpoints.start();
  }

  #startInformers(): void {
    for (const { kind, optional, metadataOnly } of this.plan.informers) {
      this.#cache.add(kind.type, this.#informers.acquire(kind, { optional, metadataOnly }).informer);
    }
  }

  async #controllers(environment: Environment): Promise<(Controller | SingletonController)[]> {
    const { cpus = availableParallelism() } = this.options;
    const metrics = new ControllersMetrics(this.metrics);
    const observed = this.container.isBound(ObservedConditions) ? this.container.getAll<ObservedConditions>(ObservedConditions) : [];
    new StatusMetrics(this.metrics, environment).observe(this.plan, observed);
    announceFinalized(this.plan, environment);
    const controllers: (Controller | SingletonController)[] = [];
    const instanceOf = (type: ReconcilerClass): Promise<object> => this.container.getAsync(type as new () => object);
    for (const plan of this.plan.reconcilers) {
      controllers.push(new Controller({ plan, instance: await instanceOf(plan.type), environment, metrics: metrics.of(plan.name), container: this.container, cpus }));
    }
    for (const plan of this.plan.singletons) {
      controllers.push(new SingletonController({ plan, instance: await instanceOf(plan.type), environment, metrics: metrics.of(plan.name), container: this.container }));
    }
    return controllers;
  }

  /** Waits for the first lists, for as long as it takes: a CRD may be installed after its operator. */
  async #synced(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const report = async (): Promise<void> => {
      for (;;) {
        await sleep(this.#clock, SYNC_REPORT, AbortSignal.any([signal, stop.signal]));
        this.#log.warn('waiting for caches to sync', { kinds: this.#unsynced() });
      }
    };
    report().catch(() => undefined);
    try {
      await rejectOnAbort(Promise.all(this.#informers.all().map((informer) => informer.whenSynced())), signal);
    } finally {
      stop.abort();
    }
  }

  async #startServices(services: readonly Startable[], stack: StopStack, signal: AbortSignal): Promise<void> {
    for (const service of services) {
      signal.throwIfAborted();
      stack.push(service.name, () => service.stop?.());
      await service.start(signal);
    }
  }

  /** Waits until this process leads. The promise that comes back (boxed, since it must not be awaited here) rejects when it no longer does. */
  async #elected(stack: StopStack, signal: AbortSignal): Promise<{ promise: Promise<never> }> {
    const { leaderElection = false, name } = this.options;
    const master = this.metrics.gauge({ name: 'leader_election_master_status', help: 'Whether this process leads (1) or stands by (0)', labelNames: ['name'] });
    if (leaderElection === false) return { promise: new Promise(() => undefined) };
    const {
      lease = `${name}-leader-election`, namespace,
      identity = `${hostname()}_${this.#random.uuid()}`, ...times
    } = leaderElection === true ? {} : leaderElection;
    const election = new LeaseElection({
      client: this.#leaseClient, clock: this.#clock, random: this.#random, name: lease, identity, ...times,
      namespace: namespace || (process.env['POD_NAMESPACE'] ?? process.env['SYSTEM_NAMESPACE'] ?? 'kube-system'),
      onFailure: (error) => this.#log.warn('could not reach the lease', { lease, error }),
    });
    this.#election = election;
    master.set({ name: lease }, 0);
    const resign = new AbortController();
    const term = election.run(resign.signal);
    stack.push('lease', async () => {
      resign.abort(new Error('the operator stops'));
      await term.catch(() => undefined);
      master.set({ name: lease }, 0);
    });
    await rejectOnAbort(Promise.race([election.whenElected(), term]), signal);
    master.set({ name: lease }, 1);
    this.#log.info('elected', { lease, identity });
    // The term resolves only when it is asked to end, which nobody here waits for.
    const promise = term.then(() => new Promise<never>(() => undefined));
    // The lead may be lost before anybody looks.
    promise.catch(() => undefined);
    return { promise };
  }

  #checkInformers(): void {
    const unsynced = this.#unsynced();
    if (unsynced.length > 0) throw new Error(`not synced: ${unsynced.join(', ')}`);
    const silent = this.#informers.all().filter(({ silence, absent }) => !absent && silence > SILENCE_LIMIT);
    if (silent.length > 0) throw new Error(`nothing heard for ${SILENCE_LIMIT / 1_000}s from: ${silent.map(({ kind }) => kind.plural).join(', ')}`);
  }

  #unsynced(): string[] {
    return this.#informers.all().filter(({ synced }) => !synced).map(({ kind }) => kind.plural);
  }

  #bindServices(): void {
    const { container } = this;
    container.bind(Clock).toConstantValue(this.#clock);
    container.bind(Random).toConstantValue(this.#random);
    container.bind(Logger).toConstantValue(this.#log);
    container.bind(Cache).toConstantValue(this.#cache);
    container.bind(KubeClient).toConstantValue(this.#client);
    container.bind(EventRecorder).toConstantValue(this.#recorder);
    container.bind(Metrics).toConstantValue(this.metrics);
    container.bind(Informers).toConstantValue(this.#informers);
  }

  #mustNotHaveStarted(what: string): void {
    if (this.#started) throw new Error(`${what}(): the operator has been started; make another with createOperator()`);
  }
}

/** An operator that runs the reconcilers of the modules it uses. */
export const createOperator = (options: OperatorOptions): Operator => new Operator(options);
