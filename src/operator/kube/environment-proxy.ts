import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether an address is in a network, or equal to another one however it is written. */
function isWithin(address: string, network: string, prefix?: number): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  try {
    if (prefix === undefined) list.addAddress(network, isIP(network) === 6 ? 'ipv6' : 'ipv4');
    else list.addSubnet(network, prefix, isIP(network) === 6 ? 'ipv6' : 'ipv4');
  } catch {
    return false;
  }
  return list.check(address, family);
}

/** Whether one entry of NO_PROXY names a host: an address, a network, a domain with all that is below it, or (`.domain`, `*.domain`) only what is below; each with a port or without. */
function names(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [network = '', prefix] = entry.split('/');
  if (prefix !== undefined) return isIP(host) > 0 && isIP(network) > 0 && isWithin(host, network, Number(prefix));
  const [, bracketed, plain, only] = isIP(entry) > 0 ? [entry, undefined, entry, undefined] : /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const name = bracketed ?? plain ?? '';
  if (name === '' || (only !== undefined && only !== port)) return false;
  if (isIP(name) > 0) return isIP(host) > 0 && isWithin(host, name);
  const domain = name.replace(/^\*?\./, '');
  return domain !== '' && (host.endsWith(`.${domain}`) || (domain === name && host === domain));
}

/**
 * The proxy that kubectl and every other Go program would take to a server: `HTTPS_PROXY` or `HTTP_PROXY` by its scheme, unless `NO_PROXY` names it or it
 * is on this machine. Names may be in lower case.
 */
export function proxyFromEnvironment({ protocol, hostname, port }: URL, environment: Environment = process.env): string | undefined {
  const read = (name: string): string => environment[name] || environment[name.toLowerCase()] || '';
  const proxy = read(protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (proxy === '' || host === 'localhost' || (isIP(host) > 0 && (isWithin(host, '127.0.0.0', 8) || isWithin(host, '::1')))) return undefined;
  const spared = read('NO_PROXY').split(',').map((entry) => entry.trim().toLowerCase());
  if (spared.some((entry) => names(entry, host, port || (protocol === 'https:' ? '443' : '80')))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}
