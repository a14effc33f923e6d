import { expect } from 'chai';
import { EC2NodeClass, NODEPOOL_HASH_ANNOTATION, NODEPOOL_HASH_VERSION_ANNOTATION, NodeClaim, NodePool } from 'karpenter-ts/api';
import { Node, Pod } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodePoolHash } from '../nodepool/hash.js';
import { NodeClaimDisruption } from './disruption.js';
import { NodeClaimExpiration } from './expiration.js';
import { NodeClaimGarbageCollection } from './garbage-collection.js';
import { NodeClaimConsistency } from './consistency.js';
import { NodeClaimLifecycle } from './lifecycle.js';
import { PodEvents } from './pod-events.js';

const NODE = 'node-of-claim';
const conditionOf = async (karpenter: KarpenterBed, type: string): Promise<string | undefined> =>
  (await karpenter.conditions(NodeClaim, 'claim')).find((text) => text.startsWith(`${type}=`));

describe('the condition Drifted of NodeClaims', () => {
  let karpenter: KarpenterBed;
  const drifted = (): Promise<string | undefined> => conditionOf(karpenter, 'Drifted');

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle, NodeClaimDisruption, NodePoolHash]);
    await karpenter.readyPool({ template: { requirements: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }] } });
    await karpenter.bed.settle();
    const { metadata: { annotations } } = await karpenter.api.get(NodePool, 'default');
    const copied = Object.fromEntries([NODEPOOL_HASH_ANNOTATION, NODEPOOL_HASH_VERSION_ANNOTATION].map((key) => [key, annotations[key] as string]));
    await karpenter.initialized({}, { annotations: copied });
  });

  afterEach(() => karpenter.bed.close());

  it('is absent while the claim is what its pool and its class ask for', async () => {
    await karpenter.bed.advance('2h');
    expect(await drifted()).to.equal(undefined);
  });

  it('appears when the pool\'s template changes, and goes when it changes back', async () => {
    const changed = await karpenter.api.patch(NodePool, 'default', { spec: { template: { metadata: { labels: { team: 'a' } } } } });
    expect(changed.metadata.generation).to.equal(2);
    await karpenter.bed.settle();
    expect(await drifted()).to.equal('Drifted=True NodePoolDrifted: NodePoolDrifted');
    await karpenter.api.patch(NodePool, 'default', { spec: { template: { metadata: null } } });
    await karpenter.bed.settle();
    expect(await drifted()).to.equal(undefined);
  });

  it('names requirements that the claim\'s labels no longer meet before anything that the cloud says', async () => {
    karpenter.cloud.driftReason = () => 'AMIDrift';
    await karpenter.api.patch(NodePool, 'default', { spec: { template: { spec: { requirements: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] }] } } } });
    await karpenter.bed.settle();
    expect(await drifted()).to.equal('Drifted=True RequirementsDrifted: RequirementsDrifted');
  });

  it('asks the cloud as soon as the class changes', async () => {
    await karpenter.readyNodeClass();
    await karpenter.bed.settle();
    karpenter.cloud.driftReason = () => 'NodeClassDrift';
    await karpenter.api.patch(EC2NodeClass, 'default', { metadata: { annotations: { changed: 'yes' } } });
    await karpenter.bed.settle();
    expect(await drifted()).to.equal('Drifted=True NodeClassDrift: NodeClassDrift');
  });

  it('asks the cloud every 5 minutes', async () => {
    karpenter.cloud.driftReason = () => 'AMIDrift';
    await karpenter.bed.advance('5m');
    expect(await drifted()).to.equal('Drifted=True AMIDrift: AMIDrift');
    karpenter.cloud.driftReason = () => undefined;
    await karpenter.bed.advance('5m');
    expect(await drifted()).to.equal(undefined);
  });

  it('appears when the instance type is gone from the list, but not in the claim\'s first hour', async () => {
    karpenter.cloud.instanceTypes = karpenter.cloud.instanceTypes.filter(({ name }) => name !== 'small');
    await karpenter.bed.advance('55m');
    expect(await drifted()).to.equal(undefined);
    await karpenter.bed.advance('11m');
    expect(await drifted()).to.equal('Drifted=True InstanceTypeNotFound: InstanceTypeNotFound');
  });

  it('takes the on-demand machine that the end of a reservation leaves for what was launched, while that is sold', async () => {
    await karpenter.api.patch(NodeClaim, 'claim', { metadata: { labels: { 'karpenter.sh/capacity-type': 'reserved', 'karpenter.k8s.aws/capacity-reservation-id': 'cr-1' } } });
    await karpenter.bed.advance('2h');
    expect(await drifted()).to.equal(undefined);
    karpenter.cloud.instanceTypes = karpenter.cloud.instanceTypes.map((type) => ({
      ...type, offerings: type.offerings.filter(({ requirements }) => !requirements.some(({ values }) => values?.includes('on-demand'))),
    }));
    await karpenter.bed.advance('1h');
    expect(await drifted()).to.equal('Drifted=True InstanceTypeNotFound: InstanceTypeNotFound');
  });

  it('stays as it is when the cloud cannot be asked', async () => {
    karpenter.cloud.driftReason = () => 'AMIDrift';
    await karpenter.bed.advance('5m');
    karpenter.cloud.driftReason = () => {
      throw new Error('throttled');
    };
    await karpenter.bed.advance('10m');
    expect(await drifted()).to.equal('Drifted=True AMIDrift: AMIDrift');
  });
});

