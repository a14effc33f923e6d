import type { ObservedState, WriteOrigin } from './causality/write-origins.js';
import type { Index, Key } from './dsl/key.js';
import type { Outcome } from './dsl/outcome.js';
import type { ObjectChange } from './dsl/predicate.js';
import type { ConditionsOf, KindClass } from './dsl/resource.js';
import { token } from './dsl/token.js';
import type { Subscribable } from './dsl/token.js';
import type { Duration } from './duration.js';
import type { Condition, KubeObject, ObjectInput, PartialObject } from './kube/object.js';
import type { Logger } from './logger.js';

/** Which objects of a kind to read. Without options: all of them. */
export interface CacheListOptions<T extends KubeObject> {
  /** Reads through an index; needs `value`. */
  index?: Index<T>;
  /** The index value; nothing is found under undefined. */
  value?: string | undefined;
  /** Only objects of this namespace. Default: of all. */
  namespace?: string | undefined;
}

/**
 * The informer stores, seen through an overlay of our own writes: synchronous, never older than what this process wrote.
 * Objects are shared: never change one, use `patch`. Reading a kind that no reconciler is for, watches, owns or `reads` throws.
 */
export interface Cache {
  /** One object; undefined when there is none. A namespaced kind needs the namespace. */
  get<T extends KubeObject>(kind: KindClass<T>, name: string, namespace?: string): T | undefined;
  /** All objects that the options choose, in no order to rely on. */
  list<T extends KubeObject>(kind: KindClass<T>, options?: CacheListOptions<T>): readonly T[];
  /**
   * The same reads for what a run need not be woken for when it changes. All others are tracked: a test bed fails when nothing would wake the
   * key, neither a watch nor a recheck, and `operator_untracked_reads_total` counts them in production.
   */
  readonly peek: Pick<Cache, 'get' | 'list'>;
  /** Straight from the API server, for the rare read that must not be a moment old: before something is ended that cannot be undone. */
  readonly live: {
    get<T extends KubeObject>(kind: KindClass<T>, name: string, namespace?: string): Promise<T | undefined>;
    /** In pages of 500; all namespaces without one. */
    list<T extends KubeObject>(kind: KindClass<T>, options?: { namespace?: string; labelSelector?: string }): Promise<T[]>;
  };
  /** Every object of a kind as `added`, then every change, our own writes included: for services that keep state of their own. */
  changes<T extends KubeObject>(kind: KindClass<T>): Subscribable<ObjectChange<T>>;
}

/**
 * The operator's cache in the container, for services. What a service reads while a run calls it is tracked as the run's own; outside of runs,
 * in timers and in subscriptions, it is nobody's.
 */
export const Cache = token<Cache>('karpenter-ts.Cache');

/** How a server-side apply treats fields of others. */
export interface ApplyOptions {
  /** Take fields over that another manager owns. Default true: a reconciler is the authority on what it applies. */
  force?: boolean;
}

/** How an object is deleted; absent fields leave the choice to the API server. */
export interface DeletionOptions {
  /** Seconds that the object may take to end. Default: the object's own (30 s for pods); 0 deletes at once. */
  gracePeriodSeconds?: number;
  /** Default `Background`. */
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  /** Delete only this very object, not a later one of the same name. Default true. */
  sameUID?: boolean;
  /** Delete only the state that is given: an object that somebody has changed since stays. Default false. */
  unchanged?: boolean;
}

/**
 * Writes. Every response is visible to later reads of this process at once. Objects of namespaced kinds that name no namespace go into that of the
 * reconciled object, if it has one.
 */
export interface Writer {
  /** Creates an object; resolves to it as stored. Throws an ApiError, `AlreadyExists` among them (`isAlreadyExists`). */
  create<T extends KubeObject>(kind: KindClass<T>, object: ObjectInput<T>): Promise<T>;
  /**
   * Server-side apply with the reconciler's name as field manager, of as much of the object as the reconciler decides on; the owner reference is
   * set when the class `@Owns` the kind.
   */
  apply<T extends KubeObject>(kind: KindClass<T>, object: PartialObject<T>, options?: ApplyOptions): Promise<T>;
  /**
   * Changes another object: `mutate` gets a draft, and what it changed is sent as a merge patch with the object's resourceVersion,
   * metadata and spec apart from status. On a conflict `mutate` runs again on the live object. Resolves to undefined when the
   * object is gone.
   */
  patch<T extends KubeObject>(object: T, mutate: (draft: T) => void): Promise<T | undefined>;
  /** Asks for deletion; an object that is already gone is fine. Resolves to whether there was something to ask for: false when it is gone, going, or not the one that is meant. */
  delete(object: KubeObject, options?: DeletionOptions): Promise<boolean>;
}

