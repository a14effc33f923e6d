import type { Service, ServiceSpec } from 'kubernetes-types/core/v1.js';
import type { ApiObject, Random, Storage } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';

const SESSION_AFFINITY_SECONDS = 10_800;
/** Service addresses are 10.96.x.y; the first few are kept for the cluster's own services. */
const ADDRESS_PREFIX = '10.96';
const ADDRESSES = 65_536;
const RESERVED_ADDRESSES = 16;
const FIRST_NODE_PORT = 30_000;
const NODE_PORTS = 2_768;

const asService = (object: ApiObject): Service => object as unknown as Service;

function defaultService(spec: ServiceSpec): void {
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'ClientIP') spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: SESSION_AFFINITY_SECONDS } };
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    port.targetPort ||= port.port;
  }
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  if (external) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
}

function allocate(service: Service, storage: Storage, random: Random): void {
  const { spec } = service;
  if (!spec || spec.type === 'ExternalName') return;
  const others = (storage.list('services') as unknown as Service[]).filter(({ metadata }) => metadata?.uid !== service.metadata?.uid);
  if (!spec.clusterIP) {
    const taken = new Set(others.map((other) => other.spec?.clusterIP));
    spec.clusterIP = pick(ADDRESSES - RESERVED_ADDRESSES, random, (index) => addressAt(index + RESERVED_ADDRESSES), taken);
  }
  spec.clusterIPs ??= [spec.clusterIP];
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
  if (spec.type === 'ClusterIP' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === false)) return;
  const taken = new Set(others.flatMap((other) => (other.spec?.ports ?? []).map(({ nodePort }) => nodePort)));
  for (const port of spec.ports ?? []) {
    port.nodePort ??= pick(NODE_PORTS, random, (index) => FIRST_NODE_PORT + index, taken);
    taken.add(port.nodePort);
  }
}

const addressAt = (index: number): string => `${ADDRESS_PREFIX}.${Math.floor(index / 256)}.${index % 256}`;

/** A free one of `count` choices, from a random start. When all are taken, the start itself. */
function pick<T>(count: number, random: Random, choice: (index: number) => T, taken: ReadonlySet<unknown>): T {
  const start = Math.floor(random.next() * count);
  for (let offset = 0; offset < count; offset += 1) {
    const candidate = choice((start + offset) % count);
    if (!taken.has(candidate)) return candidate;
  }
  return choice(start);
}

export const serviceBehaviour: KindBehaviour = {
  nameFormat: 'dns1035label',
  selectableFields: fieldsAt('spec.clusterIP', 'spec.type'),
  setDefaults(object) {
    const { spec } = asService(object);
    if (spec) defaultService(spec);
  },
  prepareForCreate(object, { storage, random }) {
    allocate(asService(object), storage, random);
    object['status'] = { loadBalancer: {} };
  },
  prepareForUpdate(object, previous, _subresource, { storage, random }) {
    const service = asService(object);
    const before = asService(previous).spec;
    // What was allocated stays, unless the service becomes or stops being a name only.
    if (service.spec && before && service.spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
      service.spec.clusterIP ||= before.clusterIP ?? '';
      if (before.clusterIPs) service.spec.clusterIPs ??= before.clusterIPs;
      for (const port of service.spec.ports ?? []) {
        const known = before.ports?.find((other) => other.port === port.port && other.protocol === port.protocol);
        if (known?.nodePort !== undefined && service.spec.type !== 'ClusterIP') port.nodePort ??= known.nodePort;
      }
    }
    allocate(service, storage, random);
  },
};
