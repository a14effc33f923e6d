import type { JSONSchemaProps, ValidationRule } from './json-schema.js';
import { nearest } from './problem.js';
import { classRecords, memberRecords } from './records.js';
import type { Schema } from './schema.js';

type AnySchema = Schema<unknown, boolean>;
type Report = (message: string, member?: string) => void;
type FieldsClass = abstract new () => unknown;

/** By shape, not by class: a plugin may have loaded its own copy of this package. */
const isSchema = (value: unknown): value is AnySchema => typeof (value as AnySchema | undefined)?.node?.props === 'object';

const isClass = (value: unknown): value is FieldsClass => typeof value === 'function';

/** Rules on a class and on those it extends, base class first. */
function rulesOf(type: FieldsClass): ValidationRule[] {
  const rules: ValidationRule[] = [];
  for (let current: unknown = type; typeof current === 'function' && current !== Function.prototype; current = Object.getPrototypeOf(current)) {
    rules.unshift(...classRecords<ValidationRule>(current, 'Validation'));
  }
  return rules;
}

/** Turns the schemas and classes that decorators recorded into a structural schema, and reports what a server would refuse. */
export class SchemaResolver {
  readonly #report: Report;
  /** Classes that are being resolved, outermost first: a CRD schema cannot contain itself. */
  readonly #open: FieldsClass[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  /** The schema of what a `spec` or `status` thunk gives. */
  source(source: () => FieldsClass | AnySchema, path: string): JSONSchemaProps {
    const described = source() as FieldsClass | AnySchema | undefined;
    if (isSchema(described)) return this.schema(described, path);
    if (isClass(described)) return this.fields(described, path);
    this.#report(`the schema of ${path} is undefined; give a function that returns a class with @Field properties, or a schema`);
    return { type: 'object' };
  }

  /** The schema of an object of a class whose properties are fields. */
  fields(type: FieldsClass, path: string): JSONSchemaProps {
    if (this.#open.includes(type)) {
      this.#report(`${path} contains class ${type.name} inside itself (${[...this.#open, type].map(({ name }) => name).join(' > ')}); a CRD schema cannot be recursive`);
      return { type: 'object' };
    }
    this.#open.push(type);
    const shape: Record<string, AnySchema> = {};
    for (const { decorator, member, data, isStatic } of memberRecords(type)) {
      const name = member as string;
      if (isStatic) this.#report(`static property "${name}" of class ${type.name} cannot be a field`);
      else if (decorator === 'Field') shape[name] = data as AnySchema;
    }
    for (const { decorator, member, data } of memberRecords(type)) {
      const name = member as string;
      if (decorator !== 'Validation') continue;
      const { rule, message, ...options } = data as ValidationRule;
      const field = shape[name];
      if (field) shape[name] = field.validation(rule, message ?? '', options);
      else this.#report(`@Validation on property "${name}" of class ${type.name}, which is not a @Field`);
    }
    const rules = rulesOf(type);
    if (Object.keys(shape).length === 0) this.#report(`class ${type.name}, the schema of ${path}, has no @Field properties`);
    const resolved = this.object(shape, path);
    this.#open.pop();
    return rules.length > 0 ? { ...resolved, 'x-kubernetes-validations': rules } : resolved;
  }

  object(shape: Readonly<Record<string, AnySchema>>, path: string): JSONSchemaProps {
    const properties: Record<string, JSONSchemaProps> = {};
    const required: string[] = [];
    for (const [name, field] of Object.entries(shape)) {
      if (!isSchema(field)) {
        this.#report(`${path}.${name} has no schema; write for example s.string()`);
        continue;
      }
      properties[name] = this.schema(field, `${path}.${name}`);
      const { isOptional, isRequired, props } = field.node;
      if (isRequired || (!isOptional && props.default === undefined)) required.push(name);
    }
    return { type: 'object', properties, ...(required.length > 0 ? { required: required.sort() } : {}) };
  }

