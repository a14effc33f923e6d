import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import { isObject } from '../schema/schema.js';
import { type Field, MAGIC, type Message, messageOf, messageName } from './protobuf.js';
import { groupVersionOf } from '../group-version.js';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

/** Whether a resource's objects can be written: custom ones never can. */
export const writesProtobuf = ({ custom, group, version, kind }: ResourceDefinition): boolean => !custom && messageOf(messageName(group, version, kind)) !== undefined;

/** An object with its envelope; undefined for kinds that have no protobuf. */
export function encodeObject(object: ApiObject | JsonObject): Buffer | undefined {
  const { apiVersion = '', kind = '' } = object as Partial<ApiObject>;
  const { group, version } = groupVersionOf(apiVersion);
  const message = messageOf(messageName(group, version, kind));
  return message && envelope(apiVersion, kind, encodeMessage(object, message));
}

/** A list with its envelope. `kind` is that of the list, `itemKind` that of its items. */
export function encodeList({ apiVersion, kind, metadata, items, itemKind }: { apiVersion: string; kind: string; metadata: JsonObject; items: readonly object[]; itemKind: string }): Buffer {
  const { group, version } = groupVersionOf(apiVersion);
  const message = messageOf(messageName(group, version, itemKind))!;
  return envelope(apiVersion, kind, Buffer.concat([delimited(1, encodeMessage(metadata, messageOf('meta.v1.ListMeta')!)), ...items.map((item) => delimited(2, encodeMessage(item as JsonObject, message)))]));
}

/** One frame of a watch: its length, and an event around an object with its envelope. */
export function encodeEvent(type: string, object: ApiObject | JsonObject): Buffer {
  const event = Buffer.concat([delimited(1, Buffer.from(type)), delimited(2, delimited(1, encodeObject(object) ?? Buffer.alloc(0)))]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  Buffer.concat([MAGIC, delimited(1, Buffer.concat([delimited(1, Buffer.from(apiVersion)), delimited(2, Buffer.from(kind))])), delimited(2, raw)]);

function encodeMessage(object: JsonObject | ApiObject, message: Message): Buffer {
  return Buffer.concat([...message].flatMap(([number, field]) => encodeField(number, field, object as JsonObject)));
}

function encodeField(number: number, { name, type, shape, inline }: Field, object: JsonObject): Buffer[] {
  if (inline) return [delimited(number, encodeMessage(object, messageOf(type)!))];
  const value = object[name];
  if (value === undefined || value === null) return [];
  if (shape === 'list') return (Array.isArray(value) ? value : []).map((item) => encodeValue(number, type, item));
  if (shape === 'map') return Object.entries(isObject(value) ? value : {}).map(([key, item]) => delimited(number, Buffer.concat([delimited(1, Buffer.from(key)), encodeValue(2, type, item)])));
  return [encodeValue(number, type, value)];
}

function encodeValue(number: number, type: string, value: unknown): Buffer {
  switch (type) {
    case 's':
      return delimited(number, Buffer.from(String(value)));
    case 'b':
      return integer(number, value === true ? 1 : 0);
    case 'i':
      return integer(number, Number(value));
    case 'y':
      return delimited(number, Buffer.from(String(value), 'base64'));
    case 'd': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(Number(value));
      return Buffer.concat([tag(number, FIXED64), bytes]);
    }
    case 'json':
      return delimited(number, delimited(1, Buffer.from(JSON.stringify(value))));
    case 'quantity':
      return delimited(number, delimited(1, Buffer.from(String(value))));
    case 'time':
    case 'microtime':
      return delimited(number, timeOf(String(value)));
    case 'intstr':
      return delimited(number, typeof value === 'number' ? Buffer.concat([integer(1, 0), integer(2, value)]) : Buffer.concat([integer(1, 1), delimited(3, Buffer.from(String(value)))]));
    case 'schema-or-boolean':
      return delimited(number, typeof value === 'boolean' ? integer(1, value ? 1 : 0) : Buffer.concat([integer(1, 1), schemaIn(2, value)]));
    case 'schema-or-list':
      return delimited(number, Array.isArray(value) ? Buffer.concat(value.map((item) => schemaIn(2, item))) : schemaIn(1, value));
    case 'schema-or-strings':
      return delimited(number, Array.isArray(value) ? Buffer.concat(value.map((item) => delimited(2, Buffer.from(String(item))))) : schemaIn(1, value));
  }
  if (type.startsWith('items:')) return delimited(number, Buffer.concat((value as unknown[]).map((item) => encodeValue(1, type.slice('items:['.length), item))));
  return delimited(number, encodeMessage(value as JsonObject, messageOf(type)!));
}

const schemaIn = (number: number, schema: unknown): Buffer => delimited(number, encodeMessage(schema as JsonObject, messageOf('apiextensions.v1.JSONSchemaProps')!));

function timeOf(text: string): Buffer {
  const [, fraction = ''] = /\.(\d+)/.exec(text) ?? [];
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? Buffer.alloc(0) : Buffer.concat([integer(1, Math.floor(milliseconds / 1000)), integer(2, Number(fraction.padEnd(9, '0').slice(0, 9)))]);
}

const tag = (number: number, wire: number): Buffer => varint(BigInt(number * 8 + wire));
const integer = (number: number, value: number): Buffer => Buffer.concat([tag(number, VARINT), varint(BigInt(Math.trunc(value)))]);
const delimited = (number: number, content: Buffer): Buffer => Buffer.concat([tag(number, BYTES), varint(BigInt(content.length)), content]);

/** Negative numbers take ten bytes, as two's complement. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  while (left > 0x7fn) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  bytes.push(Number(left));
  return Buffer.from(bytes);
}
