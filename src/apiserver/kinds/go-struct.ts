import type { JsonObject } from '../contracts.js';
import { isObject, type Schema } from '../schema/schema.js';

/**
 * Makes an object of a built-in kind, in place, what Go's struct would be written as: structs and required values that nobody
 * mentioned are there, empty, and what is empty of lists, maps and optional values is not.
 */
export function asGoStruct(object: JsonObject, schema: Schema): void {
  const { properties, required = [] } = schema;
  // What is frozen came from storage, and is complete.
  if (!properties || Object.isFrozen(object)) return;
  for (const name of Object.keys(properties)) {
    const field = properties[name]!;
    const value = object[name];
    if (value === undefined) {
      const empty = emptyOf(field, required.includes(name) && !field.omitted);
      if (empty !== undefined) object[name] = empty;
    } else if (isObject(value) ? isMap(field) && Object.keys(value).length === 0 : Array.isArray(value) && value.length === 0) {
      // An empty list of managers means something: forget them.
      if (!required.includes(name) && !field.present && name !== 'managedFields') delete object[name];
    } else if (field.omitted && isEmpty(value)) delete object[name];
    else within(value, field, asGoStruct);
  }
}

/** Takes out, in place, the empty values that are as good as none, so that defaults take their place. */
export function omitEmpty(object: JsonObject, schema: Schema): void {
  const { properties } = schema;
  if (!properties) return;
  for (const name of Object.keys(object)) {
    const field = properties[name];
    if (!field) continue;
    const value = object[name];
    if (field.omitted && isEmpty(value)) delete object[name];
    else within(value, field, omitEmpty);
  }
}

/** Makes null, in place, the lists without anything in them that are written all the same: storage does not know one from the other. */
export function emptyAsNull(object: JsonObject, schema: Schema): void {
  for (const [name, field] of writtenEmpty(schema)) {
    const value = object[name];
    if (Array.isArray(value) && value.length === 0) object[name] = null;
    else within(value, field, emptyAsNull);
  }
}

/** The fields of a type that are such lists, or have some in them; for most there are none. */
const writtenEmptyIn = new WeakMap<Schema, [name: string, field: Schema][]>();

function writtenEmpty(schema: Schema): [string, Schema][] {
  const known = writtenEmptyIn.get(schema);
  if (known) return known;
  // Types that contain themselves end here.
  writtenEmptyIn.set(schema, []);
  const { properties = {}, required = [] } = schema;
  const hasSome = (type: Schema | boolean | undefined): boolean => typeof type === 'object' && writtenEmpty(type).length > 0;
  const found = Object.entries(properties).filter(([name, field]) => (field.type === 'array' && (required.includes(name) || field.present)) || hasSome(field) || hasSome(field.items) || hasSome(field.additionalProperties));
  writtenEmptyIn.set(schema, found);
  return found;
}

const isEmpty = (value: unknown): boolean => value === '' || value === 0 || value === false;

const isMap = ({ type, properties, additionalProperties }: Schema): boolean => type === 'object' && properties === undefined && additionalProperties !== undefined;

function within(value: unknown, schema: Schema, visit: (object: JsonObject, schema: Schema) => void): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items?.type === 'object') for (const item of value) if (isObject(item)) visit(item, items);
  } else if (isObject(value)) {
    const { additionalProperties } = schema;
    if (schema.properties) visit(value, schema);
    else if (typeof additionalProperties === 'object' && additionalProperties.properties) for (const item of Object.values(value)) if (isObject(item)) visit(item, additionalProperties);
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
