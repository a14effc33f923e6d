import type { ApiObject, ResourceDefinition } from '../contracts.js';
import { isObject } from '../schema/schema.js';

/** Field selectors on plain dotted paths. */
export const fieldsAt = (...paths: string[]): ResourceDefinition['selectableFields'] =>
  Object.fromEntries(paths.map((path) => [path, (object: ApiObject) => textAt(object, path.split('.'))]));

function textAt(object: ApiObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  if (value === undefined || value === null) return DEFAULTS[path.join('.')] ?? '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}

/** Fields of Go's zero value that a selector sees although the object leaves them out. */
const DEFAULTS: Record<string, string> = { 'spec.hostNetwork': 'false', 'spec.unschedulable': 'false', 'status.successful': '0', 'status.replicas': '0' };
