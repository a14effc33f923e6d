import type { Condition } from '../operator/kube/object.js';

export type { Condition };

/** The condition of a type, if the object has one. */
export const conditionOf = (object: { status?: { conditions?: readonly Condition[] } }, type: string): Condition | undefined =>
  object.status?.conditions?.find((condition) => condition.type === type);

/** Whether a condition is True, whatever its generation. */
export const isTrue = (object: { status?: { conditions?: readonly Condition[] } }, type: string): boolean =>
  conditionOf(object, type)?.status === 'True';
