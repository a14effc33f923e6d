import type { MapContext, StepContext, TickContext } from '../context.js';
import type { Duration } from '../duration.js';
import type { Condition as ObjectCondition, KubeObject } from '../kube/object.js';
import type { Key } from './key.js';
import type { Outcome, Release } from './outcome.js';
import type { Concurrency, ReconcilerClass, RuleDeclaration } from './plan.js';
import type { Predicate } from './predicate.js';
import { recordClass, recordMember } from './records.js';
import type { KindClass, WithConditions } from './resource.js';
import type { EventSource, Token } from './token.js';

/** A descriptor that is covariant in the method, as TypeScript's own is not. */
interface Described<Method> { readonly value?: Method }

/** A decorator of methods, legacy or standard. */
interface MethodDecorator<Method> {
  (target: object, name: string, descriptor: Described<Method>): void;
  (method: Method, context: ClassMethodDecoratorContext): void;
}

/** A decorator of reconciler classes, legacy or standard. */
interface ReconcilerDecorator {
  (target: ReconcilerClass): void;
  (target: ReconcilerClass, context: ClassDecoratorContext): void;
}

type StepMethod<T extends KubeObject> = (object: T, ctx: StepContext<T>) => Outcome | Promise<Outcome>;

interface StepDecorator<Types extends string> {
  <T extends WithConditions<Types>>(target: object, name: string, descriptor: Described<StepMethod<T>>): void;
  <T extends WithConditions<Types>>(method: StepMethod<T>, context: ClassMethodDecoratorContext): void;
}

const member = (decorator: string, data: unknown) => (target: unknown, place: unknown): void => recordMember(decorator, data, target, place);
const type = (decorator: string, data: unknown) => (target: object): void => recordClass(decorator, data, target);

/** What `@Reconciler` says of a controller. Durations are strings such as `30s` or `1h30m`. */
export interface ReconcilerOptions<T extends KubeObject> {
  /** The primary kind. */
  for: KindClass<T>;
  /** Unique among all loaded reconcilers; the `controller` label of metrics, the field manager and the log field. */
  name: string;
  /** How many keys run at once. Default: 10. */
  concurrency?: Concurrency;
  /** Delay after failures: doubled from `base` (5ms) up to `max` (1000s), plus up to the fraction `jitter` (0.1). */
  backoff?: { base?: Duration; max?: Duration; jitter?: number };
  /** How many runs are started a second. Default: no limit. */
  rate?: { qps: number; burst: number };
  /** A run's signal aborts after this. Default: never. */
  timeout?: Duration;
  /** Keys with a higher number run first. Default 0; what the first list and resyncs find is at -100 and ages upwards. */
  priority?: number | ((object: T) => number);
  /** Keys of equal priority take turns by this value. */
  fairBy?: (object: T) => string | undefined;
  /** Which changes of the primary kind wake its key. Default: all, resyncs too. */
  when?: Predicate<T>;
  /** The condition that sums the others up. Default: `Ready` if the class has conditions, else none. */
  root?: 'Ready' | 'Succeeded' | false;
  /** Whether steps that do not depend on each other run one after the other (default) or at once. */
  conditions?: 'ordered' | 'parallel';
  /** By which fraction rechecks may be late, so that they spread. Default 0.1. Deadlines are always exact. */
  jitter?: number;
  /** Events about conditions that change status: `Warning` for those that become False (default), all `normal`, or `none`. */
  transitionEvents?: 'byOutcome' | 'normal' | 'none';
  /** Kinds that are read from the cache without being watched: they get an informer, and wake nobody. */
  reads?: readonly KindClass[];
  /**
   * One run is enough: on what it wrote itself the next one would write nothing. Echoes of its own writes then wake nobody, as long as nothing
   * else that it read has changed. Test beds run them all the same, and fail when they write. Default false: only a run that wrote nothing is
   * not repeated for an echo.
   */
  settles?: boolean;
}