  schema({ node }: AnySchema, path: string): JSONSchemaProps {
    const nested: JSONSchemaProps = {
      ...(node.fields ? this.source(node.fields, path) : {}),
      ...(node.shape ? this.object(node.shape, path) : {}),
      ...(node.items ? { items: this.schema(node.items, `${path}[*]`) } : {}),
      ...(node.values ? { additionalProperties: this.schema(node.values, `${path}.*`) } : {}),
    };
    const rules = [...(nested['x-kubernetes-validations'] ?? []), ...(node.props['x-kubernetes-validations'] ?? [])];
    const resolved: JSONSchemaProps = { ...nested, ...node.props, ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}) };
    this.#check(resolved, path);
    return resolved;
  }

  #check(schema: JSONSchemaProps, path: string): void {
    if (schema.pattern !== undefined && !isPattern(schema.pattern)) this.#report(`the pattern of ${path} is not a regular expression: ${schema.pattern}`);
    for (const [low, high] of [['minimum', 'maximum'], ['minLength', 'maxLength'], ['minItems', 'maxItems'], ['minProperties', 'maxProperties']] as const) {
      const [least, most] = [schema[low], schema[high]];
      if (least !== undefined && most !== undefined && least > most) this.#report(`${path}: ${low} ${least} is above ${high} ${most}`);
    }
    for (const rule of schema['x-kubernetes-validations'] ?? []) this.#checkRule(rule, path);
    const keys = schema['x-kubernetes-list-map-keys'];
    if (keys) this.#checkMapKeys(schema, keys, path);
    const { items } = schema;
    if (schema['x-kubernetes-list-type'] === 'set' && items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
      this.#report(`${path} is a set of objects; items of a set are scalars, or objects of mapType('atomic')`);
    }
    if (schema.default !== undefined) {
      const wrong = mismatch(schema.default, schema);
      if (wrong !== undefined) this.#report(`the default of ${path}, ${JSON.stringify(schema.default)}, ${wrong}`);
    }
  }

  #checkRule({ rule, message, fieldPath }: ValidationRule, path: string): void {
    if (rule.trim() === '') this.#report(`a validation rule of ${path} is empty`);
    if (message !== undefined && (message.trim() === '' || message.includes('\n'))) this.#report(`the message of rule "${rule}" of ${path} has to be one line that is not empty`);
    if (fieldPath !== undefined && !/^[.[]/.test(fieldPath)) this.#report(`the fieldPath "${fieldPath}" of rule "${rule}" of ${path} has to start with "." or "["`);
  }

  #checkMapKeys(schema: JSONSchemaProps, keys: readonly string[], path: string): void {
    const properties = schema.items?.properties ?? {};
    if (keys.length === 0) this.#report(`${path} is a map list without keys; name the fields that tell items apart`);
    for (const key of keys) {
      const property = properties[key];
      if (!property) {
        const meant = nearest(key, Object.keys(properties));
        this.#report(`items of ${path} have no field "${key}" to tell them apart.${meant ? ` Did you mean "${meant}"?` : ''} They have ${Object.keys(properties).join(', ') || 'no fields'}`);
      } else if (property.default === undefined && !schema.items?.required?.includes(key)) {
        this.#report(`field "${key}" tells items of ${path} apart; it has to be required or have a default`);
      }
    }
  }
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    try {
      return new RegExp(pattern) instanceof RegExp;
    } catch {
      return false;
    }
  }
}

const typeName = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

/** What a value has that its schema forbids; undefined when it fits. CEL rules and formats are the server's. */
export function mismatch(value: unknown, schema: JSONSchemaProps): string | undefined {
  const actual = typeName(value);
  if (actual === 'null') return schema.nullable ? undefined : 'is null, which the field does not take';
  if (schema['x-kubernetes-int-or-string']) {
    if (actual !== 'integer' && actual !== 'string') return `is of type ${actual}; integer or string is expected`;
  } else if (schema.type !== undefined && schema.type !== actual && !(schema.type === 'number' && actual === 'integer')) {
    return `is of type ${actual}; ${schema.type} is expected`;
  }
  if (schema.enum && !schema.enum.includes(value)) return `is none of ${schema.enum.map((allowed) => JSON.stringify(allowed)).join(', ')}`;
  if (typeof value === 'string' && schema.pattern !== undefined && isPattern(schema.pattern) && !new RegExp(schema.pattern).test(value)) {
    return `does not match ${schema.pattern}`;
  }
  const size = typeof value === 'number' ? value : Array.isArray(value) || typeof value === 'string' ? value.length : Object.keys(value as object).length;
  const [least, most] = boundsOf(schema, actual);
  if (least !== undefined && size < least) return `is below the minimum of ${least}`;
  if (most !== undefined && size > most) return `is above the maximum of ${most}`;
  if (Array.isArray(value)) return schema.items && firstMismatch(value.map((item) => [item, schema.items as JSONSchemaProps]));
  if (actual !== 'object') return undefined;
  const members = value as Record<string, unknown>;
  const missing = schema.required?.find((name) => members[name] === undefined);
  if (missing !== undefined) return `lacks the required field "${missing}"`;
  const { additionalProperties } = schema;
  return firstMismatch(Object.entries(members).flatMap(([name, member]) => {
    const known = schema.properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    return known ? [[member, known] as const] : [];
  }));
}

const firstMismatch = (pairs: readonly (readonly [unknown, JSONSchemaProps])[]): string | undefined => {
  for (const [value, schema] of pairs) {
    const wrong = mismatch(value, schema);
    if (wrong !== undefined) return `holds ${JSON.stringify(value)}, which ${wrong}`;
  }
  return undefined;
};

function boundsOf(schema: JSONSchemaProps, actual: string): [number | undefined, number | undefined] {
  if (actual === 'string') return [schema.minLength, schema.maxLength];
  if (actual === 'array') return [schema.minItems, schema.maxItems];
  return actual === 'object' ? [schema.minProperties, schema.maxProperties] : [schema.minimum, schema.maximum];
}
