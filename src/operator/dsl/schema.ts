import type { Duration } from '../duration.js';
import type { Condition } from '../kube/object.js';
import type { JSONSchemaProps, ValidationRule } from './json-schema.js';

type SchemaKind = 'string' | 'number' | 'boolean' | 'array' | 'object' | 'quantity' | 'any';
type SchemaClass<T = unknown> = abstract new () => T;

/** A schema that resolves to JSON Schema once all classes are loaded. */
export interface SchemaNode {
  /** Everything that needs no other schema. */
  readonly props: JSONSchemaProps;
  readonly isOptional: boolean;
  /** Listed as required although it has a default. */
  readonly isRequired: boolean;
  readonly items?: Schema<unknown, boolean>;
  readonly values?: Schema<unknown, boolean>;
  readonly shape?: Readonly<Record<string, Schema<unknown, boolean>>>;
  /** A class whose `@Field`s are the properties. */
  readonly fields?: () => SchemaClass;
}

type Primitive = string | number | boolean;
/** A value of which parts may be left to other defaults. */
type Default<T> = T extends readonly (infer Item)[] ? readonly Default<Item>[] : T extends object ? { readonly [K in keyof T]?: Default<T[K]> } : T;

/**
 * The schema of a value of type `T`. Immutable: every method returns a new schema. Methods that make no sense for the kind of value
 * do not compile. Made by {@link s}.
 */
export class Schema<out T, Optional extends boolean = false, Kind extends SchemaKind = SchemaKind> {
  declare readonly valueType: T;
  declare readonly valueKind: Kind;
  declare readonly optionality: Optional;

  constructor(readonly node: SchemaNode) {}

  private with<Next extends boolean = Optional, U = T>(props: JSONSchemaProps, more: Partial<SchemaNode> = {}): Schema<U, Next, Kind> {
    return new Schema<U, Next, Kind>({ ...this.node, ...more, props: { ...this.node.props, ...props } });
  }

  /** What `kubectl explain` says. */
  describe(description: string): Schema<T, Optional, Kind> { return this.with({ description }); }

  /** The API server fills this in where the field is absent. The field is not required then. Parts that have defaults of their own may be left out. */
  default(value: Default<T>): Schema<T, Optional, Kind> { return this.with({ default: value }); }

  /** The field may be absent, and its property has to be optional. */
  optional(): Schema<T, true, Kind> { return this.with<true>({}, { isOptional: true }); }

  /** Lists the field as required although it has a default. */
  required(): Schema<T, Optional, Kind> { return this.with({}, { isRequired: true }); }

  /** The value may be null. */
  nullable(): Schema<T | null, Optional, Kind> { return this.with<Optional, T | null>({ nullable: true }); }

  /** Adds a CEL rule on this value (`self`). */
  validation(rule: string, message: string, options: Omit<ValidationRule, 'rule' | 'message'> = {}): Schema<T, Optional, Kind> {
    return this.with({ 'x-kubernetes-validations': [...(this.node.props['x-kubernetes-validations'] ?? []), { rule, message, ...options }] });
  }

  /** An OpenAPI format: `int32`, `int64`, `date-time`, `double`, … */
  format(format: string): Schema<T, Optional, Kind> { return this.with({ format }); }

  /** Only these values. */
  oneOf<const U extends Primitive & T>(...values: readonly U[]): Schema<U, Optional, Kind> { return this.with<Optional, U>({ enum: values }); }

  /** Anything else that a structural schema may say, as it stands in the CRD. */
  extend(props: JSONSchemaProps): Schema<T, Optional, Kind> { return this.with(props); }

  /** Not anchored unless the expression is. RE2 syntax decides on the server; no look-around. */
  pattern(this: Schema<T, Optional, 'string' | 'quantity'>, pattern: RegExp | string): Schema<T, Optional, Kind> {
    return (this as Schema<T, Optional, Kind>).with({ pattern: typeof pattern === 'string' ? pattern : pattern.source });
  }
  minLength(this: Schema<T, Optional, 'string'>, minLength: number): Schema<T, Optional, 'string'> { return this.with({ minLength }); }
  maxLength(this: Schema<T, Optional, 'string'>, maxLength: number): Schema<T, Optional, 'string'> { return this.with({ maxLength }); }
  min(this: Schema<T, Optional, 'number'>, minimum: number): Schema<T, Optional, 'number'> { return this.with({ minimum }); }
  max(this: Schema<T, Optional, 'number'>, maximum: number): Schema<T, Optional, 'number'> { return this.with({ maximum }); }
  minItems(this: Schema<T, Optional, 'array'>, minItems: number): Schema<T, Optional, 'array'> { return this.with({ minItems }); }
  maxItems(this: Schema<T, Optional, 'array'>, maxItems: number): Schema<T, Optional, 'array'> { return this.with({ maxItems }); }
  minProperties(this: Schema<T, Optional, 'object'>, minProperties: number): Schema<T, Optional, 'object'> { return this.with({ minProperties }); }
  maxProperties(this: Schema<T, Optional, 'object'>, maxProperties: number): Schema<T, Optional, 'object'> { return this.with({ maxProperties }); }

