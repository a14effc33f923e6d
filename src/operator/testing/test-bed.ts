import { ContainerModule } from 'inversify';
import { createApiServer } from '../../apiserver/index.js';
import type { ApiServer, ApiServerOptions, WebhookCall } from '../../apiserver/index.js';
import type { Plan } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import type { ServiceToken } from '../dsl/token.js';
import type { Duration } from '../duration.js';
import { LeadershipLostError } from '../election/election.js';
import { KubeClient } from '../kube/client.js';
import { handlerTransport } from '../kube/handler-transport.js';
import type { KubeObject } from '../kube/object.js';
import type { KubeTransport } from '../kube/transport.js';
import type { Random } from '../random.js';
import { seededRandom } from '../random.js';
import type { OperatorOptions } from '../runtime/operator-options.js';
import { Operator } from '../runtime/operator.js';
import { createLogger } from '../runtime/winston-logger.js';
import type { WebhookResponse } from '../webhook/webhook-handler.js';
import type { Bed, LogLine } from './bed.js';
import { definitionsOf, eventsAbout, planOf } from './bed.js';
import { Granted } from './granted.js';
import { TestProcess } from './test-process.js';
import { TypedApi } from './typed-api.js';
import { VirtualClock } from './virtual-clock.js';

/** What a bed serves, and what stands between the operator and its API server. */
export interface TestBedOptions {
  /** All randomness of the bed comes from it. Default 1. */
  seed?: number;
  /** Kinds to serve beside those of the reconcilers. */
  kinds?: readonly KindClass[];
  /** Set on the operator; the bed's own choices (clock, randomness, transport) come first. */
  operator?: Partial<OperatorOptions>;
  apiServer?: Partial<ApiServerOptions>;
  /** Puts something between the operator and the server: faults, delays, records. Called for every process that is started. */
  intercept?: (transport: KubeTransport, process: TestProcess) => KubeTransport;
  /** Puts something between the test's own client (`bed.api`) and the server. */
  interceptApi?: (transport: KubeTransport) => KubeTransport;
  /**
   * What becomes of a cached read whose change would wake nobody, and of a run that has more to do (a write, a step or finalizer that the last
   * one did not call, another look) although only echoes of the key's own writes woke it and all that it saw is as it was: the next `settle` or `advance` throws (default), or it is only noted in `bed.findings`.
   */
  findings?: 'throw' | 'note';
  /**
   * `generated`: what the operator asks for beyond the role that follows from its classes is a finding, as it would be refused on a cluster. Default `all`: nobody looks.
   */
  permissions?: 'generated' | 'all';
  /** Start another process when one loses its lease and ends, as a kubelet does. Default: the error is thrown, as is that of one that cannot start. */
  keepAlive?: boolean;
}

/**
 * An operator in a world of its own: a Kubernetes API server in this process that serves the kinds of its reconcilers, and a clock
 * that stands still until the test moves it.
 */
export class TestBed implements Bed {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly server: ApiServer;
  readonly api: TypedApi;
  /** Everything that the operator logged, debug lines included. */
  readonly logs: LogLine[] = [];
  /** Reads that nothing tracks, and runs that do not settle. */
  readonly findings: string[] = [];
  readonly #transport: KubeTransport;
  readonly #overrides: { token: ServiceToken<unknown>; valueFor: (process: TestProcess) => unknown }[] = [];
  #process: TestProcess | undefined;
  readonly #killed: { process: TestProcess; stop: AbortController | undefined }[] = [];
  #processes = 0;
  #operator: Operator | undefined;
  #stop: AbortController | undefined;
  #starting: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #failure: unknown;
  /** How often each key ran at the moment of its last run. */
  readonly #runs = new Map<string, { at: number; count: number }>();

