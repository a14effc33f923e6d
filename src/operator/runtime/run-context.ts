import type { RunScope } from '../causality/run-scope.js';
import type { Tracing } from '../causality/tracing.js';
import type { SpanReference, WriteOrigins } from '../causality/write-origins.js';
import type { Clock } from '../clock.js';
import type { Cache, MapContext, RunContext, Trigger } from '../context.js';
import type { Key } from '../dsl/key.js';
import { keyOf } from '../dsl/key.js';
import type { KindClass } from '../dsl/resource.js';
import type { EventRecorder } from '../kube/event-recorder.js';
import type { KubeObject } from '../kube/object.js';
import type { Logger } from '../logger.js';
import type { Random } from '../random.js';
import type { InformerCache } from './informer-cache.js';
import type { ObjectWriter, WriterEnvironment } from './object-writer.js';
import type { UntrackedRead } from './read-coverage.js';
import type { ServiceCache } from './service-cache.js';
import type { Shards } from './shard-leadership.js';

/** What a test bed wants to know of runs. What it asks for costs time that production has no use for. */
export interface RunObserver {
  /** A cached read whose change would wake nobody: object by object, which costs a call of the mappers for each. */
  untracked(read: UntrackedRead): void;
  /** A run that production would have skipped, as only the echoes of the key's own writes woke it, came to something new. Such runs are then not skipped. */
  unsettled(controller: string, key: string, news: readonly string[]): void;
  /** The server's newest state, by which answers tell whether a write had an effect. */
  readonly revision?: () => string;
  /** A run or tick begins. */
  began?(controller: string, key: string): void;
}

/** What all controllers of an operator share. */
export interface Environment extends WriterEnvironment {
  readonly cache: InformerCache;
  readonly serviceCache: ServiceCache;
  readonly recorder: EventRecorder;
  readonly origins: WriteOrigins;
  /** Undefined when nobody records spans. */
  readonly tracing: Tracing | undefined;
  /** Undefined when nobody asks who writes. */
  readonly scope?: RunScope | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Throws when this process no longer leads. */
  readonly fence: () => void;
  readonly tests: RunObserver | undefined;
  /** Which keys are this process's, where the work is shared. */
  readonly shards?: Shards | undefined;
}

/** What one run adds. */
export interface RunIdentity {
  readonly object: KubeObject | undefined;
  readonly cache: Cache;
  readonly writer: ObjectWriter;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly triggers: readonly Trigger[];
}

/** The context that user code gets, as a plain object so that it may be taken apart. */
export function runContext({ recorder, clock }: Environment, { object, cache, writer, log, signal, triggers }: RunIdentity): RunContext {
  return {
    cache, log, signal, triggers,
    events: recorder.about(object),
    now: () => clock.now(),
    create: (type, input) => writer.create(type, input),
    apply: (type, input, options) => writer.apply(type, input, options),
    patch: (target, mutate) => writer.patch(target, mutate),
    delete: (target, options) => writer.delete(target, options),
  };
}

const keysOf = <T extends KubeObject>(type: KindClass<T>, objects: readonly T[]): Key<T>[] =>
  objects.map(({ metadata: { name, namespace } }) => keyOf(type, name, namespace));

/** The context of mappers. */
export function mapContext({ cache }: Environment, log: Logger): MapContext {
  return {
    cache, log,
    keys: ({ index, value }) => keysOf(index.kind, cache.list(index.kind, { index, value })),
    all: (type) => keysOf(type, cache.list(type)),
  };
}

/** Every line names the controller, the object, the run and its span, in the fields that Karpenter's users and collectors of logs search for. */
export function runLogger(log: Logger, random: Random, object: KubeObject | undefined, span?: SpanReference): Logger {
  const traced = span ? { trace_id: span.traceId, span_id: span.spanId } : {};
  if (!object) return lazyLogger(() => log.child({ reconcileID: random.uuid(), ...traced }));
  const { kind, metadata: { name, namespace } } = object;
  const reference = namespace ? { name, namespace } : { name };
  return lazyLogger(() => log.child({ [kind]: reference, namespace: namespace ?? '', name, reconcileID: random.uuid(), ...traced }));
}

/** Most runs log nothing: the fields are put together at the first line. */
function lazyLogger(create: () => Logger): Logger {
  let made: Logger | undefined;
  const logger = (): Logger => (made ??= create());
  return {
    debug: (message, fields) => logger().debug(message, fields),
    info: (message, fields) => logger().info(message, fields),
    warn: (message, fields) => logger().warn(message, fields),
    error: (message, fields) => logger().error(message, fields),
    child: (fields) => logger().child(fields),
  };
}

