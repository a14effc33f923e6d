import type { Container } from 'inversify';
import type { Subscription } from 'rxjs';
import type { ActiveRun } from '../causality/active-run.js';
import type { KeyReport } from '../causality/recorder.js';
import { Recorder } from '../causality/recorder.js';
import type { ObservedState } from '../causality/write-origins.js';
import type { RunContext } from '../context.js';
import type { Key } from '../dsl/key.js';
import { objectKey } from '../dsl/key.js';
import type { Concurrency, ReconcilerPlan } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import { asError } from '../engine/failure.js';
import type { EngineHost } from '../engine/host.js';
import type { RunResult } from '../engine/run.js';
import { runKey } from '../engine/run.js';
import type { Informer } from '../kube/informer.js';
import type { KubeObject, ObjectKey } from '../kube/object.js';
import { keyOfObject } from '../kube/object.js';
import { groupVersionOf } from '../kube/paths.js';
import type { Change } from '../kube/reflector.js';
import type { Logger } from '../logger.js';
import type { Item } from '../queue/work-queue.js';
import { WorkQueue } from '../queue/work-queue.js';
import type { ControllerMetrics } from './controller-metrics.js';
import { EchoFilter } from './echo-filter.js';
import { InFlight } from './in-flight.js';
import { ObjectWriter } from './object-writer.js';
import { ReadReports } from './read-reports.js';
import type { Environment } from './run-context.js';
import { mapContext, runContext, runLogger } from './run-context.js';
import { runSignal } from './run-signal.js';
import type { Wake } from './sources.js';
import { TrackedCache } from './tracked-cache.js';
import { LOW_PRIORITY, describeObject, observed, onChange, subscribe, watch } from './sources.js';

/** How many keys run at once. */
export function concurrencyOf(concurrency: Concurrency, cpus: number): number {
  if (typeof concurrency === 'number') return concurrency;
  const { perCpu, min, max, first } = concurrency;
  return Math.min(max, Math.max(min, first === undefined ? Math.ceil(perCpu * cpus) : first + Math.trunc(perCpu * (cpus - 1))));
}

export interface ControllerOptions {
  plan: ReconcilerPlan;
  instance: object;
  environment: Environment;
  metrics: ControllerMetrics;
  container: Container;
  /** CPUs that `perCpu` counts. */
  cpus: number;
}

/** One reconciler at work: its sources feed a queue, its workers run the engine on what comes out. */
export class Controller {
  readonly queue: WorkQueue;
  readonly #informer: Informer<KubeObject>;
  /** Keys whose object began to be deleted since their last run began. */
  readonly #doomed = new Set<ObjectKey>();
  /** What was seen of the objects of keys while they ran: a watch may be quicker than the answer, so only the end of the run says what was its own echo. */
  readonly #meanwhile = new Map<ObjectKey, ObservedState[]>();
  readonly #recorder: Recorder;
  readonly #echoes: EchoFilter;
  readonly #reads: ReadReports;
  readonly #owned: ReadonlySet<KindClass>;
  readonly #log: Logger;
  readonly #inFlight = new InFlight();
  readonly #unlisten: (() => void)[] = [];
  #workers: Subscription | undefined;

