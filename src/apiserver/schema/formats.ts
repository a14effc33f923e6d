import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { Schema } from './schema.js';

const DURATION = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))*$|^[+-]?0$/;
const DURATION_WORDS = /^\d+\s*(?:ns|us|µs|ms|s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hrs|hour|hours|d|day|days|w|week|weeks)$/;
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)$/;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const uuidOfVersion = (version: number): RegExp => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i');

const isCidr = (value: string): boolean => {
  const [address = '', bits = '', ...rest] = value.split('/');
  const family = isIP(address);
  return family !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
};

const isUri = (value: string): boolean => /^[a-z][a-z0-9+.-]*:\S*$/i.test(value) && URL.canParse(value);

/** A calendar date that exists. */
const isDate = (value: string): boolean => {
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const instant = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(value);
};

const isHostname = (value: string): boolean => value.length <= 255 && /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i.test(value);

const CHECKS: Record<string, (value: string) => boolean> = {
  bsonobjectid: (value) => /^[0-9a-f]{24}$/i.test(value),
  uri: isUri,
  email: (value) => /^[^\s@<>]+@[^\s@<>]+$/.test(value),
  hostname: isHostname,
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: (value) => /^(?:[0-9a-f]{2}[:-]){5}(?:[0-9a-f]{2})$|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(value),
  uuid: (value) => UUID.test(value),
  uuid3: (value) => uuidOfVersion(3).test(value),
  uuid4: (value) => uuidOfVersion(4).test(value),
  uuid5: (value) => uuidOfVersion(5).test(value),
  hexcolor: (value) => /^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(value),
  rgbcolor: (value) => /^rgb\(\s*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\s*(?:,\s*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\s*){2}\)$/.test(value),
  byte: (value) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value),
  date: isDate,
  duration: (value) => DURATION.test(value) || DURATION_WORDS.test(value),
  'date-time': (value) => DATE_TIME.test(value) && isDate(value.slice(0, 10)) && !Number.isNaN(Date.parse(value)),
  datetime: (value) => DATE_TIME.test(value) && isDate(value.slice(0, 10)) && !Number.isNaN(Date.parse(value)),
};

/** Whether a text has a format. Formats that Kubernetes does not check always fit. */
export const fitsFormat = (value: string, format: string): boolean => CHECKS[format]?.(value) ?? true;

/** Formats that are known without a check of their own, most of them for other types. */
const UNCHECKED = new Set(['int32', 'int64', 'float', 'double', 'password', 'byte', 'date', 'date-time', 'datetime', 'duration', 'isbn', 'isbn10', 'isbn13', 'creditcard', 'ssn', 'k8s-short-name', 'k8s-long-name']);

/** The formats in a schema that nobody knows. */
export function unknownFormats(schema: Schema): string[] {
  const { format, properties = {}, items, additionalProperties } = schema;
  const inner = [...Object.values(properties), ...(items && !Array.isArray(items) ? [items] : []), ...(typeof additionalProperties === 'object' ? [additionalProperties] : [])];
  return [...(format !== undefined && !UNCHECKED.has(format) && !Object.hasOwn(CHECKS, format) ? [format] : []), ...inner.flatMap(unknownFormats)];
}
