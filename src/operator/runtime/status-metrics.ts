import type { Counter, Gauge, Histogram } from 'prom-client';
import type { Plan } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import { token } from '../dsl/token.js';
import type { Informer } from '../kube/informer.js';
import type { Condition, KindRef, KubeObject } from '../kube/object.js';
import type { Change } from '../kube/reflector.js';
import type { Metrics } from './metrics.js';
import type { Environment } from './run-context.js';

const TRANSITION_BUCKETS = Array.from({ length: 15 }, (_, exponent) => 0.5 * 2 ** exponent);

type Labels = Record<string, string>;

/**
 * Has the conditions of a kind reported: of one that no reconciler of this operator drives (Node), or with labels of its own. Bind it under
 * the token of the same name. Kinds whose conditions a reconciler drives are reported without asking.
 */
export interface ObservedConditions<T extends KubeObject = KubeObject> {
  readonly kind: KindClass<T>;
  /** Further labels of the kind's own gauges and counters, by name; undefined values, and objects at which the function throws, count as empty. */
  readonly labels?: Readonly<Record<string, (object: T) => string | undefined>>;
  /** Whether the kind is in the series that all kinds share, too. Default true. */
  readonly generic?: boolean;
}

/** Kinds whose conditions are reported beside those that the plan says. */
export const ObservedConditions = token<ObservedConditions<never>>('karpenter-ts.ObservedConditions');

interface Observed {
  readonly kind: KindRef;
  readonly informer: Informer<KubeObject>;
  readonly labels: Readonly<Record<string, (object: KubeObject) => string | undefined>>;
}

/** A set of series: one kind under its own name, or several under the generic one, told apart by labels. */
interface Series {
  readonly prefix: string;
  /** Whether group and kind are labels. */
  readonly generic: boolean;
  readonly watched: readonly Observed[];
}

const conditionsOf = (object: KubeObject): readonly Condition[] => (object as { status?: { conditions?: Condition[] } }).status?.conditions ?? [];

/**
 * operatorpkg's status metrics, which Karpenter's dashboards use: `operator_<kind>_status_condition_*` and `operator_<kind>_termination_*`
 * for every kind whose conditions a reconciler drives, and the same without the kind in the name but as labels. What is now is read
 * from the cache when metrics are collected, so a series lives as long as its object; transitions are counted as they are seen.
 */
export class StatusMetrics {
  constructor(private readonly metrics: Metrics, private readonly environment: Environment) {}

  /** Reports on all kinds of a plan that have conditions, and on those that are asked for. */
  observe(plan: Plan, asked: readonly ObservedConditions[]): void {
    const driven = plan.reconcilers.filter(({ steps }) => steps.some(({ condition }) => condition !== undefined)).map(({ kind }): ObservedConditions => ({ kind: kind.type }));
    const wanted = new Map<KindClass, ObservedConditions>([...driven, ...asked].map((one) => [one.kind, one]));
    const generic: Observed[] = [];
    // Kinds of several groups may be called the same.
    const named = new Map<string, Observed[]>();
    for (const { kind: type, labels = {}, generic: isGeneric = true } of wanted.values()) {
      const observed = { kind: this.environment.kinds.of(type), informer: this.environment.cache.informer(type), labels };
      const prefix = `operator_${observed.kind.kind.toLowerCase()}`;
      named.set(prefix, [...(named.get(prefix) ?? []), observed]);
      if (isGeneric) generic.push({ ...observed, labels: {} });
    }
    for (const [prefix, watched] of named) this.#observeSeries({ prefix, generic: false, watched });
    if (generic.length > 0) this.#observeSeries({ prefix: 'operator', generic: true, watched: generic });
  }

  #observeSeries({ prefix, generic, watched }: Series): void {
    const { clock } = this.environment;
    const further = [...new Set(watched.flatMap(({ labels }) => Object.keys(labels)))];
    const shared = [...(generic ? ['group', 'kind'] : []), ...further];
    const labelsOf = ({ kind: { group, kind }, labels }: Observed, object: KubeObject): Labels => ({
      ...(generic ? { group, kind } : {}),
      ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, labelOf(value, object)])),
    });
    const each = (visit: (object: KubeObject, labels: Labels) => void): void => {
      for (const observed of watched) {
        for (const object of observed.informer.store.list()) {
          const { namespace = '', name } = object.metadata;
          visit(object, { ...labelsOf(observed, object), namespace, name });
        }
      }
    };
    const eachCondition = (gauge: Gauge, value: (condition: Condition) => number): void => {
      gauge.reset();
      each((object, labels) => {
        for (const condition of conditionsOf(object)) gauge.set({ ...labels, type: condition.type, status: condition.status, reason: condition.reason ?? '' }, value(condition));
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
    const terminations = this.metrics.histogram({ name: `${prefix}_termination_duration_seconds`, help: 'From the wish to delete an object to its end', labelNames: generic ? shared : [], buckets: TRANSITION_BUCKETS });
    for (const observed of watched) {
      observed.informer.listen((change) => {
        const labels = labelsOf(observed, change.object);
        this.#countTransitions(change, labels, transitions, durations);
        const { deletionTimestamp } = change.object.metadata;
        if (change.type === 'deleted' && deletionTimestamp) terminations.observe(generic ? labels : {}, secondsBetween(deletionTimestamp, clock.now()));
      });
    }
  }

  #countTransitions(change: Change<KubeObject>, labels: Labels, transitions: Counter, durations: Histogram): void {
    if (change.type !== 'modified') return;
    const former = new Map(conditionsOf(change.old).map((condition) => [condition.type, condition]));
    for (const { type, status, reason = '', lastTransitionTime } of conditionsOf(change.object)) {
      const old = former.get(type);
      if (old?.status === status) continue;
      transitions.inc({ ...labels, type, status, reason });
      if (old) durations.observe({ ...labels, type, status }, secondsBetween(old.lastTransitionTime, Date.parse(lastTransitionTime)));
    }
  }
}

/** 0 where a time is missing, or cannot be read. */
const secondsBetween = (from: string, to: number): number => Math.max(0, (to - Date.parse(from)) / 1_000) || 0;

/** What a label says of an object; one that a function of the user's cannot cope with must not cost all others their series. */
function labelOf(value: (object: KubeObject) => string | undefined, object: KubeObject): string {
  try {
    return value(object) ?? '';
  } catch {
    return '';
  }
}