  /** Who merges lists under server-side apply: `atomic` (the default of the API server), or a `set`. See {@link listMapKeys}. */
  listType(this: Schema<T, Optional, 'array'>, type: 'atomic' | 'set'): Schema<T, Optional, 'array'> { return this.with({ 'x-kubernetes-list-type': type }); }
  /** Items are told apart by these fields, which must be required or have a default. */
  listMapKeys(this: Schema<T, Optional, 'array'>, ...keys: readonly string[]): Schema<T, Optional, 'array'> {
    return this.with({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });
  }
  /** Whether server-side apply owns the map as a whole or entry by entry (the default of the API server). */
  mapType(this: Schema<T, Optional, 'object'>, type: 'atomic' | 'granular'): Schema<T, Optional, 'object'> { return this.with({ 'x-kubernetes-map-type': type }); }
  /** Fields that the schema does not know are kept. */
  preserveUnknown(this: Schema<T, Optional, 'object'>): Schema<T, Optional, 'object'> { return this.with({ 'x-kubernetes-preserve-unknown-fields': true }); }
  /** The value is a Kubernetes object: apiVersion, kind and metadata are validated as such. */
  embeddedResource(this: Schema<T, Optional, 'object'>): Schema<T, Optional, 'object'> { return this.with({ 'x-kubernetes-embedded-resource': true }); }
}

/** The TypeScript type of what a schema describes. */
export type TypeOf<S> = S extends Schema<infer T, boolean> ? T : never;

type Shape = Readonly<Record<string, Schema<unknown, boolean>>>;
type OptionalNames<P extends Shape> = { [K in keyof P]: P[K] extends Schema<unknown, infer O> ? (O extends true ? K : never) : never }[keyof P];
type ShapeOf<P extends Shape> = { -readonly [K in Exclude<keyof P, OptionalNames<P>>]: TypeOf<P[K]> } & { -readonly [K in OptionalNames<P>]?: TypeOf<P[K]> };
type Flat<T> = { [K in keyof T]: T[K] };

const schema = <T, Kind extends SchemaKind>(props: JSONSchemaProps, more: Partial<SchemaNode> = {}): Schema<T, false, Kind> =>
  new Schema<T, false, Kind>({ isOptional: false, isRequired: false, ...more, props });

/** Go's duration notation: `1h30m`, `1.5s`. */
const DURATION_PATTERN = String.raw`^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`;
/** Kubernetes' quantity notation. */
const QUANTITY_PATTERN = String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`;

/** Makes schemas. */
export const s = {
  string: () => schema<string, 'string'>({ type: 'string' }),
  /** A whole number; `int32` and `int64` say how large it may get. */
  int: (format?: 'int32' | 'int64') => schema<number, 'number'>({ type: 'integer', ...(format ? { format } : {}) }),
  number: () => schema<number, 'number'>({ type: 'number' }),
  boolean: () => schema<boolean, 'boolean'>({ type: 'boolean' }),
  /** One of these strings. */
  enum: <const V extends readonly [string, ...string[]]>(...values: V) => schema<V[number], 'string'>({ type: 'string', enum: values }),
  /** An amount: a string such as `1.5Gi`, or a number. */
  quantity: <T extends string | number = string | number>() =>
    schema<T, 'quantity'>({ anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: QUANTITY_PATTERN, 'x-kubernetes-int-or-string': true }),
  /** A whole number or a string, as ports and percentages are. */
  intOrString: () => schema<string | number, 'quantity'>({ anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true }),
  /** A length of time in Go's notation; `pattern` narrows it. */
  duration: <T extends Duration = Duration>() => schema<T, 'string'>({ type: 'string', pattern: DURATION_PATTERN }),
  /** A moment, RFC 3339. */
  time: () => schema<string, 'string'>({ type: 'string', format: 'date-time' }),
  array: <T>(items: Schema<T, boolean>) => schema<T[], 'array'>({ type: 'array' }, { items }),
  /** A map from any string; keys are limited by CEL rules. */
  record: <T>(values: Schema<T, boolean>) => schema<Record<string, T>, 'object'>({ type: 'object' }, { values }),
  object,
  /** An object of which the API server keeps every field. */
  anyObject: <T extends object = Record<string, unknown>>() => schema<T, 'object'>({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
  any: <T = unknown>() => schema<T, 'any'>({ 'x-kubernetes-preserve-unknown-fields': true }),
  conditions,
};

/** An object of a class whose properties are `@Field`s (in a thunk, so that classes may stand in any order), or of these properties. */
function object<T extends object>(fields: () => SchemaClass<T>): Schema<T, false, 'object'>;
function object<const P extends Shape>(shape: P): Schema<Flat<ShapeOf<P>>, false, 'object'>;
function object(described: (() => SchemaClass) | Shape): Schema<unknown, false, 'object'> {
  return schema<unknown, 'object'>({ type: 'object' }, typeof described === 'function' ? { fields: described } : { shape: described });
}

/**
 * The standard list of status conditions, a map by type. With `relaxed`, a condition may lack its reason and message, as
 * NodeClaim's may.
 */
function conditions({ relaxed = false, listMap = true }: { relaxed?: boolean; listMap?: boolean } = {}): Schema<Condition[], true, 'array'> {
  const reason = s.string().maxLength(1024).describe("Why the condition last changed, in one CamelCase word.");
  const message = s.string().maxLength(32768).describe('Details of the last change for people.');
  const item = s.object({
    type: s.string().maxLength(316).pattern(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/)
      .describe('Type of condition in CamelCase.'),
    status: s.enum('True', 'False', 'Unknown').describe('Whether the condition holds.'),
    observedGeneration: s.int('int64').min(0).optional().describe('The metadata.generation that the condition was computed for.'),
    lastTransitionTime: s.time().describe('When the status of the condition last changed.'),
    reason: relaxed ? reason.pattern(/^([A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?|)$/).optional() : reason.minLength(1).pattern(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/),
    message: relaxed ? message.optional() : message,
  });
  const list = s.array(item as Schema<Condition>).describe('What is known about the object, by type of condition.');
  return (listMap ? list.listMapKeys('type') : list).optional();
}
