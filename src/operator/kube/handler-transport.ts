import type { KubeRequest, KubeResponse, KubeTransport } from './transport.js';

/** An API server in this process: the part of it that the transport needs. */
export interface RequestHandler {
  handle(request: KubeRequest): Promise<KubeResponse> | KubeResponse;
}

/** The way to an embedded API server without a socket. */
export function handlerTransport(server: RequestHandler): KubeTransport {
  return {
    async send(request) {
      request.signal?.throwIfAborted();
      request.beforeSending?.();
      return server.handle(request);
    },
    close: () => Promise.resolve(),
  };
}
