import { BlockList } from 'node:net';
import type { EndpointAddress, EndpointPort, Endpoints } from 'kubernetes-types/core/v1.js';
import { child, type FieldError, invalid, required } from '../../schema/field-error.js';
import { canonicalIp, ipErrors, ipFamily } from '../../schema/ip-address.js';
import { sameJson } from '../../schema/json.js';
import { dns1123Label, dns1123Subdomain, qualifiedName } from '../../schema/names.js';
import { eachOf, oneOf, portNumber, problemsAsErrors, PROTOCOLS } from './common.js';


const subnets = (...networks: readonly [string, number][]): BlockList => {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, ipFamily(network) === 6 ? 'ipv6' : 'ipv4');
  return list;
};
/** Addresses that mean something else on every machine. */
const SPECIAL: readonly [BlockList, string][] = [
  [subnets(['127.0.0.0', 8], ['::1', 128]), 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [subnets(['169.254.0.0', 16], ['fe80::', 10]), 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [subnets(['224.0.0.0', 24], ['ff02::', 16]), 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
];
const UNSPECIFIED = subnets(['0.0.0.0', 32], ['::', 128]);

/** What is wrong with where traffic is to be sent to. */
export function endpointIp(address: string, field: string): FieldError[] {
  const family = ipFamily(address);
  if (family === 0) return [invalid(field, address, 'must be a valid IP address')];
  const isIn = (list: BlockList): boolean => list.check(canonicalIp(address), family === 6 ? 'ipv6' : 'ipv4');
  return [...(isIn(UNSPECIFIED) ? [invalid(field, address, `may not be unspecified (${address})`)] : []), ...SPECIAL.filter(([list]) => isIn(list)).map(([, problem]) => invalid(field, address, problem))];
}

/** New endpoints, or ones that were changed: what was wrong before may stay. */
export function validateEndpoints({ subsets }: Endpoints): FieldError[] {
  return eachOf('subsets', subsets, ({ addresses = [], notReadyAddresses = [], ports = [] }, place) => [
    ...(addresses.length + notReadyAddresses.length === 0 ? [required(place, 'must specify `addresses` or `notReadyAddresses`')] : []),
    ...eachOf(child(place, 'addresses'), addresses, endpointAddress),
    ...eachOf(child(place, 'notReadyAddresses'), notReadyAddresses, endpointAddress),
    ...eachOf(child(place, 'ports'), ports, (port, field) => endpointPort(port, field, ports.length > 1)),
  ]);
}

export const validateEndpointsUpdate = (endpoints: Endpoints, previous: Endpoints): FieldError[] => (sameJson(endpoints.subsets ?? [], previous.subsets ?? []) ? [] : validateEndpoints(endpoints));

const endpointAddress = ({ ip = '', hostname, nodeName }: Partial<EndpointAddress>, place: string): FieldError[] => [
  ...ipErrors(child(place, 'ip'), ip),
  ...(hostname ? problemsAsErrors(child(place, 'hostname'), hostname, dns1123Label(hostname)) : []),
  ...(nodeName === undefined ? [] : problemsAsErrors(child(place, 'nodeName'), nodeName, dns1123Subdomain(nodeName))),
  ...endpointIp(ip, child(place, 'ip')),
];

const endpointPort = ({ name, port, protocol, appProtocol }: EndpointPort, place: string, needsName: boolean): FieldError[] => [
  ...(name ? problemsAsErrors(child(place, 'name'), name, dns1123Label(name)) : needsName ? [required(child(place, 'name'))] : []),
  ...portNumber(child(place, 'port'), port),
  ...oneOf(child(place, 'protocol'), protocol, PROTOCOLS),
  ...(appProtocol === undefined ? [] : problemsAsErrors(child(place, 'appProtocol'), appProtocol, qualifiedName(appProtocol))),
];
