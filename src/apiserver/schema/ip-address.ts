import { isIP } from 'node:net';
import { type FieldError, invalid } from './field-error.js';

/** An address in a field of the first days, which takes more ways of writing one than there should be. */
interface IpAddress {
  /** What it is in truth: an IPv4 address that is written as one of IPv6 is one of IPv4. */
  readonly family: 4 | 6;
  readonly value: bigint;
  /** As it should be written. */
  readonly text: string;
  readonly hasLeadingZeros: boolean;
  readonly isMapped: boolean;
}

interface IpNetwork {
  readonly address: IpAddress;
  /** Bits of the address that say which network it is. */
  readonly length: number;
  /** Without the other bits, as it should be written. */
  readonly text: string;
  readonly hasOtherBits: boolean;
  readonly hasLeadingZeros: boolean;
}

const BITS = { 4: 32, 6: 128 } as const;
/** IPv4 addresses as ones of IPv6 begin with these bits. */
const MAPPED_BITS = 96;
const MAPPED_PREFIX = '::ffff:';

const IP_PROBLEM = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const CIDR_PROBLEM = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** Undefined for what is no address. */
function parseIp(value: string): IpAddress | undefined {
  if (value.includes(':')) return parseVersion6(value);
  const parts = /^\d{1,8}(\.\d{1,8}){3}$/.test(value) ? value.split('.').map(Number) : [];
  if (parts.length === 0 || parts.some((part) => part > 255)) return undefined;
  const text = parts.join('.');
  return { family: 4, value: numberOf(parts, 8), text, hasLeadingZeros: text !== value, isMapped: false };
}

function parseVersion6(value: string): IpAddress | undefined {
  if (isIP(value) !== 6 || value.includes('%')) return undefined;
  // Addresses in URLs are written as they should be, but for the dots of those of IPv4.
  const text = new URL(`http://[${value}]`).hostname.slice(1, -1);
  const groups = text.split('::').map((part) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16))));
  const [front = [], back] = groups;
  const all = back ? [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back] : front;
  if (!text.startsWith(MAPPED_PREFIX) || all.slice(0, 5).some((group) => group !== 0)) return { family: 6, value: numberOf(all, 16), text, hasLeadingZeros: false, isMapped: false };
  const bytes = all.slice(6).flatMap((group) => [group >> 8, group & 255]);
  return { family: 4, value: numberOf(bytes, 8), text: bytes.join('.'), hasLeadingZeros: false, isMapped: true };
}

const numberOf = (digits: readonly number[], bits: number): bigint => digits.reduce((sum, digit) => (sum << BigInt(bits)) | BigInt(digit), 0n);

function parseCidr(value: string): IpNetwork | undefined {
  const [, before = '', digits = ''] = /^([^/]*)\/(\d{1,8})$/.exec(value) ?? [];
  const address = parseIp(before);
  if (!address || digits === '') return undefined;
  const length = Number(digits) - (address.isMapped ? MAPPED_BITS : 0);
  const rest = BigInt(BITS[address.family] - length);
  if (rest < 0n || length < 0) return undefined;
  const network = (address.value >> rest) << rest;
  return { address, length, text: `${textOf(network, address.family)}/${length}`, hasOtherBits: network !== address.value, hasLeadingZeros: address.hasLeadingZeros || String(Number(digits)) !== digits };
}

function textOf(value: bigint, family: 4 | 6): string {
  const [count, bits] = family === 4 ? [4, 8n] : [8, 16n];
  const parts = Array.from({ length: count }, (_, index) => (value >> (bits * BigInt(count - 1 - index))) & ((1n << bits) - 1n));
  return family === 4 ? parts.join('.') : parseVersion6(parts.map((part) => part.toString(16)).join(':'))!.text;
}

/** 4 or 6, or 0 for what is no address. */
export const ipFamily = (value: string): 0 | 4 | 6 => parseIp(value)?.family ?? 0;

/** An address as it should be written; what is none stays as it is. */
export const canonicalIp = (value: string): string => parseIp(value)?.text ?? value;

/** That a value is no address at all. */
export const ipErrors = (field: string, value: string): FieldError[] => (parseIp(value) ? [] : [invalid(field, value, IP_PROBLEM)]);

/** That a value is no address, or one that is not written as it should be. */
export function canonicalIpErrors(field: string, value: string): FieldError[] {
  const address = parseIp(value);
  if (!address) return [invalid(field, value, IP_PROBLEM)];
  if (address.hasLeadingZeros) return [invalid(field, value, 'must not have leading 0s')];
  if (address.isMapped) return [invalid(field, value, 'must not be an IPv4-mapped IPv6 address')];
  return address.text === value ? [] : [invalid(field, value, `must be in canonical form (${JSON.stringify(address.text)})`)];
}

/** That a value is no network at all. */
export const cidrErrors = (field: string, value: string): FieldError[] => (parseCidr(value) ? [] : [invalid(field, value, CIDR_PROBLEM)]);

/** That a value is no network, or one that is not written as it should be. */
export function canonicalCidrErrors(field: string, value: string): FieldError[] {
  const network = parseCidr(value);
  if (!network) return [invalid(field, value, CIDR_PROBLEM)];
  if (network.hasLeadingZeros) return [invalid(field, value, 'must not have leading 0s in IP or prefix length')];
  if (network.address.isMapped) return [invalid(field, value, 'must not have an IPv4-mapped IPv6 address')];
  if (network.hasOtherBits) return [invalid(field, value, 'must not have bits set beyond the prefix length')];
  return network.text === value ? [] : [invalid(field, value, `must be in canonical form (${JSON.stringify(network.text)})`)];
}

/** Whether all of `part` is in `whole`, and not all of `whole` in `part`. */
export function isStrictPart(part: string, whole: string): boolean {
  const [inner, outer] = [parseCidr(part), parseCidr(whole)];
  if (!inner || !outer || inner.address.family !== outer.address.family || outer.length >= inner.length) return false;
  const rest = BigInt(BITS[outer.address.family] - outer.length);
  return inner.address.value >> rest === outer.address.value >> rest;
}

/** What Kubernetes warns of in an address that it takes. */
export function ipWarnings(field: string, value: string): string[] {
  const address = parseIp(value);
  if (!address || address.text === value) return [];
  const shown = JSON.stringify(address.text);
  if (address.hasLeadingZeros || address.isMapped) return [`${field}: non-standard IP address ${JSON.stringify(value)} will be considered invalid in a future Kubernetes release: use ${shown}`];
  return [`${field}: IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format (${shown})`];
}

/** The same of a network. */
export function cidrWarnings(field: string, value: string): string[] {
  const network = parseCidr(value);
  if (!network) return [];
  const { address, text, hasOtherBits, hasLeadingZeros } = network;
  const [given, shown] = [JSON.stringify(value), JSON.stringify(text)];
  const warnings = [
    ...(hasOtherBits ? [`${field}: CIDR value ${given} is ambiguous in this context (should be ${shown} or ${JSON.stringify(`${address.text}/${BITS[address.family]}`)}?)`] : []),
    ...(hasLeadingZeros || address.isMapped ? [`${field}: non-standard CIDR value ${given} will be considered invalid in a future Kubernetes release: use ${shown}`] : []),
  ];
  return warnings.length > 0 || text === value ? warnings : [`${field}: IPv6 CIDR value ${given} should be in RFC 5952 canonical format (${shown})`];
}
