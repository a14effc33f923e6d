import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { createGzip } from 'node:zlib';
import { StatusError } from '../status.js';
import { VALUE_SEPARATOR, type ApiRequest, type ApiResponse } from './exchange.js';
import { takeOver } from './take-over.js';
import { BODY_LIMIT } from './request-body.js';

export interface ListenOptions {
  /** 0 or absent: any free port. */
  port?: number;
  /** Default: loopback only. */
  host?: string;
  /** PEM; absent: plain HTTP. `ca` signs the certificates of clients, whose common name is their user and whose organizations are their groups. */
  tls?: { cert: string; key: string; ca?: string };
}

export interface Listener {
  readonly url: string;
  readonly port: number;
  /** Ends every open connection, watches too. */
  close(): Promise<void>;
}

/** Serves a handler over HTTP. Rejects when the port is taken. */
export async function listen(handle: (request: ApiRequest) => Promise<ApiResponse>, { port = 0, host = '127.0.0.1', tls }: ListenOptions = {}): Promise<Listener> {
  const certificates = tls?.ca !== undefined;
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => void answer(handle, { incoming, outgoing, certificates });
  // Clients may present any certificate, and are taken for who it says if `ca` signed it.
  const server: Server = tls ? createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: false }, onRequest) : createServer(onRequest);
  // The server forgets connections that ask for another protocol.
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    const outgoing = new ServerResponse(incoming);
    outgoing.shouldKeepAlive = false;
    outgoing.assignSocket(socket);
    outgoing.once('finish', () => void socket.end());
    void answer(handle, { incoming, outgoing, certificates, upgrade: { socket, head } });
  });
  // Watches are quiet for long, and requests have no deadline of their own.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
}

/** One for all: to make a DOMException for each, as `abort()` does, costs more than many an answer. */
const CLIENT_GONE = new Error('the client has gone');

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Whether certificates of clients say who they are. */
  readonly certificates: boolean;
  /** The connection, where the client wants it for another protocol. */
  readonly upgrade?: { readonly socket: Socket; readonly head: Buffer };
}

async function answer(handle: (request: ApiRequest) => Promise<ApiResponse>, { incoming, outgoing, certificates, upgrade }: Exchange): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort(CLIENT_GONE);
  });
  try {
    const body = upgrade ? undefined : await readBody(incoming);
    const response = await handle({
      method: incoming.method ?? 'GET',
      path: incoming.url ?? '/',
      headers: plainHeaders(incoming),
      ...(body && { body }),
      signal: gone.signal,
      peer: certificates ? peerOf(incoming) : {},
      ...(upgrade && { upgrade: true }),
    });
    if (upgrade && response.connection) {
      outgoing.detachSocket(upgrade.socket);
      await takeOver(response.connection, incoming, upgrade.socket, upgrade.head);
      return;
    }
    await send(response, incoming, outgoing);
  } catch (error) {
    if (outgoing.headersSent || outgoing.destroyed || (upgrade && !outgoing.socket)) {
      // The status is out: only a broken connection tells the client that the rest is missing.
      outgoing.destroy();
      upgrade?.socket.destroy();
      return;
    }
    const status = error instanceof StatusError ? error : new StatusError(500, 'InternalError', `Internal error occurred: ${(error as Error).message}`);
    outgoing.writeHead(status.code, { 'content-type': 'application/json' }).end(JSON.stringify(status.status));
  }
}

async function send({ status, headers, body }: ApiResponse, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const streaming = /[?&]watch=(?!false|0)|\/watch\/|[?&]follow=/.test(incoming.url ?? '');
  const zip = !streaming && /\bgzip\b/.test(incoming.headers['accept-encoding'] ?? '') ? createGzip({ level: 1 }) : undefined;
  outgoing.writeHead(status, { ...headers, ...(zip && { 'content-encoding': 'gzip', vary: 'accept-encoding' }) });
  if (incoming.method === 'HEAD') {
    outgoing.end();
    return;
  }
  if (streaming) outgoing.flushHeaders();
  const target = zip ?? outgoing;
  zip?.pipe(outgoing);
  // A chunk is kept until the next one comes, so that an answer of one piece, as most are, leaves in one.
  let last: Uint8Array | string | undefined;
  for await (const chunk of body) {
    if (outgoing.destroyed) return;
    const now = streaming ? chunk : last;
    if (!streaming) last = chunk;
    if (now !== undefined && !target.write(now)) await drained(target, outgoing);
  }
  target.end(last);
}

const drained = (target: NodeJS.EventEmitter, outgoing: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      target.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    target.once('drain', done);
    outgoing.once('close', done);
  });

async function readBody(incoming: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // A refusal must reach the client, who is still sending: the connection stays, and Node discards the rest of the body.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${BODY_LIMIT}`);
    chunks.push(chunk);
  }
  return size > 0 ? Buffer.concat(chunks) : undefined;
}

function plainHeaders({ headers, headersDistinct }: IncomingMessage): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
  for (const [name, values] of Object.entries(headersDistinct)) if (name.startsWith('impersonate-') && values) plain[name] = values.join(VALUE_SEPARATOR);
  return plain;
}

function peerOf({ socket }: IncomingMessage): NonNullable<ApiRequest['peer']> {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return {};
  // A subject may have several organizations, which the types do not know; a session that was resumed counts as authorized without a certificate.
  const { CN, O } = (socket.getPeerCertificate().subject ?? {}) as { CN?: string; O?: string | string[] };
  return CN === undefined ? {} : { certificate: { commonName: CN, organizations: O === undefined ? [] : [O].flat() } };
}
