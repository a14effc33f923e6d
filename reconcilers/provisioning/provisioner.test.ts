import { expect } from 'chai';
import { NodeClaim, NodePool } from 'karpenter-ts/api';
import { Event, Node, Pod, sleep } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { Provisioner } from './provisioner.js';

describe('the provisioner', () => {
  let karpenter: KarpenterBed;

  const start = async (settings: Parameters<typeof karpenterBed>[1] = {}): Promise<void> => {
    karpenter = await karpenterBed([NodeClaimLifecycle, Provisioner], settings);
    await karpenter.readyNodeClass();
  };
  const claims = (): Promise<NodeClaim[]> => karpenter.api.list(NodeClaim);

  afterEach(() => karpenter.bed.close());

  it('makes one claim for the pods of one window, a second after the last of them', async () => {
    await start();
    await karpenter.readyPool();
    await karpenter.bed.settle();
    await karpenter.pod('one');
    await karpenter.bed.advance('900ms');
    await karpenter.pod('two');
    await karpenter.bed.advance('900ms');
    expect(await claims()).to.deep.equal([]);
    await karpenter.bed.advance('100ms');
    const [claim, ...others] = await claims();
    expect(others).to.deep.equal([]);
    expect(claim?.spec.resources?.requests).to.include({ cpu: '200m' });
    expect(claim?.metadata.labels).to.include({ 'karpenter.sh/nodepool': 'default' });
    expect(await karpenter.metric('karpenter_nodeclaims_created_total')).to.deep.equal(['karpenter_nodeclaims_created_total{reason="provisioned",nodepool="default",min_values_relaxed="false"} 1']);
  });

  it('has a window as long as the settings say', async () => {
    await start({ settings: { batchIdleDuration: 3_000, batchMaxDuration: 5_000 } });
    await karpenter.readyPool();
    await karpenter.bed.settle();
    await karpenter.pod('patient');
    await karpenter.bed.advance('2900ms');
    expect(await claims()).to.deep.equal([]);
    await karpenter.bed.advance('100ms');
    expect(await claims()).to.have.length(1);
  });

  it('plans again as soon as a pool may launch, and as soon as a launch is through that held it back', async () => {
    await start();
    await karpenter.bed.advance('11s');
    await karpenter.pod('first', { cpu: '7' });
    await karpenter.bed.advance('1500ms');
    expect(await claims()).to.deep.equal([]);
    karpenter.cloud.beforeLaunch = () => sleep(karpenter.bed.clock, 4_000);
    await karpenter.readyPool();
    await karpenter.bed.advance('1500ms');
    expect(await claims()).to.have.length(1);
    await karpenter.pod('second', { cpu: '7' });
    await karpenter.bed.advance('1s');
    expect(await claims()).to.have.length(1);
    await karpenter.bed.advance('4s');
    expect(await claims()).to.have.length(2);
    expect(karpenter.bed.clock.now() % 60_000).to.be.below(20_000);
  });

  it('tells pods where they will go', async () => {
    await start();
    await karpenter.readyPool();
    const pod = await karpenter.pod('waiting');
    await karpenter.bed.advance('2s');
    const [claim] = await claims();
    expect(await karpenter.events(pod)).to.deep.equal([`Normal Nominated: Pod should schedule on: nodeclaim/${claim?.metadata.name}`]);
  });

  it('tells ten pods at once, and five a second of the others later', async () => {
    await start();
    await karpenter.readyPool();
    await karpenter.bed.advance('1s');
    const names = Array.from({ length: 12 }, (_, index) => `waiting-${index}`);
    for (const name of names) await karpenter.pod(name);
    const told = async (): Promise<number> => (await karpenter.api.list(Event)).filter(({ reason }) => reason === 'Nominated').length;
    await karpenter.bed.advance('1s');
    expect(await told()).to.equal(10);
    await karpenter.bed.advance('11s');
    expect(await told()).to.equal(12);
  });

  it('measures its simulations', async () => {
    await start();
    await karpenter.readyPool();
    await karpenter.bed.advance('1s');
    await karpenter.pod('waiting');
    await karpenter.bed.advance('1s');
    expect(await karpenter.metric('karpenter_scheduler_scheduling_duration_seconds_count')).to.deep.equal(['karpenter_scheduler_scheduling_duration_seconds_count{controller="provisioner"} 1']);
    expect(await karpenter.metric('karpenter_scheduler_pending_pods_by_effective_zone_count')).to.deep.equal(['karpenter_scheduler_pending_pods_by_effective_zone_count{controller="provisioner",zone="flexible"} 1']);
    expect((await karpenter.metric('karpenter_scheduler_queue_depth')).join()).to.match(/^karpenter_scheduler_queue_depth{controller="provisioner",scheduling_id="[-0-9a-f]{36}"} 0$/);
  });

  it('does not launch twice for a pod that has a machine on its way', async () => {
    await start();
    await karpenter.readyPool();
    await karpenter.pod('waiting');
    await karpenter.bed.advance('10m');
    expect(await claims()).to.have.length(1);
    expect(karpenter.cloud.launches).to.have.length(1);
  });

  it('keeps pods on the claims that it made for them, so that none needs another while they wait', async () => {
    await start();
    await karpenter.readyPool({ template: { requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['small'] }] } });
    // Two nodes of 1.9 cores: 1.2 + 0.6 and 1 + 0.9. The largest first, a later pod of 0.65 would drive the smallest out.
    for (const cpu of ['1200m', '1', '900m', '600m']) await karpenter.pod(`pod-${cpu}`, { cpu });
    await karpenter.bed.advance('2s');
    expect(await claims()).to.have.length(2);
    await karpenter.pod('later', { cpu: '650m' });
    await karpenter.bed.advance('1m');
    expect((await claims()).map(({ spec }) => spec.resources?.requests?.['cpu'])).to.have.members(['1800m', '1900m', '650m']);
  });

  it('says once in 5 minutes why a pod cannot be scheduled, in at most 1 KiB', async () => {
    await start();
    await karpenter.readyPool();
    const pod = await karpenter.pod('huge', { cpu: '1000' });
    await karpenter.bed.advance('4m');
    const events = await karpenter.events(pod);
    expect(events).to.have.length(1);
    expect(events[0]).to.match(/^Warning FailedScheduling: Failed to schedule pod, /);
    expect(Buffer.byteLength(events[0]?.replace('Warning FailedScheduling: ', '') ?? '')).to.be.at.most(1_024);
    expect(await karpenter.metric('karpenter_scheduler_unschedulable_pods_count')).to.deep.equal(['karpenter_scheduler_unschedulable_pods_count{controller="provisioner"} 1']);
    await karpenter.api.delete(Pod, 'huge');
    await karpenter.bed.advance('11s');
    expect(await karpenter.metric('karpenter_scheduler_unschedulable_pods_count')).to.deep.equal(['karpenter_scheduler_unschedulable_pods_count{controller="provisioner"} 0']);
    expect(await karpenter.metric('karpenter_scheduler_pending_pods_by_effective_zone_count')).to.deep.equal([]);
  });

  it('keeps to the limits of a pool', async () => {
    await start();
    await karpenter.readyPool({ limits: { cpu: '3' }, template: { requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['small'] }] } });
    for (const name of ['one', 'two', 'three']) await karpenter.pod(name, { cpu: '1500m' });
    await karpenter.bed.advance('1m');
    expect(await claims()).to.have.length(1);
  });

  it('says on a pool that its requirements leave no instance type', async () => {
    await start();
    const pool = await karpenter.readyPool({ template: { requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['unheard-of'] }] } });
    await karpenter.pod('waiting');
    await karpenter.bed.advance('2s');
    expect((await karpenter.events(pool))[0]).to.match(/^Warning NoCompatibleInstanceTypes: /);
  });

  it('waits for a pool that is not ready, and starts as soon as it is', async () => {
    await start();
    await karpenter.readyPool();
    await karpenter.api.patch(NodePool, 'default', { status: { conditions: [] } });
    await karpenter.pod('waiting');
    await karpenter.bed.advance('1m');
    expect(await claims()).to.deep.equal([]);
    expect(karpenter.bed.logs.map(({ message }) => message)).to.include.members(['no dynamic nodepools found', 'ignoring nodepool, not ready']);
    const ready = { type: 'Ready', status: 'True' as const, reason: 'Ready', message: '', lastTransitionTime: karpenter.time(), observedGeneration: 1 };
    await karpenter.api.patch(NodePool, 'default', { status: { conditions: [ready] } });
    await karpenter.bed.advance('1s');
    expect(await claims()).to.have.length(1);
  });

  it('makes nodes neither from a pool with a fixed number of them nor from one that is being deleted', async () => {
    await start();
    await karpenter.readyPool({ replicas: 0 }, 'static');
    await karpenter.readyPool({}, 'deleting');
    await karpenter.api.patch(NodePool, 'deleting', { metadata: { finalizers: ['example.com/held'] } });
    await karpenter.api.delete(NodePool, 'deleting');
    await karpenter.pod('waiting');
    await karpenter.bed.advance('15s');
    expect(await claims()).to.deep.equal([]);
    await karpenter.readyPool();
    await karpenter.bed.advance('15s');
    expect((await claims()).map(({ metadata }) => metadata.labels['karpenter.sh/nodepool'])).to.deep.equal(['default']);
  });

  it('plans as soon as a node is tainted because it goes, without a pod that says anything', async () => {
    await start();
    await karpenter.readyPool();
    const { node } = await karpenter.initialized();
    await karpenter.pod('moving', { node: node.metadata.name, cpu: '1' });
    await karpenter.bed.advance('9s');
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.bed.advance('2s');
    const planned = async (): Promise<number> => (await claims()).filter(({ metadata }) => !metadata.deletionTimestamp).length;
    const before = await planned();
    await karpenter.api.patch(Node, node.metadata.name, { spec: { taints: [{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }] } });
    await karpenter.bed.advance('1s');
    expect([before, await planned()]).to.deep.equal([0, 1]);
  });

  it('plans pods of nodes that go before they have left them', async () => {
    await start();
    await karpenter.readyPool();
    const { node } = await karpenter.initialized();
    await karpenter.pod('moving', { node: node.metadata.name, cpu: '1' });
    await karpenter.bed.advance('2s');
    await karpenter.api.delete(NodeClaim, 'claim');
    await karpenter.api.patch(Node, node.metadata.name, { spec: { taints: [{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }] } });
    await karpenter.bed.advance('11s');
    expect((await karpenter.api.get(Pod, 'moving')).metadata.deletionTimestamp).to.equal(undefined);
    expect((await claims()).filter(({ metadata }) => !metadata.deletionTimestamp)).to.have.length(1);
  });
});