/** What an Event is about, and when two are one. */
export interface EventOptions {
  /** The object that the event is about; the reconciled object unless given. */
  about?: KubeObject;
  /** Events whose values are equal are one event (default: reason and message). */
  dedupe?: readonly string[];
  /** How long an equal event is not repeated. Default 2 minutes. */
  dedupeFor?: Duration;
}

/** Kubernetes Events. Never throws and never waits: an event that cannot be written is dropped. */
export interface Events {
  /** Of type `Normal`. `reason` is a CamelCase word, `message` a sentence of at most 1,024 bytes (more is cut). */
  normal(reason: string, message: string, options?: EventOptions): void;
  /** Of type `Warning`. */
  warning(reason: string, message: string, options?: EventOptions): void;
}

/** Why a key was woken; for diagnosis only, never for decisions. */
export interface Trigger {
  /**
   * `object` and `watch`: a change of the key's own object, of another one. `resync`: it was there when the operator started. `requeue`: a run
   * asked for another look. `deadline`: one that no back-off may delay. `backoff`: a run failed. `event`: a source outside the cluster.
   */
  readonly cause: 'object' | 'watch' | 'resync' | 'requeue' | 'deadline' | 'backoff' | 'event';
  /** The object behind it, as `Kind namespace/name`; why a run asked for another look, or how it failed; the source of an event. */
  readonly source: string;
  /** Milliseconds of the clock's time: when it happened, or when the look is due. */
  readonly at: number;
  /** The state of the object that was seen. */
  readonly seen?: ObservedState;
  /** The run of this process that wrote that state, if one did. */
  readonly by?: WriteOrigin;
}

/** What every piece of user code is given. */
export interface RunContext extends Writer {
  readonly cache: Cache;
  readonly events: Events;
  readonly log: Logger;
  /** Aborts on shutdown, on lost leadership, and at the run's timeout. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch, in the clock's time. */
  now(): number;
  readonly triggers: readonly Trigger[];
}

/** The context of a step, deadline, finalizer or error handler. */
export interface StepContext<T extends KubeObject> extends RunContext {
  /** The object as it was when the run started. The draft is the step's first argument. */
  readonly object: T;
  /** A condition of the draft as it stands now, the root included. */
  condition(type: ConditionsOf<T> | 'Ready' | 'Succeeded'): Condition | undefined;
  /** Sets a condition that no step owns and that the root does not count (Drifted, for example). `done()` leaves it. */
  mark(type: ConditionsOf<T>, outcome: Outcome): void;
  /** Removes a condition that no step owns. */
  clear(type: ConditionsOf<T>): void;
  /** The same for every attempt of this step at this object (by uid): 64 hexadecimal digits. */
  readonly idempotencyKey: string;
  /**
   * Runs `effect`, and gives its result again instead of repeating it until a write that followed it succeeded. An optimization
   * over the idempotency key, within one process. Throws NotLeaderError, and runs nothing, when the lead was lost meanwhile.
   */
  once<R>(name: string, effect: () => Promise<R> | R): Promise<R>;
  /** 0 at the first try; counts failed tries since the last success. */
  readonly attempt: number;
}

/** The context of a singleton's tick and of a batch. */
export type TickContext = RunContext;

/** The context of a mapper: synchronous reads. */
export interface MapContext {
  readonly cache: Pick<Cache, 'get' | 'list'>;
  readonly log: Logger;
  /** The keys of the objects that an index holds under `value`; none under undefined. */
  keys<T extends KubeObject>(query: { index: Index<T>; value: string | undefined }): Key<T>[];
  /** The keys of all objects of a kind. */
  all<T extends KubeObject>(kind: KindClass<T>): Key<T>[];
}
