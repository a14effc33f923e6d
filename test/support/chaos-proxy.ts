import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as httpRequest } from 'node:http';
import { Agent as SecureAgent, createServer as createSecureServer, request as httpsRequest } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Clock } from '../../src/operator/index.js';
import { systemRandom } from '../../src/operator/index.js';
import { issueAuthority, issueServing } from '../../src/operator/webhook/certificate.js';
import { ChaosLink } from './chaos-link.js';

/**
 * What happens between a client and its API server, from its beginning until `heal()`, to connections that are open and to new ones:
 *
 * - `black-hole`: connections are taken, and nothing that is sent over them arrives. Those that are open stay dead for good.
 * - `half-open`: those that are open die without a word; new ones work.
 * - `reset`: all are reset. `limit`: no more than so many are taken, the others are reset.
 * - `drip`: one byte a second.
 * - `unavailable`: every request is answered with the code (and `Retry-After`, in seconds), and open watches end.
 * - `expired`: watches are told that their past is forgotten (410), those that are open in the stream.
 * - `truncated`: bodies end in the middle. `garbage`: lines that are no JSON come first.
 */
export type Fault =
  | { type: 'black-hole' | 'half-open' | 'reset' | 'drip' | 'expired' | 'truncated' | 'garbage' }
  | { type: 'limit'; connections: number }
  | { type: 'unavailable'; code: number; retryAfter?: number };

/** The API server behind the proxy. */
export interface Upstream {
  url: string;
  /** PEM; for https. */
  ca?: string;
  /** Replace the client's own, such as its authorization. */
  headers?: Record<string, string>;
}

const GONE = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'too old resource version: 1 (2)', reason: 'Expired', code: 410 };
const GARBAGE = '<html><head><title>502 Bad Gateway</title></head></html>\n{"type":"ADDED","object":\n';

const isWatch = (path: string): boolean => path.includes('watch=true');

/** TLS on loopback in front of an API server, with faults on command: of the link (TCP) below TLS, and of the protocol (HTTP) above it. */
export class ChaosProxy {
  /** Every request that arrived. */
  readonly requests: { method: string; path: string; at: number }[] = [];
  /** When connections were opened, also those that were not let in. */
  readonly connections: number[] = [];
  readonly #links = new Set<ChaosLink>();
  readonly #watches = new Set<ServerResponse>();
  readonly #front: Server;
  readonly #inner = createSecureServer((request, response) => this.#serve(request, response));
  readonly #agent: Agent;
  #fault: Fault | undefined;
  #authority = '';
  /** Counts everything that moves, so that a test sees when nothing does any more. */
  activity = 0;
  /** Requests with another bearer token are answered with 401; undefined takes any. */
  token: string | undefined;

  private constructor(private readonly upstream: Upstream, private readonly clock: Clock) {
    this.#agent = upstream.url.startsWith('https:') ? new SecureAgent({ keepAlive: true, ...(upstream.ca ? { ca: upstream.ca } : {}) }) : new Agent({ keepAlive: true });
    this.#front = createServer((client) => {
      this.activity += 1;
      this.connections.push(clock.now());
      const fault = this.#fault;
      if (fault?.type === 'reset' || (fault?.type === 'limit' && this.#links.size >= fault.connections)) {
        client.on('error', () => undefined);
        client.resetAndDestroy();
        return;
      }
      const link = new ChaosLink(client, connect((this.#inner.address() as AddressInfo).port, '127.0.0.1'), clock, () => (this.activity += 1), () => {
        this.#links.delete(link);
        this.activity += 1;
      });
      this.#links.add(link);
      if (fault?.type === 'black-hole') link.set('drop');
      if (fault?.type === 'drip') link.set('drip');
    });
  }

