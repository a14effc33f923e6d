import { isIP } from 'node:net';
import { dns1123Label, dns1123Subdomain } from './names.js';
import type { Schema } from './schema.js';

const GO_DURATION = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
/** Words for units: those in the first group are the whole word, those in the second its beginning. */
const UNIT = /^(?:(?:ns|us|µs|ms|s|m|h|hr|d|w|wk)$|(?:nano|micro|milli|sec|min|hour|day|week))/i;
const TIME = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/i;
const HOSTNAME = /^(?:[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?|(?:[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63})$/u;
/** An address as in a letter's head, with or without a name before it. */
const MAILBOX = /^(?:(?:"(?:[^"\\]|\\.)*"|[^<>@"]+)\s*<(?<named>[^<>]+)>|(?<plain>[^<>]+))$/;
const ADDRESS = /^(?:"(?:[^"\\]|\\.)+"|[^\s@<>()[\]:;,"\\]+(?<!\.))@(?:[^\s@<>()[\]:;,"\\]+|\[[^\]]*\])$/;

const uuid = (version: string, variant = '[0-9a-f]'): RegExp => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i');
const matches = (expression: RegExp) => (value: string): boolean => expression.test(value);

/** Zeros before the parts of an IPv4 address mean nothing, as in Go before 1.17. */
const ipOf = (value: string): number => isIP(value.includes('%') ? '' : value.replace(/(^|[.:])0+(?=\d+(?:\.|$))/g, '$1'));

function isCidr(value: string): boolean {
  const [address = '', bits = '', ...rest] = value.split('/');
  const family = ipOf(address);
  return family !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** An absolute URI or an absolute path. */
const isUri = (value: string): boolean => !/\p{Cc}|%(?![0-9a-fA-F]{2})/u.test(value) && (value.startsWith('/') || (/^[a-z][a-z0-9+.-]*:\S*$/i.test(value) && URL.canParse(value)));

/** A calendar date that exists. */
function isDate(value: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const instant = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(value);
}

function isDateTime(value: string): boolean {
  const [date = '', time = ''] = value.toLowerCase().split('t');
  const [, hours = '', minutes = '', seconds = ''] = TIME.exec(time) ?? [];
  return isDate(date) && hours !== '' && hours <= '23' && minutes <= '59' && seconds <= '59';
}

/** Any numbers with units anywhere, if it is none of Go's durations. */
const isDuration = (value: string): boolean => GO_DURATION.test(value) || Array.from(value.matchAll(/\d+\s*([A-Za-zµ]+)/g)).some(([, unit]) => UNIT.test(unit!));

function isEmail(value: string): boolean {
  const { named, plain } = MAILBOX.exec(value.trim())?.groups ?? {};
  return ADDRESS.test((named ?? plain ?? '').trim());
}

/** Six, eight or twenty bytes, in pairs or fours. */
const isMac = (value: string): boolean => [6, 8, 20].some((bytes) => new RegExp(`^(?:[0-9a-f]{2}:){${bytes - 1}}[0-9a-f]{2}$|^(?:[0-9a-f]{2}-){${bytes - 1}}[0-9a-f]{2}$|^(?:[0-9a-f]{4}\\.){${bytes / 2 - 1}}[0-9a-f]{4}$`, 'i').test(value));

const digitsOf = (value: string): number[] => Array.from(value.replace(/[\s-]/g, ''), (digit) => (digit.toUpperCase() === 'X' ? 10 : Number(digit)));

const isIsbn10 = (value: string): boolean => /^(?:\d{9}X|\d{10})$/.test(value.replace(/[\s-]/g, '')) && digitsOf(value).reduce((sum, digit, index) => sum + (index + 1) * digit, 0) % 11 === 0;
const isIsbn13 = (value: string): boolean => /^\d{13}$/.test(value.replace(/[\s-]/g, '')) && digitsOf(value).reduce((sum, digit, index) => sum + (index % 2 === 0 ? 1 : 3) * digit, 0) % 10 === 0;

const CARD = /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;

/** By the checksum of Luhn. */
function isCreditCard(value: string): boolean {
  const digits = value.replace(/\D+/g, '');
  const sum = Array.from(digits, Number).reverse().reduce((total, digit, index) => total + (index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
  return CARD.test(digits) && sum % 10 === 0;
}

/** By the names of formats without their dashes. */
const CHECKS: Record<string, (value: string) => boolean> = {
  bsonobjectid: matches(/^[0-9a-f]{24}$/i),
  uri: isUri,
  email: isEmail,
  hostname: (value) => HOSTNAME.test(value) && Buffer.byteLength(value) <= 255 && value.split('.').every((part) => Buffer.byteLength(part) <= 63),
  ipv4: (value) => value.includes('.') && ipOf(value) !== 0,
  ipv6: (value) => value.includes(':') && ipOf(value) === 6,
  cidr: isCidr,
  mac: isMac,
  uuid: matches(uuid('[0-9a-f]')),
  uuid3: matches(uuid('3')),
  uuid4: matches(uuid('4', '[89ab]')),
  uuid5: matches(uuid('5', '[89ab]')),
  isbn: (value) => isIsbn10(value) || isIsbn13(value),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]\d{2}[- ]\d{4}$/),
  hexcolor: matches(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: matches(/^rgb\(\s*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\s*(?:,\s*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\s*){2}\)$/),
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (value) => dns1123Label(value).length === 0,
  k8slongname: (value) => dns1123Subdomain(value).length === 0,
};

const checkOf = (format: string): ((value: string) => boolean) | undefined => {
  const name = format.replaceAll('-', '');
  return Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
};

/** Whether a text has a format. Formats that Kubernetes does not check always fit. */
export const fitsFormat = (value: string, format: string): boolean => checkOf(format)?.(value) ?? true;

/** The formats of texts in a schema that nobody checks. */
export function unknownFormats(schema: Schema): string[] {
  const { type, format, properties = {}, items, additionalProperties } = schema;
  const inner = [...Object.values(properties), ...(items && !Array.isArray(items) ? [items] : []), ...(typeof additionalProperties === 'object' ? [additionalProperties] : [])];
  return [...(type === 'string' && format && !checkOf(format) ? [format] : []), ...inner.flatMap(unknownFormats)];
}
