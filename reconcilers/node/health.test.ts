import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { Pod, Node } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { EvictionQueue } from './eviction-queue.js';
import { NodeHealth } from './health.js';
import { NodeTermination } from './termination.js';

const DEADLINE = 'karpenter.sh/nodeclaim-termination-timestamp';
const MINUTE = 60_000;
const LABELS = { 'karpenter.k8s.aws/ec2nodeclass': 'default' };

describe('node repair', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle, NodeTermination, EvictionQueue, NodeHealth]);
    karpenter.cloud.policies = [
      { conditionType: 'Ready', conditionStatus: 'False', toleration: 30 * MINUTE },
      { conditionType: 'StorageReady', conditionStatus: 'False', toleration: 10 * MINUTE },
    ];
    await karpenter.readyNodeClass();
  });

  afterEach(() => karpenter.bed.close());

  const suffer = (type: string, status: 'True' | 'False', node = 'node-of-claim'): Promise<Node> => {
    const condition = { type, status, reason: 'Test', message: '', lastTransitionTime: karpenter.time(), lastHeartbeatTime: karpenter.time() };
    const ready = { ...condition, type: 'Ready', status: 'True' };
    return karpenter.api.patch(Node, node, { status: { conditions: type === 'Ready' ? [condition] : [ready, condition] } as never });
  };
  const deadline = async (name = 'claim'): Promise<string | undefined> => (await karpenter.api.find(NodeClaim, name))?.metadata.annotations[DEADLINE];
  const isDeleting = async (name = 'claim'): Promise<boolean> => Boolean((await karpenter.api.get(NodeClaim, name)).metadata.deletionTimestamp);

  it('replaces a node once it was unhealthy for as long as the provider tolerates', async () => {
    await karpenter.initialized({}, { labels: { ...LABELS, 'karpenter.sh/capacity-type': 'spot' } });
    karpenter.cloud.terminatingAnswers = 1_000;
    await suffer('StorageReady', 'False');
    await karpenter.bed.advance('9m59s');
    expect(await isDeleting()).to.equal(false);
    await karpenter.bed.advance('1s');
    expect(await isDeleting()).to.equal(true);
    expect(karpenter.bed.logs.map(({ message }) => message)).to.include.members(['deleting unhealthy node', 'annotated nodeclaim']);
    expect((await karpenter.metric('karpenter_nodeclaims_disrupted_total')).join()).to.match(/reason="unhealthy",nodepool="default",capacity_type="spot".* 1$/);
    expect(await karpenter.metric('karpenter_nodeclaims_unhealthy_disrupted_total'))
      .to.deep.equal(['karpenter_nodeclaims_unhealthy_disrupted_total{condition="storage_ready",nodepool="default",capacity_type="spot",image_id="ami-1"} 1']);
  });

  it('does so by force: what cannot be evicted is deleted', async () => {
    await karpenter.initialized({ terminationGracePeriod: '2h' }, { labels: LABELS });
    karpenter.cloud.terminatingAnswers = 1_000;
    await karpenter.pod('protected', { node: 'node-of-claim', annotations: { 'karpenter.sh/do-not-disrupt': 'true' } });
    await suffer('StorageReady', 'False');
    await karpenter.bed.advance('10m');
    expect(await deadline()).to.equal('2024-01-01T00:10:02Z');
    await karpenter.bed.advance('2s');
    expect(await karpenter.api.find(Pod, 'protected')).to.satisfy((pod?: Pod) => pod === undefined || pod.metadata.deletionTimestamp !== undefined);
  });

  it('moves the deadline of a drain that is under way to now', async () => {
    await karpenter.initialized({ terminationGracePeriod: '2h' }, { labels: LABELS });
    karpenter.cloud.terminatingAnswers = 1_000;
    await karpenter.pod('protected', { node: 'node-of-claim', annotations: { 'karpenter.sh/do-not-disrupt': 'true' } });
    await karpenter.api.delete(NodeClaim, 'claim');
    await suffer('StorageReady', 'False');
    await karpenter.bed.advance('1m');
    expect(await deadline()).to.equal('2024-01-01T02:00:02Z');
    await karpenter.bed.advance('9m');
    expect(await deadline()).to.equal('2024-01-01T00:10:02Z');
    expect(await karpenter.metric('karpenter_nodeclaims_unhealthy_disrupted_total')).to.deep.equal([]);
  });

  it('leaves a node alone that recovers in time, and conditions that no policy names', async () => {
    await karpenter.initialized({}, { labels: LABELS });
    await suffer('Ready', 'False');
    await karpenter.bed.advance('20m');
    await suffer('Ready', 'True');
    await karpenter.bed.advance('20m');
    await suffer('DiskPressure', 'True');
    await karpenter.bed.advance('2h');
    expect(await isDeleting()).to.equal(false);
  });

  it('replaces nothing while more than a fifth of a pool is unhealthy, and says so', async () => {
    const pool = await karpenter.readyPool();
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of names) await karpenter.initialized({}, { name, pool, labels: LABELS });
    for (const name of ['a', 'b', 'c']) await suffer('StorageReady', 'False', `node-of-${name}`);
    await karpenter.bed.advance('20m');
    expect(await Promise.all(names.map(isDeleting))).to.deep.equal(names.map(() => false));
    const told = 'Warning NodeRepairBlocked: more than 20% nodes are unhealthy in the nodepool';
    expect(await karpenter.events(pool)).to.include(told);
    expect(await karpenter.events(await karpenter.api.get(Node, 'node-of-a'))).to.include(told);
    expect(await karpenter.events(await karpenter.api.get(NodeClaim, 'a'))).to.include(told);
    await suffer('StorageReady', 'True', 'node-of-c');
    await karpenter.bed.advance('5m');
    expect(await Promise.all(names.map(isDeleting))).to.include.members([true]);
  });

  it('judges claims without a pool by the nodes of the whole cluster', async () => {
    const pool = await karpenter.readyPool();
    for (const name of ['a', 'b', 'c']) await karpenter.initialized({}, { name, pool, labels: LABELS });
    await karpenter.initialized({}, { labels: LABELS });
    for (const [kind, name] of [[NodeClaim, 'claim'], [Node, 'node-of-claim']] as const) await karpenter.api.patch<NodeClaim | Node>(kind, name, { metadata: { labels: { 'karpenter.sh/nodepool': null } } });
    await suffer('StorageReady', 'False');
    await suffer('StorageReady', 'False', 'node-of-a');
    await karpenter.bed.advance('11m');
    expect(await isDeleting()).to.equal(false);
    expect(await karpenter.events(await karpenter.api.get(Node, 'node-of-claim'))).to.include('Warning NodeRepairBlocked: more than 20% nodes are unhealthy in the cluster');
  });
});
