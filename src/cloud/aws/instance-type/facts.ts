import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { catalogueType } from '../catalogue/catalogue.js';

interface Gpu { name: string; manufacturer: string; count: number; memoryMiB: number }
interface Accelerator { name: string; manufacturer: string; count: number; coresPerDevice: number }

/** What EC2 says of a type, and what only its documentation does; reduced to what labels, resources and launches need. */
export interface InstanceTypeFacts {
  name: string;
  /** In EC2's words; the first is the one that counts. */
  architectures: readonly string[];
  usageClasses: readonly string[];
  /** Undefined on bare metal. */
  hypervisor: string | undefined;
  nestedVirtualization: boolean;
  cpuManufacturer: string | undefined;
  clockGHz: number | undefined;
  vcpus: number;
  memoryMiB: number;
  /** Total instance storage in GB; undefined without. */
  storageGB: number | undefined;
  storageIsNvme: boolean;
  /** Mbps; undefined unless EBS optimization is on by default. */
  ebsBandwidth: number | undefined;
  /** Baseline in Mbps; undefined where AWS documents none. */
  networkBandwidth: number | undefined;
  /** How many interfaces each network card takes, by index. */
  networkCards: readonly number[];
  /** Interfaces of the default network card: what pods share. */
  defaultInterfaces: number;
  ipv4PerInterface: number;
  efaInterfaces: number;
  enaUnsupported: boolean;
  encryptionInTransit: boolean;
  gpus: readonly Gpu[];
  neuron: readonly Accelerator[];
  /** Inference accelerators that are not Neuron. */
  otherAccelerators: readonly Accelerator[];
  nitroEnclaves: boolean;
  placementStrategies: readonly string[];
  /** Branch interfaces for pods with their own security groups; 0 without trunking. */
  branchInterfaces: number;
  /** IPv4 addresses an interface in the VPC limits table; 0 when the type is not in it. */
  documentedIPv4PerInterface: number;
}

const intern = new Map<string, readonly string[]>();
/** One array for all types with the same words: there are 1,300 types. */
function words(list: readonly string[] | undefined): readonly string[] {
  const key = (list ?? []).join(' ');
  let known = intern.get(key);
  if (known === undefined) intern.set(key, known = [...(list ?? [])]);
  return known;
}

/** Reduces an entry of DescribeInstanceTypes, and adds bandwidth and VPC limits from the catalogue. */
export function instanceTypeFacts(info: InstanceTypeInfo): InstanceTypeFacts {
  const name = info.InstanceType ?? '';
  const documented = catalogueType(name);
  const network = info.NetworkInfo;
  const cards = [...(network?.NetworkCards ?? [])].sort((a, b) => (a.NetworkCardIndex ?? 0) - (b.NetworkCardIndex ?? 0)).map((card) => card.MaximumNetworkInterfaces ?? 0);
  return {
    name,
    architectures: words(info.ProcessorInfo?.SupportedArchitectures),
    usageClasses: words(info.SupportedUsageClasses),
    hypervisor: info.Hypervisor,
    nestedVirtualization: (info.ProcessorInfo?.SupportedFeatures as readonly string[] | undefined)?.includes('nested-virtualization') ?? false,
    cpuManufacturer: info.ProcessorInfo && (info.ProcessorInfo.Manufacturer ?? ''),
    clockGHz: info.ProcessorInfo?.SustainedClockSpeedInGhz,
    vcpus: info.VCpuInfo?.DefaultVCpus ?? 0,
    memoryMiB: info.MemoryInfo?.SizeInMiB ?? 0,
    storageGB: info.InstanceStorageInfo?.TotalSizeInGB,
    storageIsNvme: info.InstanceStorageInfo !== undefined && info.InstanceStorageInfo.NvmeSupport !== 'unsupported',
    ebsBandwidth: info.EbsInfo?.EbsOptimizedSupport === 'default' ? info.EbsInfo.EbsOptimizedInfo?.MaximumBandwidthInMbps : undefined,
    networkBandwidth: documented?.networkDocumented ? documented.networkMbps : undefined,
    networkCards: cards,
    defaultInterfaces: cards[network?.DefaultNetworkCardIndex ?? 0] ?? network?.MaximumNetworkInterfaces ?? 0,
    ipv4PerInterface: network?.Ipv4AddressesPerInterface ?? 0,
    efaInterfaces: network?.EfaInfo?.MaximumEfaInterfaces ?? 0,
    enaUnsupported: network?.EnaSupport === 'unsupported',
    encryptionInTransit: network?.EncryptionInTransitSupported ?? false,
    gpus: (info.GpuInfo?.Gpus ?? []).map(({ Name = '', Manufacturer = '', Count = 0, MemoryInfo }) => ({ name: Name, manufacturer: Manufacturer, count: Count, memoryMiB: MemoryInfo?.SizeInMiB ?? 0 })),
    neuron: (info.NeuronInfo?.NeuronDevices ?? []).map(({ Name = '', Count = 0, CoreInfo }) => ({ name: Name, manufacturer: 'aws', count: Count, coresPerDevice: CoreInfo?.Count ?? 0 })),
    otherAccelerators: (info.InferenceAcceleratorInfo?.Accelerators ?? []).map(({ Name = '', Manufacturer = '', Count = 0 }) => ({ name: Name, manufacturer: Manufacturer, count: Count, coresPerDevice: 0 })),
    nitroEnclaves: info.NitroEnclavesSupport === 'supported',
    placementStrategies: words(info.PlacementGroupInfo?.SupportedStrategies),
    branchInterfaces: documented?.trunking ? documented.branchEnis : 0,
    documentedIPv4PerInterface: documented?.ipv4PerEni ?? 0,
  };
}
