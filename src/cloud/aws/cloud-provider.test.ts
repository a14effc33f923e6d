import { expect } from 'chai';
import type { StorageClass } from 'kubernetes-types/storage/v1.js';
import { validatePod } from '../../scheduling/pod-validation.js';
import type { Requirement } from '../../api/requirement.js';
import { InsufficientCapacity, LaunchError, NodeClassNotReady } from '../errors.js';
import { providerBed } from '../../../test/support/aws-provider.js';
import type { ProviderBed } from '../../../test/support/aws-provider.js';
import { timestamp } from './cloud-instance.js';
import { DriftUnknown } from './drift.js';
import { nodeClassHash } from './nodeclass-hash.js';
import { tagInstance } from './instance/tagging.js';

const capacityTypes = (...values: string[]): Requirement => ({ key: 'karpenter.sh/capacity-type', operator: 'In', values });
const types = (...values: string[]): Requirement => ({ key: 'node.kubernetes.io/instance-type', operator: 'In', values });
const zone = (value: string): Requirement => ({ key: 'topology.kubernetes.io/zone', operator: 'In', values: [value] });
const onDemand = capacityTypes('on-demand');

async function failure(promise: Promise<unknown>): Promise<Error & { reason?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it succeeded');
}

const running = (bed: ProviderBed) => bed.aws.machines.list().filter(({ state }) => state === 'pending' || state === 'running');

