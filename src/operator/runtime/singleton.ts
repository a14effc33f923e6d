import type { Container } from 'inversify';
import type { Subscription } from 'rxjs';
import { Subject, map } from 'rxjs';
import type { ActiveRun } from '../causality/active-run.js';
import type { KeyReport } from '../causality/recorder.js';
import { Recorder } from '../causality/recorder.js';
import type { Timer } from '../clock.js';
import type { TickContext, Trigger } from '../context.js';
import type { SingletonPlan } from '../dsl/plan.js';
import type { Duration } from '../duration.js';
import { milliseconds, roughly } from '../duration.js';
import { asError } from '../engine/failure.js';
import type { RunResult } from '../engine/run.js';
import type { Logger } from '../logger.js';
import { batchWindow } from '../queue/batch-window.js';
import type { Item } from '../queue/work-queue.js';
import { WorkQueue } from '../queue/work-queue.js';
import type { ControllerMetrics } from './controller-metrics.js';
import { InFlight } from './in-flight.js';
import { ObjectWriter } from './object-writer.js';
import { ReadReports } from './read-reports.js';
import type { Environment } from './run-context.js';
import { mapContext, runContext, runLogger } from './run-context.js';
import { runSignal } from './run-signal.js';
import type { Wake } from './sources.js';
import { subscribe, watch } from './sources.js';
import { TrackedCache } from './tracked-cache.js';

export interface SingletonOptions {
  plan: SingletonPlan;
  instance: object;
  environment: Environment;
  metrics: ControllerMetrics;
  container: Container;
}

/** A tick may say how long after it the next one is due, in the place of `every`. */
type Tick = (ctx: TickContext) => Promise<Duration | void> | Duration | void;

/** A singleton has one key, so that it never overlaps itself, and a wake-up during a tick makes one more tick. */
const KEY = 'tick';

/** More reasons than these are not kept for a tick. */
const TRIGGERS_KEPT = 100;

/** A polling controller at work: ticks by time, by its watches and events, and by windows over them if it is a batch. */
export class SingletonController {
  readonly queue: WorkQueue;
  readonly #triggers = new Subject<Trigger>();
  /** By the length of the debounce. */
  readonly #debounced = new Map<number, { timer: Timer; triggers: Trigger[] }>();
  readonly #log: Logger;
  readonly #reads: ReadReports;
  readonly #inFlight = new InFlight();
  readonly #unlisten: (() => void)[] = [];
  readonly #subscriptions: Subscription[] = [];
  readonly #recorder: Recorder;

  constructor(private readonly options: SingletonOptions) {
    const { plan, environment: { clock, random, log, origins, tracing }, metrics } = options;
    this.#log = log.child({ controller: plan.name });
    this.#reads = new ReadReports(plan, options.instance, options.environment, this.#log, metrics);
    this.#recorder = new Recorder({ controller: plan.name, clock, origins, tracing }, { triggers: TRIGGERS_KEPT });
    this.queue = new WorkQueue({ clock, random, backoff: plan.backoff, observer: metrics.queue });
    metrics.attach(this.queue, 1);
  }

  startSources(signal: AbortSignal): void {
    const { plan, instance, environment, container } = this.options;
    const { clock, cache } = environment;
    const log = this.#log;
    const source = {
      instance, log, map: mapContext(environment, log),
      wake: (mapped: unknown, { cause, after, source: from, seen }: Wake) => {
        const wanted = Array.isArray(mapped) ? mapped.length > 0 : mapped === true;
        if (!wanted) return;
        const trigger = { cause, source: from, at: clock.now(), ...(seen ? { seen } : {}) };
        if (after > 0) this.#debounce(trigger, after);
        else this.#triggers.next(trigger);
      },
    };
    const { batch } = plan;
    const windows = this.#triggers.pipe(batch ? batchWindow(...this.#window(batch), clock, ({ source: from }) => from) : map((trigger) => [trigger]));
    this.#subscriptions.push(windows.subscribe((triggers) => this.#wake(triggers)));
    for (const watched of plan.watches) this.#unlisten.push(watch(cache.informer(watched.kind.type), { ...source, plan: watched }));
    for (const events of plan.eventSources) subscribe(environment, container, events, source, signal);
  }

  startWorkers(signal: AbortSignal): void {
    const { plan } = this.options;
    if (plan.every !== undefined) this.#again(plan.immediate ? 0 : this.#period(plan.every), plan.immediate ? 'the operator started' : everyReason(plan.every));
    this.#subscriptions.push(this.queue.work(1).subscribe((item) => this.#inFlight.add(this.#tick(item, signal))));
  }

  get plan(): SingletonPlan {
    return this.options.plan;
  }

