import { clearCondition, setCondition as set, sortConditions, timestamp } from '../operator/engine/conditions.js';
import type { Condition, KubeObject } from '../operator/kube/object.js';

export type { Condition };

interface WithStatus { status?: { conditions?: readonly Condition[] } }

/** The condition of a type, if the object has one. */
export const conditionOf = (object: WithStatus, type: string): Condition | undefined => object.status?.conditions?.find((condition) => condition.type === type);

/** Whether a condition is True, whatever its generation. */
export const isTrue = (object: WithStatus, type: string): boolean => conditionOf(object, type)?.status === 'True';

/** What a condition is set to. */
export type ConditionInput = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/**
 * Sets a condition of an object that some other reconciler drives, by the same rules as that one (karpenter-core §1.8). `now` is in
 * milliseconds.
 */
export function setCondition(object: KubeObject, input: ConditionInput, now: number): void {
  set(object, input, timestamp(now));
  sortConditions(object, 'Ready');
}

export { clearCondition };
