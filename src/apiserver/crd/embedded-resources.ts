import { at, child, type FieldError, required } from '../schema/field-error.js';
import type { Schema } from '../schema/schema.js';
import { isObject, ownValue } from '../schema/schema.js';

/** Whole objects inside an object must say what they are. */
export function validateEmbedded(value: unknown, schema: Schema, path = ''): FieldError[] {
  if (Array.isArray(value)) return schema.items ? value.flatMap((item, index) => validateEmbedded(item, schema.items!, at(path, index))) : [];
  if (!isObject(value)) return [];
  const own = schema['x-kubernetes-embedded-resource'] ? ['apiVersion', 'kind'].filter((name) => !value[name]).map((name) => required(child(path, name), 'must not be empty')) : [];
  const nested = Object.entries(value).flatMap(([name, item]) => {
    const field = ownValue(schema.properties, name) ?? schema.additionalProperties;
    return typeof field === 'object' ? validateEmbedded(item, field, child(path, name)) : [];
  });
  return [...own, ...nested];
}
