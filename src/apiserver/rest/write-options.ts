import type { Requester } from '../authentication/requester.js';
import type { ApiObject, JsonObject, ResourceDefinition, UnknownField } from '../contracts.js';
import { type DuplicateFields, NO_DUPLICATES } from '../schema/duplicate-fields.js';
import { unknownFieldText } from '../schema/unknown-field.js';
import { DecodeError } from '../schema/decode-error.js';
import { badRequest, invalid, type StatusError } from '../status.js';

/** How a client wants a write done, from its query. */
export interface WriteOptions {
  readonly dryRun: boolean;
  /** Who writes, for `managedFields`. */
  readonly fieldManager: string;
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** Server-side apply takes over fields of others. */
  readonly force: boolean;
  warn: (message: string) => void;
  /** Who asks, for admission. */
  readonly user?: Requester;
  /** What the client said of all this, for admission. */
  readonly asked?: JsonObject;
  /** What the body has twice; the last one counts. */
  duplicates?: DuplicateFields;
}

/** What a write's options are an instance of, in error messages. */
type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions';

/** @throws {StatusError} for values that Kubernetes refuses. */
export function readWriteOptions(kind: OptionsKind, query: URLSearchParams, userAgent: string, warn: (message: string) => void): WriteOptions {
  const refuse = (field: string, reason: string, message: string): never => {
    throw invalid({ group: 'meta.k8s.io', kind }, '', [{ field, reason, message }]);
  };
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All')) {
    refuse('dryRun', 'FieldValueNotSupported', `Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`);
  }
  const requestedManager = query.get('fieldManager') ?? '';
  if (Buffer.byteLength(requestedManager) > 128) refuse('fieldManager', 'FieldValueTooLong', 'Too long: may not be more than 128 bytes');
  const unprintable = /\p{C}|\p{Zl}|\p{Zp}/u.exec(requestedManager);
  if (unprintable) {
    const code = unprintable[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    const quoted = JSON.stringify(requestedManager).replace(/\\u00([01][0-9a-f])/g, '\\x$1');
    refuse('fieldManager', 'FieldValueInvalid', `Invalid value: ${quoted}: invalid character U+${code} (at position ${Buffer.byteLength(requestedManager.slice(0, unprintable.index))})`);
  }
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  if (fieldValidation !== 'Strict' && fieldValidation !== 'Warn' && fieldValidation !== 'Ignore') {
    return refuse('fieldValidation', 'FieldValueNotSupported', `Unsupported value: ${JSON.stringify(fieldValidation)}: supported values: "", "Ignore", "Strict", "Warn"`);
  }
  return {
    dryRun: dryRun.length > 0,
    fieldManager: requestedManager || defaultManager(userAgent),
    fieldValidation,
    force: query.get('force') === 'true' || query.get('force') === '1',
    warn,
    asked: { ...(dryRun.length > 0 && { dryRun }), ...(requestedManager && { fieldManager: requestedManager }), ...(query.get('fieldValidation') && { fieldValidation }) },
  };
}

/** Clients that name no manager are known by the program in their User-Agent. */
const defaultManager = (userAgent: string): string => (userAgent.split('/')[0] || 'unknown').slice(0, 128);

/**
 * Removes the fields that the schema does not know; they, and fields that came twice, are refused or warned about as the client asked.
 * @param refuse makes an error of what cannot be decoded, which differs between bodies and patches.
 */
export function pruneUnknown(definition: ResourceDefinition, object: ApiObject, { fieldValidation, warn, duplicates = NO_DUPLICATES }: WriteOptions, refuse: (error: DecodeError) => StatusError = cannotBeHandled(definition)): void {
  const unknown = decoded(() => definition.prune(object), refuse);
  if (fieldValidation === 'Ignore') return;
  const problems = problemsOf(definition, unknown, duplicates);
  if (problems.length === 0) return;
  if (fieldValidation === 'Strict') throw refuse(new DecodeError(`strict decoding error: ${problems.join(', ')}`));
  // Of a YAML text all is one problem, but every line is a warning.
  for (const problem of problems) problem.replace(/^yaml: unmarshal errors:\n/, '').split('\n').forEach((line) => warn(line.trim()));
}

/** A body that is no object of its kind. */
export const cannotBeHandled = ({ kind, version }: Pick<ResourceDefinition, 'kind' | 'version'>, given: { kind: string; version: string } = { kind, version }) => ({ message }: { message: string }): StatusError =>
  badRequest(`${given.kind} in version "${given.version}" cannot be handled as a ${kind}: ${message}`);

/** Does what may fail to decode. */
export function decoded<T>(decode: () => T, refuse: (error: DecodeError) => StatusError): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof DecodeError ? refuse(error) : error;
  }
}

/** Built-in kinds are decoded field by field, so their problems come in the body's order; what custom ones do not know shows after decoding. */
function problemsOf({ custom }: ResourceDefinition, unknown: readonly UnknownField[], { problems, offsetOf }: DuplicateFields): string[] {
  if (custom || problems.length === 0) return [...problems.map(({ text }) => text), ...unknown.map(unknownFieldText)];
  const strangers = unknown.map((field) => ({ text: unknownFieldText(field), offset: offsetOf(field.path) ?? Infinity }));
  return [...problems, ...strangers].sort((one, other) => one.offset - other.offset).map(({ text }) => text);
}
