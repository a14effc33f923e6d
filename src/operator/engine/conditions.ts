import type { Outcome } from '../dsl/outcome.js';
import type { RootPlan } from '../dsl/plan.js';
import type { Condition, KubeObject } from '../kube/object.js';

/** Longest message that Kubernetes' condition schema takes. */
const LONGEST_MESSAGE = 32_768;

type Conditioned = KubeObject & { status?: { conditions?: Condition[] } };
type ConditionChange = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** A moment as Kubernetes writes it: RFC 3339, whole seconds, UTC. */
export const timestamp = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

export const conditionsOf = (object: KubeObject): readonly Condition[] => (object as Conditioned).status?.conditions ?? [];

/** A condition of an object; undefined when it has none of the type. */
export const conditionOf = (object: KubeObject, type: string): Condition | undefined => conditionsOf(object).find((condition) => condition.type === type);

const generationOf = ({ metadata }: KubeObject): number => metadata.generation ?? 0;

/** Whether a condition speaks of the object's current generation. */
export const isCurrent = (object: KubeObject, condition: Condition): boolean => (condition.observedGeneration ?? 0) === generationOf(object);

/** Whether a condition is True at the object's current generation. */
export function isMet(object: KubeObject, type: string): boolean {
  const condition = conditionOf(object, type);
  return condition?.status === 'True' && isCurrent(object, condition);
}

function replace(object: KubeObject, conditions: Condition[]): void {
  const conditioned = object as Conditioned;
  conditioned.status = { ...conditioned.status, conditions };
}

/**
 * Sets a condition of a draft for its current generation. The transition time moves only when the status changes; `since` is the
 * time of a condition that is new. Nothing is touched when nothing changes. While the object is being deleted, the other conditions
 * follow its generation.
 */
export function setCondition(draft: KubeObject, { type, status, reason, message }: ConditionChange, since: string): void {
  const existing = conditionOf(draft, type);
  const { generation, deletionTimestamp } = draft.metadata;
  const next: Condition = {
    type,
    status,
    reason,
    message: message.slice(0, LONGEST_MESSAGE),
    lastTransitionTime: (existing?.status === status ? existing.lastTransitionTime : undefined) ?? since,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  if (existing && existing.status === status && existing.reason === reason && existing.message === next.message && isCurrent(draft, existing)) return;
  const others = conditionsOf(draft).map((condition) =>
    deletionTimestamp !== undefined && generation !== undefined && condition.type !== type ? { ...condition, observedGeneration: generation } : condition);
  replace(draft, existing ? others.map((condition) => (condition.type === type ? next : condition)) : [...others, next]);
}

/** Removes a condition of a draft. */
export function clearCondition(draft: KubeObject, type: string): void {
  if (conditionOf(draft, type)) replace(draft, conditionsOf(draft).filter((condition) => condition.type !== type));
}

/** Gives a draft the conditions that nobody has set yet: Unknown since the object was created. */
export function initializeConditions(draft: KubeObject, types: readonly string[]): void {
  for (const type of types) {
    if (conditionOf(draft, type)) continue;
    setCondition(draft, { type, status: 'Unknown', reason: 'AwaitingReconciliation', message: 'object is awaiting reconciliation' }, draft.metadata.creationTimestamp);
  }
}

const time = ({ lastTransitionTime }: Condition): number => Date.parse(lastTransitionTime) || 0;

/**
 * Recomputes a draft's root condition: True when all dependents are True at the current generation, False when one of them is False at
 * it, else Unknown. The message names those that are not met, newest transition first (karpenter-core §1.8).
 */
export function computeRoot(draft: KubeObject, { type, dependents, tentative }: RootPlan, now: number): void {
  const unhealthy: Condition[] = [];
  for (const dependent of new Set(dependents)) {
    const condition = conditionOf(draft, dependent);
    if (!condition && tentative.includes(dependent)) continue;
    if (condition?.status === 'True' && isCurrent(draft, condition)) continue;
    unhealthy.push(condition ?? { type: dependent, status: 'Unknown', reason: '', message: '', lastTransitionTime: draft.metadata.creationTimestamp });
  }
  initializeConditions(draft, [type]);
  if (unhealthy.length === 0) {
    setCondition(draft, { type, status: 'True', reason: type, message: '' }, timestamp(now));
    return;
  }
  const message = unhealthy.sort((a, b) => time(b) - time(a)).map((condition) => `${condition.type}=${condition.status}`).join(', ');
  const isFalse = unhealthy.some((condition) => condition.status === 'False' && isCurrent(draft, condition));
  setCondition(draft, isFalse
    ? { type, status: 'False', reason: 'UnhealthyDependents', message }
    : { type, status: 'Unknown', reason: 'ReconcilingDependents', message }, timestamp(now));
}

/** Puts a draft's conditions into the stored order: the root last, the others by transition time. */
export function sortConditions(draft: KubeObject, root: string | undefined): void {
  const sorted = [...conditionsOf(draft)].sort((a, b) => {
    if (a.type === root || b.type === root) return Number(a.type === root) - Number(b.type === root);
    return time(a) - time(b);
  });
  replace(draft, sorted);
}

/** Sets a condition of a draft from an outcome; `done()` leaves it alone. */
export function applyOutcome(draft: KubeObject, type: string, { verdict, reason, message }: Outcome, now: number): void {
  if (verdict === 'done') return;
  const status = verdict === 'met' ? 'True' : verdict === 'unmet' ? 'False' : 'Unknown';
  setCondition(draft, { type, status, reason: reason ?? type, message }, timestamp(now));
}
