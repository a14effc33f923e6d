import type { KindRef } from './object.js';

/** What one HTTP exchange was about. */
export interface RequestTraits {
  method: string;
  /** Kubernetes' verb: `get`, `list`, `watch`, `create`, `patch`, `update`, `delete`. */
  verb: string;
  /** Absent for requests that are about no kind (discovery, health). */
  kind?: KindRef;
  subresource?: string;
}

/** Where a client reports what it does; times in seconds. */
export interface ClientMetrics {
  /** An exchange ended; `code` is the HTTP status or `<error>` when no answer came. */
  requested(traits: RequestTraits, code: string, seconds: number): void;
  /** A request was let through by the client's own limit, after so long. */
  limited(traits: RequestTraits, seconds: number): void;
  /** A write was refused here, since this process does not (or no longer) lead. */
  fenced?(traits: RequestTraits): void;
  /** An answer says what time it is on the server: when it was asked for and came by our clock, all in milliseconds since the epoch; NaN for a date that cannot be read. */
  dated?(server: number, sent: number, answered: number): void;
  /** A request is about to be sent again. */
  retried(traits: RequestTraits, code: string): void;
}
