import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync } from 'node:fs';
import type { Clock } from '../clock.js';
import type { ExplainTarget } from '../explain/explain.js';
import { ObjectNotFound } from '../explain/explain.js';
import type { Explanation } from '../explain/explanation.js';
import { explanationText } from '../explain/explanation-text.js';
import { UnknownKindName } from '../explain/kind-names.js';
import type { KubeClient } from '../kube/client.js';
import type { Logger } from '../logger.js';
import { PortUnavailableError } from '../runtime/http-endpoints.js';
import { DebugAccess } from './debug-access.js';
import { endpointFolder, writeEndpointFile } from './endpoint-file.js';
import { EXPLAIN_PATH, TOKEN_HEADER } from './explain-request.js';

/** Where an operator answers `karpenter-ts explain`. */
export interface DebugOptions {
  /** Default 127.0.0.1. Another address lets others connect, too: they need a token that the API server knows, and its permission. */
  host?: string;
  /** Default 0: any that is free. */
  port?: number;
  /** Folder of the file by which processes of the same user find the endpoint. Default: `$XDG_RUNTIME_DIR/karpenter-ts`, or one in the temporary folder. */
  folder?: string;
  /** URL of the API server, as kubeconfigs have it, for a machine with several operators. Default: the kubeconfig's. */
  server?: string;
}

/** What the endpoint serves, and with what. */
export interface DebugEnvironment {
  readonly operator: string;
  readonly server: string;
  /** Not fenced: a replica that stands by answers, too. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly explain: (target: ExplainTarget) => Promise<Explanation>;
}

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** Serves explanations to whom {@link DebugAccess} lets in. */
export class DebugEndpoint {
  #server: Server | undefined;
  #file: string | undefined;
  #access: DebugAccess;

  constructor(private readonly options: DebugOptions, private readonly environment: DebugEnvironment) {
    this.#access = new DebugAccess(environment.client, undefined, environment.clock);
  }

  /** The port that is listened on. */
  get port(): number | undefined {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port;
  }

  /** Rejects with {@link PortUnavailableError}. Where no file can be written, only tokens that the API server knows are let in. */
  async start(): Promise<void> {
    const { host = '127.0.0.1', port = 0, folder = endpointFolder() } = this.options;
    const { operator, server: apiServer, client, clock, log } = this.environment;
    const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
      this.#answer(request).catch((error: unknown): Answer => {
        log.error('the debug endpoint broke', { error });
        return problem(500, (error as Error).message);
      }).then((answer) => send(response, answer), () => response.destroy());
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new PortUnavailableError(port, 'the debug endpoint', error)));
      server.listen(port, host, resolve);
    });
    try {
      const { path, token } = await writeEndpointFile(folder, { operator, server: this.options.server ?? apiServer, endpoint: `http://127.0.0.1:${this.port}` });
      this.#file = path;
      this.#access = new DebugAccess(client, token, clock);
      log.debug('explanations are given', { port: this.port, file: path });
    } catch (error) {
      log.info('no file for the debug endpoint: explanations need a token that the API server knows', { port: this.port, error: (error as Error).message });
    }
  }

  async stop(): Promise<void> {
    // At once: a process that ends has no time to wait for the disk.
    if (this.#file) rmSync(this.#file, { force: true });
    const server = this.#server;
    if (!server?.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://operator');
    if (pathname !== EXPLAIN_PATH) return problem(404, `not found; there is ${EXPLAIN_PATH}?kind=KIND&name=NAME`);
    if (request.method !== 'GET') return problem(405, 'explanations are read with GET');
    const refusal = await this.#access.refuse({ token: tokenOf(request), isLocal: LOOPBACK.test(request.socket.remoteAddress ?? '') }, pathname);
    if (refusal) return problem(refusal.status, refusal.message);
    const [kind, name, namespace] = ['kind', 'name', 'namespace'].map((field) => searchParams.get(field) ?? undefined);
    if (!kind || !name) return problem(400, 'the query has to have kind and name');
    try {
      const explanation = await this.environment.explain({ kind, name, namespace });
      return searchParams.get('format') === 'text'
        ? { status: 200, type: 'text/plain; charset=utf-8', body: explanationText(explanation) }
        : { status: 200, type: 'application/json', body: JSON.stringify(explanation) };
    } catch (error) {
      if (error instanceof UnknownKindName) return problem(400, error.message);
      if (error instanceof ObjectNotFound) return problem(404, error.message);
      throw error;
    }
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const problem = (status: number, message: string): Answer => ({ status, type: 'application/json', body: JSON.stringify({ error: message }) });

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}) }).end(body);
}

function tokenOf({ headers }: IncomingMessage): string | undefined {
  const own = headers[TOKEN_HEADER];
  if (typeof own === 'string') return own;
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}
