import { expect } from 'chai';
import { NodeClaim, NodePool, isTrue } from 'karpenter-ts/api';
import { InsufficientCapacity } from 'karpenter-ts/cloud';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { Disruption } from '../disruption/disruption.js';
import { DisruptionQueue } from '../disruption/disruption-queue.js';
import { EvictionQueue } from '../node/eviction-queue.js';
import { NodeTermination } from '../node/termination.js';
import { NodeClaimDisruption } from '../nodeclaim/disruption.js';
import { NodeClaimExpiration } from '../nodeclaim/expiration.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { NodePoolCounter } from '../nodepool/counter.js';
import { Provisioner } from '../provisioning/provisioner.js';
import { DEFAULT_SETTINGS } from '../settings.js';
import { StaticDeprovisioning } from './static-deprovisioning.js';
import { StaticProvisioning } from './static-provisioning.js';

describe('a static pool', () => {
  let karpenter: KarpenterBed;

  const start = async (featureGates = {}): Promise<void> => {
    karpenter = await karpenterBed(
      [NodeClaimLifecycle, NodeClaimDisruption, NodeClaimExpiration, NodePoolCounter, NodeTermination, EvictionQueue, Disruption, DisruptionQueue, Provisioner, StaticProvisioning, StaticDeprovisioning],
      { settings: { featureGates: { ...DEFAULT_SETTINGS.featureGates, staticCapacity: true, ...featureGates } } },
    );
    await karpenter.readyNodeClass();
  };

  beforeEach(() => start());
  afterEach(() => karpenter.bed.close());

  const claims = (): Promise<NodeClaim[]> => karpenter.api.list(NodeClaim);
  const names = async (): Promise<string[]> => (await claims()).map(({ metadata }) => metadata.name).sort();
  const staying = async (): Promise<string[]> => (await claims()).filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.name).sort();
  const scale = (replicas: number, rest: object = {}): Promise<NodePool> => karpenter.api.patch(NodePool, 'default', { spec: { replicas, ...rest } });
  /** Has the machines of all claims join that have not. */
  const joinAll = async (): Promise<void> => {
    await karpenter.bed.settle();
    for (const { metadata: { name }, status } of await claims()) if (!isTrue({ status }, 'Registered')) await karpenter.join(name);
    await karpenter.bed.advance('2s');
  };
  /** A pool with its nodes initialized. */
  const running = async (replicas: number, spec: Parameters<KarpenterBed['readyPool']>[0] = {}): Promise<NodePool> => {
    const pool = await karpenter.readyPool({ replicas, disruption: { budgets: [{ nodes: '100%' }] }, ...spec });
    await joinAll();
    return pool;
  };
  /** Says which claims have drifted, and waits for the condition. */
  const drift = async (...drifted: string[]): Promise<void> => {
    karpenter.cloud.driftReason = ({ metadata }) => (drifted.includes(metadata.name) ? 'AMIDrift' : undefined);
    await karpenter.bed.advance('5m1s');
  };
  const logged = (message: string): object[] => karpenter.bed.logs.filter((line) => line.message === message);

  describe('that grows', () => {
    it('gets as many claims as replicas, made from the template and for no pods', async () => {
      await karpenter.readyPool({ replicas: 3, template: { requirements: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }] } });
      await karpenter.bed.settle();
      expect(await claims()).to.have.length(3);
      const [claim] = await claims();
      expect(claim?.metadata.labels).to.include({ 'karpenter.sh/nodepool': 'default', 'karpenter.k8s.aws/ec2nodeclass': 'default' });
      expect(claim?.spec.resources).to.equal(undefined);
      expect(claim?.spec.requirements.map(({ key }) => key)).to.have.members(['kubernetes.io/arch', 'karpenter.sh/nodepool', 'karpenter.k8s.aws/ec2nodeclass']);
      expect(claim?.metadata.ownerReferences?.map(({ kind, name }) => `${kind} ${name}`)).to.deep.equal(['NodePool default']);
      expect(await karpenter.metric('karpenter_nodeclaims_created_total')).to.deep.equal(['karpenter_nodeclaims_created_total{reason="provisioned",nodepool="default",min_values_relaxed="false"} 3']);
      expect(logged('created nodeclaim')).to.have.length(3);
    });

    it('follows a change of replicas at once, and shows its nodes to `kubectl scale`', async () => {
      await running(1);
      await scale(4);
      await joinAll();
      expect(await claims()).to.have.length(4);
      await karpenter.bed.advance('6s');
      expect((await karpenter.api.get(NodePool, 'default')).status.nodes).to.equal(4);
    });

    it('makes up for nodes that go, whoever deletes them', async () => {
      await running(2);
      const [first = ''] = await names();
      await karpenter.api.delete(NodeClaim, first);
      await karpenter.bed.settle();
      expect(await staying()).to.have.length(2).and.not.include(first);
    });

    it('removes a claim at once that somebody else makes beside its own', async () => {
      const pool = await running(1);
      await karpenter.claim({}, { name: 'extra', pool });
      await karpenter.bed.settle();
      expect(await staying()).to.have.length(1);
    });

    it('makes up for nodes at the end of their life', async () => {
      await running(1, { template: { expireAfter: '10m' } });
      const [first = ''] = await names();
      await karpenter.bed.advance('10m');
      expect(await staying()).to.have.length(1).and.not.include(first);
    });

    it('waits until it is Ready, and launches nothing while it is being deleted', async () => {
      const pool = await karpenter.readyPool({ replicas: 1 });
      const unready = pool.status.conditions?.map((condition) => ({ ...condition, status: 'False' as const })) ?? [];
      await karpenter.api.patch(NodePool, 'default', { status: { conditions: unready } });
      await karpenter.bed.advance('2m');
      expect(await claims()).to.deep.equal([]);
      await karpenter.api.patch(NodePool, 'default', { status: { conditions: pool.status.conditions ?? [] } });
      await karpenter.bed.settle();
      expect(await claims()).to.have.length(1);
      await karpenter.api.patch(NodePool, 'default', { metadata: { finalizers: ['example.com/held'] } });
      await karpenter.api.delete(NodePool, 'default', { propagationPolicy: 'Orphan' });
      await scale(2);
      await karpenter.bed.advance('2m');
      expect(await claims()).to.have.length(1);
    });

    it('stays within limits.nodes, where nodes count until they are gone', async () => {
      karpenter.cloud.terminatingAnswers = 1_000;
      await running(2, { limits: { nodes: '3' } });
      await karpenter.api.delete(NodeClaim, (await names())[0] ?? '');
      await karpenter.bed.settle();
      expect([await names(), await staying()].map(({ length }) => length)).to.deep.equal([3, 2]);
      await scale(4);
      await karpenter.bed.advance('10s');
      expect(await claims()).to.have.length(3);
      expect(logged('nodepool node limit reached')).to.not.be.empty;
      karpenter.cloud.terminatingAnswers = 0;
      await karpenter.bed.advance('40s');
      expect([await names(), await staying()].map(({ length }) => length)).to.deep.equal([3, 3]);
      await scale(4, { limits: { nodes: '4' } });
      await karpenter.bed.settle();
      expect(await staying()).to.have.length(4);
    });

    it('tries once a minute where there is no capacity', async () => {
      karpenter.cloud.launchError = new InsufficientCapacity('none left');
      await karpenter.readyPool({ replicas: 2 });
      await karpenter.bed.advance('5s');
      expect(karpenter.cloud.launches).to.have.length(2);
      await karpenter.bed.advance('2m');
      expect(karpenter.cloud.launches).to.have.length(6);
      karpenter.cloud.launchError = undefined;
      await karpenter.bed.advance('1m');
      expect(await staying()).to.have.length(2);
    });

    it('launches nothing twice when the operator starts again while claims are on their way', async () => {
      karpenter.cloud.launchError = new Error('the API is down');
      await karpenter.readyPool({ replicas: 3 });
      await karpenter.bed.settle();
      const before = await names();
      expect(before).to.have.length(3);
      await karpenter.bed.restart();
      expect(await names()).to.deep.equal(before);
      karpenter.cloud.launchError = undefined;
      await karpenter.bed.advance('1m30s');
      expect(await names()).to.deep.equal(before);
      expect(karpenter.cloud.instances.size).to.equal(3);
      await karpenter.bed.restart();
      await karpenter.bed.advance('1m');
      expect(await names()).to.deep.equal(before);
    });
  });

  describe('that shrinks', () => {
    it('loses what is not launched first, then empty nodes, and leaves budgets aside', async () => {
      await running(3, { disruption: { budgets: [{ nodes: '0' }] } });
      const [busy = '', ...empty] = await names();
      await karpenter.pod('resident', { node: `node-of-${busy}` });
      karpenter.cloud.launchError = new Error('the API is down');
      await scale(4);
      await karpenter.bed.settle();
      const unlaunched = (await names()).find((name) => name !== busy && !empty.includes(name));
      await scale(3);
      await karpenter.bed.settle();
      expect(await staying()).to.have.members([busy, ...empty]).and.not.include(unlaunched);
      await scale(1);
      await karpenter.bed.settle();
      expect(await staying()).to.deep.equal([busy]);
      expect((await karpenter.metric('karpenter_nodeclaims_disrupted_total')).filter((line) => line.includes('reason="overprovisioned"')).map((line) => line.split(' ').at(-1))).to.have.members(['1', '2']);
      await scale(0);
      await karpenter.bed.settle();
      expect(await staying()).to.deep.equal([]);
    });

    it('does not delete more after nodes have begun to go', async () => {
      karpenter.cloud.terminatingAnswers = 1_000;
      await running(3);
      await scale(2);
      await karpenter.bed.advance('3m');
      expect([await names(), await staying()].map(({ length }) => length)).to.deep.equal([3, 2]);
    });
  });

  describe('and pods', () => {
    it('takes those that fit on its nodes, and never grows for others', async () => {
      await running(1);
      const [only = ''] = await names();
      await karpenter.readyPool({}, 'dynamic');
      const pod = await karpenter.pod('fits');
      await karpenter.bed.advance('2s');
      expect(await names()).to.deep.equal([only]);
      expect(await karpenter.events(pod)).to.deep.equal([`Normal Nominated: Pod should schedule on: nodeclaim/${only}, node/node-of-${only}`]);
      await karpenter.pod('too-much', { cpu: '3' });
      await karpenter.bed.advance('2s');
      expect((await claims()).map(({ metadata }) => metadata.labels['karpenter.sh/nodepool'])).to.have.members(['default', 'dynamic']);
    });

    it('keeps nodes that stand empty', async () => {
      await running(2, { disruption: { consolidateAfter: '0s', budgets: [{ nodes: '100%' }] } });
      const before = await names();
      await karpenter.bed.advance('10m');
      expect(await staying()).to.deep.equal(before);
    });
  });

  describe('whose nodes have drifted', () => {
    it('replaces them as budgets allow, each only once its replacement is initialized', async () => {
      await running(3, { disruption: { budgets: [{ nodes: '1' }] } });
      const old = await names();
      await drift(...old);
      const [replacement = '', ...more] = (await names()).filter((name) => !old.includes(name));
      expect([more, await staying()]).to.deep.equal([[], [...old, replacement].sort()]);
      expect((await karpenter.metric('karpenter_nodeclaims_created_total')).join()).to.include('{reason="drifted",nodepool="default",min_values_relaxed="false"} 1');
      await karpenter.bed.advance('2m');
      expect(await names()).to.have.length(4);
      await joinAll();
      await karpenter.bed.advance('1s');
      expect((await staying()).filter((name) => old.includes(name))).to.have.length(2);
      expect(await karpenter.metric('karpenter_voluntary_disruption_decisions_total')).to.deep.equal(['karpenter_voluntary_disruption_decisions_total{decision="replace",reason="drifted",consolidation_type=""} 1']);
    });

    it('gets through all of them, and never has fewer than replicas', async () => {
      await running(3, { disruption: { budgets: [{ nodes: '2' }] } });
      const old = await names();
      await drift(...old);
      for (let wave = 0; wave < 6; wave += 1) {
        expect((await claims()).filter((claim) => isTrue(claim, 'Initialized') && !claim.metadata.deletionTimestamp).length).to.be.at.least(3);
        await joinAll();
        await karpenter.bed.advance('11s');
      }
      expect(await names()).to.have.length(3).and.not.include.members(old);
      expect(karpenter.cloud.instances.size).to.equal(3);
    });

    it('replaces none without room within limits.nodes', async () => {
      await running(2, { limits: { nodes: '2' } });
      const old = await names();
      await drift(...old);
      await karpenter.bed.advance('1m');
      expect(await names()).to.deep.equal(old);
      await scale(2, { limits: { nodes: '3' } });
      await karpenter.bed.advance('11s');
      expect(await names()).to.have.length(3);
      karpenter.cloud.driftReason = () => undefined;
      for (let rest = 0; rest < 3; rest += 1) {
        await joinAll();
        await karpenter.bed.advance('5m1s');
      }
      await scale(3);
      await karpenter.bed.settle();
      expect(await staying()).to.have.length(3);
    });

    it('keeps its node, and its number, when the replacement is lost', async () => {
      await running(2);
      const [drifted = '', other = ''] = await names();
      await drift(drifted);
      const replacement = (await names()).find((name) => name !== drifted && name !== other) ?? '';
      karpenter.cloud.driftReason = () => undefined;
      await karpenter.api.delete(NodeClaim, replacement);
      await karpenter.bed.advance('2m');
      expect(await staying()).to.deep.equal([drifted, other].sort());
      await scale(1);
      await karpenter.bed.settle();
      expect(await staying()).to.have.length(1);
      expect((await karpenter.metric('karpenter_voluntary_disruption_queue_failures_total')).join()).to.match(/reason="drifted".* 1$/);
    });

    it('begins no replacement that it may not launch, and holds up no other pool', async () => {
      const pool = await running(1);
      const old = await names();
      await karpenter.readyPool({ disruption: { consolidateAfter: 'Never', budgets: [{ nodes: '100%' }] } }, 'dynamic');
      await karpenter.initialized({}, { name: 'of-another', labels: { 'karpenter.sh/nodepool': 'dynamic' } });
      await karpenter.api.patch(NodePool, 'default', { status: { conditions: pool.status.conditions?.map((condition) => ({ ...condition, status: 'False' as const })) ?? [] } });
      await drift(...old, 'of-another');
      expect((await karpenter.conditions(NodeClaim, old[0] ?? '')).join()).to.not.include('DisruptionReason');
      await karpenter.bed.advance('10s');
      expect(await staying(), 'the other pool\'s node is not held up').to.deep.equal(old);
    });
  });

  it('is left alone by disruption while the gate is off', async () => {
    await karpenter.bed.close();
    await start({ staticCapacity: false });
    await running(1);
    const old = await names();
    await drift(...old);
    expect(await names()).to.deep.equal(old);
  });
});
