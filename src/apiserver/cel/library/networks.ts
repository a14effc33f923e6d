import { BlockList, isIP } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';

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

function parseIp(text: string): CelIp {
  // Zones and IPv4 in IPv6 clothes are refused, as Kubernetes does.
  if (isIP(text) === 0 || text.includes('%') || /^::ffff:.*\./i.test(text)) throw new Error(`IP Address "${text}" parse error during conversion from string`);
  return new CelIp(text);
}

function parseCidr(text: string): CelCidr {
  const [network = '', bits = '', ...rest] = text.split('/');
  const most = isIP(network) === 4 ? 32 : 128;
  if (isIP(network) === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) throw new Error(`network address parse error during conversion from string: ${text}`);
  return new CelCidr(network, Number(bits));
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
  environment.registerType('net.IP', { ctor: CelIp, fields: {} }).registerType('net.CIDR', { ctor: CelCidr, fields: {} });
  environment
    .registerFunction('ip(string): net.IP', parseIp)
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
    .registerFunction('net.CIDR.containsIP(string): bool', (range: CelCidr, address: string) => range.contains(parseIp(address).address))
    .registerFunction('net.CIDR.containsIP(net.IP): bool', (range: CelCidr, { address }: CelIp) => range.contains(address))
    .registerFunction('net.CIDR.containsCIDR(string): bool', (range: CelCidr, other: string) => covers(range, parseCidr(other)))
    .registerFunction('net.CIDR.containsCIDR(net.CIDR): bool', covers)
    .registerFunction('net.CIDR.ip(): net.IP', ({ network }: CelCidr) => new CelIp(network))
    .registerFunction('net.CIDR.prefixLength(): int', ({ prefix }: CelCidr) => BigInt(prefix));
}

const covers = (range: CelCidr, other: CelCidr): boolean => other.prefix >= range.prefix && range.contains(other.network);
