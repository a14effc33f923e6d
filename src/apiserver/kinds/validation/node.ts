import type { Node, Taint } from 'kubernetes-types/core/v1.js';
import { child, type FieldError, forbidden, invalid, required } from '../../schema/field-error.js';
import { cidrErrors, ipFamily } from '../../schema/ip-address.js';
import { labelValue, qualifiedName } from '../../schema/names.js';
import { eachOf, oneOf, problemsAsErrors } from './common.js';
import { EFFECTS } from './scheduling.js';
import { nodeResources } from './status-core.js';

export const validateNode = (node: Node): FieldError[] => [...validateTaints(node.spec?.taints, 'metadata.taints'), ...nodeResources(node)];

export const validateNewNode = ({ spec }: Node): FieldError[] => podNetworks(spec?.podCIDRs ?? [], 'spec.podCIDRs');

function podNetworks(networks: readonly string[], path: string): FieldError[] {
  const families = new Set(networks.map((network) => ipFamily(network.split('/')[0]!)));
  return [
    ...eachOf(path, networks, (network, place) => cidrErrors(place, network)),
    ...(networks.length > 1 && (families.size < 2 || networks.length > 2) ? [invalid(path, networks, 'may specify no more than one CIDR for each IP family')] : []),
  ];
}

function validateTaints(taints: readonly Taint[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>();
  return eachOf(path, taints, ({ key = '', value = '', effect, timeAdded }: Partial<Taint>, place) => {
    const errors = problemsAsErrors(child(place, 'key'), key, qualifiedName(key));
    const problems = labelValue(value);
    if (problems.length > 0) errors.push(invalid(child(place, 'value'), value, problems.join(';')));
    if (!effect) errors.push(required(child(place, 'effect')));
    else errors.push(...oneOf(child(place, 'effect'), effect, EFFECTS));
    const pair = `${key}:${effect}`;
    if (seen.has(pair)) errors.push({ reason: 'FieldValueDuplicate', field: place, message: `Duplicate value: ${JSON.stringify({ Key: key, Value: value, Effect: effect, TimeAdded: timeAdded ?? null })}: taints must be unique by key and effect pair` });
    seen.add(pair);
    return errors;
  });
}

/** A node is one machine: what says which, and its pods' addresses, can be set once. */
export function validateNodeUpdate({ spec }: Node, { spec: before }: Node): FieldError[] {
  const networks = spec?.podCIDRs ?? [];
  const networksBefore = before?.podCIDRs ?? [];
  const changed = networks.length === networksBefore.length ? networksBefore.filter((network, index) => network !== networks[index]).length : Math.min(networksBefore.length, 1);
  return [
    ...Array.from({ length: changed }, () => forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')),
    ...(before?.providerID && spec?.providerID !== before.providerID ? [forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid')] : []),
    ...(spec?.externalID === before?.externalID ? [] : [forbidden('spec.externalID', 'may not be updated')]),
  ];
}
