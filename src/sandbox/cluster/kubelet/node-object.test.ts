import { expect } from 'chai';
import { seededRandom } from '../../../operator/random.js';
import type { SandboxInstance } from '../../aws/instance.js';
import { drawBootDelay } from './boot-delay.js';
import { deviceResources, nodeResources } from './node-capacity.js';
import { checkOwnLabels, formatNodeResources, nodeObject } from './node-object.js';
import { BootFailure } from './user-data/boot-config.js';

const machine = (shape: Partial<SandboxInstance['shape']> = {}, extra: Partial<SandboxInstance> = {}): SandboxInstance => ({
  instanceId: 'i-0123456789abcdef0', instanceType: 'm5.large', availabilityZone: 'us-west-2a', privateIp: '10.0.1.5', privateDnsName: 'ip-10-0-1-5.us-west-2.compute.internal', imageId: 'ami-1', userData: '',
  lifecycle: 'spot', instanceProfile: undefined, launchTime: 0, state: 'running', tags: {}, pricePerHour: 0.1,
  shape: { vcpus: 2, memoryMiB: 8_192, architecture: 'amd64', gpus: 0, gpuManufacturer: '', maxEnis: 3, ipv4PerEni: 10, localNvmeGB: 0, ...shape }, ...extra,
});
const CONFIG = { clusterName: 'c', labels: {}, taints: [] };
const MIB = 2 ** 20;

describe('A node offers', () => {
  it('the memory that its kernel sees, close to but not at the planned 92.5 percent', () => {
    const { capacity } = nodeResources(machine(), CONFIG, 'AL2');
    expect((capacity['memory'] as number) / (8_192 * MIB)).to.be.within(0.925, 0.97);
    expect((capacity['memory'] as number) % 1_024).to.equal(0);
  });

  it('pods by its network interfaces, unless it is told otherwise', () => {
    expect(nodeResources(machine(), CONFIG, 'AL2').capacity['pods']).to.equal(29);
    expect(nodeResources(machine(), { ...CONFIG, maxPods: 58, podsPerCore: 4 }, 'AL2').capacity['pods']).to.equal(8);
  });

  it('to pods what reservations and the eviction threshold leave', () => {
    const { capacity, allocatable } = nodeResources(machine(), CONFIG, 'AL2');
    expect(allocatable['cpu']).to.equal(1_930);
    expect((capacity['memory'] as number) - (allocatable['memory'] as number)).to.equal((11 * 29 + 255 + 100) * MIB);
    const told = nodeResources(machine(), { ...CONFIG, kubeReserved: { cpu: '200m', memory: '1Gi' }, systemReserved: { cpu: '100m' }, evictionHard: { 'memory.available': '200Mi' } }, 'AL2');
    expect(told.allocatable['cpu']).to.equal(1_700);
    expect((told.capacity['memory'] as number) - (told.allocatable['memory'] as number)).to.equal(1_224 * MIB);
  });

  it('its volume to pods, or its own disks when they are joined', () => {
    expect(nodeResources(machine({}, { podVolumeGiB: 100 }), CONFIG, 'AL2').capacity['ephemeral-storage']).to.equal(100 * 2 ** 30 - 12 * MIB);
    expect(nodeResources(machine({ localNvmeGB: 75 }), { ...CONFIG, localDisks: true }, 'AL2').capacity['ephemeral-storage']).to.be.within(74.9e9, 75e9);
  });

  it('GPUs under the name of their manufacturer', () => {
    expect(deviceResources(machine({ gpus: 4, gpuManufacturer: 'NVIDIA' }))).to.deep.equal({ 'nvidia.com/gpu': 4 });
    expect(formatNodeResources({ cpu: 1_930, memory: 2_048, pods: 29, 'nvidia.com/gpu': 4 })).to.deep.equal({ cpu: '1930m', memory: '2Ki', pods: '29', 'nvidia.com/gpu': '4' });
  });
});

describe('A kubelet registers', () => {
  it('with the labels and taints of its configuration, and waits for the cloud and its network', () => {
    const config = { ...CONFIG, labels: { workload: 'a', 'kubernetes.io/hostname': 'lie' }, taints: [{ key: 'karpenter.sh/unregistered', effect: 'NoExecute' }] };
    const node = nodeObject(machine({ architecture: 'arm64' }), config, 'AL2023', nodeResources(machine(), config, 'AL2023'), 0);
    expect(node.metadata.labels).to.deep.equal({
      workload: 'a', 'kubernetes.io/hostname': 'ip-10-0-1-5.us-west-2.compute.internal', 'kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/arch': 'arm64', 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'linux',
    });
    expect(node.spec.taints.map(({ key, effect }) => `${key}:${effect}`)).to.deep.equal(['karpenter.sh/unregistered:NoExecute', 'node.cloudprovider.kubernetes.io/uninitialized:NoSchedule']);
    expect(node.status.conditions.find(({ type }) => type === 'Ready')?.status).to.equal('False');
  });

  it('never with labels that a kubelet may not give itself', () => {
    expect(() => checkOwnLabels({ 'node-role.kubernetes.io/worker': '' })).to.throw(BootFailure, 'node-role.kubernetes.io/worker');
    expect(() => checkOwnLabels({ 'node.kubernetes.io/lifecycle': 'spot', 'topology.kubernetes.io/zone': 'a', 'karpenter.sh/nodepool': 'x' })).not.to.throw();
  });

  it('after a delay within the bounds of its family', () => {
    const random = seededRandom(1);
    const delays = Array.from({ length: 500 }, () => drawBootDelay('AL2', random));
    expect(Math.min(...delays)).to.be.at.least(26_000);
    expect(Math.max(...delays)).to.be.at.most(46_000);
    expect(delays.reduce((sum, delay) => sum + delay, 0) / delays.length).to.be.closeTo(35_000, 1_000);
  });
});
