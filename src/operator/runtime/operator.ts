import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ContainerModule, ServiceIdentifier } from 'inversify';
import { Container } from 'inversify';
import { collectDefaultMetrics } from 'prom-client';
import { rejectOnAbort } from '../abort.js';
import type { KeyReport } from '../causality/recorder.js';
import { Tracing, tracerOf } from '../causality/tracing.js';
import { RunScope } from '../causality/run-scope.js';
import { WriteOrigins } from '../causality/write-origins.js';
import { Clock, systemClock } from '../clock.js';
import { Cache } from '../context.js';
import { DebugEndpoint } from '../debug/debug-endpoint.js';
import { compile } from '../dsl/compile.js';
import type { Plan, ReconcilerClass } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import type { ServiceToken } from '../dsl/token.js';
import type { ExplainTarget } from '../explain/explain.js';
import type { Explanation } from '../explain/explanation.js';
import type { ApiRate } from '../kube/api-budget.js';
import { KubeClient } from '../kube/client.js';
import { NotLeaderError } from '../kube/errors.js';
import { EventRecorder } from '../kube/event-recorder.js';
import { defaultTransport, httpTransport } from '../kube/http-transport.js';
import type { InformerScope } from '../kube/informer.js';
import { Informers } from '../kube/informers.js';
import type { ObjectKey } from '../kube/object.js';
import type { KubeTransport } from '../kube/transport.js';
import { Logger } from '../logger.js';
import { Random, systemRandom } from '../random.js';
import { ExternalCalls } from '../shadow/external-calls.js';
import { scopesOf } from './cache-scope.js';
import { construct } from './construct.js';
import { ClockSkew } from './clock-skew.js';
import { Controller } from './controller.js';
import { ControllersMetrics } from './controller-metrics.js';
import { Explainer } from './explainer.js';
import { announceFinalized } from './finalized-events.js';
import { Health } from './health.js';
import { HttpEndpoints } from './http-endpoints.js';
import { InformerCache } from './informer-cache.js';
import { informerGauges, informerObserver } from './informer-metrics.js';
import { Kinds } from './kinds.js';
import type { LeaderElectionOptions } from './election-setup.js';
import { ElectionSetup } from './election-setup.js';
import type { Leadership, Loss } from './leadership.js';
import { SingleLeadership } from './leadership.js';
import { Metrics } from './metrics.js';
import { addReadinessChecks, untilSynced } from './readiness.js';
import type { OperatorOptions } from './operator-options.js';
import { ReconcilerToken, reconcilers } from './reconcilers.js';
import { restClientMetrics } from './rest-client-metrics.js';
import type { Environment } from './run-context.js';
import { ShardLeadership } from './shard-leadership.js';
import { SingletonController } from './singleton.js';
import { Startable } from './startable.js';
import { ObservedConditions, StatusMetrics } from './status-metrics.js';
import { ServiceCache } from './service-cache.js';
import { WriteTurns } from './write-turns.js';
import { StopStack } from './stop-stack.js';
import { createLogger } from './winston-logger.js';
import { withoutJitter } from './without-jitter.js';
import type { WebhookRequest, WebhookResponse } from '../webhook/webhook-handler.js';
import { WebhookHandler } from '../webhook/webhook-handler.js';
import { webhookMetrics } from '../webhook/webhook-metrics.js';
import { bundleTargets } from '../webhook/ca-bundle.js';
import { Webhooks } from '../webhook/webhooks.js';

/** Without what a shadow must not do in the place of the operator that is at work. */
const asShadow = ({ webhooks: _webhooks, debug: _debug, ...options }: OperatorOptions): OperatorOptions => ({ ports: false, ...options, leaderElection: false });

const DEFAULT_RATE: Required<ApiRate> = { qps: 200, burst: 300, reserved: 0.1 };

