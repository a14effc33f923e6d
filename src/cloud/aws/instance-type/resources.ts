import type { AMIFamily, EC2NodeClassSpec } from '../../../api/ec2nodeclass.js';
import { quantityValue } from '../../../api/quantity.js';
import { addResources, parseResources } from '../../../api/resources.js';
import type { Resources } from '../../../api/resources.js';
import { familyFeatures, windowsBuild } from '../ami-family.js';
import { defaultBlockDevices } from '../block-devices.js';
import { AWS_RESOURCES } from './labels.js';
import type { InstanceTypeFacts } from './facts.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const DEFAULT_EPHEMERAL_STORAGE = 20 * GIB;
/** Pods of families whose pods do not have addresses of the instance's interfaces. */
const DEFAULT_PODS = 110;

/** What resources depend on, besides the type. */
export interface ResourceContext {
  family: AMIFamily;
  spec: Pick<EC2NodeClassSpec, 'kubelet' | 'blockDeviceMappings' | 'instanceStorePolicy' | 'networkInterfaces'>;
  /** Share of memory that the hypervisor keeps. */
  vmMemoryOverheadPercent: number;
  reservedENIs: number;
}

/** Pods that get an address each from the instance's interfaces, and two on the host network (karpenter-aws §3.5). */
export function eniLimitedPods(facts: InstanceTypeFacts, reservedENIs: number, spec: ResourceContext['spec']): number {
  const withoutAddresses = (spec.networkInterfaces ?? []).filter(({ interfaceType, networkCardIndex }) => interfaceType === 'efa-only' && networkCardIndex === 0).length;
  const usable = Math.max(facts.defaultInterfaces - reservedENIs - withoutAddresses, 0);
  return usable === 0 ? 0 : usable * (facts.ipv4PerInterface - 1) + 2;
}

function pods(facts: InstanceTypeFacts, { family, spec, reservedENIs }: ResourceContext): number {
  const features = familyFeatures(family);
  const { maxPods, podsPerCore } = spec.kubelet ?? {};
  const count = maxPods ?? (features.eniLimitedPodDensity ? eniLimitedPods(facts, reservedENIs, spec) : DEFAULT_PODS);
  return podsPerCore && features.podsPerCore ? Math.min(podsPerCore * facts.vcpus, count) : count;
}

/** Memory that the operating system will see, before it was ever seen, in bytes. */
export function estimatedMemory({ memoryMiB, architectures }: InstanceTypeFacts, vmMemoryOverheadPercent: number): number {
  const hardware = memoryMiB - (architectures[0] === 'arm64' ? 64 : 0);
  return (hardware - Math.ceil(hardware * vmMemoryOverheadPercent)) * MIB;
}

function ephemeralStorage({ storageGB }: InstanceTypeFacts, context: ResourceContext): number {
  return context.spec.instanceStorePolicy === 'RAID0' && storageGB !== undefined ? storageGB * 1e9 : volumeStorage(context);
}

/** Bytes of the volume that pods use, on machines without instance storage of their own (karpenter-aws §3.4). */
export function volumeStorage({ family, spec: { blockDeviceMappings: mappings } }: Pick<ResourceContext, 'family' | 'spec'>): number {
  const device = familyFeatures(family).ephemeralDevice;
  const sizeOn = (devices: typeof mappings): number | undefined => {
    const size = devices?.find(({ deviceName }) => deviceName === device)?.ebs?.volumeSize;
    return size === undefined ? undefined : quantityValue(size);
  };
  if (mappings?.length) {
    const root = mappings.find(({ rootVolume, ebs }) => rootVolume && ebs?.volumeSize !== undefined)?.ebs?.volumeSize;
    if (root !== undefined) return quantityValue(root);
    const last = mappings.at(-1)?.ebs?.volumeSize;
    if (device === undefined) return last === undefined ? DEFAULT_EPHEMERAL_STORAGE : quantityValue(last);
  }
  return sizeOn(mappings) ?? sizeOn(defaultBlockDevices(family)) ?? DEFAULT_EPHEMERAL_STORAGE;
}

