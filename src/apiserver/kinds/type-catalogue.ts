import { createRequire } from 'node:module';
import type { Schema } from '../schema/schema.js';
import { ownValue } from '../schema/schema.js';
import type typesFile from './types.json' with { 'resolution-mode': 'require' };

/** Type name → field → notation; `tools/kubernetes-types.mjs` writes it and explains the notation. */
type Types = Record<string, Record<string, string>>;

// Required, for a JSON module would make Node 20 print a warning; the type makes the compiler copy the file.
const types: Types = createRequire(import.meta.url)('./types.json') as typeof typesFile as Types;

const SCALARS: Record<string, Schema> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time', nullable: true, typeName: 'meta.v1.Time' },
  microtime: { type: 'string', format: 'date-time', nullable: true, typeName: 'meta.v1.MicroTime' },
  quantity: { format: 'quantity', 'x-kubernetes-int-or-string': true, typeName: 'api.resource.Quantity' },
  intstr: { format: 'int-or-string', 'x-kubernetes-int-or-string': true, typeName: 'util.intstr.IntOrString' },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
  fields: { 'x-kubernetes-preserve-unknown-fields': true, typeName: 'meta.v1.FieldsV1' },
  raw: { 'x-kubernetes-preserve-unknown-fields': true, typeName: 'pkg.runtime.RawExtension' },
  json: { 'x-kubernetes-preserve-unknown-fields': true, typeName: 'apiextensions.v1.JSON' },
};

const built = new Map<string, Schema>();

/** Whether there is a built-in type of the name. */
export const isBuiltinType = (name: string): boolean => ownValue(types, name) !== undefined;

/** Thrown when a type is asked for that Kubernetes does not have. */
export class UnknownTypeError extends Error {
  readonly reason = 'UnknownType';
  constructor(readonly typeName: string) {
    super(`no built-in type ${typeName}; types.json has names like core.v1.PodSpec`);
  }
}

/**
 * The schema of a built-in type such as `core.v1.PodSpec`. The same object for the same name; do not change it.
 * @throws {UnknownTypeError}
 */
export function builtinSchema(name: string): Schema {
  const known = built.get(name);
  if (known) return known;
  const fields = ownValue(types, name);
  if (!fields) throw new UnknownTypeError(name);
  const schema: Schema = { type: 'object', typeName: name };
  // Before its fields: JSONSchemaProps contains itself.
  built.set(name, schema);
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const [field, notation] of Object.entries(fields)) {
    if (field === '#') {
      Object.assign(schema, hints(notation.split(' ')));
      continue;
    }
    if (notation.startsWith('!')) required.push(field);
    properties[field] = parseField(notation.replace('!', ''));
  }
  schema.properties = properties;
  if (required.length > 0) schema.required = required;
  return schema;
}

function parseField(notation: string): Schema {
  if (notation.startsWith('~')) return { ...parseField(notation.slice(1)), present: true };
  if (notation.startsWith('-')) return { ...parseField(notation.slice(1)), omitted: true };
  const [typed = '', ...flags] = notation.split(' ');
  const [type = '', initial] = typed.split('=');
  const schema = parseType(type);
  if (initial === undefined && flags.length === 0) return schema;
  const { enum: values, ...found } = hints(flags);
  const inner = (['items', 'additionalProperties'] as const).find((part) => schema[part] !== undefined);
  return {
    ...schema,
    ...(inner && values && { [inner]: { ...(schema[inner] as Schema), enum: values } }),
    ...(initial === undefined ? {} : { default: schema.type === 'string' ? initial : JSON.parse(initial) }),
    ...found,
    ...(!inner && values && { enum: values }),
  };
}

function parseType(type: string): Schema {
  if (type.startsWith('[')) return { type: 'array', items: parseType(type.slice(1)) };
  if (type.startsWith('{')) return { type: 'object', additionalProperties: parseType(type.slice(1)) };
  const scalar = ownValue(SCALARS, type);
  if (scalar) return scalar;
  // `?`: one of several shapes (a schema, a boolean, a list); what is inside is checked by the CRD rules.
  return type.endsWith('?') ? { 'x-kubernetes-preserve-unknown-fields': true, typeName: type.slice(0, -1) } : builtinSchema(type);
}

function hints(flags: readonly string[]): Partial<Schema> {
  const found: Partial<Schema> = {};
  const strategies: string[] = [];
  for (const flag of flags) {
    const [name = '', value = '', keys = ''] = flag.split(':');
    if (name === 'list') {
      found['x-kubernetes-list-type'] = value as 'atomic' | 'set' | 'map';
      if (keys) found['x-kubernetes-list-map-keys'] = keys.split(',');
    } else if (name === 'map') {
      found['x-kubernetes-map-type'] = value as 'atomic' | 'granular';
    } else if (name === 'enum') {
      found.enum = value.split('|').map(decodeURIComponent);
    } else if (name === 'union') {
      found['x-kubernetes-unions'] = [{ discriminator: value, 'fields-to-discriminateBy': Object.fromEntries(keys.split(',').map((field) => field.split('=') as [string, string])) }];
    } else {
      strategies.push(name);
      if (value) found['x-kubernetes-patch-merge-key'] = value;
    }
  }
  if (strategies.length > 0) found['x-kubernetes-patch-strategy'] = strategies.join(',');
  return found;
}
