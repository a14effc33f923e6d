import type { Plan, ReconcilerClass, ReconcilerPlan } from '../dsl/plan.js';
import { literalReasons, markedConditions } from './literals.js';
import type { ConditionSurface } from './surface.js';

/** Reasons that the engine gives by itself. */
const AWAITING = 'AwaitingReconciliation';
const BLOCKED = 'DependenciesNotReady';
const ROOT_REASONS = ['UnhealthyDependents', 'ReconcilingDependents', AWAITING];

/** The source of a method, and of the methods of the class that it calls. */
function sourceOf(type: ReconcilerClass, method: string, seen = new Set<string>()): string {
  if (seen.has(method)) return '';
  seen.add(method);
  const member: unknown = (type.prototype as Record<string, unknown>)[method];
  if (typeof member !== 'function') return '';
  const source = Function.prototype.toString.call(member);
  return [source, ...[...source.matchAll(/\bthis\.(\w+)\(/g)].map(([, name = '']) => sourceOf(type, name, seen))].join('\n');
}

function conditionsOfReconciler({ type, kind, steps, deadlines, catches, root }: ReconcilerPlan): ConditionSurface[] {
  const of = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
  const caught = catches.flatMap(({ method }) => literalReasons(sourceOf(type, method)).reasons);
  const owned = steps.flatMap(({ condition, method, dependsOn, failedReason }): ConditionSurface[] => {
    if (condition === undefined) return [];
    const source = [method, ...deadlines.filter((deadline) => deadline.condition === condition).map((deadline) => deadline.method)].map((name) => sourceOf(type, name)).join('\n');
    const { reasons, byType } = literalReasons(source);
    const failed = typeof failedReason === 'string' ? failedReason : `${condition}Failed`;
    return [{ of, type: condition, reasons: [AWAITING, failed, ...(byType ? [condition] : []), ...(dependsOn.length > 0 ? [BLOCKED] : []), ...reasons, ...caught] }];
  });
  const marked = [...steps, ...deadlines, ...catches].flatMap(({ method }) => markedConditions(sourceOf(type, method))).map((name): ConditionSurface => ({ of, type: name, reasons: [] }));
  return [...owned, ...(root ? [{ of, type: root.type, reasons: [root.type, ...ROOT_REASONS] }] : []), ...marked];
}

/**
 * The conditions that the reconcilers of a plan set, with the reasons that stand in their methods as literals or follow from options and the
 * engine's rules. Reasons that are computed, or made by functions outside the class, are not known.
 */
export function conditionsOfPlan({ reconcilers }: Pick<Plan, 'reconcilers'>): ConditionSurface[] {
  const merged = new Map<string, ConditionSurface>();
  for (const condition of reconcilers.flatMap(conditionsOfReconciler)) {
    const id = `${condition.of} ${condition.type}`;
    merged.set(id, { ...condition, reasons: [...new Set([...(merged.get(id)?.reasons ?? []), ...condition.reasons])].sort() });
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, condition]) => condition);
}
