import type { Buffer } from 'node:buffer';
import type { JsonObject } from '../contracts.js';
import { isObject } from '../schema/schema.js';
import { Double, encodeMessage } from './protobuf.js';

/** The media type of {@link encodeGnostic}. kubectl asks for it with an `@`, which is no valid media type to answer with. */
export const GNOSTIC_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** A version 2 document in the protobuf form of gnostic's `openapi.v2.Document`. */
export function encodeGnostic(document: JsonObject): Buffer {
  const info = document['info'] as JsonObject;
  return encodeMessage([
    [1, document['swagger'] as string],
    [2, encodeMessage([[1, info['title'] as string], [2, info['version'] as string]])],
    [8, encodeMessage([[2, entries(document['paths']).map(([name, item]) => named(name, pathItem(item as JsonObject)))]])],
    [9, encodeMessage([[1, entries(document['definitions']).map(([name, definition]) => named(name, schema(definition as JsonObject)))]])],
  ]);
}

const entries = (value: unknown): [string, unknown][] => Object.entries((value ?? {}) as JsonObject);

const named = (name: string, value: Buffer): Buffer => encodeMessage([[1, name], [2, value]]);

/** Anything, as YAML, of which JSON is a part. */
const any = (value: unknown): Buffer => encodeMessage([[2, JSON.stringify(value)]]);

const extensions = (value: JsonObject): Buffer[] => entries(value).filter(([name]) => name.startsWith('x-')).map(([name, content]) => named(name, any(content)));

function pathItem(item: JsonObject): Buffer {
  const method = (name: string): Buffer | undefined => (isObject(item[name]) ? operation(item[name]) : undefined);
  return encodeMessage([[2, method('get')], [3, method('put')], [4, method('post')], [5, method('delete')], [6, method('options')], [7, method('head')], [8, method('patch')], [9, parameters(item)]]);
}

function operation(value: JsonObject): Buffer {
  const responses = entries(value['responses']).map(([code, content]) => named(code, encodeMessage([[1, response(content as JsonObject)]])));
  return encodeMessage([
    [5, value['operationId'] as string],
    [6, value['produces'] as string[] | undefined],
    [7, value['consumes'] as string[] | undefined],
    [8, parameters(value)],
    [9, encodeMessage([[1, responses]])],
    [13, extensions(value)],
  ]);
}

const response = (value: JsonObject): Buffer => encodeMessage([[1, value['description'] as string], [2, isObject(value['schema']) ? encodeMessage([[1, schema(value['schema'])]]) : undefined]]);

function parameters(value: JsonObject): Buffer[] {
  return ((value['parameters'] ?? []) as JsonObject[]).map((parameter) => {
    const { name, type, required } = parameter as { name: string; type: string; required?: boolean };
    const place = parameter['in'] as string;
    if (place === 'body') {
      const body = encodeMessage([[2, name], [3, place], [4, required], [5, schema(parameter['schema'] as JsonObject)]]);
      return encodeMessage([[1, encodeMessage([[1, body]])]]);
    }
    const isQuery = place === 'query';
    const plain = encodeMessage([[1, required], [2, place], [4, name], [isQuery ? 6 : 5, type]]);
    return encodeMessage([[1, encodeMessage([[2, encodeMessage([[isQuery ? 3 : 4, plain]])]])]]);
  });
}

function schema(value: JsonObject): Buffer {
  const number = (name: string): Double | undefined => (typeof value[name] === 'number' ? new Double(value[name]) : undefined);
  const count = (name: string): number | undefined => value[name] as number | undefined;
  const text = (name: string): string | undefined => value[name] as string | undefined;
  const { additionalProperties, items, properties, allOf } = value;
  return encodeMessage([
    [1, text('$ref')],
    [2, text('format')],
    [3, text('title')],
    [4, text('description')],
    [5, value['default'] === undefined ? undefined : any(value['default'])],
    [6, number('multipleOf')],
    [7, number('maximum')],
    [8, value['exclusiveMaximum'] as boolean | undefined],
    [9, number('minimum')],
    [10, value['exclusiveMinimum'] as boolean | undefined],
    [11, count('maxLength')],
    [12, count('minLength')],
    [13, text('pattern')],
    [14, count('maxItems')],
    [15, count('minItems')],
    [17, count('maxProperties')],
    [18, count('minProperties')],
    [19, value['required'] as string[] | undefined],
    [20, (value['enum'] as unknown[] | undefined)?.map(any)],
    [21, isObject(additionalProperties) ? encodeMessage([[1, schema(additionalProperties)]]) : additionalProperties === undefined ? undefined : encodeMessage([[2, additionalProperties as boolean]])],
    [22, text('type') === undefined ? undefined : encodeMessage([[1, text('type')]])],
    [23, isObject(items) ? encodeMessage([[1, schema(items)]]) : undefined],
    [24, (allOf as JsonObject[] | undefined)?.map(schema)],
    [25, properties === undefined ? undefined : encodeMessage([[1, entries(properties).map(([name, property]) => named(name, schema(property as JsonObject)))]])],
    [31, extensions(value)],
  ]);
}
