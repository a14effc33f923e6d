import { expect } from 'chai';
import { EC2NodeClass, NodeClaim, isTrue } from 'karpenter-ts/api';
import { TOKENS } from 'karpenter-ts/cloud/aws';
import type { InstanceProfileProvider, LaunchTemplateProvider } from 'karpenter-ts/cloud/aws';
import type { ReconcilerClass } from 'karpenter-ts/operator';
import { everyFault } from 'karpenter-ts/operator/testing';
import type { FaultWorld, TestProcess } from 'karpenter-ts/operator/testing';
import { InstanceProfileGarbageCollection } from '../../reconcilers/cloud/refresh.js';
import { EC2NodeClassHash } from '../../reconcilers/ec2nodeclass/hash.js';
import { EC2NodeClassStatusReconciler } from '../../reconcilers/ec2nodeclass/status.js';
import { InterruptionReconciler } from '../../reconcilers/interruption/interruption.js';
import { InterruptionQueue } from '../../src/cloud/aws/interruption/queue.js';
import { AwsBed } from '../support/aws-bed.js';
import { PATIENCE } from '../support/fault-bed.js';

const SPEC = {
  subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'my-cluster', tier: 'private' } }],
  securityGroupSelectorTerms: [{ tags: { 'kubernetes.io/cluster/my-cluster': 'owned' } }],
  amiSelectorTerms: [{ alias: 'al2023@latest' }],
  role: 'KarpenterNodeRole-my-cluster',
};

/** Reconcilers on the sandbox's AWS, for as long as the story lasts. */
async function onAws(world: FaultWorld, classes: readonly ReconcilerClass[], story: (aws: AwsBed) => Promise<void>): Promise<void> {
  const aws = await AwsBed.of(classes, {}, world.testBed);
  try {
    await story(aws);
  } finally {
    aws.provider.services.close();
    await aws.provider.aws.close();
  }
}

describe('what AWS holds, under every fault', () => {
  it('is made for an EC2NodeClass, outlives it as long as a claim needs it, and then goes', async () => {
    await everyFault((world) => onAws(world, [EC2NodeClassStatusReconciler, EC2NodeClassHash, InstanceProfileGarbageCollection], async (aws) => {
      const { instanceProfiles, launchTemplates } = aws.provider.services;
      const { profiles } = aws.provider.aws.account.identities;
      world.external<InstanceProfileProvider>(TOKENS.InstanceProfiles, instanceProfiles, ['ensure', 'remove']);
      world.external<LaunchTemplateProvider>(TOKENS.LaunchTemplates, launchTemplates, ['deleteAll']);
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
    await everyFault((world) => onAws(world, [InterruptionReconciler], async (aws) => {
      const queue = aws.provider.aws.account.queues.get('my-cluster');
      if (!queue) throw new Error('the account has no queue');
      const { clients: { sqs } } = aws.provider.services;
      // The poller lives in the process: one that is dead receives nothing.
      const queueOf = (process: TestProcess): InterruptionQueue => new InterruptionQueue({ sqs: { send: (...call: Parameters<typeof sqs.send>) => process.answer(sqs.send(...call)) } } as never, 'my-cluster', process.clock);
      world.external<InterruptionQueue>(TOKENS.InterruptionQueue, queueOf, ['acknowledge']);
      await aws.nodeClass();
      const { claim, instanceID } = await aws.launch();
      await world.bed.settle();
      queue.send(JSON.stringify({ version: '0', id: '1', 'detail-type': 'EC2 Spot Instance Interruption Warning', source: 'aws.ec2', time: '2026-01-01T00:00:00Z', detail: { 'instance-id': instanceID } }));
      const isDrained = async (): Promise<boolean> => (await world.bed.api.get(NodeClaim, claim.metadata.name)).metadata.deletionTimestamp !== undefined;
      await world.until(isDrained);
    }), { sample: 1 });
  }).timeout(PATIENCE);
});