describe('AwsCloudProvider.create', () => {
  it('launches the cheapest type that fits, and says all that the claim takes over', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    const launched = await bed.launch(bed.claim([onDemand, types('m5.large', 'c5.large', 'c5.xlarge')], { requests: { cpu: '1', pods: '3' } }));
    const [machine] = running(bed);
    expect(machine).to.include({ instanceType: 'c5.large', lifecycle: 'on-demand', instanceProfile: nodeClass.status.instanceProfile });
    expect(launched.providerID).to.equal(`aws:///${machine?.availabilityZone}/${machine?.instanceId}`);
    expect(launched.imageID).to.equal(machine?.imageId);
    expect(launched.labels).to.include({
      'node.kubernetes.io/instance-type': 'c5.large', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux', 'karpenter.sh/capacity-type': 'on-demand',
      'topology.kubernetes.io/region': 'us-west-2', 'karpenter.sh/nodepool': 'default', 'karpenter.k8s.aws/instance-category': 'c', 'karpenter.k8s.aws/instance-tenancy': 'default',
    });
    expect(launched.labels['topology.k8s.aws/zone-id']).to.match(/^usw2-az\d$/);
    expect(launched.labels).to.not.have.any.keys('karpenter.k8s.aws/capacity-reservation-id', 'karpenter.k8s.aws/instance-gpu-count');
    expect(launched.capacity).to.include({ cpu: '2', memory: '3788Mi', pods: '29', 'ephemeral-storage': '20Gi' });
    expect(launched.capacity).to.not.have.property('nvidia.com/gpu');
    expect(launched.allocatable).to.include({ cpu: '1930m', memory: '3114Mi', 'ephemeral-storage': '17Gi' });
    expect(launched.annotations).to.deep.equal({
      'karpenter.k8s.aws/ec2nodeclass-hash': nodeClassHash(nodeClass, 'Y2E='), 'karpenter.k8s.aws/ec2nodeclass-hash-version': 'v6',
      'karpenter.k8s.aws/instance-profile-name': nodeClass.status.instanceProfile,
    });
    expect(machine?.tags).to.include({
      'kubernetes.io/cluster/my-cluster': 'owned', 'eks:eks-cluster-name': 'my-cluster', 'karpenter.sh/cluster': 'my-cluster', 'karpenter.sh/nodepool': 'default',
      'karpenter.k8s.aws/ec2nodeclass': 'default', 'karpenter.sh/nodeclaim-uid': 'claim-uid-1',
    });
  });

  it('prefers spot, and takes on-demand once spot is out of capacity everywhere', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const wanted = [capacityTypes('spot', 'on-demand'), types('m5.large', 'c5.large')];
    expect((await bed.launch(bed.claim(wanted))).labels['karpenter.sh/capacity-type']).to.equal('spot');
    bed.aws.faults.exhaust({ capacityType: 'spot' });
    const refused = await failure(bed.launch(bed.claim(wanted)));
    expect(refused).to.be.instanceOf(InsufficientCapacity);
    expect(refused.message).to.contain('InsufficientInstanceCapacity');
    expect((await bed.launch(bed.claim(wanted))).labels['karpenter.sh/capacity-type']).to.equal('on-demand');
  });

  it('remembers for three minutes what EC2 had no capacity for, type by type and zone by zone', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const pool = bed.addPool();
    const isAvailable = async (type: string, zoneName: string): Promise<boolean | undefined> => (await bed.services.cloudProvider.getInstanceTypes(pool))
      .find(({ name }) => name === type)?.offerings.find(({ requirements }) => {
        const values = requirements.flatMap((requirement) => requirement.values ?? []);
        return values.includes(zoneName) && values.includes('on-demand');
      })?.available;
    bed.aws.faults.exhaust({ instanceType: 'm5.large', zone: 'us-west-2b' });
    await failure(bed.launch(bed.claim([onDemand, types('m5.large'), zone('us-west-2b')])));
    expect(await isAvailable('m5.large', 'us-west-2b')).to.equal(false);
    expect(await isAvailable('m5.large', 'us-west-2a')).to.equal(true);
    expect(await isAvailable('m5.xlarge', 'us-west-2b')).to.equal(true);
    await bed.clock.advance('3m15s');
    expect(await isAvailable('m5.large', 'us-west-2b')).to.equal(true);
  });

  it('keeps the objects of types that did not change when others become unavailable', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const pool = bed.addPool();
    const before = await bed.services.cloudProvider.getInstanceTypes(pool);
    expect(await bed.services.cloudProvider.getInstanceTypes(pool)).to.equal(before);
    bed.services.unavailable.markUnavailable({ capacityType: 'spot', instanceType: 'm5.large', zone: 'us-west-2a' });
    const after = await bed.services.cloudProvider.getInstanceTypes(pool);
    const changed = after.filter((type, index) => type !== before[index]);
    expect(changed.map(({ name }) => name)).to.deep.equal(['m5.large']);
  });

  it('takes each answer of EC2 for the claim that asked: ten claims, ten instances', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const claims = Array.from({ length: 10 }, () => bed.claim([onDemand, types('m5.large')]));
    const launched = await bed.run(Promise.all(claims.map((claim) => bed.services.cloudProvider.create(claim, { clientToken: claim.metadata.uid }))));
    expect(new Set(launched.map(({ providerID }) => providerID))).to.have.length(10);
    for (const [index, { providerID }] of launched.entries()) {
      expect(running(bed).find(({ instanceId }) => providerID.endsWith(instanceId))?.tags['karpenter.sh/nodeclaim-uid']).to.equal(claims[index]?.metadata.uid);
    }
  });

  it('refuses without a class, with one that is not ready, and while its readiness is not known', async () => {
    const bed = await providerBed();
    expect(await failure(bed.launch(bed.claim()))).to.be.instanceOf(InsufficientCapacity);
    expect(bed.events).to.have.length(1);
    expect(bed.events[0]).to.include({ type: 'Warning', message: 'Failed resolving NodeClass "default"' });

    const nodeClass = await bed.readyNodeClass();
    const [ready] = nodeClass.status.conditions?.slice(-1) ?? [];
    Object.assign(ready ?? {}, { status: 'False', message: 'SubnetsReady=False' });
    const notReady = await failure(bed.launch(bed.claim()));
    expect(notReady).to.be.instanceOf(NodeClassNotReady);
    expect(notReady.message).to.equal('SubnetsReady=False');
    Object.assign(ready ?? {}, { status: 'Unknown' });
    expect(await failure(bed.launch(bed.claim()))).to.be.instanceOf(LaunchError).with.property('reason', 'NodeClassReadinessUnknown');
    Object.assign(ready ?? {}, { status: 'True', observedGeneration: 0 });
    expect(await failure(bed.launch(bed.claim()))).to.be.instanceOf(NodeClassNotReady);
    Object.assign(ready ?? {}, { observedGeneration: 1 });
    nodeClass.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(await failure(bed.launch(bed.claim()))).to.be.instanceOf(InsufficientCapacity);
    delete nodeClass.metadata.deletionTimestamp;
    nodeClass.spec.tags = { 'karpenter.sh/nodepool': 'mine' };
    expect((await failure(bed.launch(bed.claim()))).message).to.contain('karpenter.sh/nodepool');
    expect(running(bed)).to.deep.equal([]);
  });

  it('gives the reason of a refused call', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    bed.aws.faults.fail('ec2:CreateFleet', { reason: 'UnauthorizedOperation', message: 'with an explicit deny in a service control policy', status: 403 });
    const refused = await failure(bed.launch(bed.claim([onDemand, types('m5.large')])));
    expect(refused).to.be.instanceOf(LaunchError).with.property('reason', 'Unauthorized');
    expect(refused.message).to.contain('service control policy');
  });

  it('ensures its templates anew, once, when EC2 does not know one of them', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    bed.aws.faults.fail('ec2:CreateFleet', { reason: 'InvalidLaunchTemplateName.NotFoundException', message: 'gone' });
    await bed.launch(bed.claim([onDemand, types('m5.large')]));
    expect(bed.aws.calls.get('ec2:CreateFleet')).to.equal(2);
    bed.aws.faults.fail('ec2:CreateFleet', { reason: 'InvalidLaunchTemplateName.NotFoundException', message: 'gone', times: 2 });
    expect(await failure(bed.launch(bed.claim([onDemand, types('m5.large')])))).to.be.instanceOf(LaunchError);
  });

  it('tries 60 types at most, the cheapest, and takes accelerators and bare metal only when there is nothing else', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const launched = await bed.launch(bed.claim([onDemand], { requests: { cpu: '7', memory: '20Gi' } }));
    expect(launched.labels).to.not.have.property('karpenter.k8s.aws/instance-gpu-count');
    const gpu = await bed.launch(bed.claim([onDemand], { requests: { cpu: '1', 'nvidia.com/gpu': '1' } }));
    expect(gpu.labels['karpenter.k8s.aws/instance-gpu-manufacturer']).to.equal('nvidia');
    expect(gpu.capacity['nvidia.com/gpu']).to.equal('1');
    expect(gpu.imageID).to.not.equal(launched.imageID);
  });
});

