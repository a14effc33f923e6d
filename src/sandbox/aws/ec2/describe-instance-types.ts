import { catalogueTypes, type CatalogueType } from '../../../cloud/aws/catalogue/catalogue.js';
import type { Account } from '../account/account.js';
import type { Zone } from '../account/zones.js';
import { invalidParameter } from '../protocol/error.js';
import type { Parameters } from '../protocol/parameters.js';
import type { XmlObject } from '../protocol/xml.js';
import type { Operation } from '../protocol/query-service.js';
import { applyFilters, attributes, type Attribute } from './filters.js';
import { endDryRun, select } from './operation.js';
import { page } from './paging.js';

/** The types that any zone of the account's region offers. */
const regional = (account: Account): CatalogueType[] => {
  const letters = account.network.zones.map(({ letter }) => letter);
  return [...catalogueTypes()].filter((type) => type.zones.some((zone) => letters.includes(zone)));
};

const architecturesOf = (type: CatalogueType): string[] => (type.architecture === 'arm64' ? ['arm64'] : ['x86_64']);
const text = (value: boolean | number): string => String(value);

const typeFilters = (type: CatalogueType): Attribute =>
  attributes({
    'instance-type': () => type.name,
    'bare-metal': () => text(type.hypervisor === undefined),
    'burstable-performance-supported': () => text(type.burstable),
    'current-generation': () => text(type.currentGeneration),
    'hypervisor': () => [type.hypervisor],
    'instance-storage-supported': () => text(type.storageGB !== undefined),
    'memory-info.size-in-mib': () => text(type.memoryMiB),
    'network-info.efa-supported': () => text(type.efaInterfaces > 0),
    'network-info.encryption-in-transit-supported': () => text(type.encryptionInTransit),
    'network-info.maximum-network-interfaces': () => text(type.maxEnisAllCards),
    'nitro-enclaves-support': () => (type.nitroEnclaves ? 'supported' : 'unsupported'),
    'processor-info.supported-architecture': () => architecturesOf(type),
    'supported-root-device-type': () => ['ebs'],
    'supported-usage-class': () => type.usageClasses,
    'supported-virtualization-type': () => ['hvm'],
    'vcpu-info.default-vcpus': () => text(type.vcpus),
  });

export const DescribeInstanceTypes: Operation = (input, account) => {
  endDryRun(input);
  const named = select(input.texts('InstanceType'), new Map(regional(account).map((type) => [type.name, type])), 'InvalidInstanceType', 'instance type');
  const { items, nextToken } = page(applyFilters(input, named, typeFilters), input, { most: 100 });
  return { instanceTypeSet: items.map(describeType), nextToken };
};

