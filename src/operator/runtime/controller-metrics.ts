import type { Counter, Gauge, Histogram } from 'prom-client';
import type { QueueObserver, WorkQueue } from '../queue/work-queue.js';
import type { Metrics } from './metrics.js';

const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60];
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1_000];

/** More priorities than this share one label value, lest a priority per object make a series per object. */
const PRIORITY_LABELS = 25;

/** How a reconcile ended, in controller-runtime's words. */
export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

/** What one controller reports; the names are controller-runtime's and client-go's, for the dashboards that know them. */
export interface ControllerMetrics {
  readonly queue: QueueObserver;
  /** Has the queue's gauges read from it whenever metrics are collected. */
  attach(queue: WorkQueue, concurrency: number): void;
  /** A run began; the result ends it. */
  run(): (result: ReconcileResult, milliseconds: number) => void;
  failed(terminal: boolean): void;
  timedOut(): void;
  /** A run was skipped: it would have found what the last one left. */
  skipped(): void;
  /** A run read objects of this kind from the cache, and nothing wakes it when they change. */
  untracked(kind: string): void;
  /** The engine itself broke: a defect of this framework, not of the reconciler. */
  panicked(): void;
}

interface Attached {
  readonly name: string;
  readonly queue: WorkQueue;
}

/** The series of all controllers. */
export class ControllersMetrics {
  readonly #total: Counter<'controller' | 'result'>;
  readonly #errors: Counter<'controller'>;
  readonly #terminal: Counter<'controller'>;
  readonly #panics: Counter<'controller'>;
  readonly #timeouts: Counter<'controller'>;
  readonly #skipped: Counter<'controller'>;
  readonly #untracked: Counter<'controller' | 'kind'>;
  readonly #time: Histogram<'controller'>;
  readonly #maximum: Gauge<'controller'>;
  readonly #active: Gauge<'controller'>;
  readonly #adds: Counter<'name' | 'controller'>;
  readonly #retries: Counter<'name' | 'controller'>;
  readonly #waited: Histogram<'name' | 'controller'>;
  readonly #worked: Histogram<'name' | 'controller'>;
  readonly #attached: Attached[] = [];

