import type { Clock } from '../clock.js';
import type { Random } from '../random.js';
import type { ApiRate } from './api-budget.js';
import type { ClientMetrics } from './client-metrics.js';
import type { Status } from './errors.js';
import type { KubeObject } from './object.js';

/** What a client is made of. */
export interface KubeClientOptions {
  clock: Clock;
  random: Random;
  /** The client's own limit on requests. Default: none. */
  rate?: ApiRate;
  /** Milliseconds for an answer to a request other than a watch, from sending it to its last byte; API servers take 60 s themselves. Default 60,000. */
  timeout?: number;
  /** Default `karpenter-ts`. */
  userAgent?: string;
  /** Default owner of fields that are written, for server-side apply and `managedFields`. */
  fieldManager?: string;
  metrics?: ClientMetrics;
  /** Asked before every write, and once more at the moment at which it leaves; false refuses it with {@link NotLeaderError}. */
  mayWrite?: () => boolean;
}

/** Options of every call. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Lets the request use the share of the client's limit that is kept for what must not wait, such as deletions. Default false. */
  urgent?: boolean | undefined;
}

/** Which object of its kind. */
export interface Target extends CallOptions {
  name: string;
  namespace?: string | undefined;
}

/** Options of calls that change something. */
export interface WriteOptions extends CallOptions {
  fieldManager?: string | undefined;
  /** Everything happens but the storing. */
  dryRun?: boolean | undefined;
  subresource?: 'status' | 'scale' | 'eviction' | 'binding' | undefined;
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore' | undefined;
}

/** Restricts a list or a watch. */
export interface Selection {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection, CallOptions {
  /** Objects a page; default: all at once. */
  limit?: number | undefined;
  continue?: string | undefined;
  resourceVersion?: string | undefined;
  metadataOnly?: boolean | undefined;
  /** Milliseconds for the whole answer. Default: the client's. */
  timeout?: number | undefined;
  /** Whether a failure is tried again here. Default true. */
  retry?: boolean | undefined;
  /** Is told the next page's `continue` before this page is complete, where the server says it first; to ask for both at once. */
  goesOn?: ((token: string) => void) | undefined;
}

/** One page of a list; `resourceVersion` is where a watch takes up. */
export interface Page<T> {
  items: T[];
  resourceVersion: string;
  continue?: string;
}

export interface WatchOptions extends Selection, CallOptions {
  resourceVersion?: string | undefined;
  metadataOnly?: boolean | undefined;
  /** Seconds after which the server ends the watch. */
  timeoutSeconds?: number | undefined;
  /** Streams what is there already first (with `resourceVersionMatch`), and marks its end by a bookmark. */
  sendInitialEvents?: boolean | undefined;
  resourceVersionMatch?: 'NotOlderThan' | undefined;
  /** Called when the server has answered, before the first line. */
  opened?: (() => void) | undefined;
}

/** A line of a watch, as it came. */
export type WatchLine =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: KubeObject }
  | { type: 'ERROR'; object: Status };

export interface DeleteOptions extends Target {
  /** Delete only this very object: 409 otherwise. */
  preconditions?: { uid?: string; resourceVersion?: string } | undefined;
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground' | undefined;
  dryRun?: boolean | undefined;
}

/** One operation of a JSON patch (RFC 6902). */
export type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; from: string; path: string };
