import { decodeBuiltin } from '../schema/decode.js';
import { DecodeError } from '../schema/decode-error.js';
import { jsonSyntaxError } from '../schema/json-syntax.js';
import { isObject, type Schema } from '../schema/schema.js';
import { badRequest, type StatusError } from '../status.js';

/** Where a paged list goes on. */
export interface ContinueToken {
  /** Revision of the snapshot; -1 means that the rest comes from whatever is now. */
  rv: number;
  /** The last key that was listed. */
  start: string;
}

const VERSION = 'meta.k8s.io/v1';
const SCHEMA: Schema = { type: 'object', typeName: 'storage.continueToken', properties: { v: { type: 'string' }, rv: { type: 'integer', format: 'int64' }, start: { type: 'string' } } };

const refusal = (problem: string): StatusError => badRequest(`invalid continue token: continue key is not valid: ${problem}`);

export const writeContinueToken = (token: ContinueToken): string => Buffer.from(JSON.stringify({ v: VERSION, ...token })).toString('base64url');

/** @throws {StatusError} BadRequest, for what is no token of ours. */
export function readContinueToken(token: string): ContinueToken {
  const stranger = token.search(/[^-\w]/);
  // A last character alone makes no byte.
  const illegal = stranger < 0 && token.length % 4 === 1 ? token.length - 1 : stranger;
  if (illegal >= 0) throw refusal(`illegal base64 data at input byte ${illegal}`);
  const { v = '', rv = 0, start = '' } = decode(Buffer.from(token, 'base64url'));
  if (v !== VERSION) throw refusal(`server does not recognize this encoded version ${v}`);
  if (rv === 0) throw refusal(`incorrect encoded start resourceVersion (version ${VERSION})`);
  if (start === '') throw refusal(`encoded start key empty (version ${VERSION})`);
  if (/(^|\/)\.{1,2}(\/|$)|.\/\//.test(start)) throw refusal(start);
  return { rv, start };
}

function decode(bytes: Buffer): Partial<ContinueToken & { v: string }> {
  try {
    const content: unknown = JSON.parse(bytes.toString());
    if (content === null) return {};
    if (!isObject(content)) throw new DecodeError(`json: cannot unmarshal ${Array.isArray(content) ? 'array' : typeof content === 'boolean' ? 'bool' : typeof content} into Go value of type ${SCHEMA.typeName}`);
    decodeBuiltin(content, SCHEMA);
    return content;
  } catch (error) {
    throw refusal(error instanceof DecodeError ? error.message : jsonSyntaxError(bytes.toString('latin1')));
  }
}
