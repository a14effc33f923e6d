import type { JsonObject, UnknownField } from '../contracts.js';
import { builtinSchema } from '../kinds/type-catalogue.js';
import { decodeBuiltin } from './decode.js';
import { DecodeError } from './decode-error.js';
import { at, child } from './field-error.js';
import type { Schema } from './schema.js';
import { isObject, propertiesOf } from './schema.js';
import { unknownField } from './unknown-field.js';

/**
 * Takes out, in place, every field that a structural schema does not know; returns what it took.
 * @throws {DecodeError} for embedded objects that do not say in texts what they are.
 */
export function prune(object: JsonObject, schema: Schema, path = ''): UnknownField[] {
  const unknown: UnknownField[] = [];
  pruneValue(object, schema, path, unknown);
  return unknown;
}

/** @throws {DecodeError} unless what says of which kind an embedded object is are texts, if they are there. */
function refuseUntyped(object: JsonObject, path: string): void {
  for (const name of ['apiVersion', 'kind']) {
    const value = object[name];
    if (value !== undefined && typeof value !== 'string') throw new DecodeError(`${child(path, name)}: Invalid value: ${JSON.stringify(value)}: must be a string`);
  }
}

function pruneValue(value: unknown, schema: Schema, path: string, unknown: UnknownField[]): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) value.forEach((item, index) => pruneValue(item, items, at(path, index), unknown));
    return;
  }
  if (!isObject(value)) return;
  if (schema['x-kubernetes-embedded-resource']) refuseUntyped(value, path);
  const properties = propertiesOf(schema);
  const { additionalProperties } = schema;
  for (const name of Object.keys(value)) {
    if (schema['x-kubernetes-embedded-resource'] && name === 'metadata' && isObject(value[name])) {
      unknown.push(...decodeBuiltin(value[name], builtinSchema('meta.v1.ObjectMeta'), child(path, name)));
      continue;
    }
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (field) pruneValue(value[name], field, child(path, name), unknown);
    else if (typeof additionalProperties === 'object') pruneValue(value[name], additionalProperties, child(path, name), unknown);
    else if (!schema['x-kubernetes-preserve-unknown-fields'] && additionalProperties !== true) {
      unknown.push(unknownField(child(path, name), name, Object.keys(properties)));
      delete value[name];
    }
  }
}