  static async start(upstream: Upstream, clock: Clock): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(upstream, clock);
    await proxy.rotate();
    proxy.#inner.on('tlsClientError', () => (proxy.activity += 1));
    for (const server of [proxy.#inner, proxy.#front]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#front.address() as AddressInfo).port}`;
  }

  /** PEM of who signed the certificate. */
  get authority(): string {
    return this.#authority;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#links.size;
  }

  /** Serves a certificate of a new authority, to new connections. */
  async rotate(): Promise<void> {
    const validity = { from: Date.now() - 3_600_000, until: Date.now() + 86_400_000 };
    const authority = await issueAuthority('chaos', validity, systemRandom);
    const { certificate, key } = await issueServing(['127.0.0.1'], authority, validity, systemRandom);
    // With the old ticket keys, clients would take up old sessions without looking at the certificate.
    this.#inner.setSecureContext({ cert: certificate, key, ticketKeys: randomBytes(48) });
    this.#authority = authority.certificate;
  }

  begin(fault: Fault): void {
    this.#fault = fault;
    switch (fault.type) {
      case 'black-hole': return this.#eachLink((link) => link.set('drop'));
      case 'drip': return this.#eachLink((link) => link.set('drip'));
      case 'half-open': return this.#eachLink((link) => link.halfOpen());
      case 'reset': case 'limit': return this.#eachLink((link) => link.reset());
      case 'unavailable': return this.#eachWatch((watch) => watch.destroy());
      case 'expired': return this.#eachWatch((watch) => watch.end(`${JSON.stringify({ type: 'ERROR', object: GONE })}\n`));
      case 'truncated': return this.#eachWatch((watch) => watch.end('{"type":"MODIFIED","object":{"metadata":{"na'));
      case 'garbage': return this.#eachWatch((watch) => watch.write(GARBAGE));
    }
  }

  heal(): void {
    if (this.#fault?.type === 'drip') this.#eachLink((link) => link.set('open'));
    this.#fault = undefined;
  }

  /** Resets all connections, as a server that starts anew does. */
  cut(): void {
    this.#eachLink((link) => link.reset());
  }

  async close(): Promise<void> {
    this.cut();
    this.#agent.destroy();
    await Promise.all([this.#front, this.#inner].map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #eachLink(action: (link: ChaosLink) => void): void {
    for (const link of this.#links) action(link);
  }

  #eachWatch(action: (watch: ServerResponse) => void): void {
    for (const watch of this.#watches) if (!watch.writableEnded) action(watch);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url: path = '/', headers } = request;
    this.requests.push({ method, path, at: this.clock.now() });
    const fault = this.#fault;
    if (this.token !== undefined && headers.authorization !== `Bearer ${this.token}`) return refuse(response, 401, 'Unauthorized');
    if (fault?.type === 'unavailable') return refuse(response, fault.code, 'ServiceUnavailable', fault.retryAfter);
    if (fault?.type === 'expired' && isWatch(path)) return refuse(response, 410, 'Expired');
    if (isWatch(path)) {
      this.#watches.add(response);
      response.on('close', () => this.#watches.delete(response));
    }
    const target = new URL(path, this.upstream.url);
    const ask = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const asking = ask(target, { method, agent: this.#agent, headers: { ...headers, host: target.host, ...this.upstream.headers } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      if (fault?.type === 'garbage') response.write(GARBAGE);
      answer.on('data', (chunk: Buffer) => {
        this.activity += 1;
        if (response.writableEnded) return;
        if (fault?.type === 'truncated') response.end(chunk.subarray(0, chunk.length / 2));
        else response.write(chunk);
      });
      answer.on('end', () => response.end());
      answer.on('error', () => response.destroy());
    });
    asking.on('error', () => response.destroy());
    response.on('close', () => asking.destroy());
    request.pipe(asking);
  }
}

function refuse(response: ServerResponse, code: number, reason: string, retryAfter?: number): void {
  response.writeHead(code, { 'content-type': 'application/json', ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }) });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, code, message: `${reason}, says the proxy` }));
}