/** A controller: its steps drive objects of one kind. */
export const Reconciler = <T extends KubeObject>(options: ReconcilerOptions<T>): ReconcilerDecorator => type('Reconciler', options);

/** When a `@Condition` step runs, and what its condition is when it does not. */
export interface ConditionOptions<Dependency extends string, T extends KubeObject, R> {
  /** Conditions of this class that must be True at the current generation before this step runs. */
  dependsOn?: readonly Dependency[];
  /**
   * What the condition is while a dependency is not True: `unknown` (default), or `propagate`: False as soon as one of them is
   * False at the current generation.
   */
  blocked?: 'unknown' | 'propagate';
  /** The message while a dependency is not True. Default: names the dependencies that are not. */
  blockedMessage?: string;
  /** Once True, the step does not run again; its condition only follows the generation. */
  latch?: boolean;
  /** Run again after this although nothing changed. */
  every?: Duration;
  /** False: there is no such condition on this object, and steps that depend on it run without it. */
  enabled?: (object: T, reconciler: R) => boolean;
  /** The root does not count it. */
  optional?: boolean;
  /** Reason of the condition when the step throws. Default: the error's own `reason`, else `<Type>Failed`. */
  failedReason?: string | ((error: Error) => string | undefined);
}

/** A step that owns a condition of its object: the outcome is the condition. */
export const Condition = <const Type extends string, const Dependency extends string = never, T extends KubeObject = KubeObject, R = unknown>(
  conditionType: Type,
  options: ConditionOptions<Dependency, T, R> = {},
): StepDecorator<Type | Dependency> => member('Condition', { type: conditionType, ...options });

/** A status condition in Kubernetes' standard shape; the decorator of the same name makes a step that owns one. */
export type Condition<Type extends string = string> = ObjectCondition<Type>;

/** When a `@Step` runs. */
export interface StepOptions<Dependency extends string> {
  /** Conditions of this class that must be True at the current generation before this step runs. */
  after?: readonly Dependency[];
  /** Run again after this although nothing changed. */
  every?: Duration;
  /** Run for objects that are being deleted, too, before their finalizers. Default false. */
  whileDeleting?: boolean;
}

/** Work without a condition. */
export const Step = <const Dependency extends string = never>(options: StepOptions<Dependency> = {}): StepDecorator<Dependency> => member('Step', options);

/**
 * Runs once when a condition has not become True within a time of its last transition. The wake-up is exact. Its outcome sets the
 * condition, unless it is `done()`; an `unmet` stays while the step only waits, is blocked or fails, until the step itself says met or unmet, or the
 * generation changes (a process that starts gives the step its time again). If it throws, it runs again with backoff.
 */
export const Deadline = <const Type extends string, T extends KubeObject = KubeObject, R = unknown>(
  conditionType: Type,
  within: Duration | ((object: T, reconciler: R) => Duration),
): StepDecorator<Type> => member('Deadline', { condition: conditionType, within });

interface FinalizerDecorator {
  <T extends KubeObject>(target: object, name: string, descriptor: Described<(object: T, ctx: StepContext<T>) => Release | Promise<Release>>): void;
  <T extends KubeObject>(method: (object: T, ctx: StepContext<T>) => Release | Promise<Release>, context: ClassMethodDecoratorContext): void;
}

/** The way out of a deleted object. The finalizer stands on the object before any step may run; throwing keeps it there. */
export const Finalizer = (name: `${string}.${string}/${string}`): FinalizerDecorator => member('Finalizer', { name });

type ErrorClass = abstract new (...args: never[]) => Error;

interface CatchesDecorator<Caught> {
  <T extends KubeObject>(target: object, name: string, descriptor: Described<(error: Caught, object: T, ctx: StepContext<T>) => Outcome | Promise<Outcome>>): void;
  <T extends KubeObject>(method: (error: Caught, object: T, ctx: StepContext<T>) => Outcome | Promise<Outcome>, context: ClassMethodDecoratorContext): void;
}

