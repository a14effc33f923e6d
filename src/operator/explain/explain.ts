import type { KeyReport } from '../causality/recorder.js';
import type { RunRecord } from '../causality/key-record.js';
import type { Trigger } from '../context.js';
import { objectKey } from '../dsl/key.js';
import type { KindPlan, Plan, ReconcilerPlan } from '../dsl/plan.js';
import { conditionOf, conditionsOf, isCurrent, isMet } from '../engine/conditions.js';
import type { KubeObject, ObjectKey } from '../kube/object.js';
import { apiVersionOf } from '../kube/paths.js';
import type { ExplainedCause, ExplainedCondition, ExplainedFinalizer, ExplainedReconciler, ExplainedRun, Explanation, Instant } from './explanation.js';
import { findingsOf } from './findings.js';
import { kindNamed } from './kind-names.js';
import type { ExplanationNote } from './object-explainer.js';

/** What explanations are made of. */
export interface ExplainSources {
  readonly operator: string;
  readonly plan: Plan;
  /** Milliseconds of the clock's time. */
  readonly now: number;
  readonly leading: boolean;
  readonly leader: string | undefined;
  /** Where the work is shared: the shard that the object is in. */
  readonly shard?: number | undefined;
  /** What the caches have; undefined when there is none, or no cache. */
  readonly object: (kind: KindPlan, key: ObjectKey) => KubeObject | undefined;
  /** What is wrong with the cache of a kind, in one sentence; undefined when nothing is. */
  readonly cacheTrouble: (kind: KindPlan) => string | undefined;
  readonly report: (reconciler: string, key: ObjectKey) => KeyReport | undefined;
  readonly notes: (kind: KindPlan, object: KubeObject) => readonly ExplanationNote[];
}

/** Which object; its kind as kubectl takes it. */
export interface ExplainTarget {
  readonly kind: string;
  readonly name: string;
  /** Default `default`, for kinds that have namespaces. */
  readonly namespace?: string | undefined;
}

/** There is no such object, and there has not been one lately. */
export class ObjectNotFound extends Error {
  override readonly name = 'ObjectNotFound';
  readonly reason = 'NotFound';
}

const moment = (at: number): Instant => new Date(at).toISOString();

const ROLES = ['reconciler', 'reconcilers', 'singleton', 'singletons'];

/**
 * Explains where an object stands and why. `reconciler/NAME` asks about a singleton. Throws UnknownKindName and {@link ObjectNotFound}.
 */
export function explain(target: ExplainTarget, sources: ExplainSources): Explanation {
  return isSingleton(target) ? explainSingleton(target.name, sources) : explainObject(target, sources);
}

const isSingleton = ({ kind }: ExplainTarget): boolean => ROLES.includes(kind.toLowerCase());

/** The key that a target is about; undefined for singletons. Throws UnknownKindName. */
export function keyOfTarget(target: ExplainTarget, plan: Plan): ObjectKey | undefined {
  const { kind, name, namespace = 'default' } = target;
  return isSingleton(target) ? undefined : objectKey(kindNamed(plan.kinds, kind).namespaced ? { name, namespace } : { name });
}

