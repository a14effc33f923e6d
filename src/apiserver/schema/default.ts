import type { JsonObject } from '../contracts.js';
import type { Schema } from './schema.js';
import { isObject, ownValue, propertiesOf } from './schema.js';

/**
 * Fills in place the defaults of a structural schema, and those of what it fills in. A null that its field does not allow
 * counts as absent.
 */
export function applyDefaults(object: JsonObject, schema: Schema): void {
  for (const [name, field] of Object.entries(propertiesOf(schema))) {
    if (Object.hasOwn(object, name) && object[name] === null && !field.nullable) delete object[name];
    if (field.default !== undefined && !Object.hasOwn(object, name)) object[name] = structuredClone(field.default);
  }
  for (const [name, value] of Object.entries(object)) {
    const field = ownValue(propertiesOf(schema), name) ?? schema.additionalProperties;
    if (typeof field === 'object') object[name] = defaultValue(value, field);
  }
}

function defaultValue(value: unknown, schema: Schema): unknown {
  if (value === null && !schema.nullable && schema.default !== undefined) return defaultValue(structuredClone(schema.default), schema);
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => defaultValue(item, items)) : value;
  }
  if (isObject(value)) applyDefaults(value, schema);
  return value;
}
