import { expect } from 'chai';
import { EC2NodeClass, NodeClaim, TAGGED_ANNOTATION, TERMINATION_TIMESTAMP_ANNOTATION, isTrue } from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import { TOKENS } from 'karpenter-ts/cloud/aws';
import type {
  AwsSettings, CapacityReservationProvider, InstanceProfileProvider, InstanceProvider, InstanceStatusProvider, InstanceTypeProvider, LaunchTemplateProvider, PricingProvider, VersionProvider,
} from 'karpenter-ts/cloud/aws';
import { Node } from 'karpenter-ts/operator';
import type { ReconcilerClass } from 'karpenter-ts/operator';
import { everyFault } from 'karpenter-ts/operator/testing';
import type { FaultWorld, TestProcess } from 'karpenter-ts/operator/testing';
import { CapacityBlockExpiration, CapacityTypeDemotion } from '../../reconcilers/cloud/capacity-reservations.js';
import { InstanceGarbageCollection } from '../../reconcilers/cloud/instance-garbage-collection.js';
import { InstanceProfileGarbageCollection, InstanceTypeRefresh, PricingRefresh, VersionRefresh } from '../../reconcilers/cloud/refresh.js';
import { NodeClaimTagging } from '../../reconcilers/cloud/tagging.js';
import { EC2NodeClassHash } from '../../reconcilers/ec2nodeclass/hash.js';
import { EC2NodeClassStatusReconciler } from '../../reconcilers/ec2nodeclass/status.js';
import { InstanceStatusInterruption } from '../../reconcilers/interruption/instance-status.js';
import { InterruptionReconciler } from '../../reconcilers/interruption/interruption.js';
import { InterruptionQueue } from '../../src/cloud/aws/interruption/queue.js';
import { AwsBed } from '../support/aws-bed.js';
import type { Launched } from '../support/aws-bed.js';
import { PATIENCE } from '../support/fault-bed.js';

const SPEC = {
  subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'my-cluster', tier: 'private' } }],
  securityGroupSelectorTerms: [{ tags: { 'kubernetes.io/cluster/my-cluster': 'owned' } }],
  amiSelectorTerms: [{ alias: 'al2023@latest' }],
  role: 'KarpenterNodeRole-my-cluster',
};

/** Reconcilers on the sandbox's AWS, for as long as the story lasts. */
async function onAws(world: FaultWorld, classes: readonly ReconcilerClass[], story: (aws: AwsBed) => Promise<void>, settings: Partial<AwsSettings> = {}): Promise<void> {
  const aws = await AwsBed.of(classes, settings, world.testBed);
  try {
    await story(aws);
  } finally {
    aws.provider.services.close();
    await aws.provider.aws.close();
  }
}

const isDeleting = ({ metadata }: NodeClaim): boolean => metadata.deletionTimestamp !== undefined;

