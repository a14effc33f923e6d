import type { Namespace, Node, PersistentVolumeClaim, ResourceQuota, Service } from 'kubernetes-types/core/v1.js';
import type { Ingress } from 'kubernetes-types/networking/v1.js';
import { at, child, duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.js';
import { ipErrors, ipFamily } from '../../schema/ip-address.js';
import { dns1123Subdomain } from '../../schema/names.js';
import { parseQuantity } from '../../schema/quantity.js';
import { eachOf, oneOf, problemsAsErrors } from './common.js';
import { quotaResourceName, resourceAmount } from './resources.js';

export function validateNamespaceStatus({ metadata, status }: Namespace): FieldError[] {
  const [wanted, when] = metadata?.deletionTimestamp ? ['Terminating', 'not empty'] : ['Active', 'empty'];
  return status?.phase === wanted ? [] : [invalid('status.Phase', status?.phase ?? '', `may only be '${wanted}' if \`deletionTimestamp\` is ${when}`)];
}

/** How much a node has. */
export const nodeResources = ({ status }: Node): FieldError[] => (['capacity', 'allocatable'] as const).flatMap((list) => Object.entries(status?.[list] ?? {}).flatMap(([name, amount]) => resourceAmount(`status.${list}.${name}`, name, amount)));

/** A node's status, which is looked at in every update of a node. */
export function validateNodeStatus(node: Node): FieldError[] {
  const seen = new Set<string>();
  return [
    ...nodeResources(node),
    ...eachOf('status.addresses', node.status?.addresses, ({ type, address }, place) => {
      const key = JSON.stringify([type, address]);
      if (seen.has(key)) return [duplicate(place, { Type: type, Address: address })];
      seen.add(key);
      return [];
    }),
  ];
}

const RESIZES = ['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress', 'NodeResizeInfeasible', 'NodeResizePending'];

export function validatePersistentVolumeClaimStatus({ status }: PersistentVolumeClaim): FieldError[] {
  const { capacity, allocatedResources, allocatedResourceStatuses } = (status ?? {}) as NonNullable<PersistentVolumeClaim['status']> & { allocatedResourceStatuses?: Record<string, string> };
  const amount = (field: string, text: string): FieldError[] => {
    const quantity = parseQuantity(text);
    return quantity && quantity.nano < 0n ? [invalid(field, Number(quantity.nano / 1_000_000_000n), 'must be a valid resource quantity')] : [];
  };
  const key = (field: string, name: string): FieldError[] => (name === 'storage' || name.includes('/') ? [] : [notSupported(field, name, ['storage'])]);
  return [
    ...Object.entries(capacity ?? {}).flatMap(([name, text]) => amount(at('status.capacity', name), text)),
    ...Object.entries(allocatedResourceStatuses ?? {}).flatMap(([name, state]) => [...key('status.allocatedResourceStatuses', name), ...(RESIZES.includes(state) ? [] : [notSupported('status.allocatedResourceStatuses', name, RESIZES)])]),
    ...Object.entries(allocatedResources ?? {}).flatMap(([name, text]) => {
      const unknown = key('status.allocatedResources', name);
      return unknown.length > 0 ? unknown : amount(at('status.allocatedResources', name), text);
    }),
  ];
}

export const validateResourceQuotaStatus = ({ status }: ResourceQuota): FieldError[] =>
  (['hard', 'used'] as const).flatMap((list) => Object.entries(status?.[list] ?? {}).flatMap(([name, amount]) => {
    const field = at(`status.${list}`, name);
    return [...quotaResourceName(field, name), ...resourceAmount(field, name, amount)];
  }));

interface Entrance { ip?: string; hostname?: string; ipMode?: string }

/** Where a load balancer lets traffic in; addresses that were there before may be wrong. */
function entrance({ ip = '', hostname = '' }: Entrance, place: string, before: readonly Entrance[]): FieldError[] {
  const isKnown = before.some((old) => old.ip === ip);
  return [
    ...(ip === '' || isKnown ? [] : ipErrors(child(place, 'ip'), ip)),
    ...(hostname === '' ? [] : problemsAsErrors(child(place, 'hostname'), hostname, dns1123Subdomain(hostname))),
    ...(ipFamily(hostname) === 0 ? [] : [invalid(child(place, 'hostname'), hostname, 'must be a DNS name, not an IP address')]),
  ];
}

export function validateServiceStatus({ spec, status }: Service, { status: before }: Service): FieldError[] {
  const list = (status?.loadBalancer?.ingress ?? []) as Entrance[];
  if (list.length > 0 && spec?.type !== 'LoadBalancer') return [forbidden('status.loadBalancer.ingress', "may only be used when `spec.type` is 'LoadBalancer'")];
  return eachOf('status.loadBalancer.ingress', list, (item, place) => [
    ...entrance(item, place, before?.loadBalancer?.ingress ?? []),
    ...(item.ipMode === undefined ? [] : item.ip ? oneOf(child(place, 'ipMode'), item.ipMode, ['Proxy', 'VIP']) : [forbidden(child(place, 'ipMode'), 'may not be specified when `ip` is not set')]),
  ]);
}

export const validateIngressStatus = ({ status }: Ingress, { status: before }: Ingress): FieldError[] =>
  eachOf('status.loadBalancer.ingress', status?.loadBalancer?.ingress, (item, place) => entrance(item, place, before?.loadBalancer?.ingress ?? []));

/** Of a claim for devices: who uses it, once it is allocated. What is allocated is the scheduler's to know. */
export function validateResourceClaimStatus({ status }: { status?: { allocation?: object; reservedFor?: { resource?: string; name?: string; uid?: string }[] } }): FieldError[] {
  const { allocation, reservedFor = [] } = status ?? {};
  const uids = new Set<string>();
  return [
    ...eachOf('status.reservedFor', reservedFor, (user, place) => {
      const errors = (['resource', 'name', 'uid'] as const).filter((field) => !user[field]).map((field) => required(child(place, field)));
      if (user.uid && uids.has(user.uid)) errors.push(duplicate(place, user.uid));
      uids.add(user.uid ?? '');
      return errors;
    }),
    ...(reservedFor.length > 0 && !allocation ? [forbidden('status.reservedFor', 'may not be specified when `allocated` is not set')] : []),
  ];
}
