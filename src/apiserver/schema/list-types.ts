import type { FieldError } from './field-error.js';
import { at, child, duplicate, required } from './field-error.js';
import { mapKeyOf } from './correlate.js';
import { sameJson } from './json.js';
import type { Schema } from './schema.js';
import { isObject, ownValue, propertiesOf } from './schema.js';

/** The items of `set` and `map` lists that appear twice, at any depth. */
export function validateListTypes(value: unknown, schema: Schema, path = ''): FieldError[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    const own = schema['x-kubernetes-list-type'] === 'map' ? duplicateKeys(value, schema, path) : schema['x-kubernetes-list-type'] === 'set' ? duplicateItems(value, path) : [];
    return [...own, ...(items ? value.flatMap((item, index) => validateListTypes(item, items, at(path, index))) : [])];
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const property = ownValue(propertiesOf(schema), name);
    if (property) return validateListTypes(item, property, child(path, name));
    return typeof schema.additionalProperties === 'object' ? validateListTypes(item, schema.additionalProperties, at(path, name)) : [];
  });
}

function duplicateItems(items: readonly unknown[], path: string): FieldError[] {
  const seen = new Set<unknown>();
  const objects: unknown[] = [];
  return items.flatMap((item, index) => {
    const isScalar = typeof item !== 'object';
    const known = isScalar ? seen.has(item) : objects.some((other) => sameJson(other, item));
    if (isScalar) seen.add(item);
    else objects.push(item);
    return known ? [duplicate(at(path, index), item)] : [];
  });
}

function duplicateKeys(items: readonly unknown[], schema: Schema, path: string): FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    if (!isObject(item)) return [];
    const missing = keys.filter((key) => item[key] === undefined && ownValue(schema.items?.properties, key)?.default === undefined && schema.items?.required?.includes(key));
    // A required key that is missing has been reported by the schema already.
    if (missing.length === keys.length && keys.length > 0) return schema.items?.required ? [] : [required(at(path, index))];
    const identity = mapKeyOf(item, schema);
    if (seen.has(identity)) return [duplicate(at(path, index), Object.fromEntries(keys.map((key) => [key, item[key]])))];
    seen.add(identity);
    return [];
  });
}
