import type { Endpoint, EndpointPort, EndpointSlice } from 'kubernetes-types/discovery/v1.js';
import { child, duplicate, type FieldError, invalid, required, tooMany } from '../../schema/field-error.js';
import { canonicalIpErrors, ipErrors, ipFamily } from '../../schema/ip-address.js';
import { sameJson } from '../../schema/json.js';
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '../../schema/names.js';
import { eachOf, labels, oneOf, problemsAsErrors, PROTOCOLS, unchanged } from './common.js';
import { endpointIp } from './endpoints.js';

const TYPES = ['FQDN', 'IPv4', 'IPv6'];
const MOST_ENDPOINTS = 1_000;
const MOST_ADDRESSES = 100;
const MOST_PORTS = 20_000;
const MOST_HINTS = 8;

type Hints = Endpoint['hints'] & { forNodes?: { name: string }[] };

export function validateEndpointSlice(slice: EndpointSlice): FieldError[] {
  const ports = slice.ports ?? [];
  return [
    ...(slice.addressType ? oneOf('addressType', slice.addressType, TYPES) : [required('addressType')]),
    ...(ports.length > MOST_PORTS ? [tooMany('ports', ports.length, MOST_PORTS)] : eachOf('ports', ports, (port, place, index) => portOf(port, place, ports.slice(0, index)))),
  ];
}

/** Endpoints that are new or were changed; what was wrong before may stay. */
export function validateNewEndpointSlice(slice: EndpointSlice): FieldError[] {
  const { addressType } = slice;
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > MOST_ENDPOINTS) return [tooMany('endpoints', endpoints.length, MOST_ENDPOINTS)];
  return eachOf('endpoints', endpoints, ({ addresses: listed, nodeName, hostname, deprecatedTopology, hints }: Partial<Endpoint>, place) => {
    const addresses = listed ?? [];
    const field = child(place, 'addresses');
    return [
      ...(addresses.length === 0 ? [required(field, 'must contain at least 1 address')] : addresses.length > MOST_ADDRESSES ? [tooMany(field, addresses.length, MOST_ADDRESSES)] : []),
      ...eachOf(field, addresses, (address, each) => addressOf(address, addressType, field, each)),
      ...(nodeName === undefined ? [] : problemsAsErrors(child(place, 'nodeName'), nodeName, dns1123Subdomain(nodeName))),
      ...labels(child(place, 'deprecatedTopology'), deprecatedTopology),
      ...(hostname === undefined ? [] : problemsAsErrors(child(place, 'hostname'), hostname, dns1123Label(hostname))),
      ...hint((hints as Hints | undefined)?.forZones, child(place, 'hints.forZones'), labelValue),
      ...hint((hints as Hints | undefined)?.forNodes, child(place, 'hints.forNodes'), dns1123Subdomain),
    ];
  });
}

function addressOf(address: string, type: string, list: string, place: string): FieldError[] {
  if (type === 'FQDN') return domainName(address, place);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const errors = type === 'IPv6' ? canonicalIpErrors(place, address) : ipErrors(place, address);
  if (errors.length > 0) return errors;
  return [...(`IPv${ipFamily(address)}` === type ? [] : [invalid(list, address, `must be an ${type} address`)]), ...endpointIp(address, place)];
}

function domainName(name: string, place: string): FieldError[] {
  const whole = name.replace(/\.$/, '');
  if (whole === '') return [required(place)];
  const problems = dns1123Subdomain(whole);
  if (problems.length > 0) return problemsAsErrors(place, name, problems);
  const parts = whole.split('.');
  return parts.length < 2 ? [invalid(place, name, 'should be a domain with at least two segments separated by dots')] : parts.flatMap((part) => (part.length > 63 ? [invalid(place, part, 'must be no more than 63 characters')] : []));
}

function hint(targets: readonly { name: string }[] = [], path: string, problems: (name: string) => string[]): FieldError[] {
  if (targets.length > MOST_HINTS) return [tooMany(path, targets.length, MOST_HINTS)];
  return eachOf(path, targets, ({ name }, place, index) => [
    ...(targets.slice(0, index).some((other) => other.name === name) ? [duplicate(child(place, 'name'), name)] : []),
    ...problemsAsErrors(child(place, 'name'), name, problems(name)),
  ]);
}

const portOf = ({ name = '', protocol, appProtocol }: EndpointPort, place: string, others: readonly EndpointPort[]): FieldError[] => [
  ...(name ? problemsAsErrors(child(place, 'name'), name, dns1123Label(name)) : []),
  ...(others.some((other) => (other.name ?? '') === name) ? [duplicate(child(place, 'name'), name)] : []),
  ...oneOf(child(place, 'protocol'), protocol, PROTOCOLS),
  ...(appProtocol === undefined ? [] : problemsAsErrors(child(place, 'appProtocol'), appProtocol, qualifiedName(appProtocol))),
];

export const validateEndpointSliceUpdate = (slice: EndpointSlice, previous: EndpointSlice): FieldError[] => [
  ...(sameJson(slice.endpoints ?? [], previous.endpoints ?? []) ? [] : validateNewEndpointSlice(slice)),
  ...unchanged('addressType', slice.addressType, previous.addressType),
];