describe('exactly-once launches', () => {
  it('gives the same instance for the same claim, however often it is asked', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const claim = bed.claim([onDemand, types('m5.large')]);
    const first = await bed.launch(claim);
    expect((await bed.launch(claim)).providerID).to.equal(first.providerID);
    expect(running(bed)).to.have.length(1);
  });

  it('finds the instance by its tag when the world has changed since the answer was lost', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    const claim = bed.claim([onDemand, types('m5.large')]);
    const first = await bed.launch(claim);
    nodeClass.spec.tags = { team: 'other' };
    const second = await bed.launch(claim);
    expect(second.providerID).to.equal(first.providerID);
    expect(second.labels['node.kubernetes.io/instance-type']).to.equal('m5.large');
    expect(running(bed)).to.have.length(1);
  });

  it('waits while the instance of a lost answer is not visible yet, rather than launching another', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    const claim = bed.claim([onDemand, types('m5.large')]);
    await bed.launch(bed.claim([onDemand, types('m5.large')]));
    bed.aws.faults.consistencyDelay = 20_000;
    const first = await bed.launch(claim);
    nodeClass.spec.tags = { team: 'other' };
    expect(await failure(bed.launch(claim))).to.have.property('reason', 'LaunchInDoubt');
    await bed.clock.advance('25s');
    expect((await bed.launch(claim)).providerID).to.equal(first.providerID);
    expect(running(bed).filter(({ tags }) => tags['karpenter.sh/nodeclaim-uid'] === claim.metadata.uid)).to.have.length(1);
  });

  it('takes a new token after a fleet that is known to have launched nothing', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const claim = bed.claim([onDemand, types('m5.large')]);
    bed.aws.faults.exhaust({ instanceType: 'm5.large' });
    expect(await failure(bed.launch(claim))).to.be.instanceOf(InsufficientCapacity);
    bed.aws.faults.restore();
    bed.services.unavailable.clear();
    await bed.launch(claim);
    expect(running(bed)).to.have.length(1);
  });

  it('finds it even when nothing could be launched any more', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const claim = bed.claim([onDemand, types('m5.large')]);
    const first = await bed.launch(claim);
    bed.services.unavailable.markCapacityTypeUnavailable('on-demand');
    expect((await bed.launch(claim)).providerID).to.equal(first.providerID);
    expect(await failure(bed.launch(bed.claim([onDemand, types('m5.large')])))).to.be.instanceOf(InsufficientCapacity);
  });

  it('gives up doubt after a minute: then the earlier attempt launched nothing', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    const claim = bed.claim([onDemand, types('m5.large')]);
    const lost = await bed.launch(claim);
    await bed.run(bed.services.cloudProvider.terminate(lost.providerID));
    await bed.clock.advance('2m');
    nodeClass.spec.tags = { team: 'other' };
    expect(await failure(bed.launch(claim))).to.have.property('reason', 'LaunchInDoubt');
    await bed.clock.advance('1m');
    expect(await failure(bed.launch(claim))).to.have.property('reason', 'LaunchInDoubt');
    expect((await bed.launch(claim)).providerID).to.not.equal(lost.providerID);
    expect(running(bed)).to.have.length(1);
  });
});

