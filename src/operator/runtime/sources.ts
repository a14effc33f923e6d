import type { Container } from 'inversify';
import type { ObservedState } from '../causality/write-origins.js';
import type { MapContext, Trigger } from '../context.js';
import type { EventSourcePlan, WatchPlan } from '../dsl/plan.js';
import type { ObjectChange } from '../dsl/predicate.js';
import type { EventSource } from '../dsl/token.js';
import { sleep } from '../clock.js';
import { backoffDelay } from '../queue/backoff.js';
import type { Informer } from '../kube/informer.js';
import type { KubeObject } from '../kube/object.js';
import type { Change } from '../kube/reflector.js';
import type { Logger } from '../logger.js';
import type { Environment } from './run-context.js';

/** What first lists find, and echoes of our own writes to a key's own object, wait behind everything else; the queue ages them upwards. */
export const LOW_PRIORITY = -100;

const RESUBSCRIBE = { base: 1_000, max: 60_000, jitter: 0.2 };

/** How a source wakes keys, and why. */
export interface Wake extends Omit<Trigger, 'at' | 'by'> {
  readonly priority: number;
  /** Milliseconds. */
  readonly after: number;
}

/** One watch on its way to a queue. */
export interface WatchSource {
  readonly instance: object;
  readonly plan: Pick<WatchPlan, 'method' | 'when' | 'priority' | 'debounce'>;
  readonly map: MapContext;
  readonly log: Logger;
  /** Takes what the mapper returned. */
  readonly wake: (mapped: unknown, options: Wake) => void;
}

/** A change as predicates see it. */
export const objectChange = <T extends KubeObject>(change: Change<T>): ObjectChange<T> =>
  change.type === 'modified' ? { type: 'updated', object: change.object, old: change.old } : { type: change.type, object: change.object };

/** The state that a change shows, for triggers. */
export const observed = ({ type, object: { metadata: { uid, resourceVersion } } }: Change<KubeObject>): ObservedState => ({ uid, resourceVersion, deleted: type === 'deleted' });

/** `Kind namespace/name`, for triggers and logs. */
export const describeObject = ({ kind, metadata: { namespace, name } }: KubeObject): string => `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

/**
 * Calls `take` with everything that is there, and with every change from now on, if it passes the predicate; a predicate that throws
 * counts as one that passes. The result ends it.
 */
export function onChange(informer: Informer<KubeObject>, when: ((change: ObjectChange) => boolean) | undefined, log: Logger, take: (change: Change<KubeObject>) => void): () => void {
  const filtered = (change: Change<KubeObject>): void => {
    if (passes(when, change, log)) take(change);
  };
  for (const object of informer.store.list()) filtered({ type: 'added', object, initial: true, own: false });
  return informer.listen(filtered);
}

function passes(when: ((change: ObjectChange) => boolean) | undefined, change: Change<KubeObject>, log: Logger): boolean {
  if (!when) return true;
  try {
    return when(objectChange(change));
  } catch (error) {
    log.error('a predicate threw; the change counts', { error, source: describeObject(change.object) });
    return true;
  }
}

/** Feeds a queue from a watched kind. The mapper sees the old and the new object, since what it maps to may have changed with them. */
export function watch(informer: Informer<KubeObject>, { instance, plan, map, log, wake }: WatchSource): () => void {
  return onChange(informer, plan.when, log, (change) => {
    const options: Wake = { cause: 'watch', priority: change.initial ? LOW_PRIORITY : plan.priority, after: plan.debounce ?? 0, source: describeObject(change.object), seen: observed(change) };
    const objects = change.type === 'modified' ? [change.old, change.object] : [change.object];
    for (const object of objects) call(instance, plan.method, object, map, log, (mapped) => wake(mapped, options));
  });
}

/** Feeds a queue from a source in the container; a source that fails or completes is subscribed to again. */
export function subscribe(
  { clock, random }: Environment, container: Container, plan: EventSourcePlan,
  { instance, map, log, wake }: Omit<WatchSource, 'plan'>, signal: AbortSignal,
): void {
  const source = container.get<EventSource<unknown>>(plan.source);
  const options: Wake = { cause: 'event', priority: 0, after: 0, source: plan.source.description ?? 'event' };
  if (typeof (source as Partial<EventSource<unknown>>).events?.subscribe !== 'function') {
    throw new TypeError(`@OnEvent(${options.source}) on ${plan.method}: what is bound under the token has no "events" to subscribe to; an EventSource is { events: Observable }`);
  }
  let failures = 0;
  const connect = (): void => {
    if (signal.aborted) return;
    let subscription: { unsubscribe(): void } | undefined;
    const end = (): void => subscription?.unsubscribe();
    const again = (error?: unknown): void => {
      signal.removeEventListener('abort', end);
      failures += 1;
      if (error !== undefined) log.error('event source failed; subscribing again', { error, source: options.source });
      sleep(clock, backoffDelay(RESUBSCRIBE, failures, random), signal).then(connect, () => undefined);
    };
    signal.addEventListener('abort', end, { once: true });
    try {
      subscription = source.events.subscribe({
        next: (event) => {
          failures = 0;
          call(instance, plan.method, event, map, log, (mapped) => wake(mapped, options));
        },
        error: again,
        complete: again,
      });
    } catch (error) {
      again(error);
    }
  };
  connect();
}

/** Runs a mapper of the user's; what it throws concerns this one event only. */
function call(instance: object, method: string, value: unknown, map: MapContext, log: Logger, take: (mapped: unknown) => void): void {
  try {
    take((instance as Record<string, (value: unknown, map: MapContext) => unknown>)[method]?.call(instance, value, map));
  } catch (error) {
    log.error('a mapper threw; nothing is woken by this change', { error, method });
  }
}
