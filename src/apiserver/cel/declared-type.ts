import type { Schema } from '../schema/schema.js';
import { isObject } from '../schema/schema.js';
import { celName } from './names.js';
import { type CelType, DYN, listOf, mapOf, readType, STRING as STRING_TYPE, structOf } from './type.js';

export type Kind = 'bool' | 'int' | 'double' | 'string' | 'bytes' | 'duration' | 'timestamp' | 'list' | 'map' | 'object' | 'dyn';

/** What rules can know of a value by its schema. */
export interface DeclaredType {
  kind: Kind;
  /** Most characters of a text, bytes, items or entries; 0 of anything else. */
  maxElements: number;
  /** Bytes of JSON that a value has at least. */
  minSize: number;
  /** Of an object, by the names that rules write. */
  fields?: ReadonlyMap<string, DeclaredType>;
  /** Of a list its items, of a map its values. */
  element?: DeclaredType;
}

/** Bytes of a request at most: what bounds everything that a schema does not. */
export const MOST_BYTES = 3 * 1024 * 1024;

const STRING: DeclaredType = { kind: 'string', maxElements: 0, minSize: 2 };
/** Rules see no more of an object's metadata. */
const METADATA: Schema = { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } };

/**
 * The type of a schema; undefined where rules see nothing, for the schema tells nothing.
 * @param isResource apiVersion, kind and metadata are there, whether or not the schema says so.
 */
export function declaredType(schema: Schema, isResource = schema['x-kubernetes-embedded-resource'] === true): DeclaredType | undefined {
  if (schema['x-kubernetes-int-or-string']) return { kind: 'dyn', maxElements: MOST_BYTES - 2, minSize: 1 };
  switch (schema.type) {
    case 'array': {
      const element = schema.items && declaredType(schema.items);
      // Brackets, and a comma for each.
      return element && { kind: 'list', element, minSize: 2, maxElements: schema.maxItems ?? Math.floor((MOST_BYTES - 2) / (element.minSize + 1)) };
    }
    case 'object':
      return isObject(schema.additionalProperties) ? mapType(schema, schema.additionalProperties as Schema) : objectType(schema, isResource);
    case 'string':
      return stringType(schema);
    case 'boolean':
      return { kind: 'bool', maxElements: 0, minSize: 4 };
    case 'number':
      return { kind: 'double', maxElements: 0, minSize: 1 };
    case 'integer':
      return { kind: 'int', maxElements: 0, minSize: 1 };
    default:
      return undefined;
  }
}

function mapType({ maxProperties }: Schema, values: Schema): DeclaredType | undefined {
  const element = declaredType(values);
  // A key of two bytes in quotes, a colon, a comma.
  return element && { kind: 'map', element, minSize: 2, maxElements: maxProperties ?? Math.floor((MOST_BYTES - 2) / (element.minSize + 6)) };
}

function objectType({ properties = {}, required = [] }: Schema, isResource: boolean): DeclaredType {
  const fields = new Map<string, DeclaredType>();
  let minSize = 2;
  for (const [name, property] of Object.entries(isResource ? { ...properties, apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: METADATA } as Record<string, Schema> : properties)) {
    const type = declaredType(property);
    if (!type) continue;
    fields.set(celName(name), type);
    if (required.includes(name) && property.default === undefined) minSize += name.length + type.minSize + 4;
  }
  return { kind: 'object', fields, maxElements: 0, minSize };
}

function stringType({ format, maxLength, enum: values }: Schema): DeclaredType {
  switch (format) {
    case 'byte':
      return { kind: 'bytes', minSize: 2, maxElements: maxLength ?? MOST_BYTES - 2 };
    case 'duration':
      return { kind: 'duration', minSize: 3, maxElements: 32 };
    case 'date':
      return { kind: 'timestamp', minSize: 12, maxElements: 12 };
    case 'date-time':
      return { kind: 'timestamp', minSize: 21, maxElements: 32 };
    default: {
      // A character can be four bytes long.
      if (maxLength !== undefined) return { ...STRING, maxElements: maxLength * 4 };
      const longest = values?.length ? Math.max(...values.map((value) => (typeof value === 'string' ? value.length : 0))) : MOST_BYTES - 2;
      return { ...STRING, maxElements: longest };
    }
  }
}

/** The type of a map's keys. */
export const KEY_TYPE = STRING;

/** The type in the words of the checker. `name` is what objects are called in messages; those within have it as their prefix. */
export function celType({ kind, element, fields }: DeclaredType, name: string): CelType {
  switch (kind) {
    case 'list':
      return listOf(element ? celType(element, `${name}.@idx`) : DYN);
    case 'map':
      return mapOf(STRING_TYPE, element ? celType(element, `${name}.@elem`) : DYN);
    case 'object':
      return structOf(name, new Map([...(fields ?? [])].map(([field, type]) => [field, celType(type, `${name}.${field}`)])));
    default:
      return readType(kind);
  }
}
