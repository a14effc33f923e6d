import { expect } from 'chai';
import { NodeClaim, NodePool, isTrue } from 'karpenter-ts/api';
import { Node } from 'karpenter-ts/operator';
import type { KubeTransport } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimDisruption } from '../nodeclaim/disruption.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { DisruptionQueue } from './disruption-queue.js';
import { Disruption } from './disruption.js';

describe('a consolidation', () => {
  let karpenter: KarpenterBed;
  /** Nodes that cannot be changed. */
  const stuck = new Set<string>();
  const intercept = (transport: KubeTransport): KubeTransport => ({
    send: (request) => (request.method === 'PATCH' && [...stuck].some((name) => request.path.startsWith(`/api/v1/nodes/${name}`)) ? Promise.reject(new Error('connection reset')) : transport.send(request)),
    close: () => transport.close(),
  });

  beforeEach(async () => {
    stuck.clear();
    karpenter = await karpenterBed([NodeClaimLifecycle, NodeClaimDisruption, Disruption, DisruptionQueue], { intercept });
    await karpenter.readyNodeClass();
    await karpenter.readyPool({ disruption: { consolidateAfter: '0s', consolidationPolicy: 'WhenEmptyOrUnderutilized', budgets: [{ nodes: '100%' }] } });
    await karpenter.bed.settle();
  });

  afterEach(() => karpenter.bed.close());

  /** Initialized claims of the large type, each with a pod that asks for so much. */
  const larges = async (...cpus: (string | undefined)[]): Promise<NodeClaim[]> => {
    const claims = [];
    for (const [index, cpu] of cpus.entries()) {
      const name = `claim-${index}`;
      await karpenter.claim({ requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['large'] }] }, { name });
      await karpenter.bed.settle();
      await karpenter.join(name);
      if (cpu) await karpenter.pod(`resident-${index}`, { node: `node-of-${name}`, cpu });
      claims.push(await karpenter.api.get(NodeClaim, name));
    }
    await karpenter.bed.advance('1s');
    return claims;
  };
  const others = async (): Promise<NodeClaim[]> => (await karpenter.api.list(NodeClaim)).filter(({ metadata }) => !metadata.name.startsWith('claim-'));
  const deleting = async (): Promise<string[]> => (await karpenter.api.list(NodeClaim)).filter(({ metadata }) => metadata.deletionTimestamp).map(({ metadata }) => metadata.name).sort();
  const tainted = async (): Promise<string[]> => (await karpenter.api.list(Node)).filter(({ spec }) => spec.taints?.some(({ key }) => key === 'karpenter.sh/disrupted')).map(({ metadata }) => metadata.name).sort();
  const metric = async (name: string): Promise<string[]> => (await karpenter.metric(`karpenter_${name}`)).map((line) => line.slice(`karpenter_${name}`.length)).filter((line) => !line.endsWith(' 0'));

  it('says what it is about to do, waits 15 seconds, and replaces the node if that is still right', async () => {
    const [claim] = await larges('1') as [NodeClaim];
    await karpenter.bed.advance('10s');
    expect(await karpenter.events(claim)).to.include('Normal ConsolidationCandidate: Consolidation candidate: replace: [node-of-claim-0] -> [1 replacement] (savings: $0.36)');
    expect([await others(), await tainted()]).to.deep.equal([[], []]);
    await karpenter.bed.advance('15s');
    const [replacement] = await others() as [NodeClaim];
    expect([await tainted(), await deleting()]).to.deep.equal([['node-of-claim-0'], []]);
    await karpenter.join(replacement.metadata.name);
    await karpenter.bed.advance('3s');
    expect(isTrue(await karpenter.api.get(NodeClaim, replacement.metadata.name), 'Initialized')).to.equal(true);
    expect(await deleting()).to.deep.equal(['claim-0']);
    expect(await metric('voluntary_disruption_decisions_total')).to.deep.equal(['{decision="replace",reason="underutilized",consolidation_type="single"} 1']);
    expect(await metric('voluntary_disruption_decisions_by_nodepool_total')).to.deep.equal(['{nodepool="default",decision="replace",reason="underutilized",consolidation_type="single"} 1']);
    const labels = '{reason="underutilized",nodepool="default",capacity_type="on-demand",consolidation_policy="when_empty_or_underutilized",termination_mode="graceful"}';
    expect(await metric('nodeclaims_disrupted_total')).to.deep.equal([`${labels} 1`]);
    expect(await metric('pods_disruption_initiated_total')).to.deep.equal([`${labels} 1`]);
    expect(await metric('nodeclaims_created_total')).to.deep.equal(['{reason="underutilized",nodepool="default",min_values_relaxed="false"} 1']);
    expect(await metric('consolidation_moves_total')).to.include('{decision="approved",nodepool="default",policy="WhenEmptyOrUnderutilized"} 1');
    expect(await metric('voluntary_disruption_failed_validations_total')).to.deep.equal([]);
  });

  const changes: [string, string, () => Promise<unknown>][] = [
    ['its pods no longer fit on anything cheaper', 'scheduling', () => karpenter.pod('heavy', { node: 'node-of-claim-0', cpu: '6' })],
    ['the node may no longer be disrupted', 'churn', () => karpenter.api.patch(Node, 'node-of-claim-0', { metadata: { annotations: { 'karpenter.sh/do-not-disrupt': 'true' } } })],
    ['budgets no longer allow it', 'budget', () => karpenter.api.patch(NodePool, 'default', { spec: { disruption: { budgets: [{ nodes: '0' }] } } })],
  ];
  for (const [what, reason, change] of changes) {
    it(`is given up, and says so, when ${what} while it waits`, async () => {
      const [claim] = await larges('1') as [NodeClaim];
      await karpenter.bed.advance('12s');
      await change();
      await karpenter.bed.advance('14s');
      const rejection = `Normal ConsolidationRejected: Consolidation rejected: replace: [node-of-claim-0] -> [1 replacement], reason: ${reason} (savings: $0.36)`;
      expect(await karpenter.events(claim)).to.include(rejection);
      expect(await karpenter.events(await karpenter.api.get(Node, 'node-of-claim-0'))).to.include(rejection);
      expect([await others(), await tainted(), await deleting()]).to.deep.equal([[], [], []]);
      expect(await metric('voluntary_disruption_failed_validations_total')).to.deep.equal(['{consolidation_type="single"} 1']);
    });
  }

  it('of empty nodes goes on with those that are still empty, and counts the others', async () => {
    await larges(undefined, undefined);
    await karpenter.bed.advance('10s');
    await karpenter.pod('late', { node: 'node-of-claim-1', cpu: '7' });
    await karpenter.bed.advance('17s');
    expect(await deleting()).to.deep.equal(['claim-0']);
    expect(await metric('voluntary_disruption_failed_validations_total')).to.deep.equal(['{consolidation_type="empty"} 1']);
  });

  it('goes on without a node that cannot be marked when nothing is to replace it', async () => {
    await larges(undefined, undefined);
    stuck.add('node-of-claim-1');
    await karpenter.bed.advance('27s');
    expect([await deleting(), await tainted()]).to.deep.equal([['claim-0'], ['node-of-claim-0']]);
  });

  it('is given up when a node cannot be marked that is to be replaced together with others, and unmarks those', async () => {
    await larges('700m', '700m');
    stuck.add('node-of-claim-1');
    await karpenter.bed.advance('26s');
    expect(await karpenter.events(await karpenter.api.get(NodeClaim, 'claim-0'))).to.include('Normal ConsolidationCandidate: Consolidation candidate: replace: [node-of-claim-0] (part of 2-node consolidation) (savings: $0.76)');
    expect([await others(), await deleting()]).to.deep.equal([[], []]);
    expect(karpenter.bed.logs.map(({ message }) => message)).to.include('failed marking a node for disruption');
    stuck.clear();
    await karpenter.api.patch(NodePool, 'default', { spec: { disruption: { budgets: [{ nodes: '0' }] } } });
    await karpenter.bed.advance('30s');
    expect(await tainted()).to.deep.equal([]);
  });

  it('shows what budgets allow, and how much of that is used up by nodes that are down', async () => {
    await larges('7', '7', '7', '7');
    await karpenter.api.patch(NodePool, 'default', { spec: { disruption: { budgets: [{ nodes: '2' }, { nodes: '0', reasons: ['Drifted'] }] } } });
    await karpenter.ready('node-of-claim-0', 'False');
    await karpenter.bed.advance('11s');
    expect(await karpenter.metric('karpenter_nodepools_allowed_disruptions')).to.have.members(['Empty', 'Drifted', 'Underutilized']
      .map((reason) => `karpenter_nodepools_allowed_disruptions{nodepool="default",reason="${reason}"} ${reason === 'Drifted' ? 0 : 2}`));
    expect(await metric('nodepools_nodes_consuming_budgets')).to.have.members(['Empty', 'Drifted', 'Underutilized'].map((reason) => `{nodepool="default",reason="${reason}"} 1`));
    expect((await karpenter.events(await karpenter.api.get(NodePool, 'default')))).to.deep.equal(['Normal DisruptionBlocked: No allowed disruptions for disruption reason Drifted due to blocking budget']);
    expect(await metric('voluntary_disruption_eligible_nodes')).to.deep.equal(['{reason="Underutilized"} 4']);
    expect(await karpenter.metric('karpenter_voluntary_disruption_consolidation_timeouts_total')).to.have.members(['multi', 'single'].map((type) => `karpenter_voluntary_disruption_consolidation_timeouts_total{consolidation_type="${type}"} 0`));
  });

  it('in pools with the policy Balanced shows its scores', async () => {
    await karpenter.api.patch(NodePool, 'default', { spec: { disruption: { consolidationPolicy: 'Balanced' } } });
    const [claim] = await larges('1') as [NodeClaim];
    await karpenter.bed.advance('11s');
    expect((await karpenter.events(claim)).join()).to.include('Normal ConsolidationApproved: score 0.90 >= threshold 0.50');
    expect(await metric('consolidation_moves_total')).to.deep.equal(['{decision="approved",nodepool="default",policy="Balanced"} 1']);
    expect((await metric('consolidation_score_bucket'))[0]).to.equal('{le="1",decision="approved",nodepool="default",policy="Balanced"} 1');
  });
});