describe('AwsCloudProvider and what was launched', () => {
  it('terminates, and says gone when nothing is left', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const claim = bed.claim([onDemand, types('m5.large')]);
    claim.status.providerID = (await bed.launch(claim)).providerID;
    const { cloudProvider } = bed.services;
    expect(await bed.run(cloudProvider.delete(claim))).to.equal('terminating');
    expect(await bed.run(cloudProvider.delete(claim))).to.equal('terminating');
    expect((await bed.run(cloudProvider.list())).map(({ deletionTimestamp }) => deletionTimestamp)).to.deep.equal([timestamp(bed.clock.now())]);
    await bed.clock.advance('5m');
    expect(await bed.run(cloudProvider.delete(claim))).to.equal('gone');
    expect(await bed.run(cloudProvider.get(claim.status.providerID))).to.equal(undefined);
    expect(await bed.run(cloudProvider.list())).to.deep.equal([]);
    claim.status.providerID = 'aws:///us-west-2a/i-0000000000000dead';
    expect(await bed.run(cloudProvider.delete(claim))).to.equal('gone');
  });

  it('terminates what was launched for a claim that never learnt of it', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const claim = bed.claim([onDemand, types('m5.large')]);
    await bed.launch(claim);
    await bed.launch(bed.claim([onDemand, types('m5.large')]));
    expect(await bed.run(bed.services.cloudProvider.delete(claim))).to.equal('terminating');
    expect(running(bed).map(({ tags }) => tags['karpenter.sh/nodeclaim-uid'])).to.deep.equal(['claim-uid-2']);
    await bed.clock.advance('5m');
    expect(await bed.run(bed.services.cloudProvider.delete(claim))).to.equal('gone');
  });

  it('keeps listing when a class has a value that is not a quantity, and says so to its pools', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    await bed.launch(bed.claim([onDemand, types('m5.large')]));
    nodeClass.spec.blockDeviceMappings = [{ deviceName: '/dev/xvda', ebs: { volumeSize: 'big' } }];
    expect(await bed.run(bed.services.cloudProvider.list())).to.have.length(1);
    const error = await failure(bed.services.cloudProvider.getInstanceTypes(bed.addPool()));
    expect(error.message).to.contain('EC2NodeClass "default"').and.to.contain('"big" is not a quantity');
    expect(await failure(bed.launch(bed.claim()))).to.have.property('reason', 'InstanceTypeResolutionFailed');
  });

  it('lists the instances of this cluster only, with the labels of their types', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const launched = await bed.launch(bed.claim([onDemand, types('m5.large')]));
    const other = await providerBed({ settings: { clusterName: 'ecommerce-cluster' } });
    expect(await other.run(other.services.cloudProvider.list())).to.deep.equal([]);
    const [listed] = await bed.run(bed.services.cloudProvider.list());
    expect(listed).to.deep.include({ providerID: launched.providerID, imageID: launched.imageID, capacity: launched.capacity });
    expect(listed?.labels).to.include({ 'node.kubernetes.io/instance-type': 'm5.large', 'karpenter.sh/nodepool': 'default' });
    bed.nodeClasses.clear();
    expect(await bed.run(bed.services.cloudProvider.list()), 'without its class').to.have.length(1);
  });

  it('describes one by one when EC2 does not know one of many instances', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const { providerID } = await bed.launch(bed.claim([onDemand, types('m5.large')]));
    const found = await bed.run(Promise.all([bed.services.cloudProvider.get(providerID), bed.services.cloudProvider.get('aws:///us-west-2a/i-0000000000000dead')]));
    expect(found[0]?.providerID).to.equal(providerID);
    expect(found[1]).to.equal(undefined);
    expect(bed.aws.calls.get('ec2:DescribeInstances')).to.equal(3);
  });

  it('terminates many instances with one call', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const claims = Array.from({ length: 20 }, () => bed.claim([onDemand, types('m5.large')]));
    for (const claim of claims) claim.status.providerID = (await bed.launch(claim)).providerID;
    await bed.run(Promise.all(claims.map((claim) => bed.services.cloudProvider.delete(claim))));
    expect(running(bed)).to.deep.equal([]);
    expect(bed.aws.calls.get('ec2:TerminateInstances')).to.equal(1);
  });

  it('tags a registered instance with what was missing, once', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    const claim = bed.claim([onDemand, types('m5.large')]);
    claim.status.providerID = (await bed.launch(claim)).providerID;
    claim.status.nodeName = 'ip-10-0-0-4';
    const tag = () => bed.run(tagInstance(bed.services.instances, bed.services.settings, claim));
    expect(await tag()).to.equal('tagged');
    expect(running(bed)[0]?.tags).to.include({ Name: 'ip-10-0-0-4', 'karpenter.sh/nodeclaim': claim.metadata.name });
    expect(await tag()).to.equal('unchanged');
    claim.status.providerID = 'aws:///us-west-2a/i-0000000000000dead';
    expect(await tag()).to.equal('gone');
  });

  it('offers nothing, with a warning, to a pool whose class is missing or on its way out', async () => {
    const bed = await providerBed();
    const pool = bed.addPool();
    expect(await bed.services.cloudProvider.getInstanceTypes(pool)).to.deep.equal([]);
    expect(bed.events.map(({ object, type, reason }) => [object.kind, type, reason])).to.deep.equal([['NodePool', 'Warning', 'FailedResolvingNodeClass']]);
    const nodeClass = await bed.readyNodeClass();
    expect(await bed.services.cloudProvider.getInstanceTypes(pool)).to.not.deep.equal([]);
    nodeClass.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(await bed.services.cloudProvider.getInstanceTypes(pool)).to.deep.equal([]);
    expect(bed.events).to.have.length(2);
  });

  it('leaves pods with volumes of EKS Auto Mode to EKS Auto Mode', async () => {
    const { podRules } = (await providerBed()).services.cloudProvider;
    const pod = { spec: { containers: [], volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } };
    const problems = (storageClass: Pick<StorageClass, 'provisioner' | 'allowedTopologies'>) => validatePod(pod, {
      persistentVolumeClaim: () => ({ spec: { storageClassName: 'auto' } }), persistentVolume: () => undefined,
      storageClass: () => ({ volumeBindingMode: 'WaitForFirstConsumer', ...storageClass }),
    }, podRules).join();
    expect(problems({ provisioner: 'ebs.csi.aws.com' })).to.equal('');
    expect(problems({ provisioner: 'ebs.csi.eks.amazonaws.com' })).to.contain('provisioner "ebs.csi.eks.amazonaws.com" is not supported');
    expect(problems({ provisioner: 'ebs.csi.aws.com', allowedTopologies: [{ matchLabelExpressions: [{ key: 'eks.amazonaws.com/compute-type', values: ['auto'] }] }] })).to.contain('unsupported topology key');
  });

  it('has the repair policies of EKS nodes', async () => {
    const bed = await providerBed();
    expect(bed.services.cloudProvider.repairPolicies().map(({ conditionType, conditionStatus, toleration }) => `${conditionType}=${conditionStatus} ${toleration / 60_000}m`)).to.deep.equal([
      'Ready=False 30m', 'Ready=Unknown 30m', 'AcceleratedHardwareReady=False 10m', 'StorageReady=False 30m', 'NetworkingReady=False 30m', 'KernelReady=False 30m', 'ContainerRuntimeReady=False 30m',
    ]);
  });
});

