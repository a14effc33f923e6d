import type { JsonObject } from '../contracts.js';
import type { Schema } from './schema.js';
import { isObject, ownValue, propertiesOf } from './schema.js';

/**
 * Fills in place the defaults of a structural schema, and those of what it fills in. A null that its field does not allow
 * counts as absent; without a default it may be kept, for validation to find.
 */
export function applyDefaults(object: JsonObject, schema: Schema, keepsNulls = false): void {
  for (const [name, field] of Object.entries(propertiesOf(schema))) {
    if (Object.hasOwn(object, name) && object[name] === null && !field.nullable && !(keepsNulls && field.default === undefined)) delete object[name];
    if (field.default !== undefined && !Object.hasOwn(object, name)) object[name] = structuredClone(field.default);
  }
  for (const [name, value] of Object.entries(object)) {
    const field = ownValue(propertiesOf(schema), name) ?? schema.additionalProperties;
    if (typeof field === 'object') object[name] = defaultValue(value, field, keepsNulls);
  }
}

function defaultValue(value: unknown, schema: Schema, keepsNulls: boolean): unknown {
  if (value === null && !schema.nullable && schema.default !== undefined) return defaultValue(structuredClone(schema.default), schema, keepsNulls);
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => defaultValue(item, items, keepsNulls)) : value;
  }
  if (isObject(value)) applyDefaults(value, schema, keepsNulls);
  return value;
}
