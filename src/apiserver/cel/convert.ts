import { parse } from '@marcbachmann/cel-js';
import type { Schema } from '../schema/schema.js';
import { isObject, ownValue, propertiesOf } from '../schema/schema.js';
import { celName } from './names.js';

/**
 * A JSON value as CEL sees it by its schema: integers are ints (BigInt), numbers doubles, times timestamps, maps of free
 * keys maps, objects hold the declared fields under names that CEL can read.
 */
export function toCel(value: unknown, schema: Schema | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (!schema || (schema.type === undefined && schema['x-kubernetes-preserve-unknown-fields'])) return untyped(value);
  if (typeof value === 'number') return schema.type === 'number' ? value : whole(value);
  if (typeof value === 'string') return toCelText(value, schema.format);
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema.items));
  if (!isObject(value)) return value;
  if (typeof schema.additionalProperties === 'object') {
    const { additionalProperties } = schema;
    return new Map(Object.entries(value).map(([key, item]) => [key, toCel(item, additionalProperties)]));
  }
  const fields: Record<string, unknown> = {};
  const properties = propertiesOf(schema);
  for (const [name, item] of Object.entries(value)) {
    const property = ownValue(properties, name);
    if (property) fields[celName(name)] = toCel(item, property);
    else if (schema.additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields']) fields[celName(name)] = untyped(item);
  }
  return fields;
}

/** A duration in CEL's own type, which its library does not export. */
const durationOf = parse('duration(text)');

function toCelText(text: string, format: string | undefined): unknown {
  switch (format) {
    case 'date':
    case 'date-time':
      return new Date(text);
    case 'duration':
      return durationOf({ text });
    default:
      return text;
  }
}

const whole = (value: number): unknown => (Number.isInteger(value) ? BigInt(value) : value);

/** A JSON value as CEL sees it where there is no schema: maps, lists, ints where a number is whole, and text as it is. */
export function untyped(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'number') return whole(value);
  if (Array.isArray(value)) return value.map(untyped);
  if (!isObject(value)) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, untyped(item)]));
}
