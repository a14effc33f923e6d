import { createRequire } from 'node:module';
import type { JsonObject } from '../contracts.js';
import { badRequest } from '../status.js';
import { setOwn } from '../storage/deep.js';
import type messagesFile from './protobuf-messages.json' with { 'resolution-mode': 'require' };
import { groupVersionOf } from '../group-version.js';

/** Go clients with types (kubectl's `create` and `drain`, controllers) like the built-in kinds in protobuf better. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

export const MAGIC = Buffer.from('k8s\0');

export interface Field {
  name: string;
  /** `s`, `b`, `i`, `y`, `time`, `microtime`, `quantity`, `intstr`, `json`, `items:…` or the name of a message. */
  type: string;
  /** Zero is a value: the field is a pointer in Go. */
  pointer: boolean;
  shape: 'single' | 'list' | 'map';
  inline: boolean;
}

export type Message = ReadonlyMap<number, Field>;

const GROUP = '1 name s;2 versions [meta.v1.GroupVersionForDiscovery;3 preferredVersion meta.v1.GroupVersionForDiscovery;4 serverAddressByClientCIDRs [meta.v1.ServerAddressByClientCIDR';
const RESOURCES = '1 groupVersion s;2 resources [meta.v1.APIResource';

/** What servers answer with besides objects. */
const ANSWERS = {
  'meta.v1.ListMeta': '1 selfLink s;2 resourceVersion s;3 continue s;4 remainingItemCount *i',
  'meta.v1.PartialObjectMetadata': '1 metadata meta.v1.ObjectMeta',
  'core.v1.Status': '1 metadata meta.v1.ListMeta;2 status s;3 message s;4 reason s;5 details *meta.v1.StatusDetails;6 code i',
  'meta.v1.StatusDetails': '1 name s;2 group s;3 kind s;4 causes [meta.v1.StatusCause;5 retryAfterSeconds i;6 uid s',
  'meta.v1.StatusCause': '1 reason s;2 message s;3 field s',
  // Some of discovery is of no version.
  'core..APIVersions': '1 versions [s;2 serverAddressByClientCIDRs [meta.v1.ServerAddressByClientCIDR',
  'core.v1.APIGroup': GROUP,
  'core.v1.APIGroupList': '1 groups [core.v1.APIGroup',
  'core..APIResourceList': RESOURCES,
  'core.v1.APIResourceList': RESOURCES,
  'meta.v1.APIResource': '1 name s;2 namespaced b;3 kind s;4 verbs items:[s;5 shortNames [s;6 singularName s;7 categories [s;8 group s;9 version s;10 storageVersionHash s',
  'meta.v1.GroupVersionForDiscovery': '1 groupVersion s;2 version s',
  'meta.v1.ServerAddressByClientCIDR': '1 clientCIDR s;2 serverAddress s',
  'meta.v1.GroupVersionKind': '1 group s;2 version s;3 kind s',
  'apidiscovery.v2.APIGroupDiscoveryList': '1 metadata meta.v1.ListMeta;2 items [apidiscovery.v2.APIGroupDiscovery',
  'apidiscovery.v2.APIGroupDiscovery': '1 metadata meta.v1.ObjectMeta;2 versions [apidiscovery.v2.APIVersionDiscovery',
  'apidiscovery.v2.APIVersionDiscovery': '1 version s;2 resources [apidiscovery.v2.APIResourceDiscovery;3 freshness s',
  'apidiscovery.v2.APIResourceDiscovery': '1 resource s;2 responseKind *meta.v1.GroupVersionKind;3 scope s;4 singularResource s;5 verbs [s;6 shortNames [s;7 categories [s;8 subresources [apidiscovery.v2.APISubresourceDiscovery',
  'apidiscovery.v2.APISubresourceDiscovery': '1 subresource s;2 responseKind *meta.v1.GroupVersionKind;3 acceptedTypes [meta.v1.GroupVersionKind;4 verbs [s',
};

let texts: Record<string, string> | undefined;
const messages = new Map<string, Message | undefined>();

