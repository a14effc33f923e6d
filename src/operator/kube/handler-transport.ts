import type { KubeRequest, KubeResponse, KubeTransport } from './transport.js';

/** An API server in this process: the part of it that the transport needs. */
export interface RequestHandler {
  handle(request: KubeRequest): Promise<KubeResponse> | KubeResponse;
}

/** The way to an embedded API server without a socket. An abort ends a streaming answer as it would end a connection. */
export function handlerTransport(server: RequestHandler): KubeTransport {
  return {
    async send(request) {
      request.signal?.throwIfAborted();
      const response = await server.handle(request);
      return request.signal ? { ...response, body: abortable(response.body, request.signal) } : response;
    },
    close: () => Promise.resolve(),
  };
}

/** Ends with the signal's reason as soon as it aborts, even while the source is waiting, and lets the source clean up. */
async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  aborted.catch(() => undefined);
  let finished = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done) {
        finished = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    // Not awaited: a generator that waits for its next event only returns once that event comes.
    if (!finished) iterator.return?.().then(undefined, () => undefined);
  }
}