  constructor(private readonly options: ControllerOptions) {
    const { plan, environment, metrics, cpus } = options;
    const { clock, random, cache, log } = environment;
    const { fairBy } = plan;
    this.#informer = cache.informer(plan.kind.type);
    this.#recorder = new Recorder({ controller: plan.name, clock, origins: environment.origins, tracing: environment.tracing, revision: environment.tests?.revision });
    this.#log = log.child({ controller: plan.name });
    this.#echoes = new EchoFilter(plan, cache);
    this.#reads = new ReadReports(plan, options.instance, environment, this.#log, metrics);
    this.#owned = new Set(plan.owns.map(({ kind }) => kind.type));
    this.queue = new WorkQueue({
      clock, random, backoff: plan.backoff, observer: metrics.queue,
      ...(plan.rate ? { rate: plan.rate } : {}),
      ...(fairBy ? { fairBy: (key: string) => this.#guarded((object) => fairBy(object), key, undefined) } : {}),
    });
    metrics.attach(this.queue, concurrencyOf(plan.concurrency, cpus));
  }

  /** Lets the sources fill the queue. */
  startSources(signal: AbortSignal): void {
    const { plan, instance, environment, container } = this.options;
    const log = this.#log;
    this.#unlisten.push(onChange(this.#informer, plan.when, log, (change) => this.#changed(change)));
    this.#unlisten.push(this.#informer.listen(({ type, object }) => void (type === 'deleted' && this.#forgetIfGone(keyOfObject(object)))));
    for (const { kind, when } of plan.owns) {
      this.#unlisten.push(onChange(environment.cache.informer(kind.type), when, log, (change) => this.#ownedChanged(change)));
    }
    const source = {
      instance, log, map: mapContext(environment, log),
      wake: (mapped: unknown, wake: Wake) => {
        for (const key of (mapped ?? []) as readonly Key[]) {
          if (key.kind !== plan.kind.type) throw new TypeError(`a mapper of ${plan.name} returned a key of ${key.kind?.name}; it reconciles ${plan.kind.kind}`);
          const { kind, namespaced } = plan.kind;
          if (Boolean(key.namespace) !== namespaced) throw new TypeError(`a mapper of ${plan.name} returned the key "${objectKey(key)}", which is of no ${kind}: the kind has ${namespaced ? '' : 'no '}namespaces; keyOf(${kind}, name${namespaced ? ', namespace' : ''})`);
          this.#wake(objectKey(key), wake);
        }
      },
    };
    for (const watched of plan.watches) this.#unlisten.push(watch(environment.cache.informer(watched.kind.type), { ...source, plan: watched }));
    for (const events of plan.eventSources) subscribe(environment, container, events, source, signal);
  }

  /** Lets the workers empty the queue, until the signal aborts. */
  startWorkers(signal: AbortSignal): void {
    const { plan, cpus } = this.options;
    this.#workers = this.queue.work(concurrencyOf(plan.concurrency, cpus)).subscribe((item) => this.#take(item, signal));
  }

  /** The keys of a shard are ours: all of them are looked at. */
  gained(shard: number): void {
    const { shards } = this.options.environment;
    for (const key of this.#informer.store.keys()) {
      if (shards?.of(key) === shard) this.#wake(key, { cause: 'resync', source: `shard ${shard}`, priority: LOW_PRIORITY });
    }
  }

  /** The keys of a shard are somebody else's: resolves when no run of them is under way. None begins, since we do not own it any more. */
  async drained(shard: number): Promise<void> {
    const { shards } = this.options.environment;
    await this.#inFlight.ended(String(shard));
    this.#recorder.reset((key) => shards?.of(key) === shard);
    for (const key of this.#informer.store.keys()) if (shards?.of(key) === shard) this.#echoes.forget(key);
  }

  /** Takes nothing up any more, and resolves when every run has ended. */
  async stop(): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    this.#workers?.unsubscribe();
    this.queue.stop();
    await this.#inFlight.ended();
  }

  get plan(): ReconcilerPlan {
    return this.options.plan;
  }

  /** What is known of a key, for explanations. */
  inspect(key: ObjectKey): KeyReport {
    return this.#recorder.report(key, this.queue);
  }

  #changed(change: Change<KubeObject>): void {
    const { object, old } = change;
    const key = keyOfObject(object);
    if (old && old.metadata.deletionTimestamp !== object.metadata.deletionTimestamp) this.#doomed.add(key);
    // A new spec, or the wish to be gone, is a new situation: what failed before says nothing about it.
    if (old && (old.metadata.generation !== object.metadata.generation || old.metadata.deletionTimestamp !== object.metadata.deletionTimestamp)) this.queue.forget(key);
    const why = { cause: change.initial ? 'resync' : 'object', source: describeObject(object), seen: observed(change) } as const;
    const isNews = !change.initial && !change.own;
    const meanwhile = isNews ? this.#meanwhile.get(key) : undefined;
    if (!meanwhile) return this.#wake(key, { ...why, priority: isNews ? this.#priorityOf(key) : LOW_PRIORITY });
    meanwhile.push(why.seen);
    this.#note(key, why);
  }

  /** Asks for another run where the object changed during this one: an urgent one only if others changed it. */
  #lookAgain(key: ObjectKey): void {
    const meanwhile = this.#meanwhile.get(key) ?? [];
    this.#meanwhile.delete(key);
    if (meanwhile.length === 0 || !this.#isOurs(key)) return;
    const { plan, environment: { origins } } = this.options;
    const isEcho = (seen: ObservedState): boolean => {
      const by = origins.of(seen);
      return by?.controller === plan.name && by.key === key;
    };
    this.queue.add(key, { priority: meanwhile.every(isEcho) ? LOW_PRIORITY : this.#priorityOf(key) });
  }

  #ownedChanged(change: Change<KubeObject>): void {
    const { kind } = this.options.plan;
    for (const object of change.type === 'modified' ? [change.old, change.object] : [change.object]) {
      for (const owner of object.metadata.ownerReferences ?? []) {
        if (!owner.controller || owner.kind !== kind.kind || groupVersionOf(owner.apiVersion).group !== kind.group) continue;
        const { namespace } = object.metadata;
        const key = kind.namespaced && namespace ? `${namespace}/${owner.name}` : owner.name;
        this.#wake(key, { cause: 'watch', source: describeObject(object), seen: observed(change), priority: change.initial ? LOW_PRIORITY : this.#priorityOf(key) });
      }
    }
  }

  /** The only way into the queue besides back-off: nothing is looked at without a reason. */
  #wake(key: ObjectKey, { priority, after = 0, ...why }: Omit<Wake, 'after'> & { after?: number }): void {
    if (!this.#isOurs(key)) return;
    this.#note(key, { ...why, after });
    this.queue.add(key, { priority, after, despiteBackoff: why.cause === 'deadline' });
  }

  #note(key: ObjectKey, { cause, source, seen, after = 0 }: Omit<Wake, 'after' | 'priority'> & { after?: number }): void {
    const at = this.options.environment.clock.now() + Math.max(0, after);
    this.#recorder.note(key, seen ? { cause, source, at, seen } : { cause, source, at });
  }

  #retry(key: ObjectKey, source: string): void {
    this.queue.retry(key, { priority: this.#priorityOf(key) });
    this.#recorder.note(key, { cause: 'backoff', source, at: this.queue.inspect(key)?.backoffUntil ?? this.options.environment.clock.now() });
  }

  #priorityOf(key: ObjectKey): number {
    return this.#guarded((object) => this.options.plan.priority(object), key, 0);
  }

  /** What a function of the user's says of the object under a key; `otherwise` without object, or when it throws. */
  #guarded<R>(ask: (object: KubeObject) => R, key: ObjectKey, otherwise: R): R {
    const object = this.#informer.store.get(key);
    if (!object) return otherwise;
    try {
      return ask(object);
    } catch (error) {
      this.#log.error('priority or fairBy threw', { error, source: describeObject(object) });
      return otherwise;
    }
  }

