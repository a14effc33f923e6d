import type { Cause, JsonObject } from './contracts.js';

/** `metav1.Status`, what every failed request is answered with. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: JsonObject;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
}

/** Names a resource in messages: `deployments.apps`, `pods`. */
export interface GroupResource {
  readonly group: string;
  readonly plural: string;
}

const qualified = ({ group, plural }: GroupResource): string => (group ? `${plural}.${group}` : plural);

const detailsOf = ({ group, plural }: GroupResource, name: string): StatusDetails => ({
  ...(name && { name }),
  ...(group && { group }),
  kind: plural,
});

/** A failed request: carries the `Status` that the client gets. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    details?: StatusDetails,
  ) {
    super(message);
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }
}

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

export const notFound = (resource: GroupResource, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));

/** What a URL that names no resource is answered with. */
export const unknownPath = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

export const alreadyExists = (resource: GroupResource, name: string, leaving = false): StatusError =>
  new StatusError(409, 'AlreadyExists', `${leaving ? 'object is being deleted: ' : ''}${qualified(resource)} "${name}" already exists`, detailsOf(resource, name));

export const conflict = (resource: GroupResource, name: string, problem: string): StatusError =>
  new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${problem}`, detailsOf(resource, name));

export const modified = (resource: GroupResource, name: string): StatusError =>
  conflict(resource, name, 'the object has been modified; please apply your changes to the latest version and try again');

export const forbidden = (resource: GroupResource, name: string, problem: string, causes?: StatusDetails['causes']): StatusError =>
  new StatusError(403, 'Forbidden', `${qualified(resource)} ${name ? `"${name}" ` : ''}is forbidden: ${problem}`, {
    ...detailsOf(resource, name),
    ...(causes && { causes }),
  });

/** `kind` is the kind's name, as Kubernetes words this one: `Pod "x" is invalid: …`. */
export function invalid(kind: { group: string; kind: string }, name: string, causes: readonly Cause[]): StatusError {
  const problems = [...new Set(causes.map(({ field, message }) => (field ? `${field}: ${message}` : message)))];
  const text = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
  const qualifiedKind = kind.group ? `${kind.kind}.${kind.group}` : kind.kind;
  return new StatusError(422, 'Invalid', `${qualifiedKind} "${name}" is invalid: ${text}`, {
    ...(name && { name }),
    ...(kind.group && { group: kind.group }),
    ...(kind.kind && { kind: kind.kind }),
    causes: causes.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

export const methodNotAllowed = (resource: GroupResource, verb: string): StatusError =>
  new StatusError(405, 'MethodNotAllowed', `${verb} is not supported on resources of kind "${qualified(resource)}"`, detailsOf(resource, ''));

/** As {@link methodNotAllowed}, where the URL has no such method for anybody. */
export const noSuchMethod = (): StatusError => new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const unsupportedMediaType = (accepted: readonly string[]): StatusError =>
  new StatusError(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`);

/** As {@link unsupportedMediaType}, where the HTTP framework of built-in kinds says so before anybody looks at the body. */
export const wrongMediaType = (): StatusError => new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});

/** As {@link notAcceptable}, before anybody looks at the object. */
export const noRepresentation = (accepted: readonly string[]): StatusError => new StatusError(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${accepted.join(', ')}`, {});

export const notAcceptable = (accepted: readonly string[]): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);

/** A resourceVersion or continue token that is older than the watch window. */
export const expired = (message: string): StatusError => new StatusError(410, 'Expired', message);

export const internalError = (message: string): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

export const tooManyRequests = (message: string, retryAfterSeconds: number, causes?: StatusDetails['causes']): StatusError =>
  new StatusError(429, 'TooManyRequests', message, {
    ...(causes && { causes }),
    ...(retryAfterSeconds > 0 && { retryAfterSeconds }),
  });

/** What a client gets for an error: its `Status`, or for anything unforeseen a 500 that tells what happened. */
export function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}
