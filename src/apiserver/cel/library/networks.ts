import { BlockList, isIP } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';
import { registerNamespace } from './namespace.js';

const FAMILY = { 4: 'ipv4', 6: 'ipv6' } as const;

const addressType = (address: string): 'ipv4' | 'ipv6' => FAMILY[isIP(address) as 4 | 6];

const inRanges = (...ranges: [string, number][]): ((address: string) => boolean) => {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, addressType(network));
  return (address) => list.check(address, addressType(address));
};

const isLoopback = inRanges(['127.0.0.0', 8], ['::1', 128]);
const isLinkLocalMulticast = inRanges(['224.0.0.0', 24], ['ff02::', 16]);
const isMulticast = inRanges(['224.0.0.0', 4], ['ff00::', 8]);
const isLinkLocal = inRanges(['169.254.0.0', 16], ['fe80::', 10]);

class CelIp {
  constructor(readonly address: string) {}
}

class CelCidr {
  private readonly list = new BlockList();
  constructor(readonly network: string, readonly prefix: number) {
    this.list.addSubnet(network, prefix, addressType(network));
  }

  contains(address: string): boolean {
    return isIP(address) === isIP(this.network) && this.list.check(address, addressType(address));
  }
}

/** What Go has against an address. */
function addressProblem(text: string): string | undefined {
  if (isIP(text) !== 0) return undefined;
  const refuse = (problem: string): string => `ParseAddr(${JSON.stringify(text)}): ${problem}`;
  const separator = /[.:%]/.exec(text)?.[0];
  if (separator === undefined || separator === '%') return refuse(separator ? 'missing IPv6 address' : 'unable to parse IP');
  if (separator !== '.') return refuse('unable to parse IP');
  const parts = text.split('.');
  const stranger = text.search(/[^\d.]/);
  if (stranger >= 0) return refuse(`unexpected character (at ${JSON.stringify(text.slice(stranger))})`);
  if (parts.some((part) => part.length > 1 && part.startsWith('0'))) return refuse('IPv4 field has octet with leading zero');
  if (parts.some((part) => Number(part) > 255)) return refuse('IPv4 field has value >255');
  return refuse(parts.length < 4 ? 'IPv4 address too short' : parts.length > 4 ? 'IPv4 address too long' : 'IPv4 field must have at least one digit');
}

function parseIp(text: string): CelIp {
  const problem = addressProblem(text);
  if (problem !== undefined) throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string: ${problem}`);
  // Zones and IPv4 in IPv6 clothes are refused, as Kubernetes does.
  if (text.includes('%')) throw new Error(`IP address ${JSON.stringify(text)} with zone value is not allowed`);
  if (/^::ffff:.*\./i.test(text)) throw new Error(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return new CelIp(text);
}

function parseCidr(text: string): CelCidr {
  const [network = '', bits = '', ...rest] = text.split('/');
  const most = isIP(network) === 4 ? 32 : 128;
  const refuse = (problem: string): Error => new Error(`${'network address parse error during conversion from string: '.repeat(2)}netip.ParsePrefix(${JSON.stringify(text)}): ${problem}`);
  const problem = addressProblem(network);
  if (!text.includes('/')) throw refuse("no '/'");
  if (problem !== undefined) throw refuse(problem);
  if (rest.length > 0 || !/^(0|[1-9]\d*)$/.test(bits)) throw refuse(`bad bits after slash: ${JSON.stringify([bits, ...rest].join('/'))}`);
  if (Number(bits) > most) throw refuse('prefix length out of range');
  return new CelCidr(network, Number(bits));
}

/** The address as it is written shortest, in lower case. */
const canonical = (address: string): string => (isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address);

/** The first address of the network that an address is in. */
function masked(address: string, prefix: number): string {
  if (isIP(address) === 4) return address.split('.').map((part, index) => Number(part) & (256 - 2 ** Math.min(8, Math.max(0, 8 * (index + 1) - prefix)))).join('.');
  const [head = '', tail] = canonical(address).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const groups = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return canonical(groups.map((group, index) => (parseInt(group, 16) & (65_536 - 2 ** Math.min(16, Math.max(0, 16 * (index + 1) - prefix)))).toString(16)).join(':'));
}

const succeeds = (parse: (text: string) => unknown) => (text: string): boolean => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

/** `ip('10.0.0.1')` and `cidr('10.0.0.0/8')`. */
export function registerNetworks(environment: Environment): void {
  registerNamespace(environment, 'ip');
  environment.registerType('net.IP', { ctor: CelIp, fields: {} }).registerType('net.CIDR', { ctor: CelCidr, fields: {} });
  environment
    .registerFunction('ip(string): net.IP', parseIp)
    .registerFunction('ip.isCanonical(string): bool', (_namespace: unknown, text: string) => canonical(parseIp(text).address) === text)
    .registerFunction('isIP(string): bool', succeeds(parseIp))
    .registerFunction('net.IP.family(): int', ({ address }: CelIp) => BigInt(isIP(address)))
    .registerFunction('net.IP.isUnspecified(): bool', ({ address }: CelIp) => address === '0.0.0.0' || address === '::')
    .registerFunction('net.IP.isLoopback(): bool', ({ address }: CelIp) => isLoopback(address))
    .registerFunction('net.IP.isLinkLocalMulticast(): bool', ({ address }: CelIp) => isLinkLocalMulticast(address))
    .registerFunction('net.IP.isLinkLocalUnicast(): bool', ({ address }: CelIp) => isLinkLocal(address))
    .registerFunction('net.IP.isGlobalUnicast(): bool', ({ address }: CelIp) => !isLoopback(address) && !isMulticast(address) && !isLinkLocal(address) && address !== '0.0.0.0' && address !== '::' && address !== '255.255.255.255')
    .registerFunction('string(net.IP): string', ({ address }: CelIp) => address)
    .registerFunction('cidr(string): net.CIDR', parseCidr)
    .registerFunction('isCIDR(string): bool', succeeds(parseCidr))
    .registerFunction('net.CIDR.containsIP(string): bool', (range: CelCidr, address: string) => {
      if (!succeeds(parseIp)(address)) throw new Error('no such overload');
      return range.contains(address);
    })
    .registerFunction('net.CIDR.containsIP(net.IP): bool', (range: CelCidr, { address }: CelIp) => range.contains(address))
    .registerFunction('net.CIDR.containsCIDR(string): bool', (range: CelCidr, other: string) => covers(range, parseCidr(other)))
    .registerFunction('net.CIDR.containsCIDR(net.CIDR): bool', covers)
    .registerFunction('net.CIDR.ip(): net.IP', ({ network }: CelCidr) => new CelIp(network))
    .registerFunction('net.CIDR.masked(): net.CIDR', ({ network, prefix }: CelCidr) => new CelCidr(masked(network, prefix), prefix))
    .registerFunction('net.CIDR.prefixLength(): int', ({ prefix }: CelCidr) => BigInt(prefix));
  environment.registerOperator('net.IP == net.IP', (one: CelIp, other: CelIp) => canonical(one.address) === canonical(other.address));
  environment.registerOperator('net.CIDR == net.CIDR', (one: CelCidr, other: CelCidr) => one.prefix === other.prefix && canonical(one.network) === canonical(other.network));
}

const covers = (range: CelCidr, other: CelCidr): boolean => other.prefix >= range.prefix && range.contains(other.network);