function explainObject({ kind: kindName, name, namespace = 'default' }: ExplainTarget, sources: ExplainSources): Explanation {
  const { plan, now, operator } = sources;
  const kind = kindNamed(plan.kinds, kindName);
  const key = objectKey(kind.namespaced ? { name, namespace } : { name });
  const object = sources.object(kind, key);
  const own = plan.reconcilers.filter((reconciler) => reconciler.kind.type === kind.type);
  const reconcilers = own.flatMap((reconciler) => {
    const report = sources.report(reconciler.name, key);
    return report && (object || report.runs.length > 0 || report.queue) ? [explainReconciler(reconciler.name, report, object && object.metadata.deletionTimestamp === undefined ? reconciler.steps.map(({ method }) => method) : [])] : [];
  });
  const trouble = sources.cacheTrouble(kind);
  if (!object && reconcilers.length === 0) {
    const where = kind.namespaced ? ` in namespace ${namespace}` : '';
    throw new ObjectNotFound(`there is no ${kind.kind} "${name}"${where}${trouble ? `, as far as is known: ${trouble}` : ''}`);
  }
  const conditions = object ? explainConditions(object, own, plan) : [];
  const finalizers = object ? explainFinalizers(object, own, reconcilers) : [];
  const notes = object ? sources.notes(kind, object) : [];
  const next = nextOf(reconcilers);
  const { uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } = object?.metadata ?? {};
  const explained = {
    operator, now: moment(now), ...leadOf(sources),
    object: {
      apiVersion: apiVersionOf(kind), kind: kind.kind, name, ...(kind.namespaced ? { namespace } : {}), exists: object !== undefined,
      ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }), ...(generation === undefined ? {} : { generation }),
      ...(creationTimestamp === undefined ? {} : { created: creationTimestamp }), ...(deletionTimestamp === undefined ? {} : { deletedAt: deletionTimestamp }),
    },
    ...(next ? { next } : {}),
    conditions, finalizers, reconcilers,
    notes: notes.map(({ topic, at = now, lines }) => ({ topic, at: moment(at), lines })),
  };
  const root = own.find((reconciler) => reconciler.root)?.root?.type;
  return { ...explained, findings: [...(trouble ? [trouble] : []), ...notes.flatMap(({ finding }) => finding ?? []), ...findingsOf(explained, root)] };
}

const leadOf = ({ leading, leader, shard }: ExplainSources): Pick<Explanation, 'leading' | 'leader' | 'shard'> =>
  ({ leading, ...(leader === undefined ? {} : { leader }), ...(shard === undefined ? {} : { shard }) });

function explainSingleton(name: string, sources: ExplainSources): Explanation {
  const { plan, now, operator } = sources;
  const report = plan.singletons.some((singleton) => singleton.name === name) ? sources.report(name, '') : undefined;
  if (!report) {
    const known = plan.singletons.map((singleton) => singleton.name).sort();
    throw new ObjectNotFound(`there is no singleton "${name}" at work; there are ${known.join(', ') || 'none'}${plan.reconcilers.some((reconciler) => reconciler.name === name) ? '. A reconciler of objects is explained by its objects' : ''}`);
  }
  const reconcilers = [explainReconciler(name, report, [])];
  const next = nextOf(reconcilers);
  const explained = {
    operator, now: moment(now), ...leadOf(sources), object: { apiVersion: operator, kind: 'Singleton', name, exists: true },
    ...(next ? { next } : {}), conditions: [], finalizers: [], reconcilers, notes: [],
  };
  return { ...explained, findings: findingsOf(explained, undefined) };
}

/** `steps`: those that a run goes through. */
function explainReconciler(name: string, { queue, pending, active, runs }: KeyReport, steps: readonly string[]): ExplainedReconciler {
  const last = runs.at(-1);
  const backoff = pending.find(({ cause }) => cause === 'backoff');
  const due = queue?.due ?? queue?.backoffUntil;
  return {
    name,
    state: queue?.state ?? (last?.result.outcome === 'foreign' ? 'ignored' : 'idle'),
    ...(queue ? { priority: queue.priority } : {}),
    ...(queue?.ahead === undefined ? {} : { ahead: queue.ahead }),
    ...(active ? { running: { since: moment(active.startedAt), causes: active.triggers.map(explainCause), steps: steps.filter((method) => active.steps.every((report) => report.name !== method)) } } : {}),
    ...(due === undefined ? {} : { due: moment(due) }),
    ...(queue?.backoffUntil === undefined ? {} : { backoff: { until: moment(queue.backoffUntil), failures: queue.failures, reason: backoff?.source ?? last?.result.error?.message ?? 'it failed' } }),
    next: [...pending].sort((a, b) => a.at - b.at).map(explainCause).filter(({ source, at }, index, all) => all.findIndex((other) => other.source === source && other.at === at) === index),
    runs: runs.map(explainRun),
  };
}

function explainCause({ cause, source, at, seen, by }: Trigger): ExplainedCause {
  return {
    cause, source, at: moment(at),
    ...(seen ? { resourceVersion: seen.resourceVersion } : {}),
    ...(by ? { by: by.key === 'tick' ? by.controller : `${by.controller} of ${by.key}` } : {}),
  };
}