function describeType(type: CatalogueType): XmlObject {
  const threads = type.architecture === 'arm64' || type.vcpus === 1 ? 1 : 2;
  return {
    instanceType: type.name,
    currentGeneration: type.currentGeneration,
    freeTierEligible: type.name === 't2.micro' || type.name === 't3.micro',
    supportedUsageClasses: type.usageClasses,
    supportedRootDeviceTypes: ['ebs'],
    supportedVirtualizationTypes: ['hvm'],
    bareMetal: type.hypervisor === undefined,
    hypervisor: type.hypervisor,
    processorInfo: {
      supportedArchitectures: architecturesOf(type),
      sustainedClockSpeedInGhz: type.clockMHz === undefined ? undefined : type.clockMHz / 1000,
      supportedFeatures: type.cpuFeatures.length > 0 ? type.cpuFeatures : undefined, manufacturer: type.cpuManufacturer,
    },
    vCpuInfo: { defaultVCpus: type.vcpus, defaultCores: type.vcpus / threads, defaultThreadsPerCore: threads },
    memoryInfo: { sizeInMiB: type.memoryMiB },
    instanceStorageSupported: type.storageGB !== undefined,
    instanceStorageInfo: type.storageGB === undefined ? undefined : {
      totalSizeInGB: type.storageGB, nvmeSupport: type.storageNvme ? 'required' : 'unsupported',
      encryptionSupport: type.storageNvme ? 'required' : 'unsupported',
    },
    ebsInfo: {
      ebsOptimizedSupport: type.ebsMbps === undefined ? 'unsupported' : 'default',
      encryptionSupport: 'supported',
      ebsOptimizedInfo: type.ebsMbps === undefined ? undefined : { maximumBandwidthInMbps: type.ebsMbps, maximumThroughputInMBps: type.ebsMbps / 8 },
      nvmeSupport: type.hypervisor === 'xen' ? 'unsupported' : 'required',
    },
    networkInfo: {
      networkPerformance: `${type.networkMbps / 1000} Gigabit`,
      maximumNetworkInterfaces: type.maxEnisAllCards,
      maximumNetworkCards: type.networkCards,
      defaultNetworkCardIndex: 0,
      networkCards: networkCards(type),
      ipv4AddressesPerInterface: type.ipv4PerEni,
      ipv6AddressesPerInterface: type.hypervisor === 'xen' ? 0 : type.ipv4PerEni,
      ipv6Supported: type.hypervisor !== 'xen',
      enaSupport: type.enaSupport,
      efaSupported: type.efaInterfaces > 0,
      efaInfo: type.efaInterfaces > 0 ? { maximumEfaInterfaces: type.efaInterfaces } : undefined,
      encryptionInTransitSupported: type.encryptionInTransit,
    },
    gpuInfo: type.gpuName === undefined ? undefined : {
      gpus: [{ name: type.gpuName, manufacturer: type.gpuManufacturer, count: type.gpuCount, memoryInfo: { sizeInMiB: type.gpuMemoryMiB } }],
      totalGpuMemoryInMiB: (type.gpuMemoryMiB ?? 0) * Math.max(1, type.gpuCount),
    },
    placementGroupInfo: { supportedStrategies: type.placementStrategies },
    hibernationSupported: false,
    burstablePerformanceSupported: type.burstable,
    dedicatedHostsSupported: !type.burstable,
    autoRecoverySupported: type.storageGB === undefined,
    nitroEnclavesSupport: type.nitroEnclaves ? 'supported' : 'unsupported',
    neuronInfo: type.neuronDevices === 0 ? undefined : { neuronDevices: [{
      count: type.neuronDevices, name: type.neuronName, coreInfo: { count: type.neuronCores / type.neuronDevices, version: 2 },
    }] },
  };
}

/** Cards share the interfaces evenly beyond what the default one has. */
function networkCards(type: CatalogueType): XmlObject[] {
  const others = type.networkCards > 1 ? (type.maxEnisAllCards - type.maxEnis) / (type.networkCards - 1) : 0;
  return Array.from({ length: type.networkCards }, (_, index) => ({
    networkCardIndex: index,
    networkPerformance: `${type.networkMbps / 1000 / type.networkCards} Gigabit`,
    maximumNetworkInterfaces: index === 0 ? type.maxEnis : others,
    baselineBandwidthInGbps: type.networkMbps / 1000 / type.networkCards,
  }));
}

interface Place {
  readonly location: string;
  readonly offers: (type: CatalogueType) => boolean;
}

/** What the request's LocationType divides the region into. */
function placesOf(input: Parameters, account: Account): Place[] {
  const kind = input.text('LocationType') ?? 'region';
  const inZone = (location: (zone: Zone) => string): Place[] => account.network.zones.map((zone) => ({
    location: location(zone), offers: (type) => type.zones.includes(zone.letter),
  }));
  switch (kind) {
    case 'availability-zone': return inZone((zone) => zone.name);
    case 'availability-zone-id': return inZone((zone) => zone.id);
    case 'region': return [{ location: account.region, offers: () => true }];
    default: throw invalidParameter('LocationType', kind, 'It must be region, availability-zone or availability-zone-id.');
  }
}

export const DescribeInstanceTypeOfferings: Operation = (input, account) => {
  endDryRun(input);
  const locationType = input.text('LocationType') ?? 'region';
  const places = placesOf(input, account);
  const offerings = regional(account).flatMap((type) => places.filter((place) => place.offers(type)).map((place) => ({
    instanceType: type.name, locationType, location: place.location,
  })));
  const matching = applyFilters(input, offerings, (offering) => attributes({
    'instance-type': () => offering.instanceType, location: () => offering.location,
  }));
  const { items, nextToken } = page(matching, input);
  return { instanceTypeOfferingSet: items, nextToken };
};
