import { expect } from 'chai';
import type { AMIFamily, EC2NodeClassSpec, KubeletConfiguration } from '../../../api/ec2nodeclass.js';
import { subtractResources } from '../../../api/resources.js';
import { providerBed } from '../../../../test/support/aws-provider.js';
import { unsupportedKubeletFields } from '../validation/kubelet.js';
import type { InstanceTypeFacts } from './facts.js';
import { AWS_RESOURCES } from './labels.js';
import { totalOverhead, typeCapacity, typeOverhead } from './resources.js';
import type { ResourceContext } from './resources.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

describe('what a machine of a type has', () => {
  let factsOf: (name: string) => InstanceTypeFacts;
  before(async () => {
    const { services } = await providerBed();
    factsOf = (name) => services.instanceTypes.factsOf(name) as InstanceTypeFacts;
  });

  const context = (spec: Partial<EC2NodeClassSpec> = {}, family: AMIFamily = 'AL2023', reservedENIs = 0): ResourceContext => ({ family, spec, vmMemoryOverheadPercent: 0.075, reservedENIs });
  const compute = (name: string, given = context()) => {
    const capacity = typeCapacity(factsOf(name), given);
    const overhead = typeOverhead(factsOf(name), given, capacity);
    return { capacity, overhead, allocatable: subtractResources(capacity, totalOverhead(overhead)) };
  };

  /** karpenter-aws §11: pods, memory MiB, reserved millicores and MiB, allocatable millicores and MiB. */
  const VECTORS: Record<string, [number, number, number, number, number, number]> = {
    't4g.nano': [4, 414, 70, 299, 1930, 15],
    't3.medium': [17, 3788, 70, 442, 1930, 3246],
    'm5.large': [29, 7577, 70, 574, 1930, 6903],
    'm6g.large': [29, 7518, 70, 574, 1930, 6844],
    'c5.xlarge': [58, 7577, 80, 893, 3920, 6584],
    'r5.8xlarge': [234, 242_483, 150, 2829, 31_850, 239_554],
    'c6g.metal': [737, 121_182, 230, 8362, 63_770, 112_720],
    'm5.24xlarge': [737, 363_724, 310, 8362, 95_690, 355_262],
    'p4d.24xlarge': [737, 1_091_174, 310, 8362, 95_690, 1_082_712],
  };
  for (const [name, expected] of Object.entries(VECTORS)) {
    it(`computes ${name} as upstream does`, () => {
      const { capacity, overhead, allocatable } = compute(name);
      expect([
        capacity['pods'], (capacity['memory'] ?? 0) / MIB, overhead.kubeReserved['cpu'], (overhead.kubeReserved['memory'] ?? 0) / MIB, allocatable['cpu'], (allocatable['memory'] ?? 0) / MIB,
      ]).to.deep.equal(expected);
    });
  }

  it('stays below what upstream measured on real nodes', () => {
    const measured = { 't4g.small': [1_408_312, 1930], 't4g.medium': [3_377_496, 1930], 't4g.xlarge': [15_136_012, 3920], 'm5.large': [7_220_184, 1930] };
    for (const [name, [kib = 0, millicores = 0]] of Object.entries(measured)) {
      const { allocatable } = compute(name);
      expect((allocatable['memory'] ?? 0) / 1024, name).to.be.at.most(kib);
      expect(allocatable['cpu'], name).to.be.at.most(millicores);
    }
  });

  it('reserves memory for pods by family: by interfaces, or by the real number of pods', () => {
    const reserved = (family: AMIFamily): number => (compute('t3.large', context({ kubelet: { maxPods: 10 } }, family)).overhead.kubeReserved['memory'] ?? 0) / MIB;
    for (const family of ['AL2', 'AL2023', 'Custom'] as const) expect(reserved(family), family).to.equal(640);
    for (const family of ['Bottlerocket', 'Windows2022'] as const) expect(reserved(family), family).to.equal(365);
    const windows = compute('t3.large', context({}, 'Windows2022'));
    expect(windows.capacity['pods']).to.equal(110);
    expect((windows.overhead.kubeReserved['memory'] ?? 0) / MIB).to.equal(1465);
    expect(windows.capacity[AWS_RESOURCES.privateIPv4]).to.equal(11);
  });

  it('counts pods by interfaces, maxPods, podsPerCore and reserved interfaces', () => {
    const pods = (spec: Partial<EC2NodeClassSpec>, family: AMIFamily = 'AL2023', reservedENIs = 0) => compute('m5.large', context(spec, family, reservedENIs)).capacity['pods'];
    expect(pods({ kubelet: { maxPods: 8 } })).to.equal(8);
    expect(pods({ kubelet: { podsPerCore: 4 } })).to.equal(8);
    expect(pods({ kubelet: { podsPerCore: 4, maxPods: 5 } })).to.equal(5);
    expect(pods({ kubelet: { podsPerCore: 0 } })).to.equal(29);
    expect(pods({ kubelet: { podsPerCore: 4 } }, 'Bottlerocket')).to.equal(29);
    expect(pods({}, 'AL2023', 1)).to.equal(20);
    expect(pods({}, 'AL2023', 3)).to.equal(0);
    expect(compute('m5.large', context({}, 'AL2023', 1)).overhead.kubeReserved['memory'], 'reserved memory ignores reserved interfaces').to.equal(574 * MIB);
    expect(pods({ networkInterfaces: [{ networkCardIndex: 0, deviceIndex: 0, interfaceType: 'interface' }, { networkCardIndex: 0, deviceIndex: 1, interfaceType: 'efa-only' }] })).to.equal(20);
  });

  /** karpenter-aws §3.5: MiB reserved for 10 pods on t3.large, pods of m5.large with and without 4 a core, kubelet fields that it cannot hand on. */
  const FAMILIES: Record<AMIFamily, [number, number, number, string[]]> = {
    AL2: [640, 8, 29, ['clusterDNS (more than one address)', 'topologyManagerPolicy']],
    AL2023: [640, 8, 29, []],
    Bottlerocket: [365, 29, 29, ['clusterDNS (more than one address)', 'podsPerCore', 'topologyManagerPolicy']],
    Custom: [640, 8, 29, []],
    Windows2019: [365, 8, 110, ['clusterDNS (more than one address)', 'topologyManagerPolicy']],
    Windows2022: [365, 8, 110, ['clusterDNS (more than one address)', 'topologyManagerPolicy']],
    Windows2025: [365, 8, 110, ['clusterDNS (more than one address)', 'topologyManagerPolicy']],
  };
  for (const [family, expected] of Object.entries(FAMILIES) as [AMIFamily, (typeof FAMILIES)[AMIFamily]][]) {
    it(`depends on what ${family} can do`, () => {
      const pods = (kubelet: EC2NodeClassSpec['kubelet']) => compute('m5.large', context(kubelet ? { kubelet } : {}, family)).capacity['pods'];
      const reserved = compute('t3.large', context({ kubelet: { maxPods: 10 } }, family)).overhead.kubeReserved['memory'] ?? 0;
      const fields = unsupportedKubeletFields({ podsPerCore: 4, clusterDNS: ['10.0.0.1', '10.0.0.2'], topologyManagerPolicy: 'best-effort' } as KubeletConfiguration, family);
      expect([reserved / MIB, pods({ podsPerCore: 4 }), pods(undefined), fields]).to.deep.equal(expected);
    });
  }

  it('takes the storage of the disk that pods use', () => {
    const storage = (spec: Partial<EC2NodeClassSpec>, family: AMIFamily = 'AL2023', name = 'm5.large') => compute(name, context(spec, family)).capacity['ephemeral-storage'];
    const mapping = (deviceName: string, volumeSize: string, rootVolume = false) => ({ deviceName, rootVolume, ebs: { volumeSize } });
    expect(storage({})).to.equal(20 * GIB);
    expect(storage({}, 'Windows2022')).to.equal(50 * GIB);
    expect(storage({}, 'Bottlerocket')).to.equal(20 * GIB);
    expect(storage({ blockDeviceMappings: [mapping('/dev/xvda', '100Gi')] })).to.equal(100 * GIB);
    expect(storage({ blockDeviceMappings: [mapping('/dev/xvda', '4Gi'), mapping('/dev/xvdb', '50Gi')] }, 'Bottlerocket')).to.equal(50 * GIB);
    expect(storage({ blockDeviceMappings: [mapping('/dev/xvda', '100Gi'), mapping('/dev/xvdc', '7Gi', true)] })).to.equal(7 * GIB);
    expect(storage({ blockDeviceMappings: [mapping('/dev/sda1', '30Gi'), mapping('/dev/sdb', '60Gi')] }, 'Custom')).to.equal(60 * GIB);
    expect(storage({ instanceStorePolicy: 'RAID0' }, 'AL2023', 'm5d.large')).to.equal(75e9);
    expect(storage({ instanceStorePolicy: 'RAID0' })).to.equal(20 * GIB);
    const { overhead, allocatable } = compute('m5.large');
    expect([overhead.evictionThreshold['ephemeral-storage'], overhead.kubeReserved['ephemeral-storage'], allocatable['ephemeral-storage']]).to.deep.equal([2 * GIB, GIB, 17 * GIB]);
  });

  it('lets the kubelet configuration override what is reserved, key by key', () => {
    const { overhead } = compute('m5.large', context({ kubelet: {
      kubeReserved: { cpu: '200m' }, systemReserved: { memory: '300Mi' }, evictionHard: { 'memory.available': '5%', 'nodefs.available': '100%' }, evictionSoft: { 'memory.available': '90%' },
    } }));
    expect(overhead.kubeReserved).to.deep.equal({ cpu: 200, memory: 574 * MIB, 'ephemeral-storage': GIB });
    expect(overhead.systemReserved).to.deep.equal({ memory: 300 * MIB });
    expect(overhead.evictionThreshold).to.deep.equal({ memory: Math.ceil(7577 * MIB * 0.05), 'ephemeral-storage': 0 });
  });

  it('counts devices', () => {
    expect(compute('p4d.24xlarge').capacity).to.include({ [AWS_RESOURCES.nvidiaGPU]: 8, [AWS_RESOURCES.efa]: 4, [AWS_RESOURCES.amdGPU]: 0 });
    expect(compute('inf2.24xlarge').capacity).to.include({ [AWS_RESOURCES.neuron]: 6, [AWS_RESOURCES.neuronCore]: 12 });
    expect(compute('m5.large').capacity[AWS_RESOURCES.podENI]).to.equal(9);
    expect(compute('t3.large').capacity[AWS_RESOURCES.podENI]).to.equal(0);
  });
});