  constructor(metrics: Metrics) {
    const controller = ['controller'] as const;
    const name = ['name', 'controller'] as const;
    this.#total = metrics.counter({ name: 'controller_runtime_reconcile_total', help: 'Total number of reconciliations per controller', labelNames: ['controller', 'result'] });
    this.#errors = metrics.counter({ name: 'controller_runtime_reconcile_errors_total', help: 'Total number of reconciliation errors per controller', labelNames: controller });
    this.#terminal = metrics.counter({ name: 'controller_runtime_terminal_reconcile_errors_total', help: 'Total number of terminal reconciliation errors per controller', labelNames: controller });
    this.#panics = metrics.counter({ name: 'controller_runtime_reconcile_panics_total', help: 'Total number of reconciliations that broke the engine itself, per controller', labelNames: controller });
    this.#timeouts = metrics.counter({ name: 'controller_runtime_reconcile_timeouts_total', help: 'Total number of reconciliation timeouts per controller', labelNames: controller });
    this.#skipped = metrics.counter({ name: 'operator_skipped_runs_total', help: 'Runs that only echoes of the key\'s own writes asked for, and that were skipped since nothing they rest on had changed, per controller', labelNames: controller });
    this.#untracked = metrics.counter({ name: 'operator_untracked_reads_total', help: 'Cached reads of kinds whose changes do not wake the controller that read, per controller and kind', labelNames: ['controller', 'kind'] });
    this.#time = metrics.histogram({ name: 'controller_runtime_reconcile_time_seconds', help: 'Length of time per reconciliation per controller', labelNames: controller, buckets: RECONCILE_BUCKETS });
    this.#maximum = metrics.gauge({ name: 'controller_runtime_max_concurrent_reconciles', help: 'Maximum number of concurrent reconciles per controller', labelNames: controller });
    this.#active = metrics.gauge({ name: 'controller_runtime_active_workers', help: 'Number of currently used workers per controller', labelNames: controller });
    this.#adds = metrics.counter({ name: 'workqueue_adds_total', help: 'Total number of adds handled by workqueue', labelNames: name });
    this.#retries = metrics.counter({ name: 'workqueue_retries_total', help: 'Total number of retries handled by workqueue', labelNames: name });
    this.#waited = metrics.histogram({ name: 'workqueue_queue_duration_seconds', help: 'How long in seconds an item stays in workqueue before being requested', labelNames: name, buckets: QUEUE_BUCKETS });
    this.#worked = metrics.histogram({ name: 'workqueue_work_duration_seconds', help: 'How long in seconds processing an item from workqueue takes', labelNames: name, buckets: QUEUE_BUCKETS });
    const attached = this.#attached;
    metrics.gauge({
      name: 'workqueue_depth', help: 'Current depth of workqueue by workqueue and priority', labelNames: ['name', 'controller', 'priority'],
      collect() {
        this.reset();
        for (const { name: queueName, queue } of attached) {
          const depths = [...queue.depths];
          if (depths.length === 0) this.set({ name: queueName, controller: queueName, priority: '0' }, 0);
          depths.forEach(([priority, depth], index) =>
            this.inc({ name: queueName, controller: queueName, priority: index < PRIORITY_LABELS ? String(priority) : 'exceeded_cardinality_limit' }, depth));
        }
      },
    });
    metrics.gauge({
      name: 'workqueue_unfinished_work_seconds', help: 'How many seconds of work has been done that is in progress and has not been observed by work_duration', labelNames: name,
      collect() {
        for (const { name: queueName, queue } of attached) this.set({ name: queueName, controller: queueName }, queue.unfinished().total / 1_000);
      },
    });
    metrics.gauge({
      name: 'workqueue_longest_running_processor_seconds', help: 'How many seconds the longest running processor for workqueue has been running', labelNames: name,
      collect() {
        for (const { name: queueName, queue } of attached) this.set({ name: queueName, controller: queueName }, queue.unfinished().longest / 1_000);
      },
    });
  }

  /** The series of one controller, there from the start so that a rate over them is right from the first run on. */
  of(controller: string): ControllerMetrics {
    const labels = { controller };
    const queueLabels = { name: controller, controller };
    const totals = {
      success: this.#total.labels({ controller, result: 'success' }),
      error: this.#total.labels({ controller, result: 'error' }),
      requeue: this.#total.labels({ controller, result: 'requeue' }),
      requeue_after: this.#total.labels({ controller, result: 'requeue_after' }),
    };
    const [errors, terminal, panics, timeouts, skipped] = [this.#errors, this.#terminal, this.#panics, this.#timeouts, this.#skipped].map((counter) => counter.labels(labels)) as [Counter.Internal, Counter.Internal, Counter.Internal, Counter.Internal, Counter.Internal];
    const [time, active] = [this.#time.labels(labels), this.#active.labels(labels)];
    const [adds, retries, waited, worked] = [this.#adds.labels(queueLabels), this.#retries.labels(queueLabels), this.#waited.labels(queueLabels), this.#worked.labels(queueLabels)];
    for (const series of [...Object.values(totals), errors, terminal, panics, timeouts, skipped, adds, retries]) series.inc(0);
    active.set(0);
    return {
      queue: {
        added: () => adds.inc(),
        started: (milliseconds) => waited.observe(milliseconds / 1_000),
        finished: (milliseconds) => worked.observe(milliseconds / 1_000),
        retried: () => retries.inc(),
      },
      attach: (queue, concurrency) => {
        this.#attached.push({ name: controller, queue });
        this.#maximum.labels(labels).set(concurrency);
      },
      run: () => {
        active.inc();
        return (result, milliseconds) => {
          active.dec();
          totals[result].inc();
          time.observe(milliseconds / 1_000);
        };
      },
      failed: (isTerminal) => {
        errors.inc();
        if (isTerminal) terminal.inc();
      },
      timedOut: () => timeouts.inc(),
      skipped: () => skipped.inc(),
      untracked: (kind) => this.#untracked.inc({ controller, kind }),
      panicked: () => panics.inc(),
    };
  }
}
