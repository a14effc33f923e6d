import type { JsonObject, ResourceDefinition } from '../contracts.js';
import { builtinSchema, isBuiltinType } from '../kinds/type-catalogue.js';
import { schemaOfNode } from '../schema/schema-node.js';
import type { Schema } from '../schema/schema.js';
import { descriptionsOf } from './descriptions.js';

/** What differs between the dialects of version 2 and 3. */
export interface Dialect {
  /** Where named schemas live: `#/components/schemas/`. */
  prefix: string;
  /** A `$ref` may not have siblings: it stands in `allOf`. */
  wrapReferences: boolean;
}

export const V2: Dialect = { prefix: '#/definitions/', wrapReferences: false };
export const V3: Dialect = { prefix: '#/components/schemas/', wrapReferences: true };

const PACKAGES: Record<string, string> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  api: 'io.k8s.apimachinery.pkg.api',
  util: 'io.k8s.apimachinery.pkg.util',
  pkg: 'io.k8s.apimachinery.pkg',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  metrics: 'io.k8s.metrics.pkg.apis.metrics',
};

/** `core.v1.Pod` under its long name: `io.k8s.api.core.v1.Pod`. */
export function longName(typeName: string): string {
  const [first = '', ...rest] = typeName.split('.');
  return [PACKAGES[first] ?? `io.k8s.api.${first}`, ...rest].join('.');
}

/** The name of a resource's schema. */
export function componentName({ group, version, kind, schema }: ResourceDefinition): string {
  const { typeName } = schemaOfNode(schema);
  return typeName === undefined ? [...group.split('.').reverse(), version, kind].join('.') : longName(typeName);
}

/** What is in every value of a built-in type, as OpenAPI tells it: the zero of what Go never leaves out. */
const ZEROS: Readonly<Record<string, unknown>> = { string: '', integer: 0, number: 0, boolean: false, object: {} };
/** Of a field, what belongs to the type that it refers to. */
const OF_THE_TYPE = new Set(['type', 'format', 'nullable', 'properties', 'required', 'typeName', 'present', 'omitted', 'x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-unions']);

/** The kinds that a built-in type is served as, as `x-kubernetes-group-version-kind` has them. */
export type Kinds = ReadonlyMap<string, readonly JsonObject[]>;

/** Collects the named schemas of one document. */
export class Components {
  readonly schemas: Record<string, JsonObject> = {};

  constructor(private readonly dialect: Dialect, private readonly kinds: Kinds) {}

