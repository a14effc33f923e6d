import { ContainerModule } from 'inversify';
import { sleep, systemClock } from '../../clock.js';
import type { Plan } from '../../dsl/plan.js';
import type { KindClass } from '../../dsl/resource.js';
import type { ServiceToken } from '../../dsl/token.js';
import type { Duration } from '../../duration.js';
import { milliseconds } from '../../duration.js';
import { KubeClient } from '../../kube/client.js';
import { isAlreadyExists, isNotFound } from '../../kube/errors.js';
import { httpTransport } from '../../kube/http-transport.js';
import type { KubeObject } from '../../kube/object.js';
import type { KubeTransport } from '../../kube/transport.js';
import { systemRandom } from '../../random.js';
import type { OperatorOptions } from '../../runtime/operator-options.js';
import { Operator } from '../../runtime/operator.js';
import { createLogger } from '../../runtime/winston-logger.js';
import type { Bed, LogLine } from '../bed.js';
import { definitionsOf, eventsAbout, planOf } from '../bed.js';
import { TypedApi } from '../typed-api.js';
import { freePort } from './free-port.js';
import type { RealServer, RealServerOptions } from './real-server.js';
import { startRealServer } from './real-server.js';

const POLL = 50;

/** What a bed on a real API server serves. */
export interface RealBedOptions {
  /** Kinds to serve beside those of the reconcilers. */
  kinds?: readonly KindClass[];
  /** Set on the operator. */
  operator?: Partial<OperatorOptions>;
  /** A server that is there already, and stays when the bed is closed; or how to start one. Default: one of the bed's own. */
  server?: RealServer | RealServerOptions;
}

/** An operator on kube-apiserver and etcd, in real time, with webhooks over TLS. No other controllers run: Deployments get no pods, and nothing is garbage-collected. */
export class RealBed implements Bed {
  readonly api: TypedApi;
  readonly logs: LogLine[] = [];
  readonly #clock = systemClock();
  readonly #transport: KubeTransport;
  readonly #overrides: { token: ServiceToken<unknown>; value: unknown }[] = [];
  #operator: Operator | undefined;
  #stop = new AbortController();
  #starting: Promise<void> | undefined;
  #running: Promise<unknown> | undefined;

  private constructor(
    readonly plan: Plan, readonly server: RealServer, private readonly modules: readonly ContainerModule[], private readonly options: RealBedOptions, private readonly webhookPort: number,
    private readonly ownsServer: boolean,
  ) {
    this.#transport = httpTransport(server.kubeconfig());
    this.api = new TypedApi(new KubeClient(this.#transport, { clock: this.#clock, random: systemRandom, userAgent: 'test', fieldManager: 'test' }));
  }

  /** A bed with the kinds of these modules installed; the operator starts at the first `advanceUntil` or `start`. */
  static async of(modules: readonly ContainerModule[], options: RealBedOptions = {}): Promise<RealBed> {
    const plan = await planOf(modules, options.kinds);
    const given = options.server;
    const ownsServer = given === undefined || !('url' in given);
    const server = ownsServer ? await startRealServer(given) : given;
    const bed = new RealBed(plan, server, modules, options, await freePort(), ownsServer);
    try {
      await bed.#install();
    } catch (error) {
      await bed.close();
      throw error;
    }
    return bed;
  }

  async #install(): Promise<void> {
    const { client } = this.api;
    for (const [kind, object] of definitionsOf(this.plan, this.#webhookURL)) {
      await client.create(kind, object).catch((error: unknown) => {
        if (!isAlreadyExists(error)) throw error;
        // Of a bed before this one, whose webhooks were somewhere else.
        return client.mergePatch(kind, { name: object.metadata.name }, object as never);
      });
    }
    for (const { type, definition } of this.plan.kinds) if (definition) await this.#until(() => this.api.list(type).then(() => true, (error: unknown) => { if (isNotFound(error)) return false; throw error; }), '30s', `${type.name} is served`);
  }

  get #webhookURL(): string {
    return `https://127.0.0.1:${this.webhookPort}`;
  }

  override<T>(token: ServiceToken<T>, value: NoInfer<T>): this {
    if (this.#operator) throw new Error('override(): the operator has been started; override before the first start() or advanceUntil()');
    this.#overrides.push({ token, value });
    return this;
  }

  get operator(): Operator {
    if (!this.#operator) throw new Error('the operator has not been started; call start() or advanceUntil() first');
    return this.#operator;
  }

  start(): Promise<void> {
    return (this.#starting ??= this.#launch());
  }

  async #launch(): Promise<void> {
    const hasWebhooks = this.plan.webhooks.length > 0 || this.plan.kinds.some(({ definition }) => definition?.conversion === 'Webhook');
    const operator = new Operator({
      name: 'test', ports: false, freeze: true, processMetrics: false,
      logger: createLogger({ clock: this.#clock, level: 'debug', write: (line) => this.logs.push(JSON.parse(line) as LogLine) }),
      ...(hasWebhooks ? { webhooks: { port: this.webhookPort, host: '127.0.0.1', hosts: ['127.0.0.1'], service: { namespace: 'default', name: 'test' } } } : {}),
      ...this.options.operator,
      kubeconfig: this.server.kubeconfig(),
    });
    operator.use(...this.modules);
    for (const { token, value } of this.#overrides) operator.override(token, value);
    this.#operator = operator;
    this.#stop = new AbortController();
    const running = operator.run({ signal: this.#stop.signal });
    this.#running = running.catch(() => undefined);
    // Whoever cannot start, or loses the lead, fails the test that waits.
    this.#failed = running.then(() => new Promise<never>(() => undefined));
    this.#failed.catch(() => undefined);
    await Promise.race([operator.ready(), this.#failed]);
  }

  #failed: Promise<never> = new Promise(() => undefined);

  /** As `Bed.advanceUntil`; here a minute of real time is the limit unless another is given. */
  async advanceUntil(condition: () => boolean | Promise<boolean>, { limit = '1m' }: { limit?: Duration } = {}): Promise<void> {
    await this.start();
    await Promise.race([this.#until(condition, limit, `the condition ${condition.toString().slice(0, 200)} came true`), this.#failed]);
  }

  async #until(condition: () => boolean | Promise<boolean>, limit: Duration, what: string): Promise<void> {
    const end = this.#clock.monotonic() + milliseconds(limit);
    while (!(await condition())) {
      if (this.#clock.monotonic() > end) throw new Error(`it did not come to it within ${limit} that ${what}`);
      await sleep(this.#clock, POLL);
    }
  }

  events(about?: KubeObject): Promise<string[]> {
    return eventsAbout(this.api.client, about);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the test stops the operator'));
    await this.#running;
    this.#operator = undefined;
    this.#starting = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#transport.close();
    if (this.ownsServer) await this.server.stop();
  }
}

/**
 * A bed for these modules on a real API server, whose programs the environment names in `KUBEBUILDER_ASSETS`; the last argument may be options. Rejects with RealServerUnavailable where
 * there are none (`hasRealServer()` tells before).
 */
export function realBed(...given: readonly (ContainerModule | RealBedOptions)[]): Promise<RealBed> {
  const modules = given.filter((item) => item instanceof ContainerModule);
  const options = given.find((item) => !(item instanceof ContainerModule)) as RealBedOptions | undefined;
  return RealBed.of(modules, options);
}
