import type { Clock } from '../../clock.js';
import { sleep } from '../../clock.js';
import { readLines } from '../../kube/lines.js';
import type { KubeRequest, KubeResponse } from '../../kube/transport.js';

interface Stream {
  /** The path without query. */
  readonly path: string;
  readonly cut: AbortController;
  /** No line passes before this time of the clock. */
  heldUntil: number;
  /** The next event passes twice. */
  doubled: boolean;
}

/** What stands between one process and what its watches bring. Lines of one watch keep their order, as the protocol promises. */
export class WatchGate {
  readonly #streams = new Set<Stream>();
  /** Paths of watches whose resourceVersion the server no longer remembers. */
  readonly #expired = new Set<string>();

  constructor(private readonly clock: Clock) {}

  /** Sends a GET; what it asks for may be forgotten, and what a watch brings goes through the gate. */
  async get(request: KubeRequest, send: (request: KubeRequest) => Promise<KubeResponse>): Promise<KubeResponse> {
    const { pathname, searchParams } = new URL(request.path, 'http://server');
    if (searchParams.get('watch') !== 'true') return send(request);
    if (this.#expired.delete(pathname)) return expired();
    const stream: Stream = { path: pathname, cut: new AbortController(), heldUntil: 0, doubled: false };
    this.#streams.add(stream);
    const { signal } = request;
    const response = await send({ ...request, signal: signal ? AbortSignal.any([signal, stream.cut.signal]) : stream.cut.signal });
    return { ...response, body: this.#through(stream, response.body) };
  }

  /** Holds back what watches bring for so many milliseconds: all of them, or those of one path. */
  hold(length: number, path?: string): void {
    for (const stream of this.#streams) if (path === undefined || stream.path === path) stream.heldUntil = this.clock.now() + length;
  }

  /** Cuts every connection. With `forget`, the server cannot take them up again from where they were. */
  cut(forget: boolean): void {
    for (const stream of this.#streams) {
      if (forget) this.#expired.add(stream.path);
      stream.cut.abort(new Error('connection reset by peer'));
    }
  }

  double(): void {
    for (const stream of this.#streams) stream.doubled = true;
  }

  async *#through(stream: Stream, body: KubeResponse['body']): AsyncGenerator<string, void, undefined> {
    try {
      for await (const line of readLines(body)) {
        while (stream.heldUntil > this.clock.now()) await sleep(this.clock, stream.heldUntil - this.clock.now(), stream.cut.signal);
        if (stream.cut.signal.aborted) break;
        yield `${line}\n`;
        if (!stream.doubled || line.includes('"type":"BOOKMARK"')) continue;
        stream.doubled = false;
        yield `${line}\n`;
      }
      stream.cut.signal.throwIfAborted();
    } finally {
      this.#streams.delete(stream);
    }
  }
}

const expired = (): KubeResponse => statusResponse(410, 'Expired', 'too old resource version');

/** An answer that an API server would give in trouble. */
export function statusResponse(code: number, reason: string, message: string, headers: Record<string, string> = {}): KubeResponse {
  const body = JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, message, code });
  return { status: code, headers: { 'content-type': 'application/json', ...headers }, body: (async function* () { yield body; })() };
}
