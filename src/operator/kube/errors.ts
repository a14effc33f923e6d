/** The `Status` object in which an API server says what went wrong. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  code?: number;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: StatusCause[];
    retryAfterSeconds?: number;
  };
}

/** One of several things that are wrong with a request, usually with the field it is about. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** What failed: the method and path, for messages. */
export interface RequestIdentity {
  method: string;
  path: string;
}

/** Reasons by HTTP status, for answers that carry no `Status` (proxies, load balancers). */
const REASONS: Record<number, string> = {
  400: 'BadRequest', 401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound', 405: 'MethodNotAllowed', 406: 'NotAcceptable',
  409: 'Conflict', 410: 'Expired', 413: 'RequestEntityTooLarge', 415: 'UnsupportedMediaType', 422: 'Invalid',
  429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable', 504: 'Timeout',
};

/** An answer of the API server other than success. `reason` is Kubernetes' own (`NotFound`, `Conflict`, `Invalid`, …). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly reason: string;
  readonly code: number;
  readonly causes: readonly StatusCause[];
  /** Milliseconds after which the server wants to be asked again, if it said so. */
  readonly retryAfter: number | undefined;

  constructor(readonly status: Status, readonly request: RequestIdentity, { code, retryAfter }: { code?: number; retryAfter?: number } = {}) {
    super(status.message ?? `${request.method} ${request.path} answered ${code ?? status.code ?? 500}`);
    this.code = status.code ?? code ?? 500;
    this.reason = status.reason ?? REASONS[this.code] ?? 'Unknown';
    this.causes = status.details?.causes ?? [];
    const seconds = status.details?.retryAfterSeconds;
    this.retryAfter = retryAfter ?? (seconds ? seconds * 1_000 : undefined);
  }

  /** The error of an HTTP answer, whatever its body is. */
  static of(code: number, body: string, request: RequestIdentity, retryAfter?: number): ApiError {
    const details = { code, ...(retryAfter === undefined ? {} : { retryAfter }) };
    const status = parseStatus(body);
    if (status) return new ApiError({ ...status, code: status.code ?? code }, request, details);
    const text = body.trim().slice(0, 300);
    return new ApiError(
      { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message: `${request.method} ${request.path} answered ${code}${text ? `: ${text}` : ''}` },
      request,
      details,
    );
  }
}

function parseStatus(body: string): Status | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const parsed = JSON.parse(body) as Partial<Status>;
    return parsed.kind === 'Status' ? (parsed as Status) : undefined;
  } catch {
    return undefined;
  }
}

/** No HTTP answer came: connection refused, reset, or cut off. The cause is the socket's error. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly reason = 'TransportFailed';

  constructor(readonly request: RequestIdentity, cause: unknown) {
    super(`${request.method} ${request.path}: no answer from the API server: ${describe(cause)}`, { cause });
  }
}

/** What the server sent is not what the protocol says: JSON that does not parse, a list without items. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly reason = 'ProtocolViolated';

  constructor(readonly request: RequestIdentity, problem: string, cause?: unknown) {
    super(`${request.method} ${request.path}: ${problem}`, { cause });
  }
}

/** Nothing came for longer than it may take: the connection, or who is behind it, is taken for dead. Transports then trust no connection that was open. */
export class UnresponsiveError extends Error {
  override readonly name = 'UnresponsiveError';
  readonly reason = 'Unresponsive';
}

/** A write was refused before it left, or a step before it began, or the answer came too late: this process no longer leads. */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
  readonly reason = 'NotLeader';

  constructor(readonly request?: RequestIdentity) {
    super(`${request ? `${request.method} ${request.path}: ` : ''}refused, this process is not (or no longer) the leader`);
  }
}

const describe = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as { code?: string };
  return cause.message || code || cause.name;
};

const withReason = (...reasons: string[]) => (error: unknown): error is ApiError => error instanceof ApiError && reasons.includes(error.reason);

/** 404: there is no such object (or kind). */
export const isNotFound = withReason('NotFound');
/** 409: the object changed since it was read, or a server-side apply met an owner of the field. */
export const isConflict = withReason('Conflict');
/** 409: an object of that name is there. */
export const isAlreadyExists = withReason('AlreadyExists');
/** 422: the object breaks a rule of its schema; `causes` names the fields. */
export const isInvalid = withReason('Invalid');
/** 403: authorization or admission refused. */
export const isForbidden = withReason('Forbidden');
/** 401: the credentials are missing, wrong or expired. */
export const isUnauthorized = withReason('Unauthorized');
/** 429: later, please; `retryAfter` says when. Evictions that a PodDisruptionBudget forbids are answered so, too. */
export const isTooManyRequests = withReason('TooManyRequests');
/** The server gave up (`Timeout`, `ServerTimeout`); whether a write took effect is not known. */
export const isTimeout = withReason('Timeout', 'ServerTimeout');

/** The resourceVersion or continue token is older than what the server remembers (410). */
export const isExpired = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone');
