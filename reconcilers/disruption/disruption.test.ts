import { expect } from 'chai';
import { NodeClaim, NodePool, isTrue, setCondition } from 'karpenter-ts/api';
import { Node } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimDisruption } from '../nodeclaim/disruption.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { DisruptionQueue } from './disruption-queue.js';
import { Disruption } from './disruption.js';

const NODE = 'node-of-claim';

describe('disruption', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle, NodeClaimDisruption, Disruption, DisruptionQueue]);
    await karpenter.readyNodeClass();
  });

  afterEach(() => karpenter.bed.close());

  const isDeleting = async (): Promise<boolean> => Boolean((await karpenter.api.find(NodeClaim, 'claim'))?.metadata.deletionTimestamp);
  const isTainted = async (): Promise<boolean> => (await karpenter.api.get(Node, NODE)).spec.taints?.some(({ key }) => key === 'karpenter.sh/disrupted') ?? false;
  const replacement = async (): Promise<NodeClaim | undefined> => (await karpenter.api.list(NodeClaim)).find(({ metadata }) => metadata.name !== 'claim');
  /** A pool and an initialized claim of it that runs a pod, so that it is not empty. */
  const busy = async (): Promise<NodeClaim> => {
    const pool = await karpenter.readyPool({ disruption: { consolidateAfter: '0s', consolidationPolicy: 'WhenEmpty', budgets: [{ nodes: '100%' }] } });
    await karpenter.bed.settle();
    const { claim } = await karpenter.initialized({}, { pool });
    await karpenter.pod('busy', { node: NODE, cpu: '1' });
    return claim;
  };
  /** Says on the claim that it has drifted, and waits for the next pass. */
  const drift = async (): Promise<void> => {
    karpenter.cloud.driftReason = ({ metadata }) => (metadata.name === 'claim' ? 'AMIDrift' : undefined);
    await karpenter.bed.advance('5m10s');
  };

  it('removes an empty node, after 15 seconds in which it stayed empty', async () => {
    await karpenter.readyPool({ disruption: { consolidateAfter: '0s', budgets: [{ nodes: '100%' }] } });
    const { claim, node } = await karpenter.initialized();
    await karpenter.bed.advance('10s');
    expect(await isDeleting()).to.equal(false);
    await karpenter.bed.advance('16s');
    expect(await isDeleting()).to.equal(true);
    expect(await karpenter.events(claim)).to.include('Normal DisruptionTerminating: Disrupting NodeClaim: Empty');
    expect(await karpenter.events(node)).to.include('Normal DisruptionTerminating: Disrupting Node: Empty');
    expect(await karpenter.conditions(NodeClaim, 'claim')).to.include('DisruptionReason=True Empty: Empty');
    expect(await karpenter.metric('karpenter_voluntary_disruption_decisions_total')).to.deep.equal(['karpenter_voluntary_disruption_decisions_total{decision="delete",reason="empty",consolidation_type="empty"} 1']);
    expect((await karpenter.metric('karpenter_nodeclaims_disrupted_total')).join()).to.include('reason="empty"');
  });

  it('removes an empty node soon after it has been quiet for long enough, whatever the passes before found', async () => {
    await karpenter.readyPool({ disruption: { consolidateAfter: '40s', budgets: [{ nodes: '100%' }] } });
    await karpenter.initialized();
    await karpenter.bed.advance('38s');
    expect(await karpenter.metric('karpenter_voluntary_disruption_eligible_nodes')).to.include('karpenter_voluntary_disruption_eligible_nodes{reason="Empty"} 0');
    await karpenter.bed.advance('28s');
    expect(await isDeleting()).to.equal(true);
  });

  it('leaves a node alone that got a pod while the command was confirmed', async () => {
    await karpenter.readyPool({ disruption: { consolidateAfter: '0s', budgets: [{ nodes: '100%' }] } });
    await karpenter.initialized();
    await karpenter.bed.advance('8s');
    await karpenter.pod('late', { node: NODE, cpu: '1500m' });
    await karpenter.bed.advance('20s');
    expect([await isDeleting(), await isTainted()]).to.deep.equal([false, false]);
  });

  it('does nothing that a budget forbids, and shows the budget', async () => {
    const pool = await karpenter.readyPool({ disruption: { consolidateAfter: '0s', budgets: [{ nodes: '0' }] } });
    await karpenter.initialized();
    await karpenter.bed.advance('2m');
    expect(await isDeleting()).to.equal(false);
    expect(await karpenter.metric('karpenter_nodepools_allowed_disruptions')).to.include('karpenter_nodepools_allowed_disruptions{nodepool="default",reason="Empty"} 0');
    expect((await karpenter.events(pool)).join()).to.include('Normal DisruptionBlocked');
  });

  it('launches what replaces a drifted node first, and lets it go once that is initialized', async () => {
    const claim = await busy();
    await drift();
    const next = await replacement();
    expect(next, 'a replacement').to.not.equal(undefined);
    expect([await isTainted(), await isDeleting()]).to.deep.equal([true, false]);
    expect(await karpenter.conditions(NodeClaim, 'claim')).to.include('DisruptionReason=True Drifted: Drifted');
    await karpenter.bed.advance('5s');
    expect(await karpenter.events(next as NodeClaim)).to.include.members(['Normal DisruptionLaunching: Launching NodeClaim: Drifted', 'Normal DisruptionWaitingReadiness: Waiting on readiness to continue disruption']);
    await karpenter.join((next as NodeClaim).metadata.name);
    await karpenter.bed.advance('3s');
    expect(isTrue(await karpenter.api.get(NodeClaim, (next as NodeClaim).metadata.name), 'Initialized')).to.equal(true);
    expect(await isDeleting()).to.equal(true);
    expect(await karpenter.events(claim)).to.include('Normal DisruptionTerminating: Disrupting NodeClaim: Drifted');
  });

  it('takes everything back when the replacement is lost', async () => {
    await busy();
    await drift();
    const next = (await replacement()) as NodeClaim;
    karpenter.cloud.driftReason = () => undefined;
    await karpenter.bed.advance('1s');
    await karpenter.api.delete(NodeClaim, next.metadata.name);
    await karpenter.bed.advance('3s');
    expect([await isTainted(), await isDeleting()]).to.deep.equal([false, false]);
    expect((await karpenter.conditions(NodeClaim, 'claim')).join()).to.not.include('DisruptionReason');
    expect((await karpenter.metric('karpenter_voluntary_disruption_queue_failures_total')).join()).to.match(/reason="drifted".* 1$/);
  });

  it('takes everything back when the replacement takes longer than 10 minutes, and leaves that running', async () => {
    await busy();
    await drift();
    const next = (await replacement()) as NodeClaim;
    await karpenter.join(next.metadata.name, { ready: false });
    karpenter.cloud.driftReason = () => undefined;
    await karpenter.bed.advance('9m');
    expect(await isTainted()).to.equal(true);
    await karpenter.bed.advance('2m');
    expect([await isTainted(), await isDeleting()]).to.deep.equal([false, false]);
    expect((await karpenter.api.get(NodeClaim, next.metadata.name)).metadata.deletionTimestamp).to.equal(undefined);
  });

  it('cleans up after a process that ended in the middle of a command', async () => {
    await busy();
    await karpenter.bed.stop();
    await karpenter.api.patch(Node, NODE, { spec: { taints: [{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }] } });
    const marked = await karpenter.api.get(NodeClaim, 'claim');
    setCondition(marked, { type: 'DisruptionReason', status: 'True', reason: 'Drifted', message: 'Drifted' }, karpenter.bed.clock.now());
    await karpenter.api.patch(NodeClaim, 'claim', { status: { conditions: marked.status.conditions ?? [] } });
    await karpenter.bed.advance('12s');
    expect(await isTainted()).to.equal(false);
    expect((await karpenter.conditions(NodeClaim, 'claim')).join()).to.not.include('DisruptionReason');
    expect(await isDeleting()).to.equal(false);
  });

  it('does not touch a node with a pod that must not be disrupted, and says why', async () => {
    const claim = await busy();
    await karpenter.pod('protected', { node: NODE, annotations: { 'karpenter.sh/do-not-disrupt': 'true' } });
    await drift();
    expect([await isTainted(), await replacement()]).to.deep.equal([false, undefined]);
    expect((await karpenter.events(claim)).join()).to.include('DisruptionBlocked');
  });

  it('stops when its pool is deleted', async () => {
    await busy();
    await karpenter.api.delete(NodePool, 'default', { propagationPolicy: 'Orphan' });
    await drift();
    expect([await isTainted(), await isDeleting()]).to.deep.equal([false, false]);
  });
});