describe('the condition Consolidatable of NodeClaims', () => {
  let karpenter: KarpenterBed;
  const consolidatable = (): Promise<string | undefined> => conditionOf(karpenter, 'Consolidatable');
  const lastPodEvent = async (): Promise<string | undefined> => (await karpenter.api.get(NodeClaim, 'claim')).status.lastPodEventTime;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle, NodeClaimDisruption, PodEvents]);
  });

  afterEach(() => karpenter.bed.close());

  it('comes exactly consolidateAfter after the claim was initialized', async () => {
    await karpenter.readyPool({ disruption: { consolidateAfter: '30s' } });
    await karpenter.initialized();
    await karpenter.bed.advance('27s');
    expect(await consolidatable()).to.equal(undefined);
    await karpenter.bed.advance('1s');
    expect(await consolidatable()).to.equal('Consolidatable=True Consolidatable');
  });

  it('comes at once with 0s, and never with Never', async () => {
    await karpenter.readyPool({ disruption: { consolidateAfter: '0s' } });
    await karpenter.initialized();
    expect(await consolidatable()).to.equal('Consolidatable=True Consolidatable');
    await karpenter.api.patch(NodePool, 'default', { spec: { disruption: { consolidateAfter: 'Never' } } });
    await karpenter.bed.settle();
    expect(await consolidatable()).to.equal(undefined);
  });

  it('goes when a pod comes, and comes back consolidateAfter later', async () => {
    await karpenter.readyPool({ disruption: { consolidateAfter: '30s' } });
    await karpenter.initialized();
    await karpenter.bed.advance('1m');
    await karpenter.pod('new', { node: NODE });
    await karpenter.bed.settle();
    expect(await consolidatable()).to.equal(undefined);
    await karpenter.bed.advance('29s');
    expect(await consolidatable()).to.equal(undefined);
    await karpenter.bed.advance('1s');
    expect(await consolidatable()).to.equal('Consolidatable=True Consolidatable');
  });

  it('counts pod events that are less than 10 seconds apart as one', async () => {
    await karpenter.readyPool();
    await karpenter.initialized();
    await karpenter.bed.advance('1m');
    await karpenter.pod('first', { node: NODE });
    await karpenter.bed.settle();
    const first = await lastPodEvent();
    expect(first).to.equal(karpenter.time());
    await karpenter.bed.advance('9s');
    await karpenter.pod('second', { node: NODE });
    await karpenter.bed.settle();
    expect(await lastPodEvent()).to.equal(first);
    await karpenter.bed.advance('1s');
    await karpenter.api.delete(Pod, 'first');
    await karpenter.bed.settle();
    expect(await lastPodEvent()).to.equal(karpenter.time());
  });

  it('is not set back by a restart, by daemons, or by the end of a pod object', async () => {
    await karpenter.readyPool();
    await karpenter.initialized();
    await karpenter.pod('old', { node: NODE });
    await karpenter.bed.advance('1m');
    const before = await lastPodEvent();
    expect(before).to.not.equal(undefined);
    await karpenter.bed.restart();
    await karpenter.pod('daemon', { node: NODE, ...(await karpenter.daemonSet()) });
    await karpenter.bed.advance('1m');
    expect(await lastPodEvent()).to.equal(before);
    await karpenter.api.delete(Pod, 'old');
    await karpenter.bed.settle();
    const leaving = await lastPodEvent();
    expect(leaving).to.not.equal(before);
    await karpenter.bed.advance('10s');
    await karpenter.api.delete(Pod, 'old', { gracePeriodSeconds: 0 });
    await karpenter.bed.settle();
    expect(await lastPodEvent()).to.equal(leaving);
  });
});

