import type { KindPlan, Plan, ReconcilerPlan, SingletonPlan } from '../dsl/plan.js';
import { apiVersionOf } from '../kube/paths.js';

/** A kind that an operator has to do with. */
export interface GraphKind {
  /** `nodeclaims.karpenter.sh` */
  readonly id: string;
  readonly kind: string;
  readonly apiVersion: string;
  /** Whether the operator defines it. */
  readonly custom: boolean;
}

/** A condition that a reconciler keeps. */
export interface GraphCondition {
  readonly type: string;
  /** Conditions that have to be True before its step runs. */
  readonly dependsOn: readonly string[];
  /** Whether the root counts it. */
  readonly counted: boolean;
  readonly hasDeadline: boolean;
}

/** What wakes a controller besides its own kind. */
export interface GraphSource {
  /** Id of a kind, or the description of a source outside the cluster. */
  readonly from: string;
  /** Mappers. */
  readonly by: readonly string[];
}

interface GraphController {
  readonly name: string;
  readonly watches: readonly GraphSource[];
  readonly events: readonly GraphSource[];
  /** Ids of kinds that are read and wake nobody. */
  readonly reads: readonly string[];
}

/** A reconciler of objects. */
export interface GraphReconciler extends GraphController {
  /** Id of its kind. */
  readonly for: string;
  readonly owns: readonly string[];
  readonly root?: string;
  /** In the order in which they are worked on. */
  readonly conditions: readonly GraphCondition[];
  readonly finalizers: readonly string[];
}

/** A loop of its own. */
export interface GraphSingleton extends GraphController {
  /** Milliseconds; absent for those that only wait for triggers. */
  readonly every?: number;
  readonly batch: boolean;
}

/** Kinds, who watches and owns them, and the conditions that come of it; everything in a fixed order. */
export interface PlanGraph {
  readonly kinds: readonly GraphKind[];
  readonly reconcilers: readonly GraphReconciler[];
  readonly singletons: readonly GraphSingleton[];
}

const idOf = ({ plural, group }: KindPlan): string => (group ? `${plural}.${group}` : plural);

const byText = <T>(text: (item: T) => string) => (a: T, b: T): number => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0);

/** Several mappers of one source are one edge. */
function sourcesOf(sources: readonly { readonly from: string; readonly method: string }[]): GraphSource[] {
  const methods = new Map<string, string[]>();
  for (const { from, method } of sources) methods.set(from, [...(methods.get(from) ?? []), method]);
  return [...methods].map(([from, by]) => ({ from, by: by.sort(byText(String)) })).sort(byText(({ from }) => from));
}

function controllerOf({ name, watches, eventSources, reads }: ReconcilerPlan | SingletonPlan): GraphController {
  const watched = sourcesOf(watches.map(({ kind, method }) => ({ from: idOf(kind), method })));
  return {
    name,
    watches: watched,
    events: sourcesOf(eventSources.map(({ source, method }) => ({ from: source.description ?? 'event', method }))),
    reads: [...new Set(reads.map(idOf))].filter((id) => watched.every(({ from }) => from !== id)).sort(byText(String)),
  };
}

/** The graph of a plan: what `karpenter-ts graph` draws. */
export function graphOf({ kinds, reconcilers, singletons }: Plan): PlanGraph {
  return {
    kinds: kinds.map((kind) => ({ id: idOf(kind), kind: kind.kind, apiVersion: apiVersionOf(kind), custom: kind.definition !== undefined })).sort(byText(({ id }) => id)),
    reconcilers: reconcilers.map((plan): GraphReconciler => ({
      ...controllerOf(plan),
      for: idOf(plan.kind),
      owns: [...new Set(plan.owns.map(({ kind }) => idOf(kind)))].sort(byText(String)),
      ...(plan.root ? { root: plan.root.type } : {}),
      conditions: plan.steps.flatMap(({ condition, dependsOn }) => (condition === undefined ? [] : [{
        type: condition, dependsOn, counted: plan.root?.dependents.includes(condition) ?? false, hasDeadline: plan.deadlines.some((deadline) => deadline.condition === condition),
      }])),
      finalizers: plan.finalizers.map(({ name }) => name),
    })).sort(byText(({ name }) => name)),
    singletons: singletons.map((plan): GraphSingleton => ({ ...controllerOf(plan), ...(plan.every === undefined ? {} : { every: plan.every }), batch: plan.batch !== undefined })).sort(byText(({ name }) => name)),
  };
}
