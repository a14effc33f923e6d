import type { Service, ServicePort, ServiceSpec } from 'kubernetes-types/core/v1.js';
import { at, child, duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.js';
import { canonicalIp, cidrErrors, ipErrors, ipFamily } from '../../schema/ip-address.js';
import { dns1123Label, dns1123Subdomain, portName, qualifiedName } from '../../schema/names.js';
import { eachOf, labels, oneOf, portNumber, problemsAsErrors, PROTOCOLS } from './common.js';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
/** Seconds that clients may stay with one pod. */
const LONGEST_AFFINITY = 86_400;
/** Addresses that lead to no machine outside the cluster, and why. */
const SPECIAL_ADDRESSES: readonly (readonly [RegExp, string])[] = [
  [/^0\.0\.0\.0$/, 'may not be unspecified (0.0.0.0)'],
  [/^::$/, 'may not be unspecified (::)'],
  [/^(127\.|::1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [/^(169\.254\.|fe[89ab])/i, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [/^(224\.0\.0\.|ff02)/i, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

const isBalanced = ({ type }: ServiceSpec): boolean => type === 'LoadBalancer';
/** Whether who is outside the cluster may reach it. */
export const isExternallyAccessible = (spec: ServiceSpec): boolean => isBalanced(spec) || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);

/** What is wrong with the addresses that a service names, and their families. */
export function clusterAddressErrors(spec: ServiceSpec): FieldError[] {
  const { type, clusterIP, clusterIPs = [], ipFamilies = [] } = spec;
  if (type === 'ExternalName') return [];
  const errors: FieldError[] = [];
  if (clusterIP) {
    if (clusterIPs.length === 0) errors.push(required('spec.clusterIPs'));
    else if (clusterIPs[0] !== clusterIP) errors.push(invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'));
  } else if (clusterIPs.length > 0) errors.push(invalid('spec.clusterIPs', clusterIPs, 'must be empty when `clusterIP` is not specified'));
  for (const [index, family] of ipFamilies.entries()) {
    errors.push(...oneOf(at('spec.ipFamilies', index), family, FAMILIES));
    if (ipFamilies.indexOf(family) < index) errors.push(duplicate(at('spec.ipFamilies', index), family));
  }
  errors.push(...oneOf('spec.ipFamilyPolicy', spec.ipFamilyPolicy, FAMILY_POLICIES));
  const malformed = clusterIPs.flatMap((address, index): FieldError[] => {
    if (index === 0 && address === 'None') return clusterIPs.length > 1 ? [invalid('spec.clusterIPs', clusterIPs, "'None' must be the first and only value")] : [];
    return ipErrors(at('spec.clusterIPs', index), address);
  });
  errors.push(...malformed);
  if (clusterIPs.length > 2) errors.push(invalid('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values'));
  if (malformed.length > 0) return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(ipFamily)).size < clusterIPs.length) errors.push(invalid('spec.clusterIPs', clusterIPs, 'may specify no more than one IP for each IP family'));
  if (clusterIP === 'None') return errors;
  for (const [index, address] of clusterIPs.entries()) {
    const family = ipFamilies[index];
    if (family !== undefined && (family === 'IPv6') !== (ipFamily(address) === 6)) errors.push(invalid(at('spec.clusterIPs', index), address, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``));
  }
  return errors;
}

export function validateService({ spec = {} }: Service): FieldError[] {
  const { type = '', ports = [], clusterIP, sessionAffinity } = spec;
  const errors: FieldError[] = ports.length === 0 && clusterIP !== 'None' && type !== 'ExternalName' ? [required('spec.ports')] : [];
  if (clusterIP === 'None' && (type === 'LoadBalancer' || type === 'NodePort')) errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  if (type === 'ExternalName') errors.push(...nameErrors(spec));
  const names = new Set<string>();
  errors.push(...eachOf('spec.ports', ports, (port, path) => portErrors(port, path, ports.length > 1, names)));
  errors.push(...labels('spec.selector', spec.selector), ...oneOf('spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None']));
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 1;
  if (sessionAffinity === 'ClientIP' && (timeout <= 0 || timeout > LONGEST_AFFINITY)) errors.push(invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', timeout, `must be greater than 0 and less than ${LONGEST_AFFINITY}`));
  errors.push(...clusterAddressErrors(spec));
  errors.push(...eachOf('spec.externalIPs', spec.externalIPs, (address, path) => {
    const errors = ipErrors(path, address);
    if (errors.length > 0) return errors;
    return SPECIAL_ADDRESSES.filter(([expression]) => expression.test(canonicalIp(address))).map(([, problem]) => invalid(path, address, problem));
  }));
  errors.push(...(type === '' ? [required('spec.type')] : oneOf('spec.type', type, TYPES)), ...nodePortErrors(spec), ...duplicatePorts(ports));
  if (spec.loadBalancerSourceRanges?.length) {
    const field = 'spec.LoadBalancerSourceRanges';
    if (!isBalanced(spec)) errors.push(forbidden(field, "may only be used when `type` is 'LoadBalancer'"));
    errors.push(...eachOf(field, spec.loadBalancerSourceRanges.map((range) => range.trim()), (range, path) => cidrErrors(path, range)));
  }
  return [...errors, ...balancerErrors(spec), ...trafficErrors(spec)];
}

export function validateServiceUpdate({ spec = {} }: Service, { spec: before = {} }: Service): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName' && spec.clusterIP !== before.clusterIP) errors.push(invalid('spec.clusterIPs[0]', spec.clusterIPs, 'may not change once set'));
  if (isBalanced(spec) && isBalanced(before) && spec.loadBalancerClass !== before.loadBalancerClass) errors.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'));
  const local = [spec, before].every((one) => isBalanced(one) && one.externalTrafficPolicy === 'Local');
  if (local && spec.healthCheckNodePort !== before.healthCheckNodePort) errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  return errors;
}

function nameErrors(spec: ServiceSpec): FieldError[] {
  const errors = (['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const).filter((field) => (field === 'clusterIPs' && spec.clusterIP) || spec[field]?.length).map((field) => forbidden(child('spec', field), 'may not be set for ExternalName services'));
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  return [...errors, ...(name === '' ? [required('spec.externalName')] : problemsAsErrors('spec.externalName', name, dns1123Subdomain(name)))];
}

function portErrors({ name, port, protocol, targetPort, appProtocol }: ServicePort, path: string, nameRequired: boolean, names: Set<string>): FieldError[] {
  const errors: FieldError[] = [];
  if (!name && nameRequired) errors.push(required(child(path, 'name')));
  else if (name) {
    errors.push(...problemsAsErrors(child(path, 'name'), name, dns1123Label(name)));
    if (names.has(name)) errors.push(duplicate(child(path, 'name'), name));
    names.add(name);
  }
  errors.push(...portNumber(child(path, 'port'), port ?? 0));
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) errors.push(notSupported(child(path, 'protocol'), protocol, PROTOCOLS));
  const target = child(path, 'targetPort');
  if (typeof targetPort === 'string') errors.push(...problemsAsErrors(target, targetPort, portName(targetPort)));
  else if (targetPort !== undefined) errors.push(...portNumber(target, targetPort));
  if (appProtocol !== undefined) errors.push(...problemsAsErrors(child(path, 'appProtocol'), appProtocol, qualifiedName(appProtocol)));
  return errors;
}

function nodePortErrors({ type, ports }: ServiceSpec): FieldError[] {
  const seen = new Set<string>();
  return eachOf('spec.ports', ports, ({ nodePort, protocol }, path) => {
    if (!nodePort) return [];
    const field = child(path, 'nodePort');
    const pair = `${protocol}/${nodePort}`;
    const twice = seen.has(pair);
    seen.add(pair);
    return [...(type === 'ClusterIP' ? [forbidden(field, "may not be used when `type` is 'ClusterIP'")] : []), ...(twice ? [duplicate(field, nodePort)] : [])];
  });
}

function duplicatePorts(ports: readonly ServicePort[]): FieldError[] {
  const seen = new Set<string>();
  return eachOf('spec.ports', ports, ({ port, protocol }, path) => {
    const pair = `${protocol}/${port}`;
    const twice = seen.has(pair);
    seen.add(pair);
    return twice ? [duplicate(path, { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 })] : [];
  });
}

function balancerErrors(spec: ServiceSpec): FieldError[] {
  if (isBalanced(spec)) return spec.loadBalancerClass === undefined ? [] : problemsAsErrors('spec.loadBalancerClass', spec.loadBalancerClass, qualifiedName(spec.loadBalancerClass));
  return (['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const).filter((field) => spec[field] !== undefined).map((field) => forbidden(child('spec', field), "may only be used when `type` is 'LoadBalancer'"));
}

function trafficErrors(spec: ServiceSpec): FieldError[] {
  const { externalTrafficPolicy: external, healthCheckNodePort: health } = spec;
  const errors: FieldError[] = [];
  if (!isExternallyAccessible(spec)) {
    if (external) errors.push(invalid('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services'));
  } else errors.push(...oneOf('spec.externalTrafficPolicy', external, ['Cluster', 'Local']));
  if (!isBalanced(spec) || external !== 'Local') {
    if (health) errors.push(invalid('spec.healthCheckNodePort', health, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
  } else errors.push(...portNumber('spec.healthCheckNodePort', health ?? 0));
  return [...errors, ...oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']), ...oneOf('spec.trafficDistribution', spec.trafficDistribution, DISTRIBUTIONS)];
}