  private constructor(readonly plan: Plan, private readonly modules: readonly ContainerModule[], private readonly options: TestBedOptions) {
    this.random = seededRandom(options.seed ?? 1);
    this.server = createApiServer({
      clock: this.clock, random: seededRandom((options.seed ?? 1) + 1), conversions: plan.conversions, webhooks: (call) => this.#callWebhook(call),
      // Nothing here watches the conditions of nodes.
      taintsNewNodes: false, ...options.apiServer,
    });
    this.#transport = handlerTransport(this.server);
    this.api = new TypedApi(new KubeClient(options.interceptApi?.(this.#transport) ?? this.#transport, { clock: this.clock, random: seededRandom(0), userAgent: 'test', fieldManager: 'test' }));
  }

  /** A bed with the kinds of these modules installed; the operator starts at the first `settle`, `advance` or `start`. */
  static async of(modules: readonly ContainerModule[], options: TestBedOptions = {}): Promise<TestBed> {
    const plan = await planOf(modules, options.kinds);
    const bed = new TestBed(plan, modules, options);
    for (const [kind, object] of definitionsOf(plan, 'https://in-process.invalid')) await bed.api.client.create(kind, object);
    await bed.clock.settle();
    return bed;
  }

  /** Puts a value in the place of what a module binds under a token, for this operator and those after `restart`. */
  override<T>(token: ServiceToken<T>, value: NoInfer<T>): this {
    return this.overrideEach(token, () => value);
  }

  /** As `override`, with a value of its own for every process. */
  overrideEach<T>(token: ServiceToken<T>, valueFor: (process: TestProcess) => NoInfer<T>): this {
    if (this.#operator) throw new Error('override(): the operator has been started; override before the first settle(), advance() or start()');
    this.#overrides.push({ token, valueFor });
    return this;
  }

  get operator(): Operator {
    if (!this.#operator) throw new Error('the operator has not been started; call start(), settle() or advance() first');
    return this.#operator;
  }

  /** Starts the operator and waits until its reconcilers are at work. */
  start(): Promise<void> {
    return (this.#starting ??= this.#launch());
  }

  async #launch(): Promise<void> {
    this.#boot();
    await this.clock.settle();
    this.#throwFailure();
  }

  /** Starts a process, which has nothing but what the API server holds. */
  #boot(): void {
    const process = new TestProcess((this.#processes += 1), this.clock, this.#transport);
    const operator = new Operator({
      name: 'test', ports: false, freeze: true, jitter: false, processMetrics: false, cpus: 1, rate: { qps: 1e6, burst: 1e6 },
      logger: createLogger({ clock: this.clock, level: 'debug', write: (line) => this.logs.push(JSON.parse(line) as LogLine) }),
      tests: { revision: () => String(this.server.storage.revision), untracked: ({ message }) => this.#found(message), unsettled: (controller, key, news) => this.#found(unsettled(controller, key, news)), began: (controller, key) => this.#began(controller, key) },
      ...this.options.operator,
      clock: process.clock, random: this.random, transport: this.#underRole(this.options.intercept?.(process.transport, process) ?? process.transport),
    });
    operator.use(...this.modules);
    for (const { token, valueFor } of this.#overrides) operator.override(token, valueFor(process));
    this.#process = process;
    this.#operator = operator;
    const stop = new AbortController();
    this.#stop = stop;
    this.#running = operator.run({ signal: stop.signal }).catch((error: unknown) => {
      // Only a lost lead is worth another process: whoever cannot start never will.
      if (this.options.keepAlive && error instanceof LeadershipLostError && !stop.signal.aborted) this.crash();
      else this.#failure = error;
    });
  }

  /** Ends an operator that never comes to rest: no test would. */
  #began(controller: string, key: string): void {
    const [id, at] = [`${controller} ${key}`, this.clock.now()];
    const before = this.#runs.get(id);
    const count = before?.at === at ? before.count + 1 : 1;
    this.#runs.set(id, { at, count });
    if (count <= RUNS_AT_ONCE || this.#process?.alive !== true) return;
    this.#failure ??= new BedFinding(`${controller} ran ${count} times for ${key} without any time passing: what it writes wakes it, or what wakes it undoes what it writes`);
    this.kill();
  }

  /** Finds what the operator may not do on a cluster; nothing is refused. */
  #underRole(transport: KubeTransport): KubeTransport {
    if (this.options.permissions !== 'generated') return transport;
    const granted = new Granted(this.plan);
    return {
      ...transport,
      send: async (request) => {
        const response = await transport.send(request);
        const finding = response.status < 300 ? granted.missing(request, response.status) : undefined;
        if (finding !== undefined) this.#found(finding);
        return response;
      },
    };
  }

  /** The process that runs now, if one was started. */
  get process(): TestProcess | undefined {
    return this.#process;
  }

  /** Kills the operator where it stands (kill -9). */
  kill(): void {
    if (!this.#process) return;
    this.#process.kill();
    this.#killed.push({ process: this.#process, stop: this.#stop });
    this.#running = undefined;
  }

  /** Kills the operator, if it was started, and starts another one, with nothing kept but what the API server holds. */
  crash(): void {
    if (!this.#process) return;
    this.kill();
    if (!this.#stop?.signal.aborted) this.#boot();
  }

  /** Lets everything that can happen without time passing happen. */
  async settle(): Promise<void> {
    await this.start();
    await this.clock.settle();
    this.#throwFailure();
  }

  /** Lets time pass. */
  async advance(by: Duration): Promise<void> {
    await this.start();
    await this.clock.advance(by);
    this.#throwFailure();
  }

  /** Lets time pass, in steps of a second, until the condition holds; throws when `limit` (default 10 minutes) did not suffice. */
  async advanceUntil(condition: () => boolean | Promise<boolean>, { limit = '10m' }: { limit?: Duration } = {}): Promise<void> {
    await this.start();
    const unlessFailed = (): boolean | Promise<boolean> => {
      this.#throwFailure();
      return condition();
    };
    await this.clock.advanceUntil(Object.assign(unlessFailed, { toString: () => condition.toString() }), { limit });
    this.#throwFailure();
  }

  /** Ends the operator, orderly. */
  async stop(): Promise<void> {
    this.#stop?.abort(new Error('the test stops the operator'));
    while (this.#running && (await isPending(this.#running, this.clock))) await this.clock.advance('1s');
    this.#operator = undefined;
    this.#starting = undefined;
  }

  /** Ends the operator and starts another one, with nothing kept but what the API server holds. */
  async restart(): Promise<void> {
    await this.stop();
    await this.settle();
  }

  /** Ends the operator and the server. */
  async close(): Promise<void> {
    await this.stop();
    for (const { process, stop } of this.#killed) {
      process.bury();
      stop?.abort(new Error('the test ends'));
    }
    await this.server.close();
    await this.clock.flush();
  }

  events(about?: KubeObject): Promise<string[]> {
    return eventsAbout(this.api.client, about);
  }

  /** As over HTTPS: the first call starts the operator, and one that was stopped does not answer. */
  async #callWebhook({ url, body }: WebhookCall): Promise<WebhookResponse> {
    if (this.#stop?.signal.aborted) throw new Error('connection refused: the operator was stopped');
    await this.start();
    const { pathname, search } = new URL(url);
    return this.operator.webhook({ method: 'POST', path: `${pathname}${search}`, contentType: 'application/json', body: Buffer.from(body) });
  }

  #found(finding: string): void {
    if (this.findings.includes(finding)) return;
    this.findings.push(finding);
    if (this.options.findings !== 'note') this.#failure ??= new BedFinding(finding);
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const failure = this.#failure;
    this.#failure = undefined;
    throw failure;
  }
}

/** More runs of a key in one moment than any amount of news asks for. */
const RUNS_AT_ONCE = 1_500;

const unsettled = (controller: string, key: string, news: readonly string[]): string =>
  `${controller} ran for ${key} on nothing but what its last run had left, and had more to do (${news.join('; ')}): production skips such runs, so one run has to be enough`;

/** The bed saw what production would suffer from, whatever the test asserts. */
export class BedFinding extends Error {
  override readonly name = 'BedFinding';
  readonly reason = 'BedFinding';
}

/** A bed for these modules; the last argument may be options. */
export function testBed(...given: readonly (ContainerModule | TestBedOptions)[]): Promise<TestBed> {
  const modules = given.filter((item) => item instanceof ContainerModule);
  const options = given.find((item) => !(item instanceof ContainerModule)) as TestBedOptions | undefined;
  return TestBed.of(modules, options);
}

async function isPending(promise: Promise<void>, clock: VirtualClock): Promise<boolean> {
  let pending = true;
  void promise.then(() => (pending = false));
  await clock.settle();
  return pending;
}
