import type { ApiObject, Clock, JsonObject, Random } from '../contracts.js';
import type { ApiResponse } from '../http/exchange.js';
import { createApiServer, type ApiServer, type ApiServerOptions } from '../server.js';

/** Time that tests move. */
export class ManualClock implements Clock {
  private readonly timers = new Set<{ due: number; callback: () => void }>();

  constructor(private time = Date.UTC(2024, 0, 1)) {}

  now(): number {
    return this.time;
  }

  schedule(delay: number, callback: () => void): { cancel(): void } {
    const timer = { due: this.time + Math.max(0, delay), callback };
    this.timers.add(timer);
    return { cancel: () => this.timers.delete(timer) };
  }

  /** Fires what comes due, in order, and lets what that starts come to rest. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    for (;;) {
      const [next] = [...this.timers].filter(({ due }) => due <= end).sort((left, right) => left.due - right.due);
      if (!next) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.due);
      next.callback();
      await settled();
    }
    this.time = end;
    await settled();
  }
}

/** Lets pending promises run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

function countingRandom(): Random {
  let count = 0;
  return {
    next: () => (count++ * 0.618033988749895) % 1,
    uuid: () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`,
  };
}

/** An object, a list or a Status. */
export interface AnswerBody {
  metadata: ApiObject['metadata'];
  message?: string;
  reason?: string;
  items?: ApiObject[];
  [field: string]: unknown;
}

/** A decoded answer. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: AnswerBody;
}

export interface WatchLine {
  type: string;
  object: ApiObject & { code?: number; reason?: string; message?: string };
}

/** An in-process server with a clock of its own, and short ways to talk to it. */
export class TestCluster {
  readonly clock = new ManualClock();
  readonly server: ApiServer;

  constructor(options: Omit<ApiServerOptions, 'clock'> = {}) {
    this.server = createApiServer({ random: countingRandom(), ...options, clock: this.clock });
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.send(method, path, body, headers);
    const text = await textOf(response);
    return { status: response.status, headers: response.headers, body: text.startsWith('{') ? (JSON.parse(text) as AnswerBody) : { metadata: {}, text } };
  }

  /** As {@link request}, for what must succeed; answers the body. */
  async ok(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<AnswerBody> {
    const answer = await this.request(method, path, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  patch(path: string, type: 'json' | 'merge' | 'strategic-merge' | 'apply', body: unknown): Promise<Answer> {
    return this.request('PATCH', path, body, { 'content-type': type === 'apply' ? 'application/apply-patch+yaml' : `application/${type}-patch+json` });
  }

  send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<ApiResponse> {
    return this.server.handle({
      method,
      path,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  }

  /** Opens a watch; its lines collect in the background. */
  async watch(path: string, headers: Record<string, string> = {}): Promise<TestWatch> {
    const abort = new AbortController();
    const response = await this.send('GET', path, undefined, headers, abort.signal);
    if (response.status !== 200) throw new Error(`watch ${path}: ${response.status} ${await textOf(response)}`);
    return new TestWatch(response, abort);
  }
}

/** A watch under way. */
export class TestWatch {
  readonly lines: WatchLine[] = [];
  ended = false;

  constructor(
    response: ApiResponse,
    private readonly abort: AbortController,
  ) {
    void this.collect(response);
  }

  /** The lines so far, as `TYPE name`, once everything under way has arrived. */
  async seen(): Promise<string[]> {
    await settled();
    return this.lines.map(({ type, object }) => (type === 'ERROR' ? `ERROR ${object.code}` : `${type} ${object.metadata.name ?? ''}`.trim()));
  }

  async close(): Promise<void> {
    this.abort.abort();
    await settled();
  }

  private async collect(response: ApiResponse): Promise<void> {
    for await (const chunk of response.body) {
      for (const line of chunk.toString().split('\n').filter(Boolean)) this.lines.push(JSON.parse(line) as WatchLine);
    }
    this.ended = true;
  }
}

export async function textOf({ body }: ApiResponse): Promise<string> {
  let text = '';
  for await (const chunk of body) text += chunk.toString();
  return text;
}

export const configMap = (name: string, fields: JsonObject = {}, labels?: Record<string, string>): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...(labels && { labels }) },
  ...fields,
});

export const pod = (name: string, metadata: JsonObject = {}, spec: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'app', image: 'app:1' }], ...spec },
});
