import { parse } from 'yaml';
import type { ApiObject, JsonObject } from '../contracts.js';
import { decodeProtobuf, PROTOBUF } from './protobuf.js';
import { badRequest, StatusError, unsupportedMediaType } from '../status.js';

/** Bodies may be this large (bytes); etcd's and kube-apiserver's limit for JSON is of the same size. */
export const BODY_LIMIT = 3 * 1024 * 1024;

const DECODABLE = ['application/json', 'application/yaml', PROTOBUF];

export const mediaType = (headers: Readonly<Record<string, string>>): string => (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();

/** The JSON value of a JSON, YAML or protobuf body; undefined for an empty one. */
export function decodeBody(body: string | Uint8Array | undefined, contentType: string): unknown {
  if (body === undefined || body.length === 0) return undefined;
  if (body.length > BODY_LIMIT) throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${BODY_LIMIT}`);
  if (contentType === PROTOBUF) return decodeProtobuf(typeof body === 'string' ? Buffer.from(body, 'latin1') : body);
  const text = typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  const yaml = contentType.includes('yaml');
  try {
    return yaml ? (parse(text, { maxAliasCount: 100, uniqueKeys: false }) as unknown) : (JSON.parse(text) as unknown);
  } catch (error) {
    throw badRequest(`the object provided is unrecognized (must be of type ${yaml ? 'YAML' : 'JSON'}): ${(error as Error).message}`);
  }
}

/** An object that a client wants created or put. */
export function decodeObject(body: string | Uint8Array | undefined, headers: Readonly<Record<string, string>>): ApiObject {
  const type = mediaType(headers) || 'application/json';
  if (!DECODABLE.includes(type) && type !== '*/*') throw unsupportedMediaType(DECODABLE);
  const value = decodeBody(body, type);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest(value === undefined ? 'the request has no body' : `the object provided is unrecognized (must be a JSON object): got ${JSON.stringify(value).slice(0, 100)}`);
  }
  const object = value as ApiObject;
  const metadata: unknown = object.metadata ?? {};
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) throw badRequest('metadata: Invalid value: must be an object');
  object.metadata = metadata;
  return object;
}

/** The options in the body of a DELETE, if there are any. */
export function decodeDeleteOptions(body: string | Uint8Array | undefined, headers: Readonly<Record<string, string>>): JsonObject | undefined {
  const value = decodeBody(body, mediaType(headers) || 'application/json');
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw badRequest('the body of a DELETE must be DeleteOptions');
  return value as JsonObject;
}
