import { type Document, type DocumentOptions, parseAllDocuments, type ParseOptions, type SchemaOptions, type ToJSOptions, type YAMLParseError } from 'yaml';
import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import { cannotBeHandled, decoded } from '../rest/write-options.js';
import { DecodeError } from '../schema/decode-error.js';
import { parseDoubled } from '../schema/doubled-fields.js';
import { jsonSyntaxError } from '../schema/json-syntax.js';
import { decodeProtobuf, PROTOBUF } from './protobuf.js';
import { badRequest, StatusError, unsupportedMediaType } from '../status.js';

/** Bodies may be this large (bytes); etcd's and kube-apiserver's limit for JSON is of the same size. */
export const BODY_LIMIT = 3 * 1024 * 1024;

const DECODABLE = ['application/json', 'application/yaml', PROTOBUF];

const BINARY = 'tag:yaml.org,2002:binary';

/** Words like `yes` and `off` are booleans, and dates are texts, as in the YAML that Kubernetes reads. */
const YAML: ParseOptions & DocumentOptions & SchemaOptions & ToJSOptions = {
  schema: 'yaml-1.1',
  customTags: (tags) => [...tags.filter((tag) => typeof tag === 'string' || (tag.tag !== BINARY && tag.tag !== 'tag:yaml.org,2002:timestamp' && tag.format !== 'TIME')), { tag: BINARY, resolve: (text: string) => Buffer.from(text, 'base64').toString() }],
  maxAliasCount: 100,
  uniqueKeys: false,
};

export const mediaType = (headers: Readonly<Record<string, string>>): string => (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();

/** The JSON value of a JSON, YAML or protobuf body; undefined for an empty one. */
export function decodeBody(body: string | Uint8Array | undefined, contentType: string): unknown {
  if (body === undefined || body.length === 0) return undefined;
  if (body.length > BODY_LIMIT) throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${BODY_LIMIT}`);
  if (contentType === PROTOBUF) return decodeProtobuf(typeof body === 'string' ? Buffer.from(body, 'latin1') : body);
  const text = textOf(body);
  const yaml = contentType.includes('yaml');
  try {
    return yaml ? firstDocument(text) : (JSON.parse(text) as unknown);
  } catch (error) {
    throw new DecodeError(yaml ? `error converting YAML to JSON: yaml: line ${(error as Partial<YAMLParseError>).linePos?.[0].line ?? 1}: ${(error as Error).message.split('\n')[0]}` : jsonSyntaxError(text));
  }
}

/** What comes behind the first document of a text is not read. */
function firstDocument(text: string): unknown {
  const [first] = parseAllDocuments(text, YAML) as Document.Parsed[];
  if (first?.errors[0]) throw first.errors[0];
  return first?.toJS(YAML) as unknown;
}

const textOf = (body: string | Uint8Array): string => (typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());

/** A patch; what is wrong with it is told with `prefix`. */
export const decodePatch = (body: string | Uint8Array | undefined, contentType: string): unknown => decoded(() => decodeBody(body, contentType), ({ message }) => badRequest(contentType.startsWith('application/strategic') ? message : `error decoding ${contentType.includes('yaml') ? 'YAML' : 'patch'}: ${message}`));

/** The beginning of a body, for messages. */
function summary(body: string | Uint8Array | undefined): string {
  const bytes = Buffer.from(body ?? '');
  if (bytes.length === 0) return '<empty>';
  const text = bytes.toString();
  const shown = text.startsWith('{') ? text.slice(0, 30) : bytes.subarray(0, 30).toString('hex');
  return bytes.length > 30 ? `${shown} ...` : shown;
}

/**
 * An object that a client wants created or put.
 * @param isDoubled whether there are fields in the body, valid JSON, that stand twice; asked once it is known to be that.
 */
export function decodeObject(body: string | Uint8Array | undefined, headers: Readonly<Record<string, string>>, wanted: Pick<ResourceDefinition, 'kind' | 'version' | 'custom'>, isDoubled: () => boolean): ApiObject {
  const type = mediaType(headers) || 'application/json';
  if (!DECODABLE.includes(type) && type !== '*/*') throw unsupportedMediaType(DECODABLE);
  const unrecognized = (problem: string): StatusError => badRequest(`the object provided is unrecognized (must be of type ${wanted.kind}): ${problem} (${summary(body)})`);
  const plain = decoded(() => decodeBody(body, type), ({ message }) => unrecognized(`couldn't get version/kind; json parse error: ${message}`));
  const value = plain !== undefined && !wanted.custom && type === 'application/json' && isDoubled() ? parseDoubled(textOf(body!)) : plain;
  if (value === undefined) throw unrecognized(`couldn't get version/kind; json parse error: unexpected end of JSON input`);
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw unrecognized(`couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value} into Go value of type ${TYPE_META}`);
  }
  const object = (value ?? {}) as ApiObject;
  if (wanted.custom && !object.kind) throw unrecognized(`Object 'Kind' is missing in '${String(body)}'`);
  const metadata: unknown = object.metadata ?? {};
  if (typeof metadata !== 'object' || Array.isArray(metadata)) throw cannotBeHandled(wanted)({ message: `json: cannot unmarshal ${Array.isArray(metadata) ? 'array' : typeof metadata} into Go struct field ${wanted.kind}.metadata of type v1.ObjectMeta` });
  object.metadata = metadata as ApiObject['metadata'];
  return object;
}

/** What Go reads of a body to learn its kind. */
const TYPE_META = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

/** The options in the body of a DELETE, if there are any. */
export function decodeDeleteOptions(body: string | Uint8Array | undefined, headers: Readonly<Record<string, string>>): JsonObject | undefined {
  const value = decoded(() => decodeBody(body, mediaType(headers) || 'application/json'), ({ message }) => badRequest(`couldn't get version/kind; json parse error: ${message}`));
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw badRequest('the body of a DELETE must be DeleteOptions');
  const { kind = 'DeleteOptions', apiVersion = 'meta.k8s.io/v1' } = value as { kind?: string; apiVersion?: string };
  if (kind !== 'DeleteOptions') throw badRequest(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`);
  return value as JsonObject;
}
