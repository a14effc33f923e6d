import type { SandboxAws } from './aws.js';

/** The part of the SDK's HttpRequest that matters here. */
interface SdkRequest {
  method: string;
  path: string;
  protocol: string;
  hostname: string;
  port?: number;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

interface SdkResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface SdkRequestHandler {
  readonly metadata: { handlerProtocol: string };
  handle(request: SdkRequest, options?: { abortSignal?: unknown }): Promise<{ response: SdkResponse }>;
  destroy(): void;
}

/** A `requestHandler` for `@aws-sdk` clients that calls the sandbox in this process instead of opening a socket. */
export function sdkRequestHandler(aws: Pick<SandboxAws, 'handle'>): SdkRequestHandler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    destroy: () => undefined,
    async handle(request, options) {
      const signal = options?.abortSignal as AbortSignal | undefined;
      if (signal?.aborted) throw aborted();
      const query = Object.entries(request.query ?? {})
        .flatMap(([name, value]) => [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`))
        .join('&');
      const { status, headers, body } = await aws.handle({
        method: request.method, origin: `${request.protocol}//${request.hostname}${request.port === undefined ? '' : `:${request.port}`}`,
        path: query ? `${request.path}?${query}` : request.path,
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])),
        body: textOf(request.body),
      }, signal);
      if (signal?.aborted) throw aborted();
      return { response: { statusCode: status, headers, body: Buffer.from(body) } };
    },
  };
}

function textOf(body: unknown): string {
  if (body === undefined || body === null) return '';
  return typeof body === 'string' ? body : new TextDecoder().decode(body as Uint8Array);
}

const aborted = (): Error => Object.assign(new Error('Request aborted'), { name: 'AbortError' });