  #take(item: Item, signal: AbortSignal): void {
    const { shards } = this.options.environment;
    if (this.#isOurs(item.key)) {
      this.#inFlight.add(this.#work(item, signal), shards && String(shards.of(item.key)));
      return;
    }
    this.queue.forget(item.key);
    this.queue.done(item.key);
  }

  #isOurs(key: ObjectKey): boolean {
    return this.options.environment.shards?.has(key) ?? true;
  }

  async #work(item: Item, signal: AbortSignal): Promise<void> {
    const { plan, environment, metrics } = this.options;
    const { clock } = environment;
    const { key } = item;
    const ended = metrics.run();
    this.#meanwhile.set(key, []);
    const run = this.#recorder.begin(item, this.#informer.store.get(key));
    const { startedAt } = run;
    environment.tests?.began?.(plan.name, key);
    const rest = this.#echoes.skips(run, startedAt);
    try {
      if (rest && !environment.tests) {
        this.#recorder.skipped(run);
        ended(this.#skip(key, rest.look, startedAt), 0);
        return;
      }
      const result = await this.#run(run, signal);
      const news = rest ? this.#echoes.news(run, rest, result) : [];
      if (news.length > 0) environment.tests?.unsettled(plan.name, key, news);
      this.#recorder.ended(run, result);
      ended(this.#settle(run, result, signal), clock.now() - startedAt);
    } catch (error) {
      // Only a defect of ours gets here; it must cost this key a retry, and no other anything.
      metrics.panicked();
      metrics.failed(false);
      this.#log.error('the engine broke', { error, name: key });
      this.#recorder.ended(run, { outcome: 'error', error: asError(error), terminal: false, writes: run.writes.length, steps: [], transitions: [] });
      this.#retry(key, `the engine broke: ${asError(error).message}`);
      ended('error', clock.now() - startedAt);
    } finally {
      this.#lookAgain(key);
      this.queue.done(key);
      this.#forgetIfGone(key);
    }
  }

  /** Where a predicate lets no deletion through, or the key is another process's, no run finds out that the object is gone. */
  #forgetIfGone(key: ObjectKey): void {
    if (this.queue.has(key) || this.#informer.store.get(key)) return;
    this.#doomed.delete(key);
    this.#echoes.forget(key);
    this.#recorder.gone(key);
  }

  async #run(run: ActiveRun, parent: AbortSignal): Promise<RunResult> {
    const { plan, instance, environment, metrics } = this.options;
    const { item: { key, attempt }, object, triggers, record: { memory } } = run;
    this.#doomed.delete(key);
    const limited = runSignal(environment.clock, parent, plan.timeout);
    try {
      const cache = new TrackedCache(environment.cache, () => environment.cache.liveFor({ signal: limited.signal, urgent: isGoing(object) }));
      const host = this.#host(run, cache, limited.signal);
      const input = { plan, instance, object, host, memory, triggers, attempt, steps: run.steps };
      const traced = (): Promise<RunResult> => (run.trace ? run.trace.run(() => runKey(input)) : runKey(input));
      const scoped = (): Promise<RunResult> => (environment.scope ? environment.scope.during(plan.name, run, traced) : traced());
      const result = await environment.serviceCache.during(cache, scoped);
      this.#echoes.ended(run, cache, result, environment.clock.now());
      if (result.outcome === 'success' && !result.polls && this.#informer.store.get(key)) this.#reads.check(key, cache.reads);
      return result;
    } finally {
      if (limited.timedOut) metrics.timedOut();
      limited.end();
    }
  }

  #host(run: ActiveRun, cache: TrackedCache, signal: AbortSignal): EngineHost<KubeObject> {
    const { plan, environment } = this.options;
    const { kinds, random, fence } = environment;
    const { object, triggers } = run;
    const urgent = isGoing(object);
    const authorship = { fieldManager: plan.name, signal, urgent, run, namespace: object?.metadata.namespace, ...(object && this.#owned.size > 0 ? { owner: { object, kinds: this.#owned } } : {}) };
    const writer = new ObjectWriter(environment, authorship);
    const kind = kinds.of(plan.kind.type);
    const context: RunContext = runContext(environment, { object, cache, writer, log: runLogger(this.#log, random, object, run.trace?.reference), signal, triggers });
    return {
      context, random, fence, events: context.events, step: stepOf(run, environment),
      turn: (target, work) => writer.turn(kind, target, work),
      live: (target) => writer.live(kind, target),
      write: (target, write) => (write.type === 'json' ? writer.jsonPatch(kind, target, write.patch) : writer.mergePatch(kind, target, write.patch, write.subresource)),
    };
  }

  /** A run that would do nothing; the look that the last one asked for is still to come. */
  #skip(key: ObjectKey, look: { at: number; reason: string } | undefined, now: number): 'success' | 'requeue_after' {
    this.options.metrics.skipped();
    this.queue.forget(key);
    if (!look) return 'success';
    this.#wake(key, { cause: 'requeue', source: look.reason, priority: this.#priorityOf(key), after: look.at - now });
    return 'requeue_after';
  }

  /** What a result means for the key's future. */
  #settle(run: ActiveRun, result: RunResult, signal: AbortSignal): 'success' | 'error' | 'requeue' | 'requeue_after' {
    const { metrics } = this.options;
    const { key } = run.item;
    const { outcome, requeueAfter, deadlineAfter } = result;
    if (outcome === 'gone' || outcome === 'foreign') {
      this.#doomed.delete(key);
      this.#echoes.forget(key);
      this.queue.forget(key);
      return 'success';
    }
    if (outcome === 'conflict') {
      this.#retry(key, 'others kept changing the object meanwhile');
      return 'requeue';
    }
    if (outcome === 'error') {
      // What an abort interrupts is neither an error of the reconciler nor worth a retry by a process that ends.
      if (signal.aborted) return 'success';
      metrics.failed(result.terminal);
      this.#logFailure(key, result, run);
      // A deletion that began during the run is news that the failure says nothing about, and its wake-up is noted already.
      if (result.terminal || this.#doomed.has(key)) this.queue.forget(key);
      else this.#retry(key, result.error?.message ?? 'error');
      if (deadlineAfter !== undefined) this.#wake(key, { cause: 'deadline', source: result.deadlineReason ?? 'a deadline', priority: this.#priorityOf(key), after: deadlineAfter });
    } else {
      this.queue.forget(key);
    }
    if (requeueAfter !== undefined) {
      this.#wake(key, { cause: 'requeue', source: result.requeueReason ?? 'it was asked for', priority: this.#priorityOf(key), after: requeueAfter });
    }
    if (outcome === 'error') return 'error';
    return requeueAfter === undefined ? 'success' : 'requeue_after';
  }

  #logFailure(key: ObjectKey, { error, terminal }: RunResult, { trace, withheld }: ActiveRun): void {
    const object = this.#informer.store.get(key);
    const log = runLogger(this.#log, this.options.environment.random, object, trace?.reference);
    log[withheld ? 'debug' : 'error']('Reconciler error', { error, ...(terminal ? { terminal } : {}), ...(object ? {} : { name: key }) });
  }
}

/** What is put around a step: its span, and its name for who asks who writes. */
function stepOf({ trace }: ActiveRun, { scope }: Environment): EngineHost<KubeObject>['step'] {
  if (!scope) return trace?.step.bind(trace);
  return (method, work) => scope.step(method, () => (trace ? trace.step(method, work) : work()));
}

/** Whether the requests of a run on the object may use what is kept for deletions. */
const isGoing = (object: KubeObject | undefined): boolean => object?.metadata.deletionTimestamp !== undefined;