  /** Adds a resource and its list with all that they refer to. */
  add(definition: ResourceDefinition): void {
    const { group, version, kind, listKind, custom, verbs } = definition;
    const { typeName, ...schema } = schemaOfNode(definition.schema);
    if (typeName !== undefined) this.refer(typeName);
    if (typeName !== undefined && isBuiltinType(`${typeName}List`)) {
      this.refer(`${typeName}List`);
      return;
    }
    const name = componentName(definition);
    const gvk = (of: string): JsonObject => ({ 'x-kubernetes-group-version-kind': [{ group, version, kind: of }] });
    if (custom) this.schemas[name] = { ...this.customRoot(schema), ...gvk(kind) };
    if (!verbs.includes('list')) return;
    const { apiVersion, kind: kindField } = STANDARD();
    this.schemas[`${name}List`] = {
      description: `${listKind} is a list of ${kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion,
        items: { description: `List of ${definition.plural}.`, type: 'array', items: { $ref: `${this.dialect.prefix}${name}` } },
        kind: kindField,
        metadata: this.reference({ description: descriptionsOf('core.v1.PodList').get('metadata') ?? '' }, builtinSchema('meta.v1.ListMeta')),
      },
      ...gvk(listKind),
    };
  }

  /** A reference to a built-in type, which is added if it was not there. */
  refer(typeName: string): JsonObject {
    return this.reference({}, builtinSchema(typeName));
  }

  private reference(siblings: JsonObject, schema: Schema): JsonObject {
    const typeName = schema.typeName!;
    const name = longName(typeName);
    if (!Object.hasOwn(this.schemas, name)) {
      // Before its fields: a type may contain itself.
      this.schemas[name] = {};
      this.schemas[name] = this.named(typeName, isBuiltinType(typeName) ? builtinSchema(typeName) : schema);
    }
    const $ref = `${this.dialect.prefix}${name}`;
    if (Object.keys(siblings).length === 0) return { $ref };
    return this.dialect.wrapReferences ? { allOf: [{ $ref }], ...siblings } : { $ref, ...siblings };
  }

  /** A built-in type itself. */
  private named(typeName: string, { type, format, properties = {}, required, ...schema }: Schema): JsonObject {
    const descriptions = descriptionsOf(typeName);
    const description = descriptions.get('');
    const kinds = this.kinds.get(typeName);
    const described = { ...(description && { description }) };
    if (type !== 'object') return { ...described, ...this.scalar(typeName, { ...(type && { type }), ...(format && { format }), ...schema }) };
    const fields = Object.entries(properties).map(([name, property]) => [name, this.builtin(property, descriptions.get(name))] as const);
    return {
      ...described,
      type,
      ...(required && { required }),
      ...(fields.length > 0 && { properties: Object.fromEntries(fields) }),
      ...(schema['x-kubernetes-map-type'] && { 'x-kubernetes-map-type': schema['x-kubernetes-map-type'] }),
      ...(schema['x-kubernetes-unions'] && { 'x-kubernetes-unions': schema['x-kubernetes-unions'] }),
      ...(kinds && { 'x-kubernetes-group-version-kind': kinds }),
    };
  }

  /** A field, an item or a value of a built-in type. */
  private builtin(schema: Schema, description?: string, isField = true): JsonObject {
    const { typeName, items, additionalProperties } = schema;
    const ofType: Schema = typeName !== undefined && isBuiltinType(typeName) ? builtinSchema(typeName) : {};
    const own = Object.fromEntries(Object.entries(schema).filter(([name, value]) => !OF_THE_TYPE.has(name) && name !== 'items' && name !== 'additionalProperties' && ofType[name as keyof Schema] !== value));
    const { default: _default, ...withoutDefault } = own;
    const siblings = { ...(description && { description }), ...this.defaultOf(schema, isField), ...(this.dialect.wrapReferences ? own : withoutDefault) };
    if (typeName !== undefined) return this.reference(siblings, schema);
    const { type, format } = schema;
    return {
      ...siblings,
      type: type ?? 'object',
      ...(format && { format }),
      ...(items && { items: this.builtin(items, undefined, false) }),
      ...(typeof additionalProperties === 'object' && { additionalProperties: this.builtin(additionalProperties, undefined, false) }),
    };
  }

  /** Items and values are there as a whole, and so their zero is their default; fields have one if Go never leaves them out. Version 2 has no defaults. */
  private defaultOf({ type, format, present, typeName, default: given }: Schema, isField: boolean): JsonObject {
    if (!this.dialect.wrapReferences || given !== undefined) return {};
    const isMapOrList = type === 'array' || (type === 'object' && typeName === undefined);
    if (format === 'date-time' || format === 'byte' || isMapOrList || (isField && !present)) return {};
    const zero = ZEROS[type ?? ''];
    return zero === undefined ? {} : { default: zero };
  }

  private scalar(typeName: string, schema: Schema): JsonObject {
    if (schema['x-kubernetes-preserve-unknown-fields']) return typeName.startsWith('apiextensions') ? {} : { type: 'object' };
    if (!schema['x-kubernetes-int-or-string']) return { type: schema.type, ...(schema.format && { format: schema.format }) };
    if (!this.dialect.wrapReferences) return { type: 'string', ...(schema.format === 'int-or-string' && { format: schema.format }) };
    return schema.format === 'quantity' ? { oneOf: [{ type: 'string' }, { type: 'number' }] } : { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] };
  }

  /** A CRD's schema, as it was written, with the standard fields of every object. */
  private customRoot(schema: Schema): JsonObject {
    // kubectl would refuse what a document of version 2 does not name.
    if (!this.dialect.wrapReferences && schema['x-kubernetes-preserve-unknown-fields']) return { type: 'object' };
    const { metadata, ...properties } = schema.properties ?? {};
    const standard = { ...STANDARD(), metadata: this.reference({ description: descriptionsOf('core.v1.ConfigMap').get('metadata') ?? '' }, metadata ?? builtinSchema('meta.v1.ObjectMeta')) };
    return { ...this.custom(schema), properties: { ...Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, this.custom(property)])), ...standard } };
  }

  /** Version 2 has no words for some of version 3; what they constrain is left to the server. */
  private custom(schema: Schema): JsonObject {
    const isV3 = this.dialect.wrapReferences;
    const { nullable, anyOf, oneOf, not, default: initial, type, ...rest } = schema;
    const words = isV3 ? { ...(nullable !== undefined && { nullable }), ...(anyOf && { anyOf }), ...(oneOf && { oneOf }), ...(not && { not }), ...(initial !== undefined && { default: initial }) } : {};
    const isOpen = rest['x-kubernetes-preserve-unknown-fields'] || rest['x-kubernetes-int-or-string'];
    // kubectl would refuse what is not named, and null where it may stand.
    if (!isV3 && isOpen) return Object.fromEntries(Object.entries(rest).filter(([name]) => name === 'description' || name.startsWith('x-')));
    return {
      ...rest,
      ...(type && (isV3 || !nullable) && { type }),
      ...(isV3 && rest['x-kubernetes-int-or-string'] && !anyOf && { anyOf: [{ type: 'integer' }, { type: 'string' }] }),
      ...words,
      ...(schema.items && { items: this.custom(schema.items) }),
      ...(schema.properties && { properties: Object.fromEntries(Object.entries(schema.properties).map(([name, property]) => [name, this.custom(property)])) }),
      ...(typeof schema.additionalProperties === 'object' && { additionalProperties: this.custom(schema.additionalProperties) }),
    };
  }
}

/** The fields that say what an object is. */
const STANDARD = (): { apiVersion: JsonObject; kind: JsonObject } => {
  const descriptions = descriptionsOf('meta.v1.Status');
  return { apiVersion: { type: 'string', description: descriptions.get('apiVersion') ?? '' }, kind: { type: 'string', description: descriptions.get('kind') ?? '' } };
};
