import { expect } from 'chai';
import { InsufficientCapacity, LaunchError, NodeClassNotReady } from 'karpenter-ts/cloud';
import { NodeClaim, NodePool, TERMINATION_FINALIZER } from 'karpenter-ts/api';
import { Node } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimLifecycle } from './lifecycle.js';

describe('the lifecycle of NodeClaims', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle]);
  });

  afterEach(() => karpenter.bed.close());

  const claim = (name = 'claim'): Promise<NodeClaim> => karpenter.api.get(NodeClaim, name);
  const isGone = async (name = 'claim'): Promise<boolean> => (await karpenter.api.find(NodeClaim, name)) === undefined;

  describe('launching', () => {
    it('puts the finalizer on before the cloud is asked for anything', async () => {
      let finalizersAtLaunch: string[] | undefined;
      karpenter.cloud.beforeLaunch = async () => {
        finalizersAtLaunch = (await claim()).metadata.finalizers;
      };
      await karpenter.claim();
      await karpenter.bed.settle();
      expect(finalizersAtLaunch).to.deep.equal([TERMINATION_FINALIZER]);
      expect(karpenter.cloud.launches).to.have.length(1);
    });

    it('takes over what was launched; the claim\'s own labels win', async () => {
      await karpenter.claim({}, { labels: { 'topology.kubernetes.io/zone': 'mine' } });
      await karpenter.bed.settle();
      const { metadata, status } = await claim();
      expect(metadata.labels).to.include({ 'topology.kubernetes.io/zone': 'mine', 'node.kubernetes.io/instance-type': 'small', 'karpenter.sh/capacity-type': 'on-demand' });
      expect(status).to.include({ providerID: 'aws:///zone-a/i-00000000000000001', imageID: 'ami-1' });
      expect(status.capacity).to.include({ cpu: '2000m' });
      expect(await karpenter.conditions(NodeClaim, 'claim')).to.deep.equal([
        'Launched=True Launched',
        'Registered=Unknown NodeNotFound: Node not registered with cluster',
        'Initialized=Unknown AwaitingReconciliation: object is awaiting reconciliation',
        'Ready=Unknown ReconcilingDependents: Registered=Unknown, Initialized=Unknown',
      ]);
    });

    it('says LaunchFailed, or the error\'s own reason, and tries again with the same token', async () => {
      karpenter.cloud.launchError = new Error('the network is down');
      await karpenter.claim();
      await karpenter.bed.settle();
      expect(await karpenter.conditions(NodeClaim, 'claim')).to.include('Launched=Unknown LaunchFailed: the network is down');
      karpenter.cloud.launchError = new LaunchError('UnauthorizedOperation', 'you may not');
      await karpenter.bed.advance('2s');
      expect(await karpenter.conditions(NodeClaim, 'claim')).to.include('Launched=Unknown UnauthorizedOperation: you may not');
      karpenter.cloud.launchError = undefined;
      await karpenter.bed.advance('10s');
      expect(await karpenter.conditions(NodeClaim, 'claim')).to.include('Launched=True Launched');
      expect(new Set(karpenter.cloud.launches).size).to.equal(1);
      expect(karpenter.cloud.instances.size).to.equal(1);
    });

    it('gives a claim up at once when there is no capacity, with an event that says why', async () => {
      karpenter.cloud.launchError = new InsufficientCapacity(`no ${'x'.repeat(400)}`);
      const created = await karpenter.claim();
      await karpenter.bed.settle();
      expect(await isGone()).to.equal(true);
      expect(await karpenter.events(created)).to.deep.equal([`Warning InsufficientCapacityError: NodeClaim claim event: no ${'x'.repeat(297)}...`]);
      expect(await karpenter.metric('karpenter_nodeclaims_disrupted_total')).to.deep.equal(['karpenter_nodeclaims_disrupted_total{reason="insufficient_capacity",nodepool="default",capacity_type="",consolidation_policy="",termination_mode="graceful"} 1']);
    });

    it('gives a claim up at once when its node class is not ready', async () => {
      karpenter.cloud.launchError = new NodeClassNotReady('not ready');
      await karpenter.claim();
      await karpenter.bed.settle();
      expect(await isGone()).to.equal(true);
      expect((await karpenter.metric('karpenter_nodeclaims_disrupted_total'))[0]).to.include('reason="nodeclass_not_ready"');
    });

    it('leaves claims of other node classes alone', async () => {
      await karpenter.claim({ nodeClassRef: { group: 'example.com', kind: 'OtherClass', name: 'default' } });
      await karpenter.bed.settle();
      expect((await claim()).metadata.finalizers).to.equal(undefined);
      expect(karpenter.cloud.launches).to.deep.equal([]);
    });
  });

  describe('registration', () => {
    it('gives the node the claim\'s labels, annotations, taints, owner and finalizer, and lets pods in', async () => {
      await karpenter.claim(
        { taints: [{ key: 'team', value: 'a', effect: 'NoSchedule' }], startupTaints: [{ key: 'booting', effect: 'NoExecute' }] },
        { labels: { colour: 'red' }, annotations: { note: 'kept' } },
      );
      await karpenter.bed.settle();
      await karpenter.join('claim', { ready: false, labels: { colour: 'blue', 'kubernetes.io/hostname': 'node-of-claim' } });
      await karpenter.bed.settle();
      const { metadata, spec } = await karpenter.api.get(Node, 'node-of-claim');
      expect(metadata.labels).to.include({ colour: 'red', 'karpenter.sh/registered': 'true', 'karpenter.sh/nodepool': 'default', 'kubernetes.io/hostname': 'node-of-claim' });
      expect(metadata.annotations).to.include({ note: 'kept' });
      expect(metadata.finalizers).to.deep.equal([TERMINATION_FINALIZER]);
      const { metadata: { uid }, status } = await claim();
      expect(metadata.ownerReferences).to.deep.equal([{ apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', name: 'claim', uid, blockOwnerDeletion: true }]);
      expect(spec.taints).to.deep.equal([{ key: 'team', value: 'a', effect: 'NoSchedule' }, { key: 'booting', effect: 'NoExecute' }]);
      expect(status.nodeName).to.equal('node-of-claim');
      expect(await karpenter.conditions(NodeClaim, 'claim')).to.include('Registered=True Registered');
      expect(await karpenter.metric('karpenter_nodes_created_total')).to.deep.equal(['karpenter_nodes_created_total{nodepool="default",zone="zone-a"} 1']);
    });

    it('does not sync taints to a node that says so', async () => {
      await karpenter.claim({ taints: [{ key: 'team', effect: 'NoSchedule' }] }, { labels: { 'karpenter.sh/do-not-sync-taints': 'true' } });
      await karpenter.bed.settle();
      await karpenter.join('claim');
      await karpenter.bed.settle();
      expect((await karpenter.api.get(Node, 'node-of-claim')).spec.taints ?? []).to.deep.equal([]);
    });

    it('warns when the node came up without the unregistered taint, and goes on', async () => {
      const created = await karpenter.claim();
      await karpenter.bed.settle();
      await karpenter.join('claim', { taints: [] });
      await karpenter.bed.settle();
      expect((await karpenter.events(created))[0]).to.match(/^Warning UnregisteredTaintMissing: Missing karpenter\.sh\/unregistered taint/);
      expect(await karpenter.conditions(NodeClaim, 'claim')).to.include('Registered=True Registered');
    });

    it('refuses to choose between two nodes of one machine', async () => {
      await karpenter.claim();
      await karpenter.bed.settle();
      await karpenter.bed.stop();
      await karpenter.join('claim', { name: 'one' });
      await karpenter.join('claim', { name: 'two' });
      await karpenter.bed.settle();
      expect(await karpenter.conditions(NodeClaim, 'claim')).to.include('Registered=False MultipleNodesFound: Invariant violated, matched multiple nodes');
    });
  });

  describe('initialization', () => {
    const launched = async (spec: Parameters<KarpenterBed['claim']>[0] = {}): Promise<void> => {
      await karpenter.claim(spec);
      await karpenter.bed.settle();
    };
    const initialized = async (): Promise<string | undefined> => {
      await karpenter.bed.settle();
      return (await karpenter.conditions(NodeClaim, 'claim')).find((condition) => condition.startsWith('Initialized='));
    };

    it('waits for the kubelet, startup taints, ephemeral taints and requested resources, in this order', async () => {
      await launched({ startupTaints: [{ key: 'booting', value: 'yes', effect: 'NoExecute' }], resources: { requests: { 'nvidia.com/gpu': '1' } } });
      await karpenter.join('claim', { ready: false, taints: [{ key: 'karpenter.sh/unregistered', effect: 'NoExecute' }, { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] });
      expect(await initialized()).to.equal('Initialized=Unknown NodeNotReady: Node status is NotReady');
      await karpenter.ready('node-of-claim');
      expect(await initialized()).to.equal('Initialized=Unknown StartupTaintsExist: StartupTaint "booting=yes:NoExecute" still exists');
      await karpenter.api.patch(Node, 'node-of-claim', { spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] } });
      expect(await initialized()).to.equal('Initialized=Unknown KnownEphemeralTaintsExist: KnownEphemeralTaint "node.kubernetes.io/not-ready:NoSchedule" still exists');
      await karpenter.api.patch(Node, 'node-of-claim', { spec: { taints: [] } });
      expect(await initialized()).to.equal('Initialized=Unknown ResourceNotRegistered: Resource "nvidia.com/gpu" was requested but not registered');
      await karpenter.api.patch(Node, 'node-of-claim', { status: { allocatable: { 'nvidia.com/gpu': '1' } } as never });
      expect(await initialized()).to.equal('Initialized=True Initialized');
      expect((await karpenter.api.get(Node, 'node-of-claim')).metadata.labels).to.include({ 'karpenter.sh/initialized': 'true' });
      expect((await karpenter.conditions(NodeClaim, 'claim')).at(-1)).to.equal('Ready=True Ready');
    });

    it('lasts once it is reached, whatever the node does later', async () => {
      await launched();
      await karpenter.join('claim');
      expect(await initialized()).to.equal('Initialized=True Initialized');
      await karpenter.ready('node-of-claim', 'False');
      expect(await initialized()).to.equal('Initialized=True Initialized');
    });

    it('has no time limit', async () => {
      await launched();
      await karpenter.join('claim', { ready: false });
      await karpenter.bed.advance('2h');
      expect(await initialized()).to.equal('Initialized=Unknown NodeNotReady: Node status is NotReady');
    });
  });

  describe('liveness', () => {
    it('gives up exactly 5 minutes after creation when the launch keeps failing', async () => {
      karpenter.cloud.launchError = new Error('no');
      const pool = await karpenter.readyPool();
      await karpenter.claim({}, { pool });
      await karpenter.bed.advance('4m59s');
      expect(await isGone()).to.equal(false);
      await karpenter.bed.advance('1s');
      expect(await isGone()).to.equal(true);
      expect((await karpenter.metric('karpenter_nodeclaims_disrupted_total'))[0]).to.include('reason="launch_timeout"');
    });

    it('gives up exactly 15 minutes after creation when no node joins, and ends the instance', async () => {
      await karpenter.claim();
      await karpenter.bed.advance('14m59s');
      expect(await isGone()).to.equal(false);
      await karpenter.bed.advance('1s');
      expect(await isGone()).to.equal(true);
      expect(karpenter.cloud.instances.size).to.equal(0);
      expect((await karpenter.metric('karpenter_nodeclaims_disrupted_total'))[0]).to.include('reason="registration_timeout"');
    });

    it('tells the pool after the second failure, and takes it back after successes', async () => {
      const pool = await karpenter.readyPool();
      const health = async (): Promise<string | undefined> => (await karpenter.conditions(NodePool, 'default')).find((condition) => condition.startsWith('NodeRegistrationHealthy'));
      await karpenter.claim({}, { name: 'one', pool });
      await karpenter.bed.advance('15m');
      expect(await health()).to.equal(undefined);
      await karpenter.claim({}, { name: 'two', pool });
      await karpenter.bed.advance('15m');
      expect(await health()).to.equal('NodeRegistrationHealthy=False RegistrationFailed: Failed to register node');
      for (const name of ['three', 'four', 'five']) {
        await karpenter.claim({}, { name, pool });
        await karpenter.bed.settle();
        await karpenter.join(name);
        await karpenter.bed.settle();
      }
      expect(await health()).to.equal('NodeRegistrationHealthy=True NodeRegistrationHealthy');
    });
  });

  describe('the end', () => {
    it('deletes the node first, and asks for the instance only when the node is gone', async () => {
      await karpenter.initialized();
      await karpenter.api.delete(NodeClaim, 'claim');
      await karpenter.bed.advance('1m');
      expect((await karpenter.api.get(Node, 'node-of-claim')).metadata.deletionTimestamp).to.not.equal(undefined);
      expect(karpenter.cloud.terminations).to.deep.equal([]);
      await karpenter.api.patch(Node, 'node-of-claim', { metadata: { finalizers: null as never } });
      await karpenter.bed.settle();
      expect(karpenter.cloud.terminations).to.have.length(1);
      expect(await isGone()).to.equal(true);
      expect(await karpenter.metric('karpenter_nodeclaims_terminated_total')).to.deep.equal(['karpenter_nodeclaims_terminated_total{nodepool="default",capacity_type="on-demand",zone="zone-a"} 1']);
    });

    it('asks again every 5 seconds until the instance is gone', async () => {
      karpenter.cloud.terminatingAnswers = Infinity;
      await karpenter.claim();
      await karpenter.bed.settle();
      await karpenter.api.delete(NodeClaim, 'claim');
      await karpenter.bed.settle();
      expect(await karpenter.conditions(NodeClaim, 'claim')).to.include('InstanceTerminating=True InstanceTerminating');
      const asked = karpenter.cloud.terminations.length;
      await karpenter.bed.advance('10s');
      expect(karpenter.cloud.terminations).to.have.length(asked + 2);
      karpenter.cloud.terminatingAnswers = 0;
      await karpenter.bed.advance('4s');
      expect(await isGone()).to.equal(false);
      await karpenter.bed.advance('1s');
      expect(await isGone()).to.equal(true);
    });

    it('writes the time at which pods go by force when there is a termination grace period', async () => {
      const { claim: created } = await karpenter.initialized({ terminationGracePeriod: '1h' });
      await karpenter.api.delete(NodeClaim, 'claim');
      await karpenter.bed.settle();
      const { metadata } = await claim();
      const deadline = `${new Date(Date.parse(metadata.deletionTimestamp as string) + 3_600_000).toISOString().slice(0, 19)}Z`;
      expect(metadata.annotations['karpenter.sh/nodeclaim-termination-timestamp']).to.equal(deadline);
      expect(await karpenter.events(created)).to.include(`Warning TerminationGracePeriodExpiring: All pods will be deleted by ${deadline}`);
    });

    it('leaves the node of a claim that never registered to the cloud', async () => {
      await karpenter.claim();
      await karpenter.bed.settle();
      await karpenter.bed.stop();
      await karpenter.join('claim');
      await karpenter.api.delete(NodeClaim, 'claim');
      await karpenter.bed.settle();
      expect(await isGone()).to.equal(true);
      expect((await karpenter.api.get(Node, 'node-of-claim')).metadata.deletionTimestamp).to.equal(undefined);
    });
  });
});