/** What a machine of the type has under the class (karpenter-aws §3.3). `memory` is what a node has shown, in bytes. */
export function typeCapacity(facts: InstanceTypeFacts, context: ResourceContext, memory?: number): Resources {
  const gpusOf = (manufacturer: string): number => facts.gpus.filter((gpu) => gpu.manufacturer === manufacturer).reduce((sum, { count }) => sum + count, 0);
  const { networkInterfaces } = context.spec;
  const [neuron] = facts.neuron;
  return {
    cpu: facts.vcpus * 1_000,
    memory: memory ?? estimatedMemory(facts, context.vmMemoryOverheadPercent),
    'ephemeral-storage': ephemeralStorage(facts, context),
    pods: pods(facts, context),
    [AWS_RESOURCES.podENI]: facts.branchInterfaces,
    [AWS_RESOURCES.nvidiaGPU]: gpusOf('NVIDIA'),
    [AWS_RESOURCES.amdGPU]: gpusOf('AMD'),
    [AWS_RESOURCES.habanaGaudi]: gpusOf('Habana'),
    [AWS_RESOURCES.neuron]: facts.neuron.reduce((sum, { count }) => sum + count, 0),
    [AWS_RESOURCES.neuronCore]: neuron ? neuron.count * neuron.coresPerDevice : 0,
    [AWS_RESOURCES.efa]: networkInterfaces?.length ? networkInterfaces.filter(({ interfaceType }) => interfaceType === 'efa-only').length : facts.efaInterfaces,
    ...(windowsBuild(context.family) === undefined ? {} : { [AWS_RESOURCES.privateIPv4]: Math.max(facts.documentedIPv4PerInterface - 1, 0) }),
  };
}

/** Millicores up to which each share of the cores is reserved for the kubelet. */
const CPU_STEPS: readonly { upTo: number; share: number }[] = [
  { upTo: 1_000, share: 0.06 },
  { upTo: 2_000, share: 0.01 },
  { upTo: 4_000, share: 0.005 },
  { upTo: Infinity, share: 0.0025 },
];

function reservedCPU(millicores: number): number {
  let reserved = 0;
  let from = 0;
  for (const { upTo, share } of CPU_STEPS) {
    if (millicores > from) reserved += Math.trunc((Math.min(millicores, upTo) - from) * share);
    from = upTo;
  }
  return reserved;
}

/** What the kubelet and the system take, by cause; allocatable is capacity minus all three (karpenter-aws §3.6). */
export interface Overhead {
  kubeReserved: Resources;
  systemReserved: Resources;
  evictionThreshold: Resources;
}

/** `10%` of the total, or a quantity. 100 % switches the signal off. */
function threshold(signal: string, total: number): number {
  if (!signal.endsWith('%')) return quantityValue(signal);
  const percent = Number(signal.slice(0, -1));
  return percent === 100 ? 0 : Math.ceil((total * percent) / 100);
}

/** `capacity` is the type's own; of memory its estimate is used, as eviction thresholds are set before a node was seen. */
export function typeOverhead(facts: InstanceTypeFacts, context: ResourceContext, capacity: Resources): Overhead {
  const { kubelet } = context.spec;
  const podCount = familyFeatures(context.family).eniLimitedMemoryOverhead ? eniLimitedPods(facts, 0, context.spec) : (capacity['pods'] ?? 0);
  const hard = kubelet?.evictionHard ?? {};
  const storage = capacity['ephemeral-storage'] ?? 0;
  return {
    kubeReserved: {
      cpu: reservedCPU(facts.vcpus * 1_000),
      memory: (11 * podCount + 255) * MIB,
      'ephemeral-storage': GIB,
      ...parseResources(kubelet?.kubeReserved),
    },
    systemReserved: parseResources(kubelet?.systemReserved),
    evictionThreshold: {
      memory: hard['memory.available'] === undefined ? 100 * MIB : threshold(hard['memory.available'], estimatedMemory(facts, context.vmMemoryOverheadPercent)),
      'ephemeral-storage': hard['nodefs.available'] === undefined ? Math.ceil(storage / 10) : threshold(hard['nodefs.available'], storage),
    },
  };
}

export const totalOverhead = ({ kubeReserved, systemReserved, evictionThreshold }: Overhead): Resources => addResources(kubeReserved, systemReserved, evictionThreshold);
