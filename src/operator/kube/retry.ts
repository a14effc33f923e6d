import type { Clock } from '../clock.js';
import { backoffDelay } from '../queue/backoff.js';
import type { Random } from '../random.js';
import type { RequestTraits } from './client-metrics.js';
import type { ApiError } from './errors.js';
import { TransportError } from './errors.js';
import type { KubeResponse } from './transport.js';

/** How often a request is sent in all. */
export const ATTEMPTS = 5;

/** Who is told to wait for longer, in milliseconds, is told so: a worker that waits here is one less, and queues have backoff of their own. */
const LONGEST_RETRY_AFTER = 60_000;

const RETRY_BACKOFF = { base: 200, max: 5_000, jitter: 0.3 };

/** Milliseconds of a `Retry-After` header, in seconds or as an HTTP date. */
export function retryAfterOf({ headers }: Pick<KubeResponse, 'headers'>, clock: Clock): number | undefined {
  const value = headers['retry-after'];
  if (!value) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now());
}

/** Milliseconds until the request may be sent again, undefined if it may not. A write is sent twice only if the server said that it did not take the first one; a read whenever that may help. */
export function retryDelay(error: ApiError | TransportError, { method }: RequestTraits, attempt: number, random: Random): number | undefined {
  const backoff = backoffDelay(RETRY_BACKOFF, attempt, random);
  if (error instanceof TransportError) return method === 'GET' ? backoff : undefined;
  if (error.code !== 429 && error.code < 500) return undefined;
  if (error.retryAfter !== undefined) return error.retryAfter > LONGEST_RETRY_AFTER ? undefined : Math.max(error.retryAfter, backoff);
  return method === 'GET' || error.code === 429 ? backoff : undefined;
}