function explainRun({ startedAt, duration, waited, attempt, triggers, result, writes, repeated, since }: RunRecord): ExplainedRun {
  const { outcome, error, terminal, steps, transitions } = result;
  return {
    startedAt: moment(startedAt), duration, waited, attempt, outcome,
    causes: triggers.map(explainCause),
    steps: steps.map(({ startedAt: _started, ...step }) => step),
    transitions: transitions.map(({ from, to }) => `${to.type} ${from?.status ?? 'Unknown'} → ${to.status}`),
    writes: writes.map(({ at: _at, ...write }) => write),
    ...(error ? { error: error.message } : {}), ...(terminal ? { terminal } : {}),
    repeated, since: moment(since),
  };
}

/** The conditions that are there, and those that somebody owes; the root last. */
function explainConditions(object: KubeObject, own: readonly ReconcilerPlan[], { reconcilers }: Plan): ExplainedCondition[] {
  const steps = reconcilers.filter(({ kind }) => own.some((other) => other.kind.type === kind.type)).flatMap((reconciler) =>
    reconciler.steps.filter(({ condition, enabled }) => condition !== undefined && (!enabled || conditionOf(object, condition))).map((step) => ({ reconciler: reconciler.name, step })));
  const root = own.find((reconciler) => reconciler.root);
  const present = conditionsOf(object).map(({ type }) => type);
  const types = [...new Set([...steps.map(({ step }) => step.condition as string), ...present])].filter((type) => type !== root?.root?.type);
  if (root?.root) types.push(root.root.type);
  // Deletion counts the generation up, and conditions are left as they were.
  const isGoing = object.metadata.deletionTimestamp !== undefined;
  const waits = new Map(types.map((type) => {
    const needed = type === root?.root?.type ? root.root.dependents.filter((dependent) => types.includes(dependent)) : steps.find(({ step }) => step.condition === type)?.step.dependsOn ?? [];
    return [type, isMet(object, type) || isGoing ? [] : needed.filter((dependency) => !isMet(object, dependency))];
  }));
  return types.map((type) => {
    const condition = conditionOf(object, type);
    const owner = type === root?.root?.type ? root.name : steps.find(({ step }) => step.condition === type)?.reconciler;
    return {
      type, status: condition?.status ?? 'Unset', reason: condition?.reason ?? '', message: condition?.message ?? '',
      ...(condition ? { since: condition.lastTransitionTime } : {}),
      ...(condition && owner !== undefined && !isGoing && !isCurrent(object, condition) ? { stale: true } : {}),
      ...(owner === undefined ? {} : { reconciler: owner }),
      waitsFor: waits.get(type) ?? [],
      blocks: types.filter((other) => waits.get(other)?.includes(type)),
    };
  });
}

function explainFinalizers(object: KubeObject, own: readonly ReconcilerPlan[], reconcilers: readonly ExplainedReconciler[]): ExplainedFinalizer[] {
  return (object.metadata.finalizers ?? []).map((name) => {
    const owner = own.find(({ finalizers }) => finalizers.some((finalizer) => finalizer.name === name));
    if (!owner) return { name };
    const method = owner.finalizers.find((finalizer) => finalizer.name === name)?.method;
    const step = reconcilers.find((reconciler) => reconciler.name === owner.name)?.runs.at(-1)?.steps.find((report) => report.name === method);
    const held = step && step.result !== 'released' ? step.message ?? step.reason : undefined;
    return { name, reconciler: owner.name, ...(held ? { held } : {}) };
  });
}

function nextOf(reconcilers: readonly ExplainedReconciler[]): Explanation['next'] {
  const [soonest] = reconcilers.filter(({ due }) => due !== undefined).sort((a, b) => ((a.due as Instant) < (b.due as Instant) ? -1 : 1));
  if (!soonest) return undefined;
  const { due, backoff, next, name } = soonest;
  const cause = backoff && backoff.until === due ? `another try after: ${backoff.reason}` : next.map(({ cause: why, source }) => (why === 'object' || why === 'watch' ? `a change of ${source}` : source)).join('; ');
  return { at: due as Instant, reconciler: name, cause };
}
