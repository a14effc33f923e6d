import type { SchemaNode } from '../contracts.js';
import type { Schema } from './schema.js';
import { propertiesOf } from './schema.js';

const nodes = new WeakMap<Schema, SchemaNode>();

/** A schema in the words of the merging code. Lazy, for schemas of built-in kinds are cyclic; the same node for the same schema. */
export function schemaNode(schema: Schema): SchemaNode {
  let node = nodes.get(schema);
  if (!node) {
    node = new LazyNode(schema);
    nodes.set(schema, node);
  }
  return node;
}

/** The schema that a node of {@link schemaNode} is a view of. */
export function schemaOfNode(node: SchemaNode): Schema {
  if (!(node instanceof LazyNode)) throw new TypeError('this node was not made by schemaNode()');
  return node.schema;
}

const ZEROS: Readonly<Record<string, unknown>> = { string: '', integer: 0, number: 0, boolean: false };

class LazyNode implements SchemaNode {
  constructor(readonly schema: Schema) {}

  get type(): NonNullable<SchemaNode['type']> {
    return this.schema.type as NonNullable<SchemaNode['type']>;
  }

  get properties(): NonNullable<SchemaNode['properties']> {
    const entries = Object.entries(propertiesOf(this.schema)).map(([name, property]) => [name, schemaNode(property)] as const);
    const properties = Object.fromEntries(entries);
    Object.defineProperty(this, 'properties', { value: properties });
    return properties;
  }

  get additionalProperties(): SchemaNode {
    const { additionalProperties } = this.schema;
    return (typeof additionalProperties === 'object' ? schemaNode(additionalProperties) : undefined) as SchemaNode;
  }

  get items(): SchemaNode {
    return (this.schema.items && schemaNode(this.schema.items)) as SchemaNode;
  }

  get listType(): NonNullable<SchemaNode['listType']> {
    return this.schema['x-kubernetes-list-type'] as NonNullable<SchemaNode['listType']>;
  }

  get listMapKeys(): readonly string[] {
    return this.schema['x-kubernetes-list-map-keys'] as readonly string[];
  }

  get keyDefaults(): Readonly<Record<string, unknown>> {
    const { properties = {}, required = [], typeName } = this.schema.items ?? {};
    const keys = this.schema['x-kubernetes-list-map-keys'] ?? [];
    // What a built-in type requires is in Go's struct, if only as its zero.
    const defaultOf = (key: string): unknown => properties[key]?.default ?? (typeName !== undefined && required.includes(key) ? ZEROS[properties[key]?.type ?? ''] : undefined);
    return Object.fromEntries(keys.map((key) => [key, defaultOf(key)] as const).filter(([, value]) => value !== undefined));
  }

  get mapType(): NonNullable<SchemaNode['mapType']> {
    return this.schema['x-kubernetes-map-type'] as NonNullable<SchemaNode['mapType']>;
  }

  get patchStrategy(): string {
    return this.schema['x-kubernetes-patch-strategy'] as string;
  }

  get presentFields(): NonNullable<SchemaNode['presentFields']> {
    const { typeName, properties = {}, required = [] } = this.schema;
    const map = new Map<string, unknown>();
    for (const [name, { type, present, omitted, format }] of Object.entries(typeName === undefined ? {} : properties)) {
      if (present) map.set(name, type === 'object' ? {} : format === 'date-time' ? null : (ZEROS[type ?? ''] ?? null));
      else if (required.includes(name) && !omitted && (type === 'object' || type === 'array')) map.set(name, null);
    }
    Object.defineProperty(this, 'presentFields', { value: map });
    return map;
  }

  get patchMergeKey(): string {
    return this.schema['x-kubernetes-patch-merge-key'] as string;
  }
}
