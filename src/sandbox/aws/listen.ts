import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AwsRequest, AwsResponse } from './protocol/http.js';

/** A started HTTP endpoint. */
export interface Listening {
  /** `http://127.0.0.1:4566`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves requests over HTTP; port 0 takes any free one. Rejects when the port is in use. */
export async function listen(
  handle: (request: AwsRequest, signal: AbortSignal) => Promise<AwsResponse>, { port, host }: { port: number; host: string },
): Promise<Listening> {
  const server: Server = createServer((incoming, outgoing) => {
    const hangUp = new AbortController();
    outgoing.on('close', () => hangUp.abort());
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const flat = Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
      const headers = Object.fromEntries(flat) as AwsRequest['headers'];
      const request = {
        method: incoming.method ?? 'GET', origin: `http://${headers['host'] ?? 'localhost'}`, path: incoming.url ?? '/', headers,
        body: Buffer.concat(chunks).toString(),
      };
      handle(request, hangUp.signal).then(
        ({ status, headers: answer, body }) => {
          if (!outgoing.destroyed) outgoing.writeHead(status, { ...answer, 'content-length': Buffer.byteLength(body) }).end(body);
        },
        (error: Error) => {
          if (!outgoing.destroyed) outgoing.writeHead(500, { 'content-type': 'text/plain' }).end(`InternalFailure: ${error.message}`);
        },
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
