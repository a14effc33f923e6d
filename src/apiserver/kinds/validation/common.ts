import { at, type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { dns1123Subdomain, labelValue, qualifiedName } from '../../schema/names.js';

/** Of ports, as Kubernetes lists them. */
export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** The problems that a check of a text finds, each as an invalid value. */
export const problemsAsErrors = (field: string, value: string, problems: readonly string[]): FieldError[] => problems.map((problem) => invalid(field, value, problem));

/** Numbers that count things. */
export const nonNegative = (field: string, value: number | undefined): FieldError[] => (value !== undefined && value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : []);

export const positive = (field: string, value: number | undefined): FieldError[] => (value !== undefined && value <= 0 ? [invalid(field, value, 'must be greater than 0')] : []);

export const portNumber = (field: string, value: number): FieldError[] => (value < 1 || value > 65_535 ? [invalid(field, value, 'must be between 1 and 65535, inclusive')] : []);

/** One of a few words; a missing one is somebody else's concern. */
export const oneOf = (field: string, value: string | undefined, allowed: readonly string[]): FieldError[] => (value !== undefined && !allowed.includes(value) ? [notSupported(field, value, allowed)] : []);

export function unchanged(field: string, value: unknown, before: unknown): FieldError[] {
  return sameJson(value ?? null, before ?? null) ? [] : [invalid(field, value, 'field is immutable')];
}

export const unchangedOr = (field: string, value: unknown, before: unknown, detail: string): FieldError[] => (sameJson(value ?? null, before ?? null) ? [] : [forbidden(field, detail)]);

/** A count or a percentage of something. */
export function intOrPercent(field: string, value: number | string | undefined): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return nonNegative(field, value);
  if (!/^\d+%$/.test(value)) return [invalid(field, value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")];
  return [];
}

/** A percentage of something that there cannot be more of. */
export const atMostAll = (field: string, value: number | string | undefined): FieldError[] => (typeof value === 'string' && Number(/^(\d+)%$/.exec(value)?.[1] ?? 0) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : []);

/** Labels in the order in which Kubernetes shows them. */
export const sorted = (map: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Labels outside of an object's own metadata, as in a template. */
export function labels(field: string, value: Record<string, string> | undefined): FieldError[] {
  return Object.entries(value ?? {}).flatMap(([key, text]) => [
    ...problemsAsErrors(field, key, qualifiedName(key)),
    ...problemsAsErrors(field, text, labelValue(text)),
  ]);
}

/** A name such as `acme.io/foo`, which says whose it is. */
export function domainPrefixedPath(field: string, name: string): FieldError[] {
  const [, domain = '', path = ''] = /^([^/]+)\/(.+)$/s.exec(name) ?? [];
  if (name === '') return [required(field)];
  if (domain === '') return [invalid(field, name, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const isPath = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path);
  return [...problemsAsErrors(field, domain, dns1123Subdomain(domain)), ...(isPath ? [] : [invalid(field, path, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')")])];
}

/** The indexes of a list with the path of each item. */
export const eachOf = <T>(field: string, items: readonly T[] | undefined, check: (item: T, path: string, index: number) => FieldError[]): FieldError[] =>
  (items ?? []).flatMap((item, index) => check(item, at(field, index), index));