/** `protobuf-messages.json` is read when the first protobuf body comes; `tools/kubernetes-protobuf.mjs` tells its notation. */
export function messageOf(name: string): Message | undefined {
  if (!messages.has(name)) {
    texts ??= { ...(createRequire(import.meta.url)('./protobuf-messages.json') as typeof messagesFile), ...ANSWERS };
    const text = Object.hasOwn(texts, name) ? texts[name]! : undefined;
    messages.set(name, text === undefined ? undefined : new Map(text.split(';').filter(Boolean).map(parseField)));
  }
  return messages.get(name);
}

function parseField(text: string): [number, Field] {
  const [number = '', name = '', notation = ''] = text.split(' ');
  const [, pointer, shape, type = '', inline] = /^(\*?)([[{]?)(.*?)(~?)$/.exec(notation)!;
  return [Number(number), { name, type, pointer: pointer !== '', shape: shape === '[' ? 'list' : shape === '{' ? 'map' : 'single', inline: inline !== '' }];
}

/** What the message of a kind is called. */
export const messageName = (group: string, version: string, kind: string): string => `${group.split('.')[0] || 'core'}.${version}.${kind}`;

/** The object in a protobuf body. */
export function decodeProtobuf(body: Uint8Array): JsonObject {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw badRequest('the object provided is unrecognized (must be of type protobuf): provided data does not appear to be a protobuf message');
  try {
    return decodeEnvelope(bytes.subarray(4));
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(`the object provided is unrecognized (must be of type protobuf): ${error.message}`);
    throw error;
  }
}

function decodeEnvelope(bytes: Buffer): JsonObject {
  let apiVersion = '';
  let kind = '';
  let raw: Buffer = Buffer.alloc(0);
  for (const { number, bytes: content } of fieldsOf(bytes)) {
    if (number === 1 && content) {
      for (const part of fieldsOf(content)) {
        if (part.number === 1) apiVersion = part.bytes?.toString() ?? '';
        if (part.number === 2) kind = part.bytes?.toString() ?? '';
      }
    }
    if (number === 2 && content) raw = content;
  }
  const { group, version } = groupVersionOf(apiVersion);
  const message = messageOf(kind === 'DeleteOptions' ? 'meta.v1.DeleteOptions' : messageName(group, version, kind));
  if (!message) throw badRequest(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in protobuf; send JSON`);
  return { apiVersion, kind, ...decodeMessage(raw, message) };
}

function decodeMessage(bytes: Buffer, message: Message): JsonObject {
  const object: JsonObject = {};
  for (const raw of fieldsOf(bytes)) {
    const field = message.get(raw.number);
    if (!field) continue;
    if (field.inline) {
      Object.assign(object, decodeMessage(expectBytes(raw), expectMessage(field.type)));
    } else if (field.shape === 'map') {
      const map = (object[field.name] ??= {}) as JsonObject;
      const [key, value] = decodeEntry(expectBytes(raw), field.type);
      setOwn(map, key, value);
    } else if (field.shape === 'list') {
      const list = (object[field.name] ??= []) as unknown[];
      if (field.type === 'i' && raw.bytes) list.push(...packed(raw.bytes));
      else list.push(decodeValue(raw, field.type));
    } else {
      const value = decodeValue(raw, field.type);
      // Go's encoder writes the zero of every plain field; JSON leaves those out.
      if (value !== null && (field.pointer || !isZero(value))) object[field.name] = value;
    }
  }
  return object;
}

const isZero = (value: unknown): boolean => value === '' || value === 0 || value === false;

function decodeEntry(bytes: Buffer, type: string): [string, unknown] {
  let key = '';
  let value: unknown = type === 's' || type === 'y' ? '' : {};
  for (const raw of fieldsOf(bytes)) {
    if (raw.number === 1) key = raw.bytes?.toString() ?? '';
    if (raw.number === 2) value = decodeValue(raw, type);
  }
  return [key, value];
}

function decodeValue(raw: RawField, type: string): unknown {
  switch (type) {
    case 's':
      return expectBytes(raw).toString();
    case 'b':
      return raw.integer !== undefined && raw.integer !== 0n;
    case 'i':
      return Number(BigInt.asIntN(64, raw.integer ?? 0n));
    case 'y':
      return expectBytes(raw).toString('base64');
    case 'json': {
      const [content] = fieldsOf(expectBytes(raw));
      return content?.bytes?.length ? (JSON.parse(content.bytes.toString()) as unknown) : null;
    }
    case 'd':
      return expectBytes(raw).readDoubleLE();
    case 'schema-or-boolean':
    case 'schema-or-list':
    case 'schema-or-strings':
      return decodeSchemaOr(type, expectBytes(raw));
    case 'quantity': {
      const [content] = fieldsOf(expectBytes(raw));
      return content?.bytes?.toString() ?? '0';
    }
    case 'time':
    case 'microtime':
      return decodeTime(expectBytes(raw), type === 'microtime');
    case 'intstr': {
      const parts = new Map([...fieldsOf(expectBytes(raw))].map((part) => [part.number, part]));
      return parts.get(1)?.integer === 1n ? (parts.get(3)?.bytes?.toString() ?? '') : Number(BigInt.asIntN(64, parts.get(2)?.integer ?? 0n));
    }
  }
  if (type.startsWith('items:')) return [...fieldsOf(expectBytes(raw))].map((item) => decodeValue(item, type.slice('items:['.length)));
  return decodeMessage(expectBytes(raw), expectMessage(type));
}

const SCHEMA = 'apiextensions.v1.JSONSchemaProps';

/** The parts of a schema that JSON writes in one of two shapes. */
function decodeSchemaOr(type: 'schema-or-boolean' | 'schema-or-list' | 'schema-or-strings', bytes: Buffer): unknown {
  const fields = [...fieldsOf(bytes)];
  const schema = fields.find(({ number }) => number === (type === 'schema-or-boolean' ? 2 : 1));
  if (schema?.bytes) return decodeMessage(schema.bytes, expectMessage(SCHEMA));
  if (type === 'schema-or-boolean') return fields.some(({ integer }) => integer === 1n);
  return fields.filter(({ number }) => number === 2).map((field) => decodeValue(field, type === 'schema-or-list' ? SCHEMA : 's'));
}

/** Seconds of Go's zero time, the first of January of the year 1. */
const ZERO_TIME = -62_135_596_800n;

/** Null for Go's zero time, which JSON leaves out. */
function decodeTime(bytes: Buffer, micro: boolean): string | null {
  let seconds = 0n;
  let nanoseconds = 0n;
  for (const { number, integer = 0n } of fieldsOf(bytes)) {
    if (number === 1) seconds = BigInt.asIntN(64, integer);
    if (number === 2) nanoseconds = integer;
  }
  if (bytes.length === 0 || (seconds === 0n && nanoseconds === 0n) || (seconds === ZERO_TIME && nanoseconds === 0n)) return null;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return micro ? `${whole}.${String(nanoseconds / 1000n).padStart(6, '0')}Z` : `${whole}Z`;
}

function packed(bytes: Buffer): number[] {
  const reader = { bytes, at: 0 };
  const numbers: number[] = [];
  while (reader.at < bytes.length) numbers.push(Number(BigInt.asIntN(64, varint(reader))));
  return numbers;
}

interface RawField {
  number: number;
  integer?: bigint;
  bytes?: Buffer;
}

function expectBytes({ bytes, number }: RawField): Buffer {
  if (!bytes) throw new RangeError(`field ${number} has the wrong wire type`);
  return bytes;
}

function expectMessage(name: string): Message {
  const message = messageOf(name);
  if (!message) throw new RangeError(`unknown message ${name}`);
  return message;
}

/** The fields of a message, in the order they were written. */
function* fieldsOf(bytes: Buffer): Generator<RawField> {
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const tag = Number(varint(reader));
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        yield { number, integer: varint(reader) };
        break;
      case 1:
        yield { number, bytes: take(reader, 8) };
        break;
      case 2:
        yield { number, bytes: take(reader, Number(varint(reader))) };
        break;
      case 5:
        yield { number, bytes: take(reader, 4) };
        break;
      default:
        throw new RangeError(`illegal wire type ${tag & 7}`);
    }
  }
}

function take(reader: { bytes: Buffer; at: number }, length: number): Buffer {
  if (reader.at + length > reader.bytes.length) throw new RangeError('unexpected end of data');
  reader.at += length;
  return reader.bytes.subarray(reader.at - length, reader.at);
}

function varint(reader: { bytes: Buffer; at: number }): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw new RangeError('unexpected end of data');
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new RangeError('a number is too long');
}