describe('the expiration of NodeClaims', () => {
  it('deletes a claim exactly at the end of its life, and never with Never', async () => {
    const karpenter = await karpenterBed([NodeClaimExpiration]);
    await karpenter.claim({ expireAfter: '24h', terminationGracePeriod: '1h' }, { name: 'mortal' });
    await karpenter.api.patch(NodeClaim, 'mortal', { status: { nodeName: NODE } });
    for (const name of ['one', 'two']) await karpenter.pod(name, { node: NODE });
    await karpenter.pod('daemon', { node: NODE, ...(await karpenter.daemonSet()) });
    await karpenter.claim({ expireAfter: 'Never' }, { name: 'eternal' });
    await karpenter.bed.advance('23h59m59s');
    expect(await karpenter.api.list(NodeClaim)).to.have.length(2);
    await karpenter.bed.advance('1s');
    expect((await karpenter.api.list(NodeClaim)).map(({ metadata }) => metadata.name)).to.deep.equal(['eternal']);
    const labels = '{reason="expired",nodepool="default",capacity_type="",consolidation_policy="",termination_mode="eventual"}';
    expect(await karpenter.metric('karpenter_nodeclaims_disrupted_total')).to.deep.equal([`karpenter_nodeclaims_disrupted_total${labels} 1`]);
    expect(await karpenter.metric('karpenter_pods_disruption_initiated_total')).to.deep.equal([`karpenter_pods_disruption_initiated_total${labels} 2`]);
    await karpenter.bed.close();
  });
});

describe('the garbage collection of NodeClaims', () => {
  let karpenter: KarpenterBed;
  const isDeleting = async (): Promise<boolean> => (await karpenter.api.get(NodeClaim, 'claim')).metadata.deletionTimestamp !== undefined;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle, NodeClaimGarbageCollection]);
    await karpenter.initialized();
  });

  afterEach(() => karpenter.bed.close());

  it('deletes a registered claim whose instance is gone, within 2 minutes', async () => {
    karpenter.cloud.instances.clear();
    await karpenter.ready(NODE, 'Unknown');
    await karpenter.bed.advance('2m');
    expect(await isDeleting()).to.equal(true);
    expect((await karpenter.metric('karpenter_nodeclaims_disrupted_total')).join()).to.include('reason="garbage_collected"');
  });

  it('believes a kubelet that reports over the cloud\'s list', async () => {
    karpenter.cloud.instances.clear();
    await karpenter.bed.advance('10m');
    expect(await isDeleting()).to.equal(false);
  });

  it('keeps claims whose instance runs', async () => {
    await karpenter.ready(NODE, 'Unknown');
    await karpenter.bed.advance('10m');
    expect(await isDeleting()).to.equal(false);
  });
});

describe('the consistency of NodeClaims', () => {
  it('says when a node came up with less than 90% of what was promised, every 10 minutes', async () => {
    const karpenter = await karpenterBed([NodeClaimLifecycle, NodeClaimConsistency]);
    const { claim } = await karpenter.initialized({ resources: { requests: { cpu: '1', memory: '1Gi' } } });
    await karpenter.bed.advance('10m');
    expect(await conditionOf(karpenter, 'ConsistentStateFound')).to.equal('ConsistentStateFound=True ConsistentStateFound');
    await karpenter.api.patch(Node, NODE, { status: { capacity: { cpu: '1' } } as never });
    await karpenter.bed.advance('11m');
    expect(await conditionOf(karpenter, 'ConsistentStateFound')).to.equal('ConsistentStateFound=False ConsistencyCheckFailed: Consistency Check Failed');
    expect(await karpenter.events(claim)).to.include('Warning FailedConsistencyCheck: expected 2 of resource cpu, but found 1 (50.0% of expected)');
    await karpenter.bed.close();
  });
});
