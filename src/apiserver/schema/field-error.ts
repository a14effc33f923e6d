/** Why a field is wrong; the `reason` of a `Status` cause. */
export type FieldErrorReason =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/** One thing wrong with an object, in the shape of a `Status` cause. `${field}: ${message}` is how Kubernetes prints it. */
export interface FieldError {
  reason: FieldErrorReason;
  /** The message without the field's name: `Invalid value: -1: must be greater than or equal to 0`. */
  message: string;
  /** `spec.containers[0].name`. */
  field: string;
}

/** `parent.name`, or the name alone at the root. */
export function child(path: string, name: string, ...more: string[]): string {
  const joined = path === '' ? name : `${path}.${name}`;
  // Built for every field of every object: mostly there is one name only.
  return more.length === 0 ? joined : [joined, ...more].join('.');
}
/** `parent[0]`, and `parent[key]` for maps. */
export const at = (path: string, index: number | string): string => `${path}[${index}]`;

export const required = (field: string, detail = ''): FieldError => fieldError('FieldValueRequired', field, 'Required value', detail);
export const forbidden = (field: string, detail: string): FieldError => fieldError('FieldValueForbidden', field, 'Forbidden', detail);
export const invalid = (field: string, value: unknown, detail: string): FieldError => fieldError('FieldValueInvalid', field, `Invalid value: ${valueText(value)}`, detail);
export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => fieldError('FieldValueTypeInvalid', field, `Invalid value: ${valueText(value)}`, detail);
export const duplicate = (field: string, value: unknown): FieldError => fieldError('FieldValueDuplicate', field, `Duplicate value: ${valueText(value)}`, '');
export const notFound = (field: string, value: unknown): FieldError => fieldError('FieldValueNotFound', field, `Not found: ${valueText(value)}`, '');
export const internal = (field: string, detail: string): FieldError => fieldError('InternalError', field, 'Internal error', detail);

/** `Unsupported value: "a": supported values: "b", "c"`. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length > 0 ? `supported values: ${supported.map(quote).join(', ')}` : '';
  return fieldError('FieldValueNotSupported', field, `Unsupported value: ${valueText(value)}`, detail);
}

export const tooLong = (field: string, maximum: number): FieldError => fieldError('FieldValueTooLong', field, 'Too long', `may not be more than ${maximum} bytes`);
export const tooMany = (field: string, actual: number, maximum: number): FieldError => fieldError('FieldValueTooMany', field, `Too many: ${actual}`, `must have at most ${maximum} item${maximum === 1 ? '' : 's'}`);

/** The error as one line, with its field. */
export const fieldErrorText = ({ field, message }: FieldError): string => (field === '' ? message : `${field}: ${message}`);

function fieldError(reason: FieldErrorReason, field: string, body: string, detail: string): FieldError {
  return { reason, field: field === '' ? '<nil>' : field, message: detail === '' ? body : `${body}: ${detail}` };
}

/** A value as Kubernetes shows it in an error: strings quoted, numbers and booleans plain, anything else as JSON. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return quote(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value as number | boolean);
}

/** The string in double quotes, escaped as Go's %q does. */
export function quote(value: string): string {
  return JSON.stringify(value).replace(/\u007f/g, '\\x7f');
}
