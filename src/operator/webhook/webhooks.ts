import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';
import type { Plan } from '../dsl/plan.js';
import type { KubeClient } from '../kube/client.js';
import type { Logger } from '../logger.js';
import type { Random } from '../random.js';
import { bundleTargets, injectBundle } from './ca-bundle.js';
import { CertificateSecret } from './certificate-secret.js';
import type { CertificateLifetimes } from './certificate-state.js';
import { LIFETIMES } from './certificate-state.js';
import type { WebhookHandler } from './webhook-handler.js';
import { WebhookServer } from './webhook-server.js';

/** How webhooks are served, and how API servers get there. */
export interface WebhookOptions {
  /** Default 9443; 0 takes any free one. */
  port?: number;
  /** Default: all interfaces. */
  host?: string;
  /** The service in front of the replicas; it stands in the configurations, and the certificate is for its names. */
  service: { namespace: string; name: string };
  /** More DNS names and IP addresses for the certificate, for API servers that call by URL. */
  hosts?: readonly string[];
  /** The Secret in the service's namespace in which the replicas share their certificates. Default: `<operator>-webhook-certificates`. */
  secretName?: string;
  /** Default: an authority for a year, certificates for 90 days, each replaced after two thirds of that. */
  lifetimes?: Partial<CertificateLifetimes>;
}

/** Milliseconds between two looks at the Secret and at those who trust it. */
const INTERVAL = 60_000;
const RETRY = 5_000;

interface Dependencies {
  /** A client of its own: followers serve webhooks too, and so have to be able to write certificates. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Serves webhooks with certificates that it makes, renews and makes known itself. */
export class Webhooks {
  readonly #server: WebhookServer;
  readonly #secret: CertificateSecret;
  readonly #stopped = new AbortController();
  /** Why API servers cannot call us yet. */
  #problem: string | undefined = 'there is no certificate yet';
  #served: string | undefined;
  #missing = '';
  #port: number | undefined;

  constructor(private readonly operator: string, private readonly plan: Plan, handler: WebhookHandler, private readonly options: WebhookOptions, private readonly dependencies: Dependencies) {
    const { service: { namespace, name }, hosts = [], secretName = `${operator}-webhook-certificates`, lifetimes } = options;
    const { client, clock, random } = dependencies;
    this.#server = new WebhookServer(handler, clock);
    this.#secret = new CertificateSecret({
      client, clock, random, namespace, name: secretName, owner: `${operator} webhooks`, lifetimes: { ...LIFETIMES, ...lifetimes },
      hosts: [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`, ...hosts],
    });
  }

  /** The port that is listened on. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Throws while API servers cannot call. */
  check(): void {
    if (this.#problem !== undefined) throw new Error(this.#problem);
  }

  /** Resolves when the port is open and certificates have been tried for; goes on by itself from there. */
  async start(): Promise<void> {
    this.#port = await this.#server.listen(this.options.port ?? 9443, this.options.host);
    let next = await this.#tend();
    const tendOn = async (): Promise<void> => {
      for (;;) {
        await sleep(this.dependencies.clock, next, this.#stopped.signal);
        next = await this.#tend();
      }
    };
    tendOn().catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the webhooks stop'));
    await this.#server.close();
  }

  /** Brings certificate and bundles up to date; returns the milliseconds until the next time. */
  async #tend(): Promise<number> {
    const { client, random, log } = this.dependencies;
    const { signal } = this.#stopped;
    try {
      const bundle = async (): Promise<string> => (await this.#secret.current(signal)).authorities.join('');
      const missing: string[] = [];
      for (const target of bundleTargets(this.plan, this.operator)) {
        if (!(await injectBundle(client, target, bundle))) missing.push(`${target.kind.kind} ${target.name}`);
      }
      // Served only after it is trusted.
      const { serving } = await this.#secret.current(signal);
      if (this.#served !== serving.certificate) {
        this.#server.use(serving);
        log.info('serving webhooks with a new certificate', { port: this.#port });
        this.#served = serving.certificate;
      }
      if (missing.length > 0 && missing.join() !== this.#missing) log.warn('API servers are not told of these webhooks', { missing });
      this.#missing = missing.join();
      this.#problem = undefined;
      return INTERVAL * (1 + 0.1 * random.next());
    } catch (error) {
      if (signal.aborted) return INTERVAL;
      log.error('could not bring the certificates of webhooks up to date', { error });
      // What is served goes on working for a long time.
      if (this.#served === undefined) this.#problem = `certificates: ${(error as Error).message}`;
      return RETRY * (1 + random.next());
    }
  }
}
