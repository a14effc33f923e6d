import type { Container } from 'inversify';
import type { Subscription } from 'rxjs';
import { Subject, map } from 'rxjs';
import type { TickContext, Trigger } from '../context.js';
import type { SingletonPlan } from '../dsl/plan.js';
import type { Duration } from '../duration.js';
import { milliseconds } from '../duration.js';
import type { Logger } from '../logger.js';
import { batchWindow } from '../queue/batch-window.js';
import { WorkQueue } from '../queue/work-queue.js';
import type { ControllerMetrics } from './controller-metrics.js';
import { InFlight } from './in-flight.js';
import { ObjectWriter } from './object-writer.js';
import type { Environment } from './run-context.js';
import { mapContext, runContext, runLogger } from './run-context.js';
import { runSignal } from './run-signal.js';
import type { Wake } from './sources.js';
import { subscribe, watch } from './sources.js';

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
  readonly #log: Logger;
  readonly #inFlight = new InFlight();
  readonly #unlisten: (() => void)[] = [];
  readonly #subscriptions: Subscription[] = [];
  #gathered: Trigger[] = [];

  constructor(private readonly options: SingletonOptions) {
    const { plan, environment: { clock, random, log }, metrics } = options;
    this.#log = log.child({ controller: plan.name });
    this.queue = new WorkQueue({ clock, random, backoff: plan.backoff, observer: metrics.queue });
    metrics.attach(this.queue, 1);
  }

  startSources(signal: AbortSignal): void {
    const { plan, instance, environment, container } = this.options;
    const { clock, cache } = environment;
    const log = this.#log;
    const source = {
      instance, log, map: mapContext(environment, log),
      wake: (mapped: unknown, { cause, after, source: from }: Wake) => {
        const wanted = Array.isArray(mapped) ? mapped.length > 0 : mapped === true;
        if (!wanted) return;
        const trigger = (): void => this.#triggers.next({ cause, source: from, at: clock.now() });
        if (after > 0) clock.schedule(after, () => signal.aborted || trigger());
        else trigger();
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
    if (plan.every !== undefined) this.queue.add(KEY, { after: plan.immediate ? 0 : this.#period(plan.every) });
    this.#subscriptions.push(this.queue.work(1).subscribe(() => this.#inFlight.add(this.#tick(signal))));
  }

  /** Takes nothing up any more, and resolves when the tick under way has ended. */
  async stop(): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.queue.stop();
    await this.#inFlight.ended();
  }

  #wake(triggers: readonly Trigger[]): void {
    for (const trigger of triggers) if (this.#gathered.length < TRIGGERS_KEPT) this.#gathered.push(trigger);
    this.queue.add(KEY);
  }

  async #tick(parent: AbortSignal): Promise<void> {
    const { plan, instance, environment: { clock }, metrics } = this.options;
    const ended = metrics.run();
    const startedAt = clock.now();
    const limited = runSignal(clock, parent, plan.timeout);
    try {
      const wish = await (instance as Record<string, Tick>)[plan.method]?.call(instance, this.#context(limited.signal));
      const every = wish === undefined ? plan.every : milliseconds(wish);
      this.queue.forget(KEY);
      if (every !== undefined) this.queue.add(KEY, { after: this.#period(every) });
      ended(every === undefined ? 'success' : 'requeue_after', clock.now() - startedAt);
    } catch (error) {
      ended('error', clock.now() - startedAt);
      if (!parent.aborted) this.#failed(error, limited.timedOut);
    } finally {
      limited.end();
      this.queue.done(KEY);
    }
  }

  #failed(error: unknown, timedOut: boolean): void {
    const { metrics } = this.options;
    metrics.failed(false);
    if (timedOut) metrics.timedOut();
    this.#log.error('Reconciler error', { error });
    this.queue.retry(KEY);
  }

  #context(signal: AbortSignal): TickContext {
    const { plan, environment } = this.options;
    const { client, informers, kinds, random } = environment;
    const triggers = this.#gathered;
    this.#gathered = [];
    const writer = new ObjectWriter(client, informers, kinds, { fieldManager: plan.name, signal });
    return runContext(environment, { object: undefined, writer, log: runLogger(this.#log, random, undefined), signal, triggers });
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
