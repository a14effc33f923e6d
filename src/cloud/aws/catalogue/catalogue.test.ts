import { expect } from 'chai';
import { catalogueType, catalogueTypes } from './catalogue.js';

describe('the instance type catalogue', () => {
  it('knows 1,345 types with plausible facts in every column', () => {
    const types = [...catalogueTypes()];
    expect(types).to.have.length(1345);
    expect(new Set(types.map((type) => type.name))).to.have.length(1345);
    for (const type of types) {
      for (const [key, value] of Object.entries(type)) {
        if (typeof value === 'number') expect(value, `${type.name}.${key}`).to.be.finite;
        if (Array.isArray(value)) expect(value, `${type.name}.${key}`).not.to.include(undefined);
      }
      expect(type.architecture, type.name).to.be.oneOf(['amd64', 'arm64']);
      expect(type.cpuManufacturer, type.name).to.be.oneOf(['Intel', 'AMD', 'AWS']);
      expect(type.enaSupport, type.name).to.be.oneOf(['required', 'supported', 'unsupported']);
      expect(type.hypervisor, type.name).to.be.oneOf(['nitro', 'xen', undefined]);
      expect(type.vcpus, type.name).to.be.greaterThan(0);
      expect(type.onDemandPrice, type.name).to.be.greaterThan(0);
      expect(type.zones, type.name).not.to.be.empty;
    }
  });

  it('reads an ordinary type', () => {
    expect(catalogueType('m5.large')).to.deep.equal({
      name: 'm5.large', family: 'm5', size: 'large', architecture: 'amd64', cpuManufacturer: 'Intel', clockMHz: 3100,
      vcpus: 2, memoryMiB: 8192, onDemandPrice: 0.096, maxEnis: 3, maxEnisAllCards: 3, networkCards: 1, ipv4PerEni: 10,
      trunking: true, branchEnis: 9, networkMbps: 750, networkDocumented: true, ebsMbps: 4750, efaInterfaces: 0,
      enaSupport: 'required', encryptionInTransit: false, hypervisor: 'nitro', burstable: false, currentGeneration: false,
      nitroEnclaves: false, usageClasses: ['on-demand', 'spot'], placementStrategies: ['cluster', 'partition', 'spread'],
      cpuFeatures: [], zones: ['a', 'b', 'c', 'd', 'f'], storageGB: undefined, storageNvme: false, gpuCount: 0,
      gpuName: undefined, gpuManufacturer: undefined, gpuMemoryMiB: undefined, neuronDevices: 0, neuronName: undefined, neuronCores: 0,
    });
  });

  it('reads GPUs, accelerators, metal and disks', () => {
    expect(catalogueType('p5.48xlarge')).to.include({ gpuCount: 8, gpuName: 'H100', gpuManufacturer: 'NVIDIA', gpuMemoryMiB: 81920, networkCards: 32, maxEnis: 2, maxEnisAllCards: 64, efaInterfaces: 32, storageGB: 30400, storageNvme: true });
    expect(catalogueType('inf2.24xlarge')).to.include({ neuronDevices: 6, neuronName: 'Inferentia2', neuronCores: 12, gpuCount: 0 });
    expect(catalogueType('m5.metal')).to.include({ hypervisor: undefined, vcpus: 96 });
    expect(catalogueType('t2.micro')).to.include({ networkDocumented: false, ebsMbps: undefined, burstable: true, hypervisor: 'xen' });
    expect(catalogueType('d2.xlarge')).to.include({ storageNvme: false, storageGB: 6144 });
  });

  it('does not know what is not in it', () => {
    expect(catalogueType('m5.gigantic')).to.equal(undefined);
    expect(catalogueType('x')).to.equal(undefined);
    expect(catalogueType('')).to.equal(undefined);
  });
});
