import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Server as NetServer } from 'node:net';
import { finished } from 'node:stream/promises';
import { withDeadline } from '../abort.js';
import type { Clock } from '../clock.js';
import { PortUnavailableError } from '../runtime/http-endpoints.js';
import type { WebhookHandler } from './webhook-handler.js';
import { WebhookRefusal, failure, tooLarge } from './webhook-refusal.js';

/** Milliseconds for a body to arrive. */
const BODY_TIMEOUT = 15_000;
/** Milliseconds for the headers to arrive, which Node itself watches. */
const HEADERS_TIMEOUT = 10_000;

/** Serves webhooks over HTTPS. Until it is given a certificate, no handshake succeeds. */
export class WebhookServer {
  readonly #server = createServer({ minVersion: 'TLSv1.2', headersTimeout: HEADERS_TIMEOUT, requestTimeout: 0, connectionsCheckingInterval: 5_000 }, (request, response) => void this.#serve(request, response));
  readonly #answering = new Set<Promise<void>>();

  constructor(private readonly handler: WebhookHandler, private readonly clock: Clock) {}

  /** Resolves with the port that is listened on. */
  listen(port: number, host?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(new PortUnavailableError(port, 'webhooks', error)));
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  /** New connections get this certificate; those that are open go on with theirs. */
  use({ certificate, key }: { certificate: string; key: string }): void {
    this.#server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
  }

  /** Takes no more calls, answers those that are under way until the answers are taken, and ends. */
  async close(): Promise<void> {
    // Not by http's own way, which takes a connection for idle when its answer is written, sent or not.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(this.#server, () => resolve()));
    while (this.#answering.size > 0) await Promise.all(this.#answering);
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answering = this.#answer(request, response);
    this.#answering.add(answering);
    await answering;
    this.#answering.delete(answering);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: string, headers: Record<string, string> = {}): void => {
      if (response.destroyed) return;
      response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '1' } : {}), ...headers }).end(body);
    };
    try {
      const body = await withDeadline(this.clock, BODY_TIMEOUT, 'the body of the request', undefined, () => bodyOf(request, this.handler.limitOf(request.url ?? '/')));
      const { status, body: answer } = await this.handler.handle({ method: request.method ?? 'GET', path: request.url ?? '/', contentType: request.headers['content-type'], body });
      send(status, answer);
    } catch (error) {
      const { code, reason, message } = error instanceof WebhookRefusal ? error : new WebhookRefusal(408, 'Timeout', (error as Error).message);
      // What is left of the body is not waited for.
      response.once('finish', () => request.destroy());
      send(code, JSON.stringify(failure(code, reason, message)), { connection: 'close' });
    }
    // Who asked may take it slowly, or be gone.
    await finished(response).catch(() => undefined);
  }
}

async function bodyOf(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
