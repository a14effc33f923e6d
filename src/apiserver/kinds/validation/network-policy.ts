import { BlockList, isIP } from 'node:net';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1.js';
import { child, type FieldError, forbidden, invalid, required } from '../../schema/field-error.js';
import { portName } from '../../schema/names.js';
import { CIDR_PROBLEM, eachOf, isCidr, oneOf, portNumber, problemsAsErrors } from './common.js';
import { validateLabelSelector } from './selectors.js';

const TYPES = ['Ingress', 'Egress'];
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

export function validateNetworkPolicy({ spec }: NetworkPolicy): FieldError[] {
  const { podSelector, ingress, egress, policyTypes = [] } = spec ?? {};
  const errors = [
    ...validateLabelSelector(podSelector, 'spec.podSelector'),
    ...eachOf('spec.ingress', ingress, ({ ports, from }, place) => [...eachOf(child(place, 'ports'), ports, portOf), ...eachOf(child(place, 'from'), from, peer)]),
    ...eachOf('spec.egress', egress, ({ ports, to }, place) => [...eachOf(child(place, 'ports'), ports, portOf), ...eachOf(child(place, 'to'), to, peer)]),
  ];
  if (policyTypes.length > TYPES.length) return [...errors, invalid('spec.policyTypes', policyTypes, 'may not specify more than two policyTypes')];
  return [...errors, ...eachOf('spec.policyTypes', policyTypes, (type, place) => oneOf(place, type, TYPES))];
}

function portOf({ protocol, port, endPort }: NetworkPolicyPort, place: string): FieldError[] {
  const errors = oneOf(child(place, 'protocol'), protocol, PROTOCOLS);
  const end = child(place, 'endPort');
  if (typeof port === 'number') {
    errors.push(...portNumber(child(place, 'port'), port));
    // What is shown as wrong is where the range begins.
    if (endPort !== undefined && endPort < port) errors.push(invalid(end, port, 'must be greater than or equal to `port`'));
    return endPort === undefined ? errors : [...errors, ...portNumber(end, endPort)];
  }
  if (endPort !== undefined) errors.push(invalid(end, endPort, `may not be specified when \`port\` is ${port === undefined ? 'not specified' : 'non-numeric'}`));
  return port === undefined ? errors : [...errors, ...problemsAsErrors(child(place, 'port'), port, portName(port))];
}

function peer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, place: string): FieldError[] {
  const errors = [...validateLabelSelector(podSelector, child(place, 'podSelector')), ...validateLabelSelector(namespaceSelector, child(place, 'namespaceSelector'))];
  if (ipBlock) errors.push(...block(ipBlock, child(place, 'ipBlock')));
  if (!podSelector && !namespaceSelector && !ipBlock) return [required(place, 'must specify a peer')];
  return ipBlock && (podSelector ?? namespaceSelector) ? [...errors, forbidden(place, 'may not specify both ipBlock and another peer')] : errors;
}

function block({ cidr, except }: IPBlock, place: string): FieldError[] {
  if (!cidr) return [required(child(place, 'cidr'))];
  if (!isCidr(cidr)) return [invalid(child(place, 'cidr'), cidr, CIDR_PROBLEM)];
  return eachOf(child(place, 'except'), except, (part, field) => {
    if (!isCidr(part)) return [invalid(field, part, CIDR_PROBLEM)];
    return isPartOf(part, cidr) ? [] : [invalid(field, part, 'must be a strict subset of `cidr`')];
  });
}

function isPartOf(part: string, whole: string): boolean {
  const [address = '', length] = whole.split('/');
  const [partAddress = '', partLength] = part.split('/');
  const family = isIP(address);
  if (isIP(partAddress) !== family || Number(length) >= Number(partLength)) return false;
  const list = new BlockList();
  const name = family === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(address, Number(length), name);
  return list.check(partAddress, name);
}
