import type { Endpoints, Pod, Service } from 'kubernetes-types/core/v1.js';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import type { ApiObject, Subresource } from '../../contracts.js';
import { at, child } from '../../schema/field-error.js';
import { cidrWarnings, ipWarnings } from '../../schema/ip-address.js';

/** Of each of a list. */
const each = <T>(field: string, items: readonly T[] | null | undefined, warn: (place: string, item: T) => string[]): string[] => (items ?? []).flatMap((item, index) => warn(at(field, index), item));

const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';

/** Of a service, or of what a load balancer says about itself in its status. */
export function serviceWarnings(object: ApiObject, _previous: ApiObject | undefined, subresource: Subresource): string[] {
  const { spec = {}, metadata } = object as unknown as Service;
  if (subresource === 'status') return entranceWarnings(object);
  const isHeadless = spec.clusterIP === 'None';
  const isName = spec.type === 'ExternalName';
  const { clusterIPs = [], externalIPs = [], loadBalancerIP, trafficDistribution } = spec as typeof spec & { trafficDistribution?: string };
  return [
    ...(metadata?.annotations?.[TOPOLOGY_HINTS] === undefined ? [] : [`annotation ${TOPOLOGY_HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`]),
    ...(isHeadless ? [] : each('spec.clusterIPs', clusterIPs, ipWarnings)),
    ...(isHeadless && loadBalancerIP ? ['spec.loadBalancerIP is ignored for headless services'] : []),
    ...(isHeadless && externalIPs.length > 0 ? ['spec.externalIPs is ignored for headless services'] : []),
    ...(isHeadless && spec.sessionAffinity !== 'None' ? ['spec.SessionAffinity is ignored for headless services'] : []),
    ...each('spec.externalIPs', externalIPs, ipWarnings),
    ...(loadBalancerIP ? ipWarnings('spec.loadBalancerIP', loadBalancerIP) : []),
    ...each('spec.loadBalancerSourceRanges', spec.loadBalancerSourceRanges, cidrWarnings),
    ...(isName && externalIPs.length > 0 ? ['spec.externalIPs is ignored when spec.type is "ExternalName"'] : []),
    ...(!isName && spec.externalName ? ['spec.externalName is ignored when spec.type is not "ExternalName"'] : []),
    ...(trafficDistribution === 'PreferClose' ? ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'] : []),
  ];
}

/** Of where a load balancer lets traffic in, of services and ingresses alike. */
export const entranceWarnings = (object: ApiObject): string[] => each('status.loadBalancer.ingress', (object as unknown as Service).status?.loadBalancer?.ingress, (place, { ip }) => (ip ? ipWarnings(place, ip) : []));

/** Of where a kubelet says that a pod is. */
export function podStatusWarnings(object: ApiObject): string[] {
  const { podIPs, hostIPs } = (object as unknown as Pod).status ?? {};
  return [['status.podIPs', podIPs] as const, ['status.hostIPs', hostIPs] as const].flatMap(([field, addresses]) => each(field, addresses, (place, { ip = '' }: { ip?: string }) => ipWarnings(child(place, 'ip'), ip)));
}

/** Whether Kubernetes' own controllers keep it, which write addresses as they should be. */
const isKeptBy = ({ metadata }: ApiObject, label: string, ...controllers: readonly string[]): boolean => controllers.includes(metadata.labels?.[label] ?? '');

export function endpointsWarnings(object: ApiObject): string[] {
  if (isKeptBy(object, 'endpoints.kubernetes.io/managed-by', 'endpoint-controller')) return [];
  return each('subsets', (object as unknown as Endpoints).subsets, (subset, { addresses, notReadyAddresses }) =>
    [['addresses', addresses] as const, ['notReadyAddresses', notReadyAddresses] as const].flatMap(([field, list]) => each(child(subset, field), list, (place, { ip }) => ipWarnings(child(place, 'ip'), ip))));
}

export function endpointSliceWarnings(object: ApiObject, previous: ApiObject | undefined): string[] {
  const { addressType, endpoints } = object as unknown as EndpointSlice;
  if (addressType === 'FQDN') return previous ? [] : ['spec.addressType: FQDN endpoints are deprecated'];
  if (isKeptBy(object, 'endpointslice.kubernetes.io/managed-by', 'endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io')) return [];
  return each('endpoints', endpoints, (endpoint, { addresses }) => each(child(endpoint, 'addresses'), addresses, ipWarnings));
}

export function networkPolicyWarnings(object: ApiObject): string[] {
  const { ingress = [], egress = [] } = (object as unknown as NetworkPolicy).spec ?? {};
  const peersOf = [['spec.ingress', 'from', ingress.map(({ from }) => from)], ['spec.egress', 'to', egress.map(({ to }) => to)]] as const;
  return peersOf.flatMap(([field, peers, rules]) => each(field, rules, (rule, list) => each(child(rule, peers), list, (peer, { ipBlock }) =>
    (ipBlock ? [...cidrWarnings(child(peer, 'ipBlock.cidr'), ipBlock.cidr), ...each(child(peer, 'ipBlock.except'), ipBlock.except, cidrWarnings)] : []))));
}
