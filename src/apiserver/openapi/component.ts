import type { JsonObject, ResourceDefinition } from '../contracts.js';
import { builtinSchema } from '../kinds/type-catalogue.js';
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
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  metrics: 'io.k8s.metrics.pkg.apis.metrics',
};

/** `core.v1.Pod` under its long name: `io.k8s.api.core.v1.Pod`. */
function longName(typeName: string): string {
  const [first = '', ...rest] = typeName.split('.');
  return [PACKAGES[first] ?? `io.k8s.api.${first}`, ...rest].join('.');
}

/** The name of a resource's schema. */
export function componentName({ group, version, kind, schema }: ResourceDefinition): string {
  const { typeName } = schemaOfNode(schema);
  return typeName === undefined ? [...group.split('.').reverse(), version, kind].join('.') : longName(typeName);
}

/** Collects the named schemas of one document. */
export class Components {
  readonly schemas: Record<string, JsonObject> = {};

  constructor(private readonly dialect: Dialect) {}

  /** Adds a resource and its list with all that they refer to. */
  add(definition: ResourceDefinition): void {
    const { group, version, kind, listKind, custom, verbs } = definition;
    const name = componentName(definition);
    const schema = schemaOfNode(definition.schema);
    const gvk = (of: string): JsonObject => ({ 'x-kubernetes-group-version-kind': [{ group, version, kind: of }] });
    this.schemas[name] = { ...(custom ? this.customRoot(schema) : this.named(schema)), ...gvk(kind) };
    if (!verbs.includes('list')) return;
    this.schemas[`${name}List`] = {
      description: `${listKind} is a list of ${kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: this.reference({}, builtinSchema('meta.v1.ListMeta')),
        items: { type: 'array', items: { $ref: `${this.dialect.prefix}${name}` } },
      },
      ...gvk(listKind),
    };
  }

  /** A reference to a built-in type, which is added if it was not there. */
  private reference(siblings: JsonObject, schema: Schema): JsonObject {
    const name = longName(schema.typeName!);
    if (!Object.hasOwn(this.schemas, name)) {
      // Before its fields: a type may contain itself.
      this.schemas[name] = {};
      this.schemas[name] = this.named(schema);
    }
    const $ref = `${this.dialect.prefix}${name}`;
    if (Object.keys(siblings).length === 0) return { $ref };
    return this.dialect.wrapReferences ? { allOf: [{ $ref }], ...siblings } : { $ref, ...siblings };
  }

  /** A built-in type itself. */
  private named(schema: Schema): JsonObject {
    const descriptions = descriptionsOf(schema.typeName ?? '');
    const description = descriptions.get('');
    const { typeName: _typeName, properties, ...rest } = schema;
    if (!properties) return { ...(description && { description }), ...this.scalar(rest) };
    const fields = Object.entries(properties).map(([name, property]) => [name, this.builtin(property, descriptions.get(name))] as const);
    return { ...(description && { description }), ...rest, ...(fields.length > 0 && { properties: Object.fromEntries(fields) }) };
  }

  private builtin(schema: Schema, description: string | undefined): JsonObject {
    const { typeName, properties: _properties, items, additionalProperties, required: _required, ...rest } = schema;
    const described = { ...(description && { description }) };
    if (typeName !== undefined) {
      const { type: _type, format: _format, nullable: _nullable, 'x-kubernetes-int-or-string': _intOrString, 'x-kubernetes-map-type': _mapType, ...hints } = rest;
      return this.reference({ ...described, ...hints }, schema);
    }
    return {
      ...described,
      ...this.scalar(rest),
      ...(items && { items: this.builtin(items, undefined) }),
      ...(typeof additionalProperties === 'object' && { additionalProperties: this.builtin(additionalProperties, undefined) }),
    };
  }

  private scalar({ nullable: _nullable, ...schema }: Schema): JsonObject {
    if (schema['x-kubernetes-preserve-unknown-fields'] && schema.type === undefined) return { type: 'object' };
    if (!schema['x-kubernetes-int-or-string']) return { ...schema };
    if (!this.dialect.wrapReferences) return { type: 'string', ...(schema.format === 'int-or-string' && { format: schema.format }) };
    return schema.format === 'quantity' ? { oneOf: [{ type: 'string' }, { type: 'number' }] } : { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] };
  }

  /** A CRD's schema, as it was written, with the standard fields of every object. */
  private customRoot(schema: Schema): JsonObject {
    // kubectl would refuse what a document of version 2 does not name.
    if (!this.dialect.wrapReferences && schema['x-kubernetes-preserve-unknown-fields']) return { type: 'object' };
    const { metadata, ...properties } = schema.properties ?? {};
    const standard = {
      apiVersion: { type: 'string', description: descriptionsOf('meta.v1.Status').get('apiVersion') ?? '' },
      kind: { type: 'string', description: descriptionsOf('meta.v1.Status').get('kind') ?? '' },
      metadata: this.reference({ description: descriptionsOf('core.v1.ConfigMap').get('metadata') ?? '' }, metadata ?? builtinSchema('meta.v1.ObjectMeta')),
    };
    return { ...this.custom(schema), properties: { ...Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, this.custom(property)])), ...standard } };
  }

  /** Version 2 has no words for some of version 3; what they constrain is left to the server. */
  private custom(schema: Schema): JsonObject {
    if (this.dialect.wrapReferences) return schema as unknown as JsonObject;
    const { nullable: _nullable, anyOf: _anyOf, oneOf: _oneOf, not: _not, 'x-kubernetes-validations': _rules, ...rest } = schema;
    if (rest['x-kubernetes-preserve-unknown-fields'] || rest['x-kubernetes-int-or-string']) return { ...(rest.description && { description: rest.description }) };
    return {
      ...rest,
      ...(schema.items && { items: this.custom(schema.items) }),
      ...(schema.properties && { properties: Object.fromEntries(Object.entries(schema.properties).map(([name, property]) => [name, this.custom(property)])) }),
      ...(typeof schema.additionalProperties === 'object' && { additionalProperties: this.custom(schema.additionalProperties) }),
    };
  }
}