/** Reconciler classes, the services that they need, and everything that makes them run. */
export class Operator {
  private readonly options: OperatorOptions;
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
  /** Fails where the API server cannot even be named. */
  readonly #connect: () => Promise<void>;
  readonly #transport: KubeTransport;
  /** Where it matters who writes. */
  readonly #scope: RunScope | undefined;
  readonly #client: KubeClient;
  /** Without rate limit and fence: for leases and probes, which a busy operator must not lose, and certificates, which followers need too. */
  readonly #free: KubeClient;
  readonly #elections: ElectionSetup | undefined;
  readonly #leadership: Leadership | undefined;
  readonly #fence = (): void => {
    if (this.#leadership && !this.#leadership.held) throw new NotLeaderError();
  };
  /** The same, where all replicas work. */
  readonly #sharding: ShardLeadership | undefined;
  readonly #cache: InformerCache;
  readonly #serviceCache: ServiceCache;
  readonly #recorder: EventRecorder;
  readonly #stopInformers = new AbortController();
  readonly #informers: Informers;
  #endpoints: HttpEndpoints | undefined;
  #plan: Plan | undefined;
  #scopes: ReadonlyMap<KindClass, InformerScope> = new Map();
  #webhookHandler: WebhookHandler | undefined;
  #webhooks: Webhooks | undefined;
  #debug: DebugEndpoint | undefined;
  #controllers: readonly (Controller | SingletonController)[] = [];
  #started = false;
  #becomeReady: () => void = () => undefined;
  readonly #ready = new Promise<void>((resolve) => {
    this.#becomeReady = resolve;
  });

  constructor(given: OperatorOptions) {
    const options = this.options = given.shadow ? asShadow(given) : given;
    this.#clock = options.clock ?? systemClock();
    this.#random = options.random ?? systemRandom;
    this.#log = options.logger ?? createLogger({ clock: this.#clock });
    const { kubeconfig } = options;
    const fallback = options.transport || kubeconfig ? undefined : defaultTransport(this.#clock);
    const server = options.transport ?? fallback ?? httpTransport(kubeconfig as KubeConfig, this.#clock);
    this.#scope = options.shadow && new RunScope();
    const transport = options.shadow?.over({ name: options.name, server, clock: this.#clock, random: this.#random, log: this.#log, scope: this.#scope as RunScope }) ?? server;
    this.#transport = transport;
    this.#connect = async () => void (await fallback?.open());
    const host = options.transport ? 'in-process' : kubeconfig?.getCurrentCluster()?.server.replace(/^https?:\/\//, '') ?? 'default';
    const skew = new ClockSkew(this.#log, this.metrics);
    const shared = {
      clock: this.#clock, random: this.#random, userAgent: options.userAgent ?? options.name, fieldManager: options.name,
      metrics: { ...restClientMetrics(this.metrics, host), dated: (server: number, sent: number, answered: number) => skew.observe(server, sent, answered) },
    };
    this.#client = new KubeClient(transport, { ...shared, rate: { ...DEFAULT_RATE, ...options.rate }, mayWrite: () => this.#leadership?.held ?? true });
    const { leaderElection = false } = options;
    this.#free = new KubeClient(transport, shared);
    if (leaderElection !== false) {
      const election: LeaderElectionOptions = leaderElection === true ? {} : leaderElection;
      const setup = this.#elections = new ElectionSetup(options.name, election, {
        client: this.#free, endpoint: () => transport.endpoint, userAgent: shared.userAgent, clock: this.#clock, random: this.#random, log: this.#log, metrics: this.metrics,
      });
      this.#sharding = election.shards === undefined ? undefined : new ShardLeadership(setup, election.shards);
      this.#leadership = this.#sharding ?? new SingleLeadership(setup);
    }
    this.#cache = new InformerCache(this.#kinds, this.#client);
    this.#serviceCache = new ServiceCache(this.#cache);
    this.#recorder = new EventRecorder({
      client: this.#client, clock: this.#clock, component: options.name,
      onDropped: (reason, error) => this.#log.debug('event dropped', { reason, ...(error === undefined ? {} : { error }) }),
    });
    this.#informers = new Informers({
      ...options.informers, client: this.#client, clock: this.#clock, random: this.#random, freeze: options.freeze ?? false, signal: this.#stopInformers.signal,
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
  override<T>(token: ServiceToken<T>, value: NoInfer<T>): this {
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
    return this.#leadership ? this.#leadership.held : this.#started;
  }

  /** Where `/metrics`, `/healthz` and `/readyz` are served. */
  get ports(): Readonly<Record<'metrics' | 'health', number>> | undefined {
    return this.#endpoints?.bound;
  }

  /** Where explanations are given. */
  get debugPort(): number | undefined {
    return this.#debug?.port;
  }

  /** Where webhooks are served. */
  get webhookPort(): number | undefined {
    return this.#webhooks?.port;
  }

  /** What a reconciler knows of a key (`namespace/name` or `name`; any for a singleton), for diagnosis; undefined where there is no such reconciler at work. */
  inspect(reconciler: string, key: ObjectKey = ''): KeyReport | undefined {
    return this.#controllers.find(({ plan }) => plan.name === reconciler)?.inspect(key);
  }

  /**
   * Why an object is where it is: its conditions and what they wait for, the queue, the last runs with their causes, the next look. There once the
   * operator has been started. Rejects with UnknownKindName and ObjectNotFound.
   */
  explain(target: ExplainTarget): Promise<Explanation> {
    return new Explainer({
      operator: this.options.name, plan: this.plan, clock: this.#clock, log: this.#log, cache: this.#cache, container: this.container, leadership: this.#leadership,
      report: (reconciler, key) => this.inspect(reconciler, key),
    }).explain(target);
  }

  /** Answers a call of a webhook as the port does, without one; there once the operator has been started. */
  webhook(request: WebhookRequest): Promise<WebhookResponse> {
    if (!this.#webhookHandler) throw new Error('webhooks answer when the operator has been started');
    return this.#webhookHandler.handle(request);
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
      await stack.stop(this.#shutdownTimeout);
      this.#log.info('stopped', { operator: this.options.name });
    }
  }

  get #shutdownTimeout(): number {
    return this.options.shutdownTimeout ?? 30_000;
  }

  /**
   * Starts layer on layer, and then waits for the end. The stack learns of every layer before it can have an effect, and an abort is
   * noticed between two layers: nothing starts once the stop has begun.
   */
  async #start(stack: StopStack, signal: AbortSignal): Promise<void> {
    await this.#compile();
    await this.#connect();
    const environment: Environment = {
      client: this.#client, informers: this.#informers, kinds: this.#kinds, cache: this.#cache, serviceCache: this.#serviceCache, turns: new WriteTurns(),
      recorder: this.#recorder, origins: new WriteOrigins(), tracing: this.#tracing(), clock: this.#clock, random: this.#random, log: this.#log,
      tests: this.options.tests,
      fence: this.#fence,
      shards: this.#sharding,
      scope: this.#scope,
    };
    stack.push('connections', () => this.#client.close());
    await this.#serve(stack);
    await this.#serveExplanations(stack);
    await this.#serveWebhooks(stack);
    signal.throwIfAborted();
    const { warmup = true } = this.options;
    let lost = warmup ? undefined : await this.#leadership?.won(stack, signal);
    stack.push('informers', () => this.#stopInformers.abort(new Error('the operator stops')));
    this.#startInformers();
    const controllers = await this.#makeControllers(environment);
    this.#controllers = controllers;
    // Without the lead there is nothing to be filled for.
    await Promise.race([untilSynced(this.#informers, this.#clock, this.#log, signal), ...(lost ? [lost.promise] : [])]);

    const services = this.container.isBound(Startable) ? await this.container.getAllAsync<Startable>(Startable) : [];
    await this.#startServices(services.filter(({ leaderOnly = true }) => !leaderOnly), stack, signal);
    lost ??= await this.#leadership?.won(stack, signal);
    stack.push('events', () => this.#recorder.flushed());
    const work = new AbortController();
    setMaxListeners(0, work.signal);
    const alone = new StopStack(this.#clock, this.#log);
    stack.push('services of the leader', () => alone.stop(this.#shutdownTimeout));
    const startAlone = (): Promise<void> => this.#startServices(services.filter(({ leaderOnly = true }) => leaderOnly), alone, work.signal);
    if (!this.#sharding) await startAlone();
    signal.throwIfAborted();
    stack.push('shards', () => this.#sharding?.resign());
    stack.push('reconcilers', async () => {
      work.abort(new Error('the operator stops'));
      await Promise.all(controllers.map((controller) => controller.stop()));
    });
    const singletons = controllers.filter((controller) => controller instanceof SingletonController);
    const keyed = controllers.filter((controller) => controller instanceof Controller);
    const start = (started: readonly (Controller | SingletonController)[]): void => {
      for (const controller of started) controller.startSources(work.signal);
      for (const controller of started) controller.startWorkers(work.signal);
    };
    start(this.#sharding ? keyed : controllers);
    const ended = this.#share(keyed, async () => {
      await startAlone();
      start(singletons);
    }, stack);
    this.#log.info('started', { operator: this.options.name, reconcilers: this.plan.reconcilers.length + this.plan.singletons.length });
    this.#becomeReady();
    await rejectOnAbort(Promise.race([lost?.promise, ended?.promise].filter((loss) => loss !== undefined)), signal);
  }

  /** Where the work is shared: has the controllers get their shards, and starts with shard 0 what runs in one place only. */
  #share(controllers: readonly Controller[], startAlone: () => Promise<void>, stack: StopStack): Loss | undefined {
    let failed: (error: unknown) => void = () => undefined;
    const failure = new Promise<never>((_, reject) => (failed = reject));
    const loss = this.#sharding?.share({
      gained: (shard) => {
        for (const controller of controllers) controller.gained(shard);
        if (shard === 0) startAlone().catch(failed);
      },
      drained: async (shard) => void (await Promise.all(controllers.map((controller) => controller.drained(shard)))),
    }, stack);
    return loss && { promise: Promise.race([loss.promise, failure]) };
  }

  /** Asked at the start: by then an SDK has been registered, or there is none. */
  #tracing(): Tracing | undefined {
    const tracer = tracerOf(this.options.tracerProvider);
    return tracer && new Tracing(tracer);
  }

  async #compile(): Promise<void> {
    await this.container.loadAsync(...this.#modules, reconcilers(...(this.options.reconcilers ?? [])));
    for (const { token, value } of this.#overrides) {
      if (this.container.isBound(token)) this.container.unbind(token);
      this.container.bind(token).toConstantValue(value);
    }
    const plan = compile(this.container.isBound(ReconcilerToken) ? this.container.getAll<ReconcilerClass>(ReconcilerToken) : []);
    this.#plan = this.options.jitter === false ? withoutJitter(plan) : plan;
    this.#scopes = scopesOf(this.#plan, this.options.caches ?? []);
    this.#kinds.know(this.#plan.kinds);
  }

  async #serve(stack: StopStack): Promise<void> {
    const { ports = {}, processMetrics = true } = this.options;
    if (processMetrics) collectDefaultMetrics({ register: this.metrics.registry });
    // Not in turn with reconcilers: a busy operator would not be ready, and lose its webhooks.
    addReadinessChecks(this.readyz, this.plan, this.#free, this.#informers, this.options.informers?.times?.inactivity);
    informerGauges(this.metrics, this.#informers);
    if (ports === false) return;
    this.#endpoints = new HttpEndpoints(this.metrics, { healthz: this.livez, readyz: this.readyz }, ports, { clock: this.#clock, blocking: (work) => this.#elections?.excuse(work) ?? work() });
    stack.push('endpoints', () => this.#endpoints?.stop());
    await this.#endpoints.start();
  }

  async #serveExplanations(stack: StopStack): Promise<void> {
    const { name, debug: options } = this.options;
    if (!options) return;
    const server = this.#transport.endpoint?.server ?? 'in-process';
    const debug = new DebugEndpoint(options, { operator: name, server, client: this.#free, clock: this.#clock, log: this.#log, explain: (target) => this.explain(target) });
    this.#debug = debug;
    stack.push('debug endpoint', () => debug.stop());
    await debug.start();
  }

  /** Before the informers: API servers may need a conversion to answer them. */
  async #serveWebhooks(stack: StopStack): Promise<void> {
    const { name, webhooks: options, transport } = this.options;
    const types = new Set(this.plan.webhooks.flatMap(({ handlers }) => handlers.map(({ type }) => type)));
    const instances = new Map<ReconcilerClass, object>();
    for (const type of types) instances.set(type, await this.#instanceOf(type));
    const handler = new WebhookHandler(this.plan, {
      instanceOf: (type) => instances.get(type) as object, cache: this.#cache, clock: this.#clock, log: this.#log, metrics: webhookMetrics(this.metrics),
    });
    this.#webhookHandler = handler;
    if (!options) {
      if (types.size > 0 && !transport) this.#log.warn('@Validates and @Defaults have no effect: the operator is created without webhooks', { webhooks: this.plan.webhooks.map((webhook) => webhook.name) });
      return;
    }
    if (bundleTargets(this.plan, name).length === 0) return;
    const webhooks = new Webhooks(name, this.plan, handler, options, { client: this.#free, clock: this.#clock, random: this.#random, log: this.#log });
    this.#webhooks = webhooks;
    this.readyz.add('webhook-certificates', () => webhooks.check());
    stack.push('webhooks', () => webhooks.stop());
    await webhooks.start();
  }

  async #instanceOf(type: ReconcilerClass): Promise<object> {
    return construct(this.container, type);
  }

  #startInformers(): void {
    this.options.shadow?.follow(this.plan, this.#scopes, this.#stopInformers.signal);
    for (const { kind } of this.plan.informers) this.#cache.add(kind.type, this.#informers.acquire(kind, this.#scopes.get(kind.type)).informer);
  }

  async #makeControllers(environment: Environment): Promise<(Controller | SingletonController)[]> {
    const { cpus = availableParallelism() } = this.options;
    const metrics = new ControllersMetrics(this.metrics);
    const observed = this.container.isBound(ObservedConditions) ? this.container.getAll<ObservedConditions>(ObservedConditions) : [];
    new StatusMetrics(this.metrics, environment).observe(this.plan, observed);
    announceFinalized(this.plan, environment);
    const controllers: (Controller | SingletonController)[] = [];
    for (const plan of this.plan.reconcilers) {
      controllers.push(new Controller({ plan, instance: await this.#instanceOf(plan.type), environment, metrics: metrics.of(plan.name), container: this.container, cpus }));
    }
    for (const plan of this.plan.singletons) {
      controllers.push(new SingletonController({ plan, instance: await this.#instanceOf(plan.type), environment, metrics: metrics.of(plan.name), container: this.container }));
    }
    return controllers;
  }

  async #startServices(services: readonly Startable[], stack: StopStack, signal: AbortSignal): Promise<void> {
    for (const service of services) {
      signal.throwIfAborted();
      stack.push(service.name, () => service.stop?.());
      await service.start(signal);
    }
  }

  #bindServices(): void {
    const { container } = this;
    container.bind(Clock).toConstantValue(this.#clock);
    container.bind(Random).toConstantValue(this.#random);
    container.bind(Logger).toConstantValue(this.#log);
    container.bind(Cache).toDynamicValue(() => this.#serviceCache.injected());
    container.bind(KubeClient).toConstantValue(this.#client);
    container.bind(EventRecorder).toConstantValue(this.#recorder);
    container.bind(Metrics).toConstantValue(this.metrics);
    container.bind(ExternalCalls).toConstantValue(this.options.shadow?.calls ?? new ExternalCalls({ fence: this.#fence }));
    container.bind(Informers).toConstantValue(this.#informers);
  }

  #mustNotHaveStarted(what: string): void {
    if (this.#started) throw new Error(`${what}(): the operator has been started; make another with createOperator()`);
  }
}

/** An operator that runs the reconcilers of the modules it uses. */
export const createOperator = (options: OperatorOptions): Operator => new Operator(options);
