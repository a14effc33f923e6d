import type { ApiObject } from '../contracts.js';
import { validateMetadata } from '../rest/metadata.js';
import { at, child, type FieldError, invalid, required } from '../schema/field-error.js';
import { dns1035Label } from '../schema/names.js';
import type { Schema } from '../schema/schema.js';
import { isObject, ownValue } from '../schema/schema.js';

/** What is wrong with the type and the metadata of whole objects inside an object. */
export function validateEmbedded(value: unknown, schema: Schema, path = ''): FieldError[] {
  if (Array.isArray(value)) return schema.items ? value.flatMap((item, index) => validateEmbedded(item, schema.items!, at(path, index))) : [];
  if (!isObject(value)) return [];
  const own = schema['x-kubernetes-embedded-resource'] ? embedded(value, path) : [];
  const nested = Object.entries(value).flatMap(([name, item]) => {
    const field = ownValue(schema.properties, name) ?? schema.additionalProperties;
    return typeof field === 'object' ? validateEmbedded(item, field, child(path, name)) : [];
  });
  return [...own, ...nested];
}

function embedded(object: Record<string, unknown>, path: string): FieldError[] {
  const { apiVersion, kind, metadata } = object;
  const texts = Object.entries({ apiVersion, kind }).flatMap(([name, value]) => (typeof value === 'string' ? textErrors(name, value, child(path, name)) : [required(child(path, name))]));
  if (!isObject(metadata)) return texts;
  // It need not have a name.
  const named = { ...object, metadata: { ...metadata, name: metadata['name'] || 'unnamed' } } as unknown as ApiObject;
  return [...texts, ...validateMetadata(named, { nameFormat: 'pathSegment', namespaced: true, custom: true }).map((error) => ({ ...error, field: child(path, error.field) }) as FieldError)];
}

function textErrors(name: string, value: string, field: string): FieldError[] {
  if (value === '') return [invalid(field, value, 'must not be empty')];
  if (name === 'apiVersion') return value.split('/').length > 2 ? [invalid(field, value, `unexpected GroupVersion string: ${value}`)] : [];
  const problems = dns1035Label(value.toLowerCase());
  return problems.length > 0 ? [invalid(field, value, `may have mixed case, but should otherwise match: ${problems.join(',')}`)] : [];
}
