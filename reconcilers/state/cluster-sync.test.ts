import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { ClusterState } from 'karpenter-ts/cluster';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { DisruptionQueue } from '../disruption/disruption-queue.js';
import { Disruption } from '../disruption/disruption.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { Provisioner } from '../provisioning/provisioner.js';

describe('the cluster state, as long as it is not synced', () => {
  let karpenter: KarpenterBed;
  let launched: () => void;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle, Provisioner, Disruption, DisruptionQueue]);
    await karpenter.readyNodeClass();
    await karpenter.readyPool();
    karpenter.cloud.beforeLaunch = () => new Promise((resolve) => (launched = resolve));
  });
  afterEach(() => karpenter.bed.close());

  const series = async (): Promise<string[]> => [...(await karpenter.metric('karpenter_cluster_state_synced')), ...(await karpenter.metric('karpenter_cluster_state_unsynced_time_seconds'))];
  const complaints = (): unknown[] => karpenter.bed.logs.filter(({ message }) => message.startsWith('cluster is waiting on sync')).map((line) => [line['duration'], line['nodeclaims']]);

  it('is said to be so, and complained about every ten seconds from the 30th on', async () => {
    await karpenter.bed.advance('1s');
    expect(await series()).to.deep.equal(['karpenter_cluster_state_synced 1', 'karpenter_cluster_state_unsynced_time_seconds 0']);
    await karpenter.claim();
    await karpenter.bed.advance('39s');
    expect(await series()).to.deep.equal(['karpenter_cluster_state_synced 0', 'karpenter_cluster_state_unsynced_time_seconds 30']);
    expect(complaints()).to.deep.equal([]);
    await karpenter.bed.advance('12s');
    expect(complaints()).to.deep.equal([['31s', ['claim']], ['41s', ['claim']]]);
    launched();
    await karpenter.bed.advance('1s');
    expect(await series()).to.deep.equal(['karpenter_cluster_state_synced 1', 'karpenter_cluster_state_unsynced_time_seconds 0']);
  });

  it('holds the provisioner back', async () => {
    await karpenter.claim();
    await karpenter.bed.settle();
    await karpenter.pod('waiting', { cpu: '1' });
    await karpenter.bed.advance('30s');
    expect(await karpenter.api.list(NodeClaim)).to.have.length(1);
    expect((await karpenter.metric('karpenter_scheduler_scheduling_duration_seconds_count'))).to.deep.equal([]);
    launched();
    await karpenter.bed.advance('11s');
    expect((await karpenter.metric('karpenter_scheduler_scheduling_duration_seconds_count')).join()).to.match(/ [1-9]$/);
  });

  it('does not wait for ever for a claim that is gone', async () => {
    karpenter.cloud.beforeLaunch = () => Promise.resolve();
    const ghost = await karpenter.claim({}, { name: 'ghost' });
    await karpenter.bed.advance('1s');
    await karpenter.api.patch(NodeClaim, 'ghost', { metadata: { finalizers: [] } });
    await karpenter.api.delete(NodeClaim, 'ghost');
    await karpenter.bed.settle();
    karpenter.bed.operator.container.get(ClusterState).updateNodeClaim(ghost);
    await karpenter.pod('waiting');
    await karpenter.bed.advance('10s');
    expect(await karpenter.api.list(NodeClaim)).to.deep.equal([]);
    await karpenter.bed.advance('25s');
    expect(await karpenter.api.list(NodeClaim)).to.have.length(1);
  });
});
