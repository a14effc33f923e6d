import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import type { EC2NodeClass } from 'karpenter-ts/api';
import { Node } from 'karpenter-ts/operator';
import type { Duration } from 'karpenter-ts/operator';
import { AwsBed } from '../../test/support/aws-bed.js';
import { CapacityBlockExpiration, CapacityTypeDemotion } from './capacity-reservations.js';
import { DiscoveredCapacity } from './discovered-capacity.js';
import { InstanceGarbageCollection } from './instance-garbage-collection.js';
import { PartitionHook } from './partition-hook.js';
import { InstanceProfileGarbageCollection, InstanceTypeRefresh, PricingRefresh, SsmInvalidation, VersionRefresh } from './refresh.js';
import { NodeClaimTagging } from './tagging.js';

const CAPACITY_TYPE = 'karpenter.sh/capacity-type';
const RESERVATION = 'karpenter.k8s.aws/capacity-reservation-id';
const GiB = 2 ** 30;

describe('keeping AWS level', () => {
  let aws: AwsBed;
  afterEach(() => aws.close());

  describe('garbage collection of instances', () => {
    const listings = () => aws.provider.aws.calls.get('ec2:DescribeInstances') ?? 0;

    it('looks every 10 seconds for the first 20 successes, then every 2 minutes', async () => {
      aws = await AwsBed.of([InstanceGarbageCollection]);
      await aws.bed.settle();
      await aws.bed.advance('190s');
      expect(listings()).to.equal(20);
      await aws.bed.advance('119s');
      expect(listings()).to.equal(20);
      await aws.bed.advance('2m');
      expect(listings()).to.equal(21);
    });

    it('terminates an instance without a claim and deletes its node, but neither young nor claimed ones', async () => {
      aws = await AwsBed.of([InstanceGarbageCollection]);
      await aws.nodeClass();
      const [kept, lost] = [await aws.launch(), await aws.launch()];
      await aws.bed.api.patch(NodeClaim, lost.claim.metadata.name, { metadata: { finalizers: null } });
      await aws.bed.api.delete(NodeClaim, lost.claim.metadata.name);
      const young = await aws.provider.launch(aws.provider.claim());
      await aws.bed.advance('5s');
      const states = (id: string) => aws.provider.aws.account.instances.get(id).state;
      expect([states(kept.instanceID), states(lost.instanceID)]).to.deep.equal(['running', 'shutting-down']);
      expect(states(young.providerID.split('/').at(-1) ?? '')).to.be.oneOf(['pending', 'running']);
      expect(await aws.bed.api.find(Node, lost.node.metadata.name)).to.equal(undefined);
      expect(await aws.bed.api.find(Node, kept.node.metadata.name)).not.to.equal(undefined);
    });

    it('leaves instances that are terminating already alone', async () => {
      aws = await AwsBed.of([InstanceGarbageCollection]);
      await aws.nodeClass();
      const { claim, instanceID } = await aws.launch();
      await aws.bed.api.patch(NodeClaim, claim.metadata.name, { metadata: { finalizers: null } });
      await aws.bed.api.delete(NodeClaim, claim.metadata.name);
      aws.provider.aws.account.instances.terminate(aws.provider.aws.account.instances.get(instanceID));
      await aws.bed.settle();
      expect(listings()).to.be.greaterThan(0);
      expect(aws.provider.aws.calls.get('ec2:TerminateInstances')).to.equal(undefined);
    });
  });

  describe('discovered memory', () => {
    const typeOf = (nodeClass: EC2NodeClass) => aws.provider.services.instanceTypes.list(nodeClass).find(({ name }) => name === 'c5.large');

    it('takes the place of the estimate once a node has registered', async () => {
      aws = await AwsBed.of([DiscoveredCapacity]);
      const nodeClass = await aws.nodeClass();
      const estimate = typeOf(nodeClass)?.capacity['memory'];
      await aws.launch(undefined, { cpu: '2', memory: String(3.5 * GiB) });
      await aws.bed.settle();
      await aws.bed.advance('5m');
      expect(estimate).not.to.equal(3.5 * GiB);
      expect(typeOf(nodeClass)?.capacity['memory']).to.equal(3.5 * GiB);
    });

    it('is not learned from a node that has not registered, nor from one with another image', async () => {
      aws = await AwsBed.of([DiscoveredCapacity]);
      const nodeClass = await aws.nodeClass();
      const estimate = typeOf(nodeClass)?.capacity['memory'];
      const [unregistered, old] = [await aws.launch(undefined, { memory: String(3 * GiB) }), await aws.launch(undefined, { memory: String(3 * GiB) })];
      await aws.bed.api.patch(Node, unregistered.node.metadata.name, { metadata: { labels: { 'karpenter.sh/registered': null } } });
      await aws.bed.api.patch(NodeClaim, old.claim.metadata.name, { status: { imageID: 'ami-0123456789abcdef0' } });
      await aws.bed.settle();
      await aws.bed.advance('5m');
      expect(typeOf(nodeClass)?.capacity['memory']).to.equal(estimate);
      await aws.bed.api.patch(Node, unregistered.node.metadata.name, { metadata: { labels: { 'karpenter.sh/registered': 'true' } } });
      await aws.bed.advance('5m');
      expect(typeOf(nodeClass)?.capacity['memory']).to.equal(3 * GiB);
    });
  });

  describe('capacity reservations', () => {
    const inReservation = async (type: 'default' | 'capacity-block', endsIn?: number) => {
      const { account } = aws.provider.aws;
      const reservation = account.capacityReservations.add({
        instanceType: 'c5.large', availabilityZone: 'us-west-2a', total: 2, type, ...(endsIn === undefined ? {} : { endsAt: aws.bed.clock.now() + endsIn }),
      });
      const launched = await aws.launch();
      const labels = { [CAPACITY_TYPE]: 'reserved', [RESERVATION]: reservation.id, 'karpenter.k8s.aws/capacity-reservation-type': type };
      await aws.bed.api.patch(NodeClaim, launched.claim.metadata.name, { metadata: { labels } });
      await aws.bed.api.patch(Node, launched.node.metadata.name, { metadata: { labels } });
      return { ...launched, reservation };
    };

    it('that have ended leave claim and node on demand, without their labels', async () => {
      aws = await AwsBed.of([CapacityTypeDemotion]);
      await aws.nodeClass();
      const { claim, node, instanceID } = await inReservation('default');
      const instance = aws.provider.aws.account.instances.get(instanceID);
      Object.assign(instance, { lifecycle: 'on-demand', spotRequestId: undefined });
      await aws.bed.settle();
      for (const { metadata } of [await aws.bed.api.get(NodeClaim, claim.metadata.name), await aws.bed.api.get(Node, node.metadata.name)]) {
        expect(metadata.labels[CAPACITY_TYPE]).to.equal('on-demand');
        expect(metadata.labels).not.to.have.any.keys(RESERVATION, 'karpenter.k8s.aws/capacity-reservation-type');
      }
    });

    it('that hold their instance leave it reserved', async () => {
      aws = await AwsBed.of([CapacityTypeDemotion]);
      await aws.nodeClass();
      const { claim, instanceID, reservation } = await inReservation('default');
      const instance = aws.provider.aws.account.instances.get(instanceID);
      Object.assign(instance, {
        lifecycle: 'on-demand', spotRequestId: undefined, capacityReservationId: reservation.id,
        specification: { ...instance.specification, capacityReservationPreference: 'capacity-reservations-only' },
      });
      await aws.bed.advance('2m');
      expect((await aws.bed.api.get(NodeClaim, claim.metadata.name)).metadata.labels[CAPACITY_TYPE]).to.equal('reserved');
    });

    it('are not asked about while nothing is reserved', async () => {
      aws = await AwsBed.of([CapacityTypeDemotion]);
      await aws.bed.advance('5m');
      expect(aws.provider.aws.calls.get('ec2:DescribeInstances')).to.equal(undefined);
    });

    it('that are capacity blocks lose their claims 40 minutes before their end', async () => {
      aws = await AwsBed.of([CapacityBlockExpiration]);
      await aws.nodeClass();
      const { claim } = await inReservation('capacity-block', 60 * 60_000);
      const deleted = async () => (await aws.bed.api.get(NodeClaim, claim.metadata.name)).metadata.deletionTimestamp !== undefined;
      await aws.bed.advance('15m');
      expect(await deleted()).to.equal(false);
      await aws.bed.advance('6m');
      expect(await deleted()).to.equal(true);
    });

    it('of the default kind keep their claims to the end', async () => {
      aws = await AwsBed.of([CapacityBlockExpiration]);
      await aws.nodeClass();
      const { claim } = await inReservation('default', 60 * 60_000);
      await aws.bed.advance('90m');
      expect((await aws.bed.api.get(NodeClaim, claim.metadata.name)).metadata.deletionTimestamp).to.equal(undefined);
    });
  });

  describe('the partition of a placement group', () => {
    const launchInto = async (strategy: 'partition' | 'cluster') => {
      aws = await AwsBed.of([]);
      const { provider } = aws;
      const group = provider.aws.account.placementGroups.add({ name: 'rack', strategy, ...(strategy === 'partition' ? { partitions: 3 } : {}) });
      const nodeClass = await provider.readyNodeClass({ placementGroupSelector: { name: 'rack' } });
      await provider.services.placementGroups.get(nodeClass);
      const claim = provider.claim([{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['c5.large'] }]);
      const { providerID, labels } = await provider.launch(claim);
      claim.status.providerID = providerID;
      claim.metadata.labels = { ...labels, 'karpenter.k8s.aws/placement-group-id': group.id };
      const { instances, placementGroups } = provider.services;
      return { claim, hook: new PartitionHook(instances, placementGroups, { get: (name) => provider.nodeClasses.get(name), poolsOf: () => [], pool: () => undefined }) };
    };
    const PARTITION = 'karpenter.k8s.aws/placement-group-partition';
    const { signal } = new AbortController();

    it('that EC2 chose is on the claim before its node registers', async () => {
      const { claim, hook } = await launchInto('partition');
      expect(await aws.provider.run(hook.registered(claim, signal))).to.equal(true);
      expect(claim.metadata.labels[PARTITION]).to.be.oneOf(['1', '2', '3']);
    });

    it('holds registration back as long as EC2 does not tell it', async () => {
      const { claim, hook } = await launchInto('partition');
      claim.status.providerID = 'aws:///us-west-2a/i-0fedcba9876543210';
      expect(await aws.provider.run(hook.registered(claim, signal))).to.deep.equal({ recheck: '1s' });
      expect(claim.metadata.labels).not.to.have.property(PARTITION);
    });

    it('is not waited for in groups of another strategy', async () => {
      const { claim, hook } = await launchInto('cluster');
      expect(await aws.provider.run(hook.registered(claim, signal))).to.equal(true);
      expect(claim.metadata.labels).not.to.have.property(PARTITION);
    });
  });

  describe('what AWS and Kubernetes say', () => {
    const calls = (operation: string) => aws.provider.aws.calls.get(operation) ?? 0;
    /** How many more calls there are after a while. */
    async function callsIn(length: Duration, ...operations: string[]): Promise<boolean[]> {
      const before = operations.map(calls);
      await aws.bed.advance(length);
      return operations.map((operation, index) => calls(operation) > (before[index] as number));
    }

    it('of prices is read again every 12 hours', async () => {
      aws = await AwsBed.of([PricingRefresh]);
      const prices = ['pricing:GetProducts', 'ec2:DescribeSpotPriceHistory'];
      expect(await callsIn('11h59m', ...prices)).to.deep.equal([false, false]);
      expect(await callsIn('2m', ...prices)).to.deep.equal([true, true]);
      expect(await callsIn('11h50m', ...prices)).to.deep.equal([false, false]);
      expect(await callsIn('20m', ...prices)).to.deep.equal([true, true]);
    });

    it('of instance types and where they are offered is read again every 12 hours', async () => {
      aws = await AwsBed.of([InstanceTypeRefresh]);
      const tables = ['ec2:DescribeInstanceTypes', 'ec2:DescribeInstanceTypeOfferings'];
      expect(await callsIn('11h59m', ...tables)).to.deep.equal([false, false]);
      expect(await callsIn('2m', ...tables)).to.deep.equal([true, true]);
    });

    it('of the version of the cluster is read again every 5 minutes', async () => {
      aws = await AwsBed.of([VersionRefresh], { eksControlPlane: true });
      expect(await callsIn('1s', 'eks:DescribeCluster')).to.deep.equal([true]);
      expect(await callsIn('4m50s', 'eks:DescribeCluster')).to.deep.equal([false]);
      expect(await callsIn('20s', 'eks:DescribeCluster')).to.deep.equal([true]);
      (aws.provider.aws.account.clusters.get('my-cluster') as { version: string }).version = '1.31';
      await aws.bed.advance('5m10s');
      expect(await aws.provider.services.version.get()).to.equal('1.31');
    });

    it('of images is asked for anew within half an hour of their deprecation, and not before', async () => {
      aws = await AwsBed.of([SsmInvalidation]);
      const nodeClass = aws.provider.addNodeClass();
      const images = async () => {
        await aws.provider.services.amis.list(nodeClass);
        return calls('ssm:GetParameter');
      };
      expect(await images()).to.equal(5);
      await aws.bed.advance('2h');
      expect(await images()).to.equal(5);
      for (const image of aws.provider.aws.account.images.all.values()) Object.assign(image, { deprecationTime: aws.bed.clock.now() });
      await aws.bed.advance('31m');
      expect(await images()).to.equal(10);
    });
  });

  describe('tags of instances', () => {
    const tags = (id: string) => Object.fromEntries(aws.provider.aws.account.instances.get(id).tags);

    it('gain the names of node, claim and cluster once there is a node', async () => {
      aws = await AwsBed.of([NodeClaimTagging]);
      await aws.nodeClass();
      const { claim, node, instanceID } = await aws.launch();
      await aws.bed.advance('10s');
      expect(tags(instanceID)).to.include({ Name: node.metadata.name, 'karpenter.sh/nodeclaim': claim.metadata.name, 'eks:eks-cluster-name': 'my-cluster' });
      expect((await aws.bed.api.get(NodeClaim, claim.metadata.name)).metadata.annotations).to.include({ 'karpenter.k8s.aws/tagged': 'true' });
      const calls = aws.provider.aws.calls.get('ec2:CreateTags');
      await aws.bed.advance('10m');
      expect(aws.provider.aws.calls.get('ec2:CreateTags')).to.equal(calls);
    });
  });

  describe('instance profiles', () => {
    const profiles = async () => aws.provider.services.instanceProfiles.listClusterProfiles();

    it('that no class and no claim uses are deleted once they are an hour old', async () => {
      aws = await AwsBed.of([InstanceProfileGarbageCollection]);
      const { status } = await aws.nodeClass();
      await aws.provider.services.instanceProfiles.ensure(aws.provider.addNodeClass({}, 'gone'));
      expect(await profiles()).to.have.length(2);
      await aws.bed.advance('55m');
      expect(await profiles()).to.have.length(2);
      await aws.bed.advance('70m');
      expect(await profiles()).to.deep.equal([status.instanceProfile]);
    });

    it('stay in an isolated VPC', async () => {
      aws = await AwsBed.of([InstanceProfileGarbageCollection], { isolatedVPC: true });
      await aws.nodeClass();
      await aws.provider.services.instanceProfiles.ensure(aws.provider.addNodeClass({}, 'gone'));
      await aws.bed.advance('3h');
      expect(await profiles()).to.have.length(2);
    });
  });
});