describe('what AWS holds, under every fault', () => {
  it('is made for an EC2NodeClass, outlives it as long as a claim needs it, and then goes', async () => {
    await everyFault((world) => onAws(world, [EC2NodeClassStatusReconciler, EC2NodeClassHash, InstanceProfileGarbageCollection], async (aws) => {
      const { instanceProfiles, launchTemplates } = aws.provider.services;
      const { profiles } = aws.provider.aws.account.identities;
      world.external<InstanceProfileProvider>(TOKENS.InstanceProfiles, instanceProfiles, ['ensure', 'remove'], { fenced: true });
      world.external<LaunchTemplateProvider>(TOKENS.LaunchTemplates, launchTemplates, ['deleteAll'], { fenced: true });
      const { api } = world.bed;
      await api.create(EC2NodeClass, { metadata: { name: 'default' }, spec: SPEC } as never);
      await world.until(async () => isTrue(await api.get(EC2NodeClass, 'default'), 'Ready'));
      const profile = (await api.get(EC2NodeClass, 'default')).status.instanceProfile as string;
      expect([...profiles.keys()]).to.include(profile);
      await api.create(NodeClaim, { metadata: { name: 'c' }, spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [] } });
      await api.delete(EC2NodeClass, 'default');
      await world.bed.advance('20s');
      expect([...profiles.keys()], 'the profile that the claim needs').to.include(profile);
      await api.delete(NodeClaim, 'c');
      await world.until(async () => (await api.find(EC2NodeClass, 'default')) === undefined);
      // A profile that was made just before a crash is nobody's; it is collected later.
      expect([...profiles.keys()], 'profiles').to.not.include(profile);
      await world.bed.advance('1h');
      expect([...profiles.keys()], 'profiles').to.deep.equal([]);
    }), { sample: 1 });
  }).timeout(PATIENCE);

  it('is drained when it is about to be interrupted, and the message goes only then', async () => {
    let isLost = (): Promise<boolean> => Promise.resolve(false);
    await everyFault((world) => onAws(world, [InterruptionReconciler], async (aws) => {
      const queue = aws.provider.aws.account.queues.get('my-cluster');
      if (!queue) throw new Error('the account has no queue');
      const { clients: { sqs } } = aws.provider.services;
      // The poller lives in the process: one that is dead receives nothing.
      const queueOf = (process: TestProcess): InterruptionQueue => new InterruptionQueue({ sqs: { send: (...call: Parameters<typeof sqs.send>) => process.answer(sqs.send(...call)) } } as never, 'my-cluster', process.clock);
      world.external<InterruptionQueue>(TOKENS.InterruptionQueue, queueOf, ['acknowledge'], { fenced: true });
      await aws.nodeClass();
      const { claim, instanceID } = await aws.launch();
      isLost = () => Promise.resolve(false);
      await world.bed.settle();
      queue.send(JSON.stringify({ version: '0', id: '1', 'detail-type': 'EC2 Spot Instance Interruption Warning', source: 'aws.ec2', time: '2026-01-01T00:00:00Z', detail: { 'instance-id': instanceID } }));
      const isDrained = async (): Promise<boolean> => isDeleting(await world.bed.api.get(NodeClaim, claim.metadata.name));
      isLost = async () => queue.counts().visible + queue.counts().inFlight === 0 && !(await isDrained());
      await world.until(isDrained);
      await world.until(() => queue.counts().visible + queue.counts().inFlight === 0);
    }), { sample: 1, invariants: {
      'the message is there until the claim is being deleted': async () => {
        expect(await isLost()).to.equal(false);
      },
    } });
  }).timeout(PATIENCE);

  it('is ended and tagged by what claims say: what has none goes, what has one stays', async () => {
    await everyFault((world) => onAws(world, [InstanceGarbageCollection, NodeClaimTagging], async (aws) => {
      const { api } = world.bed;
      const { account } = aws.provider.aws;
      const { cloudProvider, instances } = aws.provider.services;
      world.external(CloudProvider, cloudProvider, ['list', 'terminate'], { reads: ['list'], fenced: true });
      world.external<InstanceProvider>(TOKENS.Instances, instances, ['createTags'], { fenced: true });
      await aws.nodeClass();
      const [kept, lost] = [await aws.launch(), await aws.launch()];
      await api.patch(NodeClaim, lost.claim.metadata.name, { metadata: { finalizers: null } });
      await api.delete(NodeClaim, lost.claim.metadata.name);
      const { tags } = account.instances.get(kept.instanceID);
      const state = ({ instanceID }: Launched): string => account.instances.get(instanceID).state;
      await world.until(async () => tags.has('Name') && state(lost) !== 'running' && (await api.find(Node, lost.node.metadata.name)) === undefined && (await api.get(NodeClaim, kept.claim.metadata.name)).metadata.annotations[TAGGED_ANNOTATION] === 'true');
      expect(state(kept)).to.equal('running');
      expect(await api.find(Node, kept.node.metadata.name), 'the node of a claim that is there').to.not.equal(undefined);
    }), { sample: 1 });
  }).timeout(PATIENCE);

  it('is left to its claim until it is broken or its capacity block ends, and is on demand after its reservation', async () => {
    await everyFault((world) => onAws(world, [InstanceStatusInterruption, CapacityTypeDemotion, CapacityBlockExpiration], async (aws) => {
      const { api, clock } = world.bed;
      const { account } = aws.provider.aws;
      world.external(CloudProvider, aws.provider.services.cloudProvider, ['list'], { reads: ['list'] });
      world.external<InstanceStatusProvider>(TOKENS.InstanceStatus, aws.provider.services.instanceStatus, ['list'], { reads: ['list'] });
      world.external<CapacityReservationProvider>(TOKENS.CapacityReservations, aws.provider.services.reservations, ['get'], { reads: ['get'] });
      await aws.nodeClass();
      const reserved = async (type: 'default' | 'capacity-block', endsIn?: number): Promise<Launched> => {
        const { id } = account.capacityReservations.add({ instanceType: 'c5.large', availabilityZone: 'us-west-2a', total: 2, type, ...(endsIn === undefined ? {} : { endsAt: clock.now() + endsIn }) });
        const launched = await aws.launch();
        const labels = { 'karpenter.sh/capacity-type': 'reserved', 'karpenter.k8s.aws/capacity-reservation-id': id, 'karpenter.k8s.aws/capacity-reservation-type': type };
        await api.patch(NodeClaim, launched.claim.metadata.name, { metadata: { labels } });
        await api.patch(Node, launched.node.metadata.name, { metadata: { labels } });
        return launched;
      };
      const [broken, block, ended] = [await aws.launch(), await reserved('capacity-block', 46 * 60_000), await reserved('default')];
      const read = ({ claim }: Launched): Promise<NodeClaim> => api.get(NodeClaim, claim.metadata.name);
      Object.assign(account.instances.get(ended.instanceID), { lifecycle: 'on-demand', spotRequestId: undefined });
      await world.until(async () => [await read(ended), await api.get(Node, ended.node.metadata.name)].every(({ metadata }) => metadata.labels['karpenter.sh/capacity-type'] === 'on-demand'));
      account.instances.get(broken.instanceID).health.instanceImpairedSince = clock.now();
      await world.until(async () => isDeleting(await read(broken)));
      expect((await read(broken)).metadata.annotations[TERMINATION_TIMESTAMP_ANNOTATION], 'it is not drained for long').to.be.a('string');
      expect([await read(block), await read(ended)].map(isDeleting), 'what is neither broken nor about to end').to.deep.equal([false, false]);
      await world.bed.advance('8m');
      expect([await read(block), await read(ended)].map(isDeleting)).to.deep.equal([true, false]);
    }), { sample: 1 });
  }).timeout(PATIENCE);

  it('is known as it is: types and prices are read again, whatever a reading runs into', async () => {
    await everyFault((world) => onAws(world, [InstanceTypeRefresh, PricingRefresh], async (aws) => {
      const { services: { instanceTypes, pricing }, aws: { calls } } = aws.provider;
      world.external<InstanceTypeProvider>(TOKENS.InstanceTypes, instanceTypes, ['update'], { reads: ['update'] });
      world.external<PricingProvider>(TOKENS.Pricing, pricing, ['update'], { reads: ['update'] });
      const READINGS = ['ec2:DescribeInstanceTypes', 'pricing:GetProducts', 'ec2:DescribeSpotPriceHistory'];
      const before = READINGS.map((name) => calls.get(name) ?? 0);
      const isRead = (): boolean => READINGS.every((name, at) => (calls.get(name) ?? 0) > (before[at] as number));
      // A process that was killed reads everything when it starts, which nothing here does; another one is due after 12 hours.
      for (let hours = 0; hours < 26 && !isRead(); hours += 2) await world.bed.advance('2h');
      expect(isRead(), 'types and prices were read again').to.equal(true);
    }), { sample: 1 });
  }).timeout(PATIENCE);

  it('is of the version that the cluster has now', async () => {
    await everyFault((world) => onAws(world, [VersionRefresh], async (aws) => {
      const { services: { version }, aws: { account } } = aws.provider;
      world.external<VersionProvider>(TOKENS.Version, version, ['update'], { reads: ['update'] });
      (account.clusters.get('my-cluster') as { version: string }).version = '1.33';
      await world.bed.advance('10m');
      expect(await version.get()).to.equal('1.33');
    }, { eksControlPlane: true }), { sample: 1 });
  }).timeout(PATIENCE);
});
