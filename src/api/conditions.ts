import type { Condition, ObjectMeta } from '../operator/kube/object.js';

export type { Condition };

interface WithStatus { status?: { conditions?: readonly Condition[] } }

/** The condition of a type, if the object has one. */
export const conditionOf = (object: WithStatus, type: string): Condition | undefined => object.status?.conditions?.find((condition) => condition.type === type);

/** Whether a condition is True, whatever its generation. */
export const isTrue = (object: WithStatus, type: string): boolean => conditionOf(object, type)?.status === 'True';

/** What a condition is set to. */
export type ConditionInput = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/**
 * Sets a condition of an object that some other reconciler drives, in place: the transition time moves only with the status
 * (karpenter-core §1.8). `now` is in milliseconds.
 */
export function setCondition(object: { metadata: ObjectMeta; status: { conditions?: Condition[] } }, input: ConditionInput, now: number): void {
  const conditions = (object.status.conditions ??= []);
  const current = conditions.find(({ type }) => type === input.type);
  const lastTransitionTime = current?.status === input.status ? current.lastTransitionTime : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const { generation } = object.metadata;
  const next: Condition = { ...input, lastTransitionTime, ...(generation === undefined ? {} : { observedGeneration: generation }) };
  if (current) Object.assign(current, next);
  else conditions.push(next);
}

/** Removes a condition, in place. */
export function clearCondition(object: { status: { conditions?: Condition[] } }, type: string): void {
  object.status.conditions = (object.status.conditions ?? []).filter((condition) => condition.type !== type);
}
