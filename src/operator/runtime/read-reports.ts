import type { ReconcilerPlan, SingletonPlan } from '../dsl/plan.js';
import type { ObjectKey } from '../kube/object.js';
import type { Logger } from '../logger.js';
import type { ControllerMetrics } from './controller-metrics.js';
import { ReadCoverage } from './read-coverage.js';
import type { Environment } from './run-context.js';
import { mapContext } from './run-context.js';
import type { CachedRead } from './tracked-cache.js';

/** Says which reads of a controller nothing covers: to a test bed object by object, in production by kind, logged once and counted. */
export class ReadReports {
  readonly #coverage: ReadCoverage;
  readonly #logged = new Set<string>();

  constructor(
    plan: ReconcilerPlan | SingletonPlan, instance: object, private readonly environment: Environment, private readonly log: Logger,
    private readonly metrics: ControllerMetrics,
  ) {
    this.#coverage = new ReadCoverage(plan, instance, mapContext(environment, log), (type) => environment.kinds.of(type));
  }

  /** Looks at the reads of a run that asked for no other look: whatever changes has to wake it. */
  check(key: ObjectKey, reads: readonly CachedRead[]): void {
    const { tests } = this.environment;
    for (const read of this.#coverage.uncovered(key, reads, tests !== undefined)) {
      tests?.untracked(read);
      this.metrics.untracked(read.kind);
      if (this.#logged.has(read.kind)) continue;
      this.#logged.add(read.kind);
      this.log.warn('a cached read is not tracked', { kind: read.kind, problem: read.message });
    }
  }
}
