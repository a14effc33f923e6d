import type { Counter, Gauge, Histogram } from 'prom-client';
import type { KindPlan, Plan } from '../dsl/plan.js';
import type { Informer } from '../kube/informer.js';
import type { Condition, KubeObject } from '../kube/object.js';
import type { Change } from '../kube/reflector.js';
import type { Metrics } from './metrics.js';
import type { Environment } from './run-context.js';

const TRANSITION_BUCKETS = Array.from({ length: 15 }, (_, exponent) => 0.5 * 2 ** exponent);

type Labels = Record<string, string>;

/** The series of one kind, once under the kind's own name and once under the generic one. */
interface Series {
  readonly prefix: string;
  /** Labels that all series of the kind share. */
  readonly kindLabels: Labels;
}

const conditionsOf = (object: KubeObject): readonly Condition[] => (object as { status?: { conditions?: Condition[] } }).status?.conditions ?? [];

/**
 * operatorpkg's status metrics, which Karpenter's dashboards use: `operator_<kind>_status_condition_*` and `operator_<kind>_termination_*`
 * for every kind whose conditions a reconciler drives, and the same without the kind in the name but as labels. What is now is read
 * from the cache when metrics are collected, so a series lives as long as its object; transitions are counted as they are seen.
 */
export class StatusMetrics {
  constructor(private readonly metrics: Metrics, private readonly environment: Environment) {}

  /** Reports on all kinds of a plan that have conditions. */
  observe(plan: Plan): void {
    const kinds = new Set(plan.reconcilers.filter(({ steps }) => steps.some(({ condition }) => condition !== undefined)).map(({ kind }) => kind));
    const generic = [...kinds].map((kind) => ({ kind, informer: this.environment.cache.informer(kind.type) }));
    for (const { kind, informer } of generic) {
      this.#observeKind({ prefix: `operator_${kind.kind.toLowerCase()}`, kindLabels: {} }, [{ kind, informer }]);
    }
    if (generic.length > 0) this.#observeKind({ prefix: 'operator', kindLabels: { group: '', kind: '' } }, generic);
  }

  #observeKind({ prefix, kindLabels }: Series, watched: readonly { kind: KindPlan; informer: Informer<KubeObject> }[]): void {
    const { clock } = this.environment;
    const shared = Object.keys(kindLabels);
    const labelsOf = ({ group, kind }: KindPlan): Labels => (shared.length > 0 ? { group, kind } : {});
    const each = (visit: (object: KubeObject, labels: Labels) => void): void => {
      for (const { kind, informer } of watched) {
        for (const object of informer.store.list()) visit(object, { ...labelsOf(kind), namespace: object.metadata.namespace ?? '', name: object.metadata.name });
      }
    };
    const eachCondition = (gauge: Gauge, value: (condition: Condition) => number): void => {
      gauge.reset();
      each((object, labels) => {
        for (const condition of conditionsOf(object)) gauge.set({ ...labels, type: condition.type, status: condition.status, reason: condition.reason }, value(condition));
      });
    };
    const objectLabels = [...shared, 'namespace', 'name'];
    this.metrics.gauge({
      name: `${prefix}_status_condition_count`, help: 'The number of conditions of each type, status and reason', labelNames: [...objectLabels, 'type', 'status', 'reason'],
      collect() {
        eachCondition(this, () => 1);
      },
    });
    this.metrics.gauge({
      name: `${prefix}_status_condition_current_status_seconds`, help: 'For how long a condition has had its status', labelNames: [...objectLabels, 'type', 'status', 'reason'],
      collect() {
        eachCondition(this, ({ lastTransitionTime }) => secondsBetween(lastTransitionTime, clock.now()));
      },
    });
    this.metrics.gauge({
      name: `${prefix}_termination_current_time_seconds`, help: 'For how long an object has been terminating', labelNames: objectLabels,
      collect() {
        this.reset();
        each(({ metadata: { deletionTimestamp } }, labels) => {
          if (deletionTimestamp) this.set(labels, secondsBetween(deletionTimestamp, clock.now()));
        });
      },
    });
    const transitions = this.metrics.counter({ name: `${prefix}_status_condition_transitions_total`, help: 'Transitions of conditions', labelNames: [...shared, 'type', 'status', 'reason'] });
    const durations = this.metrics.histogram({ name: `${prefix}_status_condition_transition_seconds`, help: 'How long a condition had its former status', labelNames: [...shared, 'type', 'status'], buckets: TRANSITION_BUCKETS });
    const terminations = this.metrics.histogram({ name: `${prefix}_termination_duration_seconds`, help: 'From the wish to delete an object to its end', labelNames: shared, buckets: TRANSITION_BUCKETS });
    for (const { kind, informer } of watched) {
      const labels = labelsOf(kind);
      informer.listen((change) => {
        this.#countTransitions(change, labels, transitions, durations);
        const { deletionTimestamp } = change.object.metadata;
        if (change.type === 'deleted' && deletionTimestamp) terminations.observe(labels, secondsBetween(deletionTimestamp, clock.now()));
      });
    }
  }

  #countTransitions(change: Change<KubeObject>, labels: Labels, transitions: Counter, durations: Histogram): void {
    if (change.type !== 'modified') return;
    const former = new Map(conditionsOf(change.old).map((condition) => [condition.type, condition]));
    for (const { type, status, reason, lastTransitionTime } of conditionsOf(change.object)) {
      const old = former.get(type);
      if (old?.status === status) continue;
      transitions.inc({ ...labels, type, status, reason });
      if (old) durations.observe({ ...labels, type, status }, secondsBetween(old.lastTransitionTime, Date.parse(lastTransitionTime)));
    }
  }
}

const secondsBetween = (from: string, to: number): number => Math.max(0, (to - Date.parse(from)) / 1_000);
