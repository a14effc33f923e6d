import type { Container, PersistentVolumeClaim, Pod, Service } from 'kubernetes-types/core/v1.js';
import type { ApiObject } from '../contracts.js';
import { parseQuantity } from '../schema/quantity.js';

const ONE = 1_000_000_000n;
/** Core kinds whose number a quota limits by their plain name. */
const COUNTED = new Set(['configmaps', 'persistentvolumeclaims', 'pods', 'replicationcontrollers', 'resourcequotas', 'secrets', 'services']);
/** Compute resources that pods ask for under their plain name too. */
const PLAIN_REQUESTS = /^(?:cpu|memory|ephemeral-storage|hugepages-.+)$/;
const CLASS = /^(.+)\.(storageclass|volumeattributesclass)\.storage\.k8s\.io\/(requests\.storage|persistentvolumeclaims)$/;
const DEVICES = /^(.+)\.deviceclass\.resource\.k8s\.io\/devices$/;
/** As many devices as one claim can get. */
const MOST_DEVICES = 32;

interface DeviceRequest {
  deviceClassName?: string;
  allocationMode?: string;
  count?: number;
}

interface ResourceClaim {
  spec?: { devices?: { requests?: { exactly?: DeviceRequest; firstAvailable?: DeviceRequest[] }[] } };
}

/** In which stored resource a quota's resource is used (`requests.cpu` in pods); undefined: nobody knows it. */
export function trackedIn(name: string): string | undefined {
  if (name.startsWith('count/')) return name.slice('count/'.length);
  if (COUNTED.has(name)) return name;
  if (name.startsWith('services.')) return 'services';
  if (DEVICES.test(name)) return 'resourceclaims.resource.k8s.io';
  if (name === 'requests.storage' || name === 'storage' || CLASS.test(name)) return 'persistentvolumeclaims';
  return /^(?:requests|limits)\./.test(name) || PLAIN_REQUESTS.test(name) ? 'pods' : undefined;
}

/** How much of a quota's resource one object uses, in billionths. */
export function usageOf(object: ApiObject, name: string): bigint {
  switch (trackedIn(name)) {
    case 'pods':
      return name === 'count/pods' ? ONE : podUsage(object as unknown as Pod, name);
    case 'persistentvolumeclaims':
      return claimUsage(object as unknown as PersistentVolumeClaim, name);
    case 'resourceclaims.resource.k8s.io':
      return name.startsWith('count/') ? ONE : deviceUsage(object as unknown as ResourceClaim, name);
    case 'services':
      return serviceUsage(object as unknown as Service, name);
    default:
      return ONE;
  }
}

function podUsage(pod: Pod, name: string): bigint {
  // What has ended gives its resources back; the object itself still counts.
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return 0n;
  if (name === 'pods') return ONE;
  const [, list = 'requests', resource = name] = /^(requests|limits)\.(.+)$/.exec(name) ?? [];
  const amount = (container: Pick<Container, 'resources'>): bigint => parseQuantity(container.resources?.[list as 'requests' | 'limits']?.[resource])?.nano ?? 0n;
  const { containers, initContainers = [], overhead = {}, resources } = pod.spec as Pod['spec'] & Pick<Container, 'resources'>;
  // Sidecars stay while what comes after them runs.
  let running = 0n;
  let peak = 0n;
  for (const container of initContainers) {
    const needed = running + amount(container);
    if (container.restartPolicy === 'Always') running = needed;
    if (needed > peak) peak = needed;
  }
  const together = containers.reduce((sum, container) => sum + amount(container), running);
  const ofContainers = together > peak ? together : peak;
  const ofPod = resources ? amount({ resources }) : 0n;
  return (ofPod > 0n ? ofPod : ofContainers) + (parseQuantity(overhead[resource])?.nano ?? 0n);
}

function claimUsage({ metadata, spec }: PersistentVolumeClaim, name: string): bigint {
  const [, className, by, of = name] = CLASS.exec(name) ?? [];
  const storageClass = metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName;
  const attributesClass = (spec as { volumeAttributesClassName?: string } | undefined)?.volumeAttributesClassName;
  if (className !== undefined && className !== (by === 'storageclass' ? storageClass : attributesClass)) return 0n;
  return of === 'requests.storage' || of === 'storage' ? (parseQuantity(spec?.resources?.requests?.['storage'])?.nano ?? 0n) : ONE;
}

/** Devices of a class that a claim may get in the worst case. */
function deviceUsage({ spec }: ResourceClaim, name: string): bigint {
  const [, className] = DEVICES.exec(name) ?? [];
  const wanted = ({ deviceClassName, allocationMode, count = 1 }: DeviceRequest): number => (deviceClassName !== className ? 0 : allocationMode === 'All' ? MOST_DEVICES : count);
  const devices = (spec?.devices?.requests ?? []).reduce((sum, { exactly, firstAvailable = [] }) => sum + Math.max(0, ...(exactly ? [wanted(exactly)] : []), ...firstAvailable.map(wanted)), 0);
  return BigInt(devices) * ONE;
}

function serviceUsage({ spec: { type, ports = [], allocateLoadBalancerNodePorts = true } = {} }: Service, name: string): bigint {
  if (name === 'services.loadbalancers') return type === 'LoadBalancer' ? ONE : 0n;
  if (name === 'services.nodeports') {
    const open = type === 'NodePort' ? ports : type === 'LoadBalancer' ? (allocateLoadBalancerNodePorts ? ports : ports.filter(({ nodePort }) => nodePort)) : [];
    return BigInt(open.length) * ONE;
  }
  return ONE;
}

/** Containers that do not say how much CPU or memory they want, where a quota limits that: by resource. */
export function unspecified(object: ApiObject, limited: readonly string[]): Map<string, string[]> {
  const { containers = [], initContainers = [] } = ((object as unknown as Pod).spec ?? {}) as Partial<NonNullable<Pod['spec']>>;
  const found = new Map<string, string[]>();
  for (const name of limited) {
    const [, list = 'requests', resource] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(name) ?? [];
    if (resource === undefined) continue;
    const silent = [...containers, ...initContainers].filter(({ resources }) => resources?.[list as 'requests' | 'limits']?.[resource] === undefined);
    if (silent.length > 0) found.set(name, [...new Set(silent.map((container) => container.name))].sort());
  }
  return found;
}