describe('AwsCloudProvider.isDrifted', () => {
  async function launchedBed() {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    bed.addPool();
    const claim = bed.claim([onDemand, types('m5.large')]);
    const launched = await bed.launch(claim);
    Object.assign(claim.status, { providerID: launched.providerID, imageID: launched.imageID });
    Object.assign(claim.metadata, { labels: { ...launched.labels, ...claim.metadata.labels }, annotations: launched.annotations });
    nodeClass.metadata.annotations = { 'karpenter.k8s.aws/ec2nodeclass-hash': nodeClassHash(nodeClass, 'Y2E='), 'karpenter.k8s.aws/ec2nodeclass-hash-version': 'v6' };
    return { bed, nodeClass, claim, drift: () => bed.run(bed.services.cloudProvider.isDrifted(claim)) };
  }

  it('finds nothing right after the launch', async () => {
    expect(await (await launchedBed()).drift()).to.equal(undefined);
  });

  it('finds a changed class, comparing hashes of equal versions only', async () => {
    const { nodeClass, drift } = await launchedBed();
    nodeClass.metadata.annotations['karpenter.k8s.aws/ec2nodeclass-hash'] = '1';
    expect(await drift()).to.equal('NodeClassDrift');
    nodeClass.metadata.annotations['karpenter.k8s.aws/ec2nodeclass-hash-version'] = 'v5';
    expect(await drift()).to.equal(undefined);
  });

  it('finds another image for the type, by the types that an image is for', async () => {
    const { nodeClass, drift } = await launchedBed();
    const { amis = [] } = nodeClass.status;
    const isFor = (arch: string) => ({ requirements }: (typeof amis)[number]) => requirements.some(({ key, values }) => key === 'kubernetes.io/arch' && values?.includes(arch));
    nodeClass.status.amis = amis.map((ami) => (isFor('arm64')(ami) ? { ...ami, id: `${ami.id}x` } : ami));
    expect(await drift(), 'of another architecture').to.equal(undefined);
    nodeClass.status.amis = amis.map((ami) => ({ ...ami, id: `${ami.id}x` }));
    expect(await drift()).to.equal('AMIDrift');
  });

  it('finds security groups that the class has gained or lost', async () => {
    const { nodeClass, drift } = await launchedBed();
    const { securityGroups = [] } = nodeClass.status;
    nodeClass.status.securityGroups = [...securityGroups].reverse();
    expect(await drift()).to.equal(undefined);
    nodeClass.status.securityGroups = [...securityGroups, { id: 'sg-more' }];
    expect(await drift()).to.equal('SecurityGroupDrift');
    nodeClass.status.securityGroups = securityGroups.map(({ id }) => ({ id: `${id}x` }));
    expect(await drift()).to.equal('SecurityGroupDrift');
    nodeClass.status.securityGroups = [];
    expect(await failure(drift())).to.be.instanceOf(DriftUnknown);
  });

  it("finds a subnet that is not the class's any more", async () => {
    const { bed, nodeClass, drift } = await launchedBed();
    const { subnets = [] } = nodeClass.status;
    const own = running(bed)[0]?.availabilityZone;
    nodeClass.status.subnets = subnets.filter(({ zone: where }) => where === own);
    expect(await drift()).to.equal(undefined);
    nodeClass.status.subnets = subnets.filter(({ zone: where }) => where !== own);
    expect(await drift()).to.equal('SubnetDrift');
    nodeClass.status.subnets = [];
    expect(await failure(drift())).to.be.an('error');
  });

  it('finds a reservation that the class no longer selects, once EC2 has confirmed that the instance is still in it', async () => {
    const bed = await providerBed();
    const reservation = bed.aws.account.capacityReservations.add({ instanceType: 'm5.large', availabilityZone: 'us-west-2a', total: 1, endsAt: bed.clock.now() + 3_600_000 });
    const nodeClass = await bed.readyNodeClass({ capacityReservationSelectorTerms: [{ id: reservation.id }] });
    nodeClass.status.capacityReservations = [...(await bed.services.reservations.list(nodeClass))];
    bed.addPool();
    const claim = bed.claim([capacityTypes('reserved'), types('m5.large')]);
    const launched = await bed.launch(claim);
    Object.assign(claim.status, { providerID: launched.providerID, imageID: launched.imageID });
    Object.assign(claim.metadata, { labels: { ...launched.labels, ...claim.metadata.labels }, annotations: launched.annotations });
    const drift = () => bed.run(bed.services.cloudProvider.isDrifted(claim));
    const describes = () => bed.aws.calls.get('ec2:DescribeInstances') ?? 0;
    expect(await drift()).to.equal(undefined);
    const before = describes();
    nodeClass.status.capacityReservations = [];
    expect(await drift()).to.equal('CapacityReservationDrift');
    expect(describes(), 'asked EC2 anew').to.equal(before + 1);
    await bed.clock.advance('1h');
    expect(await drift(), 'the instance is not in it any more').to.equal(undefined);
  });

  it('finds a placement group that was added', async () => {
    const { claim, drift } = await launchedBed();
    claim.metadata.labels['karpenter.k8s.aws/placement-group-id'] = 'pg-gone';
    expect(await drift()).to.equal('PlacementGroupDrift');
  });

  it('finds nothing without pool or class, and cannot tell without images', async () => {
    const { bed, nodeClass, drift } = await launchedBed();
    nodeClass.status.amis = [];
    expect(await failure(drift())).to.be.instanceOf(DriftUnknown);
    bed.pools.clear();
    expect(await drift()).to.equal(undefined);
  });
});
