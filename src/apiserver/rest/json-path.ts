import type { JsonObject } from '../contracts.js';

/** Fields of a simple JSONPath: `.spec.replicas`, `.spec.byZone['us-west-2a']`. */
export function fieldsOf(path: string): string[] {
  return [...path.matchAll(/\.([^.[\]]+)|\['([^']*)'\]/g)].map(([, plain, quoted]) => plain ?? quoted ?? '');
}

/** What a simple JSONPath points to; undefined when a part of the way is missing. */
export function readPath(object: unknown, path: string): unknown {
  let value = object;
  for (const field of fieldsOf(path)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
    value = (value as JsonObject)[field];
  }
  return value;
}

/** Sets what a simple JSONPath points to, and makes the objects on the way. */
export function writePath(object: JsonObject, path: string, value: unknown): void {
  const fields = fieldsOf(path);
  const last = fields.pop();
  let target = object;
  for (const field of fields) {
    const next = target[field];
    target = (typeof next === 'object' && next !== null ? next : (target[field] = {})) as JsonObject;
  }
  if (last !== undefined) target[last] = value;
}
