import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { StatusError } from '../../../apiserver/index.js';
import type { LogOptions, PodLogs } from '../../../apiserver/index.js';
import type { Clock } from '../../../operator/clock.js';
import type { KeyPair } from '../../../operator/webhook/certificate.js';

/** Where an API server finds kubelets. */
export interface KubeletEndpoint {
  address: string;
  port: number;
}

const NO_CONTAINER = 'the sandbox runs no containers: there is nothing to execute in, to attach or to forward to';

/**
 * The port on which API servers ask kubelets, one for all nodes of a sandbox: health and the logs of containers. It listens on loopback, and asks
 * nobody who they are.
 */
export class KubeletServer {
  private constructor(readonly endpoint: KubeletEndpoint, readonly close: () => Promise<void>) {}

  /** Takes any free port. API servers do not check the certificate unless they are told to. */
  static async listen({ clock, podLogs, certificate: { certificate, key } }: { clock: Clock; podLogs: PodLogs; certificate: KeyPair }): Promise<KubeletServer> {
    const server = createServer({ cert: certificate, key }, (request, response) => void answer(request, response, podLogs, clock));
    server.on('upgrade', (_request, socket) => socket.end(`HTTP/1.1 501 Not Implemented\r\ncontent-type: text/plain\r\ncontent-length: ${NO_CONTAINER.length}\r\nconnection: close\r\n\r\n${NO_CONTAINER}`));
    const listening = once(server, 'listening');
    server.listen(0, '127.0.0.1');
    await listening;
    return new KubeletServer({ address: '127.0.0.1', port: (server.address() as AddressInfo).port }, async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    });
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, podLogs: PodLogs, clock: Clock): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://kubelet');
  const [, what, namespace, pod, container] = url.pathname.split('/').map(decodeURIComponent);
  const end = (status: number, text: string): void => void response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
  if (url.pathname === '/healthz') end(200, 'ok');
  else if (what === 'exec' || what === 'attach' || what === 'portForward' || what === 'run') end(501, NO_CONTAINER);
  else if (what !== 'containerLogs' || !namespace || !pod || !container) end(404, `the sandbox's kubelets do not serve ${url.pathname}`);
  else {
    const hangUp = new AbortController();
    response.on('close', () => hangUp.abort());
    try {
      const lines = podLogs(namespace, pod, container, logOptions(url.searchParams, clock.now()), hangUp.signal);
      response.setHeader('content-type', 'text/plain');
      for await (const text of lines) if (!response.write(text)) await once(response, 'drain', { signal: hangUp.signal });
      response.end();
    } catch (error) {
      if (hangUp.signal.aborted || response.headersSent) response.destroy();
      else end(error instanceof StatusError ? error.code : 500, (error as Error).message);
    }
  }
}

/** PodLogOptions in a query; the API server has checked them. */
function logOptions(query: URLSearchParams, now: number): LogOptions {
  const is = (name: string): boolean => query.get(name) === 'true';
  const number = (name: 'tailLines' | 'sinceSeconds' | 'limitBytes'): object => (query.get(name) ? { [name]: Number(query.get(name)) } : {});
  const since = query.get('sinceTime');
  return {
    follow: is('follow'), previous: is('previous'), timestamps: is('timestamps'), ...number('tailLines'), ...number('sinceSeconds'), ...number('limitBytes'),
    ...(since ? { sinceSeconds: Math.max(0, (now - Date.parse(since)) / 1_000) } : {}),
  };
}
