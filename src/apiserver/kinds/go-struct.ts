import type { JsonObject } from '../contracts.js';
import { isObject, type Schema } from '../schema/schema.js';

/**
 * Makes an object of a built-in kind, in place, what Go's struct would be written as: structs and required values that nobody
 * mentioned are there, empty, and lists and maps without anything in them are not.
 */
export function asGoStruct(object: JsonObject, schema: Schema): void {
  const { properties, required = [] } = schema;
  // What is frozen came from storage, and is complete.
  if (!properties || Object.isFrozen(object)) return;
  for (const name of Object.keys(properties)) {
    const field = properties[name]!;
    const value = object[name];
    if (value === undefined) {
      const empty = emptyOf(field, required.includes(name));
      if (empty !== undefined) object[name] = empty;
    } else if (isObject(value) ? isMap(field) && Object.keys(value).length === 0 : Array.isArray(value) && value.length === 0) {
      // An empty list of managers means something: forget them.
      if (!required.includes(name) && !field.present && name !== 'managedFields') delete object[name];
    } else within(value, field);
  }
}

const isMap = ({ type, properties, additionalProperties }: Schema): boolean => type === 'object' && properties === undefined && additionalProperties !== undefined;

function within(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items?.type === 'object') for (const item of value) if (isObject(item)) asGoStruct(item, items);
  } else if (isObject(value)) {
    const { additionalProperties } = schema;
    if (schema.properties) asGoStruct(value, schema);
    else if (typeof additionalProperties === 'object' && additionalProperties.properties) for (const item of Object.values(value)) if (isObject(item)) asGoStruct(item, additionalProperties);
  }
}

/** What is written of a field that nobody mentioned; undefined: nothing. */
function emptyOf(schema: Schema, required: boolean): unknown {
  if (!schema.present) return required && (schema.type === 'array' || isMap(schema)) ? null : undefined;
  switch (schema.type) {
    case 'object': {
      const empty: JsonObject = {};
      asGoStruct(empty, schema);
      return empty;
    }
    case 'string':
      return schema.format === 'date-time' ? null : '';
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return 0;
    case 'array':
      return null;
    default:
      return undefined;
  }
}
