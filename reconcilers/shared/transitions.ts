import { conditionOf, setCondition } from 'karpenter-ts/api';
import type { CapacityBuffer, ConditionInput, NodeClaim, NodePool } from 'karpenter-ts/api';
import type { RunContext } from 'karpenter-ts/operator';

/**
 * Sets a condition of an object that other reconcilers drive, and tells of a change of its status as they do. Writes nothing when
 * the object says so already. Resolves to undefined when the object is gone.
 */
export async function transition<T extends CapacityBuffer | NodeClaim | NodePool>(object: T, condition: ConditionInput, ctx: RunContext): Promise<T | undefined> {
  const { type, status, reason, message } = condition;
  const current = conditionOf(object, type);
  const isCurrent = current?.observedGeneration === object.metadata.generation || object.metadata.deletionTimestamp !== undefined;
  if (current?.status === status && current.reason === reason && current.message === message && isCurrent) return object;
  const written = await ctx.patch(object, (draft) => setCondition(draft, condition, ctx.now()));
  const from = current?.status ?? 'Unknown';
  if (written && from !== status) {
    ctx.events.normal(type, `Status condition transitioned, Type: ${type}, Status: ${from} -> ${status}, Reason: ${reason}${message ? `, Message: ${message}` : ''}`, { about: object });
  }
  return written;
}
