import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1.js';
import { child, type FieldError, forbidden, invalid, required } from '../../schema/field-error.js';
import { cidrErrors, isStrictPart } from '../../schema/ip-address.js';
import { portName } from '../../schema/names.js';
import { eachOf, oneOf, portNumber, problemsAsErrors } from './common.js';
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
  const malformed = cidrErrors(child(place, 'cidr'), cidr);
  if (malformed.length > 0) return malformed;
  return eachOf(child(place, 'except'), except, (part, field) => {
    const errors = cidrErrors(field, part);
    return errors.length > 0 || isStrictPart(part, cidr) ? errors : [invalid(field, part, 'must be a strict subset of `cidr`')];
  });
}
