import type { Service, ServiceSpec } from 'kubernetes-types/core/v1.js';
import type { ApiObject } from '../../contracts.js';
import { sameJson } from '../../schema/json.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';
import { isExternallyAccessible } from '../validation/service.js';
import { serviceWarnings } from './network-warnings.js';
import { allocateForCreate, allocateForUpdate, needsHealthCheck, usesNodePorts } from './service-allocation.js';

const SESSION_AFFINITY_SECONDS = 10_800;

const asService = (object: ApiObject): Service => object as unknown as Service;

function defaultService({ spec, status }: Service): void {
  if (!spec) return;
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: SESSION_AFFINITY_SECONDS } };
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    port.targetPort ||= port.port;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
  }
}

/** Takes what a service of its new type has no use for; what the same change also sets is left for validation to refuse. */
function dropForType(spec: ServiceSpec, before: ServiceSpec): void {
  const drop = (needs: (of: ServiceSpec) => boolean, ...fields: readonly (keyof ServiceSpec)[]): void => {
    if (!needs(before) || needs(spec)) return;
    for (const field of fields) if (sameJson(spec[field] ?? null, before[field] ?? null)) delete spec[field];
  };
  const hasAddress = ({ type }: ServiceSpec): boolean => type !== 'ExternalName';
  const isBalanced = ({ type }: ServiceSpec): boolean => type === 'LoadBalancer';
  drop(hasAddress, 'clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy');
  const had = new Set((before.ports ?? []).map(({ nodePort }) => nodePort));
  if (usesNodePorts(before) && !usesNodePorts(spec) && (spec.ports ?? []).every(({ nodePort }) => !nodePort || had.has(nodePort))) for (const port of spec.ports ?? []) delete port.nodePort;
  drop(needsHealthCheck, 'healthCheckNodePort');
  drop(isBalanced, 'allocateLoadBalancerNodePorts', 'loadBalancerClass');
  drop(isExternallyAccessible, 'externalTrafficPolicy');
}

export const serviceBehaviour: KindBehaviour = {
  nameFormat: 'dns1035label',
  warnings: serviceWarnings,
  selectableFields: fieldsAt('spec.clusterIP', 'spec.type'),
  setDefaults(object) {
    defaultService(asService(object));
  },
  prepareForCreate(object, pools) {
    allocateForCreate(asService(object), pools);
    object['status'] = { loadBalancer: {} };
  },
  prepareForUpdate(object, previous, subresource, pools) {
    const [service, before] = [asService(object), asService(previous)];
    if (subresource !== '' || !service.spec || !before.spec) return;
    allocateForUpdate(service, before, pools);
    dropForType(service.spec, before.spec);
    if (service.spec.type !== 'LoadBalancer') object['status'] = { ...service.status, loadBalancer: {} };
  },
};
