import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../clock.js';
import type { Health } from './health.js';
import type { Metrics } from './metrics.js';
import { profile } from './profiling.js';

/** Where probes and Prometheus find the operator. Port 0 takes any free one. */
export interface EndpointPorts {
  /** Default 8080. */
  metrics?: number;
  /** Default 8081. */
  health?: number;
  /** Default: all interfaces. */
  host?: string;
  /** Serve CPU profiles and heap snapshots under `/debug/pprof`, on the port of the metrics. Default false. */
  profiling?: boolean;
}

/** A port that somebody else listens on, or that this process may not. */
export class PortUnavailableError extends Error {
  override readonly name = 'PortUnavailableError';
  readonly reason = 'PortUnavailable';

  constructor(readonly port: number, what: string, cause: unknown) {
    super(`cannot listen on port ${port} for ${what}: ${(cause as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'it is in use' : (cause as Error).message}; give another port`, { cause });
  }
}

interface EndpointEnvironment {
  readonly clock: Clock;
  /** Does what blocks the process for long. */
  readonly blocking: (work: () => Promise<void>) => Promise<void>;
}

/** Serves `/metrics` on one port, `/healthz` and `/readyz` on another (or on the same). */
export class HttpEndpoints {
  readonly #servers: Server[] = [];
  readonly #bound: Record<'metrics' | 'health', number> = { metrics: 0, health: 0 };

  constructor(
    private readonly metrics: Metrics,
    private readonly health: Readonly<Record<string, Health>>,
    private readonly ports: EndpointPorts,
    private readonly environment: EndpointEnvironment,
  ) {}

  /** The ports that are listened on. */
  get bound(): Readonly<Record<'metrics' | 'health', number>> {
    return this.#bound;
  }

  async start(): Promise<void> {
    const { metrics = 8080, health = 8081 } = this.ports;
    this.#bound.metrics = await this.#listen(metrics, 'metrics');
    this.#bound.health = health === metrics && metrics !== 0 ? this.#bound.metrics : await this.#listen(health, 'health probes');
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    })));
  }

  #listen(port: number, what: string): Promise<number> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.statusCode = error instanceof RangeError ? 400 : 500;
        response.end(error instanceof Error ? error.message : String(error));
      });
    });
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', (error) => reject(new PortUnavailableError(port, what, error)));
      server.listen(port, this.ports.host, () => resolve((server.address() as AddressInfo).port));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://operator');
    if (pathname === '/metrics') {
      const text = await this.metrics.registry.metrics();
      response.writeHead(200, { 'content-type': this.metrics.registry.contentType }).end(text);
      return;
    }
    if (this.ports.profiling && pathname.startsWith('/debug/pprof/')) {
      const name = pathname.split('/')[3];
      const serve = (): Promise<void> => this.#profile(name, searchParams, response);
      await (name === 'heap' ? this.environment.blocking(serve) : serve());
      return;
    }
    const [, endpoint = '', check] = pathname.split('/');
    const report = await this.health[endpoint]?.report(check, searchParams.getAll('exclude'));
    if (!report) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found; there are /metrics, /healthz and /readyz\n');
      return;
    }
    const brief = report.healthy && !searchParams.has('verbose');
    response.writeHead(report.healthy ? 200 : 500, { 'content-type': 'text/plain; charset=utf-8' }).end(brief ? 'ok' : report.text);
  }

  async #profile(name: string | undefined, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const taken = await profile(name, query, this.environment.clock);
    if (!taken) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found; there are /debug/pprof/profile?seconds=30 and /debug/pprof/heap\n');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', 'content-disposition': `attachment; filename="${taken.fileName}"` });
    if (typeof taken.body === 'string') response.end(taken.body);
    else await pipeline(taken.body, response);
  }
}