  /** What is known of its ticks, for explanations. */
  inspect(): KeyReport {
    return this.#recorder.report(KEY, this.queue);
  }

  /** Takes nothing up any more, and resolves when the tick under way has ended. */
  async stop(): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    for (const { timer } of this.#debounced.values()) timer.cancel();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.queue.stop();
    await this.#inFlight.ended();
  }

  /** The first starts the wait, which those that come meanwhile share. */
  #debounce(trigger: Trigger, length: number): void {
    const under = this.#debounced.get(length);
    if (under) {
      under.triggers.push(trigger);
      return;
    }
    const triggers = [trigger];
    const timer = this.options.environment.clock.schedule(length, () => {
      this.#debounced.delete(length);
      for (const waiting of triggers) this.#triggers.next(waiting);
    });
    this.#debounced.set(length, { timer, triggers });
  }

  #wake(triggers: readonly Trigger[]): void {
    for (const trigger of triggers) this.#recorder.note(KEY, trigger);
    this.queue.add(KEY);
  }

  /** Another tick, after so many milliseconds. */
  #again(after: number, source: string): void {
    this.#recorder.note(KEY, { cause: 'requeue', source, at: this.options.environment.clock.now() + after });
    this.queue.add(KEY, { after });
  }

  async #tick(item: Item, parent: AbortSignal): Promise<void> {
    const { plan, instance, environment, metrics } = this.options;
    const { clock } = environment;
    const ended = metrics.run();
    const run = this.#recorder.begin(item, undefined);
    const { startedAt } = run;
    environment.tests?.began?.(plan.name, KEY);
    const limited = runSignal(clock, parent, plan.timeout);
    const cache = new TrackedCache(environment.cache, () => environment.cache.liveFor({ signal: limited.signal }));
    const record = (end: Pick<RunResult, 'outcome' | 'requeueAfter' | 'requeueReason' | 'error'>): void =>
      this.#recorder.ended(run, { ...end, terminal: false, writes: run.writes.length, steps: [], transitions: [] });
    try {
      // Nobody else fences what a tick does outside of Kubernetes.
      environment.fence();
      const tick = async (): Promise<Duration | void> => (instance as Record<string, Tick>)[plan.method]?.call(instance, this.#context(run, cache, limited.signal));
      const traced = (): Promise<Duration | void> => (run.trace ? run.trace.run(tick) : tick());
      const wish = await environment.serviceCache.during(cache, () => (environment.scope ? environment.scope.during(plan.name, run, traced) : traced()));
      const every = wish === undefined ? plan.every : milliseconds(wish);
      this.queue.forget(KEY);
      if (every === undefined) {
        record({ outcome: 'success' });
        this.#reads.check(plan.name, cache.reads);
      } else {
        const [requeueAfter, requeueReason] = [this.#period(every), wish === undefined ? everyReason(every) : `${plan.method} asked to be called again after ${roughly(every)}`];
        record({ outcome: 'success', requeueAfter, requeueReason });
        this.#again(requeueAfter, requeueReason);
      }
      ended(every === undefined ? 'success' : 'requeue_after', clock.now() - startedAt);
    } catch (thrown) {
      const error = asError(thrown);
      ended('error', clock.now() - startedAt);
      record({ outcome: 'error', error });
      if (!parent.aborted) this.#failed(error, limited.timedOut, run);
    } finally {
      limited.end();
      this.queue.done(KEY);
    }
  }

  #failed(error: Error, timedOut: boolean, { withheld }: ActiveRun): void {
    const { metrics, environment: { clock } } = this.options;
    metrics.failed(false);
    if (timedOut) metrics.timedOut();
    this.#log[withheld ? 'debug' : 'error']('Reconciler error', { error });
    this.queue.retry(KEY);
    this.#recorder.note(KEY, { cause: 'backoff', source: error.message, at: this.queue.inspect(KEY)?.backoffUntil ?? clock.now() });
  }

  #context(run: ActiveRun, cache: TrackedCache, signal: AbortSignal): TickContext {
    const { plan, environment } = this.options;
    const { random } = environment;
    const writer = new ObjectWriter(environment, { fieldManager: plan.name, signal, run });
    return runContext(environment, { object: undefined, cache, writer, log: runLogger(this.#log, random, undefined, run.trace?.reference), signal, triggers: run.triggers });
  }

  /** The window's lengths, once the reconciler is there to be asked. */
  #window({ window }: NonNullable<SingletonPlan['batch']>): [idle: number, max: number] {
    const { idle, max } = window(this.options.instance);
    return [milliseconds(idle), milliseconds(max)];
  }

  #period(every: number): number {
    const { plan, environment } = this.options;
    return every * (1 + plan.jitter * environment.random.next());
  }
}

const everyReason = (every: number): string => `tick every ${roughly(every)}`;
