import { DeadlineExceededError, withDeadline } from '../abort.js';
import type { Clock } from '../clock.js';
import type { Cache } from '../context.js';
import type { KindPlan, Plan, WebhookPlan } from '../dsl/plan.js';
import type { Logger } from '../logger.js';
import type { InstanceOf } from './admission-review.js';
import { reviewAdmission } from './admission-review.js';
import { reviewConversion } from './conversion-review.js';
import { nestsDeeper } from './json-depth.js';
import type { WebhookMetrics } from './webhook-metrics.js';
import { WebhookRefusal, failure, tooLarge } from './webhook-refusal.js';

/** A call as it came over the wire. */
export interface WebhookRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

/** An answer over HTTP: what the webhook server sends, and the test bed passes on. */
export interface WebhookResponse {
  readonly status: number;
  readonly body: string;
}

/** Where API servers have versions converted. */
export const CONVERSION_PATH = '/convert';

/** Bytes of an AdmissionReview, which has an object twice. */
const ADMISSION_LIMIT = 7 * 2 ** 20;
/** Bytes of a ConversionReview, which may have a whole page of a list. */
const CONVERSION_LIMIT = 64 * 2 ** 20;
/** No object that people write comes near. */
const DEPTH_LIMIT = 1_000;
/** What is asked while so many calls are under way is told to come again. */
const IN_FLIGHT_LIMIT = 500;
/** Milliseconds that an API server waits unless it says otherwise. */
const TIMEOUT = 10_000;
const LONGEST_TIMEOUT = 30_000;

interface Dependencies {
  readonly instanceOf: InstanceOf;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: WebhookMetrics;
}

interface Review { apiVersion?: string; kind?: string; request?: unknown }

/** Answers calls of webhooks, whatever carries them. One call's failure is that call's alone. */
export class WebhookHandler {
  readonly #webhooks: ReadonlyMap<string, WebhookPlan>;
  readonly #converted: readonly KindPlan[];
  #inFlight = 0;

  constructor({ webhooks, kinds }: Pick<Plan, 'webhooks' | 'kinds'>, private readonly dependencies: Dependencies) {
    this.#webhooks = new Map(webhooks.map((webhook) => [webhook.path, webhook]));
    this.#converted = kinds.filter(({ definition }) => definition?.conversion === 'Webhook');
  }

  /** Whether there is anything to answer. */
  get idle(): boolean {
    return this.#webhooks.size + this.#converted.length === 0;
  }

  /** Bytes that a body to a path may have. */
  limitOf(path: string): number {
    return path.split('?', 1)[0] === CONVERSION_PATH ? CONVERSION_LIMIT : ADMISSION_LIMIT;
  }

  /** Never rejects. */
  async handle(request: WebhookRequest): Promise<WebhookResponse> {
    const { clock, metrics } = this.dependencies;
    const [pathname = '', query] = request.path.split('?', 2);
    const known = pathname === CONVERSION_PATH || this.#webhooks.has(pathname);
    const begun = clock.now();
    const answered = metrics.called(known ? pathname : 'unknown');
    this.#inFlight += 1;
    const response = await this.#answer(request, pathname, new URLSearchParams(query).get('timeout')).then((review) => ({ status: 200, body: JSON.stringify(review) })).catch((error: unknown) => this.#refused(pathname, error));
    this.#inFlight -= 1;
    answered(response.status, (clock.now() - begun) / 1_000);
    return response;
  }

  async #answer(request: WebhookRequest, path: string, timeout: string | null): Promise<object> {
    const webhook = this.#webhooks.get(path);
    const converts = path === CONVERSION_PATH && this.#converted.length > 0;
    if (!webhook && !converts) {
      const paths = [...this.#webhooks.keys(), ...(this.#converted.length > 0 ? [CONVERSION_PATH] : [])];
      throw new WebhookRefusal(404, 'NotFound', `there is no webhook at ${path}; there are ${paths.join(', ') || 'none'}`);
    }
    if (request.method !== 'POST') throw new WebhookRefusal(405, 'MethodNotAllowed', `${request.method} is not supported by ${path}; webhooks take POST`);
    if (this.#inFlight > IN_FLIGHT_LIMIT) throw new WebhookRefusal(429, 'TooManyRequests', `${IN_FLIGHT_LIMIT} calls are under way; try again`);
    const [apiVersion, kind] = webhook ? ['admission.k8s.io/v1', 'AdmissionReview'] : ['apiextensions.k8s.io/v1', 'ConversionReview'];
    const review = parsed(request, apiVersion, kind, this.limitOf(path));
    if (!webhook) return { apiVersion, kind, response: reviewConversion(this.#converted, review) };
    const { clock, instanceOf, cache } = this.dependencies;
    const response = await withDeadline(clock, timeoutOf(timeout), `${webhook.name} on ${path}`, undefined, (signal) => reviewAdmission(webhook, review, { instanceOf, cache, signal }));
    return { apiVersion, kind, response };
  }

  #refused(path: string, error: unknown): WebhookResponse {
    const { log, metrics } = this.dependencies;
    const refusal = asRefusal(error);
    if (refusal.code === 500) metrics.panicked();
    log[refusal.code >= 500 ? 'error' : 'warn']('webhook call refused', { path, code: refusal.code, error: refusal.cause ?? refusal });
    return { status: refusal.code, body: JSON.stringify(failure(refusal.code, refusal.reason, refusal.message)) };
  }
}

function asRefusal(error: unknown): WebhookRefusal {
  if (error instanceof WebhookRefusal) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DeadlineExceededError) return new WebhookRefusal(504, 'Timeout', message, { cause: error });
  return new WebhookRefusal(500, 'InternalError', `Internal error occurred: ${message}`, { cause: error });
}

function parsed({ contentType, body }: WebhookRequest, apiVersion: string, kind: string, limit: number): Review {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') throw new WebhookRefusal(415, 'UnsupportedMediaType', `content type ${JSON.stringify(contentType ?? '')} is not supported; send application/json`);
  if (body.length > limit) throw tooLarge(limit);
  if (nestsDeeper(body, DEPTH_LIMIT)) throw new WebhookRefusal(400, 'BadRequest', `the body nests deeper than ${DEPTH_LIMIT} levels`);
  let review: Review;
  try {
    review = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()) as Review;
  } catch (error) {
    throw new WebhookRefusal(400, 'BadRequest', `the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof review !== 'object' || review === null || review.apiVersion !== apiVersion || review.kind !== kind) {
    throw new WebhookRefusal(400, 'BadRequest', `the body is ${JSON.stringify(review?.apiVersion)}, Kind=${JSON.stringify(review?.kind)}; it has to be ${apiVersion}, Kind=${kind}`);
  }
  return review;
}

/** API servers say how long they wait, such as `10s`. */
function timeoutOf(text: string | null): number {
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(text ?? '') ?? [];
  return seconds === undefined ? TIMEOUT : Math.min(LONGEST_TIMEOUT, Number(seconds) * 1_000);
}
