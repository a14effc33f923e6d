import type { JsonObject } from '../contracts.js';

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastProbeTime?: null;
  observedGeneration?: number;
}

/** A status with one condition set; its transition time moves only when its status does. */
export function setCondition(status: JsonObject | undefined, condition: Condition, now: string): JsonObject {
  const conditions = (status?.['conditions'] ?? []) as (Condition & JsonObject)[];
  const before = conditions.find(({ type }) => type === condition.type);
  const lastTransitionTime = before?.status === condition.status ? before['lastTransitionTime'] : now;
  const next = { ...before, ...condition, lastTransitionTime };
  return { ...status, conditions: before ? conditions.map((known) => (known === before ? next : known)) : [...conditions, next] };
}
