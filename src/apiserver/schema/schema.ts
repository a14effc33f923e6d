import type { JsonObject } from '../contracts.js';

/** A rule of `x-kubernetes-validations`. */
export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

/** How a value may be merged: what server-side apply and strategic merge need to know about a list or a map. */
export interface MergeHints {
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  /** Built-in kinds only: the key that strategic merge patch matches list items by. */
  'x-kubernetes-patch-merge-key'?: string;
  /** Built-in kinds only: `merge`, `replace`, `retainKeys`, or two of them with a comma. */
  'x-kubernetes-patch-strategy'?: string;
}

/**
 * The structure of a kind: the OpenAPI v3 schemas of CRDs, and in the same words the types of built-in kinds, so that
 * pruning, strict decoding, defaulting and merging have one implementation. Schemas of built-in kinds can be cyclic.
 */
export interface Schema extends MergeHints {
  /** Absent for values of any type and for int-or-string. */
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  title?: string;
  description?: string;
  format?: string;
  default?: unknown;
  nullable?: boolean;
  enum?: unknown[];
  /** Of a built-in type: which field decides what others may be. */
  'x-kubernetes-unions'?: { discriminator: string; 'fields-to-discriminateBy': Record<string, string> }[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  externalDocs?: unknown;
  example?: unknown;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-validations'?: ValidationRule[];
  /** Built-in kinds only: the type's name in the OpenAPI documents. */
  typeName?: string;
  /** Built-in kinds only: Kubernetes has a value here, an empty one, where nothing was said. */
  present?: true;
  /** Built-in kinds only: an empty value is none, for Kubernetes leaves it out even where somebody said it. */
  omitted?: true;
}

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

const OBJECT_META: Schema = {
  type: 'object',
  properties: { name: { type: 'string' }, namespace: { type: 'string' } },
  'x-kubernetes-preserve-unknown-fields': true,
};

/** The properties of an object's schema; an embedded resource always has `apiVersion`, `kind` and `metadata`. */
export function propertiesOf(schema: Schema): Record<string, Schema> {
  if (!schema['x-kubernetes-embedded-resource']) return schema.properties ?? {};
  return { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: OBJECT_META, ...schema.properties };
}

/** The schema of one field of an object, if the schema says anything about it. */
export function fieldSchema(schema: Schema | undefined, name: string): Schema | undefined {
  if (!schema) return undefined;
  const property = schema['x-kubernetes-embedded-resource'] ? propertiesOf(schema)[name] : ownValue(schema.properties, name);
  if (property) return property;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** `record[key]` without what every object inherits: a field may be called `constructor`. */
export function ownValue<T>(record: Record<string, T> | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined;
}