/** Turns errors of these classes, and of classes that extend them, into the outcome of the step that threw. The closest class wins. */
export const Catches = <const Classes extends readonly [ErrorClass, ...ErrorClass[]]>(...classes: Classes): CatchesDecorator<InstanceType<Classes[number]>> =>
  member('Catches', { errors: classes });

/** Which changes of a watched kind reach the mapper, and how urgent what they wake is. */
export interface WatchesOptions<W extends KubeObject> {
  /** Which changes count. Default: all but resyncs of equal objects. */
  when?: Predicate<W>;
  /** Priority of the keys that it wakes. Default 0. */
  priority?: number;
  /** Wakes that come within this of each other count as one, which comes after it. */
  debounce?: Duration;
  /** The kind's CRD may be absent, come and go. */
  optional?: boolean;
  /** Only metadata is needed: the informer is cheaper, and spec and status are not there. */
  metadataOnly?: boolean;
}

type Mapper<Source> = (object: Source, map: MapContext) => readonly Key[] | boolean;

/**
 * The method maps a watched object to keys of the primary kind, on the old and on the new object. On a singleton it returns
 * whether to wake it.
 */
export const Watches = <W extends KubeObject>(kind: KindClass<W>, options: WatchesOptions<W> = {}): MethodDecorator<Mapper<W>> =>
  member('Watches', { kind, ...options });

/** Maps the events of a source in the container to keys. The source has to keep what it stands for until the work is done. */
export const OnEvent = <Event>(source: Token<EventSource<Event>>): MethodDecorator<Mapper<Event>> => member('OnEvent', { source });

interface PredicateDecorator {
  <T extends KubeObject>(target: object, name: string, descriptor: Described<(object: T) => boolean>): void;
  <T extends KubeObject>(method: (object: T) => boolean, context: ClassMethodDecoratorContext): void;
}

/** Whether an object is ours: if not, nothing runs and nothing is written. With several, all must agree. */
export const When = (): PredicateDecorator => member('When', undefined);

/** Changes of objects of this kind that the primary kind controls (by owner reference) wake their owner; `ctx.apply` sets the reference. */
export const Owns = (kind: KindClass, options: { when?: Predicate<KubeObject>; optional?: boolean; metadataOnly?: boolean } = {}): ReconcilerDecorator =>
  type('Owns', { kind, ...options });

/** A permission beyond those that are derived from the class. */
export const RBAC = (rule: RuleDeclaration): ReconcilerDecorator => type('RBAC', rule);

/** How often a `@Singleton` ticks. */
export interface SingletonOptions {
  /** Unique among all loaded reconcilers. */
  name: string;
  /** From the end of one tick to the start of the next, unless `tick` returns a duration of its own. Optional for a batch. */
  every?: Duration;
  /** Up to which fraction of `every` is added at random. Default 0. */
  jitter?: number;
  /** Tick at once on start (default), or after `every`. */
  immediate?: boolean;
  /** Delay after failures. Default: 1s doubled up to 1m. */
  backoff?: { base?: Duration; max?: Duration; jitter?: number };
  /** A tick's signal aborts after this. Default: never. */
  timeout?: Duration;
  /** Kinds that are read from the cache without being watched. */
  reads?: readonly KindClass[];
}

/** A polling controller: its `tick(ctx)`, or its `@Batch` method, runs on the leader only and never overlaps itself. */
export const Singleton = (options: SingletonOptions): ReconcilerDecorator => type('Singleton', options);

interface WindowLengths { idle: Duration; max: Duration }
/** Lengths, or a function that the singleton is asked for them with, once, when it starts. */
export type BatchWindow<R = never> = WindowLengths | ((singleton: R) => WindowLengths);

/** One pass over a window of triggers: `idle` after the last source that is new to it, at most `max` after the first. */
export const Batch = <R = unknown>(window: BatchWindow<R>): MethodDecorator<(ctx: TickContext) => void | Promise<void>> => member('Batch', window);
