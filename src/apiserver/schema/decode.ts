import type { JsonObject, UnknownField } from '../contracts.js';
import { DecodeError } from './decode-error.js';
import { at, child } from './field-error.js';
import { goKind } from './go-format.js';
import { parseGoTime } from './go-time.js';
import { formatQuantity, parseQuantity, QUANTITY_PROBLEM } from './quantity.js';
import type { Schema } from './schema.js';
import { fieldSchema, isObject } from './schema.js';
import { unknownField } from './unknown-field.js';

/**
 * Reads an object of a built-in kind as Kubernetes' Go decoder does, in place: nulls and unknown fields go, quantities
 * and times become canonical. Returns the unknown fields that it took out.
 * @throws {DecodeError} for a value of a type that its field cannot hold.
 */
export function decodeBuiltin(object: JsonObject, schema: Schema, path = ''): UnknownField[] {
  const unknown: UnknownField[] = [];
  const decode = new Decoder(unknown);
  decode.object(object, schema, path, '', '');
  return unknown;
}

class Decoder {
  constructor(private readonly unknown: UnknownField[]) {}

  /** `path` has list indexes and names unknown fields; `goPath` has none, as in Go's decoding errors, which name the struct `owner` too. */
  object(object: JsonObject, schema: Schema, path: string, goPath: string, owner: string): void {
    const isMap = schema.properties === undefined;
    for (const name of Object.keys(object)) {
      const fieldType = fieldSchema(schema, name);
      const fieldPath = child(path, name);
      if (!fieldType) {
        if (schema['x-kubernetes-preserve-unknown-fields']) continue;
        this.unknown.push(unknownField(fieldPath, name, Object.keys(schema.properties ?? {})));
        delete object[name];
      } else if (object[name] === null && !isMap && !keepsNull(fieldType)) {
        delete object[name];
      } else {
        object[name] = this.value(object[name], fieldType, fieldPath, isMap ? goPath : child(goPath, name), isMap ? owner : goName(schema));
      }
    }
  }

  private value(value: unknown, schema: Schema, path: string, goPath: string, owner: string): unknown {
    if (schema['x-kubernetes-preserve-unknown-fields'] && !schema.properties) return value;
    if (schema.format === 'quantity') return this.quantity(value);
    if (schema['x-kubernetes-int-or-string']) {
      if (typeof value === 'string' || Number.isInteger(value)) return value;
      return this.mismatch(value, schema, goPath, owner);
    }
    switch (schema.type) {
      case 'object':
        if (value === null) return {};
        if (!isObject(value)) return this.mismatch(value, schema, goPath, owner);
        this.object(value, schema, path, goPath, owner);
        return value;
      case 'array':
        if (value === null) return [];
        if (!Array.isArray(value)) return this.mismatch(value, schema, goPath, owner);
        return value.map((item, index) => this.value(item, schema.items!, at(path, index), goPath, owner));
      case 'string':
        return this.text(value, schema, goPath, owner);
      case 'boolean':
        if (value === null) return false;
        return typeof value === 'boolean' ? value : this.mismatch(value, schema, goPath, owner);
      case 'integer':
        if (value === null) return 0;
        return fits(value, schema.format) ? value : this.mismatch(value, schema, goPath, owner);
      case 'number':
        if (value === null) return 0;
        return typeof value === 'number' ? value : this.mismatch(value, schema, goPath, owner);
      default:
        return value;
    }
  }

  private text(value: unknown, schema: Schema, goPath: string, owner: string): unknown {
    if (value === null) return schema.format === 'date-time' ? null : '';
    if (typeof value !== 'string') return this.mismatch(value, schema, goPath, owner);
    if (schema.format === 'date-time') return this.time(value, schema.typeName === 'meta.v1.MicroTime');
    if (schema.format === 'byte' && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value.replace(/[\r\n]/g, ''))) {
      const position = value.search(/[^A-Za-z0-9+/=\r\n]/);
      return this.fail(`illegal base64 data at input byte ${position === -1 ? value.length - (value.length % 4) : position}`);
    }
    return value;
  }

  private quantity(value: unknown): string {
    const parsed = value === null ? parseQuantity('0') : parseQuantity(value);
    return parsed ? formatQuantity(parsed) : this.fail(QUANTITY_PROBLEM);
  }

  private time(value: string, micro: boolean): string {
    const time = parseGoTime(value, micro);
    if (typeof time === 'string') return this.fail(time);
    const seconds = new Date(time.seconds).toISOString().slice(0, 19);
    return micro ? `${seconds}.${time.microseconds}Z` : `${seconds}Z`;
  }

  private mismatch(value: unknown, schema: Schema, goPath: string, owner: string): never {
    throw new DecodeError(`json: cannot unmarshal ${jsonKind(value, schema)} into Go struct field ${owner}.${goPath} of type ${goType(schema)}`, () => conversionProblem(value, schema));
  }

  private fail(problem: string): never {
    throw new DecodeError(problem);
  }
}

/** Fields of any type may hold a null that means something; elsewhere Go reads it as the zero value. */
const keepsNull = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true && schema.type === undefined;

function fits(value: unknown, format: string | undefined): boolean {
  if (!Number.isInteger(value)) return false;
  return format !== 'int32' || ((value as number) < 2 ** 31 && (value as number) >= -(2 ** 31));
}

function conversionProblem(value: unknown, schema: Schema): string {
  const kind = goKind(value);
  // Its own decoder reads it, as the number that it may be.
  if (schema['x-kubernetes-int-or-string']) return `json: cannot unmarshal ${jsonKind(value, { type: 'integer' })} into Go value of type int32`;
  if (schema.type === 'array') return `cannot restore slice from ${shortKind(kind)}`;
  if (schema.type === 'object') return schema.properties ? `cannot restore struct from: ${shortKind(kind)}` : `cannot restore map from ${shortKind(kind)}`;
  return Array.isArray(value) || isObject(value) || typeof value === 'string' ? `unrecognized type: ${goType(schema)}` : `cannot convert ${kind} to ${goType(schema)}`;
}

const shortKind = (kind: string): string => (kind.startsWith('[') ? 'slice' : kind.startsWith('map') ? 'map' : kind);

function jsonKind(value: unknown, schema: Schema): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  // Numbers are shown when a number was wanted, of another kind.
  return typeof value === 'number' ? `number${schema.type === 'integer' ? ` ${value}` : ''}` : typeof value;
}

const goName = (schema: Schema): string => schema.typeName?.split('.').at(-1) ?? '';

function goType(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string']) return 'intstr.IntOrString';
  switch (schema.type) {
    case 'array':
      return `[]${goType(schema.items ?? {})}`;
    case 'object':
      return typeof schema.additionalProperties === 'object' ? `map[string]${goType(schema.additionalProperties)}` : (schema.typeName?.split('.').slice(-2).join('.') ?? 'map[string]interface {}');
    case 'boolean':
      return 'bool';
    case 'integer':
      return schema.format ?? 'int64';
    case 'number':
      return 'float64';
    case 'string':
      return schema.format === 'byte' ? '[]uint8' : 'string';
    default:
      return 'runtime.RawExtension';
  }
}
