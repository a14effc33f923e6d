import type { JsonObject } from '../contracts.js';
import { deepClone, setOwn } from '../storage/deep.js';

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7386: null deletes, objects merge, anything else replaces. The target is not changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return deepClone(patch);
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else setOwn(merged, field, mergePatch(Object.hasOwn(merged, field) ? merged[field] : undefined, value));
  }
  return merged;
}
