import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { Lease, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, VolumeAttachment } from 'karpenter-ts/operator';
import { everyFault } from 'karpenter-ts/operator/testing';
import type { Invariant } from 'karpenter-ts/operator/testing';
import { EvictionQueue } from '../../reconcilers/node/eviction-queue.js';
import { NodeHealth } from '../../reconcilers/node/health.js';
import { LeaseGarbageCollection } from '../../reconcilers/node/lease-garbage-collection.js';
import { NodeTermination } from '../../reconcilers/node/termination.js';
import { NodeHydration } from '../../reconcilers/nodeclaim/hydration.js';
import { PodEvents } from '../../reconcilers/nodeclaim/pod-events.js';
import { NodeClaimLifecycle } from '../../reconcilers/nodeclaim/lifecycle.js';
import type { FaultBed } from '../support/fault-bed.js';
import { PATIENCE, karpenterScenario } from '../support/fault-bed.js';

const NODE = 'node-of-claim';
const END = [NodeClaimLifecycle, NodeHydration, NodeTermination, EvictionQueue];
const GONE = async (bed: FaultBed): Promise<boolean> => (await bed.claims()).length === 0 && (await bed.karpenter.api.list(Node)).length === 0;

/** An instance is ended only once nothing runs on it, and its node goes only after it. */
const inOrder: Record<string, Invariant> = {
  'pods leave before their instance, and the instance before its node': async ({ bed }) => {
    const node = await bed.api.find(Node, NODE);
    const claim = await bed.api.find(NodeClaim, 'claim');
    const isEnding = claim?.status.conditions?.some(({ type, status }) => type === 'InstanceTerminating' && status === 'True');
    if (isEnding) expect((await bed.api.list(Pod)).map(({ metadata }) => metadata.name), 'pods on an instance that ends').to.deep.equal([]);
    if (claim?.status.nodeName && !node) expect(isEnding, 'the instance ends where the node is gone').to.equal(true);
  },
};

describe('Nodes under every fault', () => {
  it('drain as their disruption budgets allow, let go of their volumes, and end', async () => {
    let guarded = true;
    const { scenario, invariants } = karpenterScenario(END, async (bed) => {
      guarded = true;
      const { karpenter } = bed;
      const { api } = karpenter;
      const allow = (disruptionsAllowed: number) => api.patch(PodDisruptionBudget, 'guard', { status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1 } as never });
      await karpenter.claim();
      await bed.until(() => bed.areInitialized(1));
      await api.create(PersistentVolume, { metadata: { name: 'pv' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp' } } });
      await api.create(PersistentVolumeClaim, { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: 'pv' } });
      await api.create(VolumeAttachment, { metadata: { name: 'attachment' }, spec: { attacher: 'ebs.csi.aws.com', nodeName: NODE, source: { persistentVolumeName: 'pv' } } });
      await karpenter.pod('busy', { node: NODE, labels: { app: 'web' }, spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } });
      await api.create(PodDisruptionBudget, { metadata: { name: 'guard' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } });
      await allow(0);
      await api.delete(Node, NODE);
      await karpenter.bed.advance('30s');
      expect((await api.get(Pod, 'busy')).metadata.deletionTimestamp, 'the pod while its budget allows nothing').to.equal(undefined);
      guarded = false;
      await allow(1);
      await bed.until(async () => (await api.find(Pod, 'busy')) === undefined);
      await karpenter.bed.advance('10s');
      expect(karpenter.cloud.terminations, 'ended instances while a volume is attached').to.deep.equal([]);
      await api.delete(VolumeAttachment, 'attachment');
      await bed.until(() => GONE(bed));
    });
    await everyFault(scenario, { sample: 1, invariants: {
      ...invariants, ...inOrder,
      'nobody evicts what a budget keeps': async ({ bed }) => {
        const pod = guarded ? await bed.api.find(Pod, 'busy') : undefined;
        expect(pod?.metadata.deletionTimestamp).to.equal(undefined);
      },
    } });
  }).timeout(PATIENCE);

  it('that stay unhealthy are replaced by force, but not before it is time', async () => {
    const TOLERATED = 10 * 60_000;
    let sickSince = Infinity;
    const { scenario, invariants } = karpenterScenario([...END, NodeHealth], async (bed) => {
      sickSince = Infinity;
      const { karpenter } = bed;
      karpenter.cloud.policies = [{ conditionType: 'StorageReady', conditionStatus: 'False', toleration: TOLERATED }];
      await karpenter.claim({ terminationGracePeriod: '2h' }, { labels: { 'karpenter.k8s.aws/ec2nodeclass': 'default' } });
      await bed.until(() => bed.areInitialized(1));
      await karpenter.pod('protected', { node: NODE, annotations: { 'karpenter.sh/do-not-disrupt': 'true' } });
      const condition = { reason: 'Test', message: '', lastTransitionTime: karpenter.time(), lastHeartbeatTime: karpenter.time() };
      sickSince = karpenter.bed.clock.now();
      await karpenter.api.patch(Node, NODE, { status: { conditions: [{ ...condition, type: 'Ready', status: 'True' }, { ...condition, type: 'StorageReady', status: 'False' }] } as never });
      await karpenter.bed.advance('10m');
      await bed.until(() => GONE(bed));
      expect(karpenter.bed.clock.now() - sickSince, 'milliseconds until it is gone, far from its grace period').to.be.below(TOLERATED + 5 * 60_000);
    });
    await everyFault(scenario, { sample: 1, invariants: {
      ...invariants,
      'no node is replaced before its time': async ({ bed }) => {
        const claim = await bed.api.find(NodeClaim, 'claim');
        // Times of transitions are whole seconds.
        if (claim?.metadata.deletionTimestamp) expect(bed.clock.now()).to.be.at.least(sickSince + TOLERATED - 1_000);
      },
    } });
  }).timeout(PATIENCE);

  it('have it noted on their claim when pods last came and went', async () => {
    const { scenario, invariants } = karpenterScenario([NodeClaimLifecycle, PodEvents], async (bed) => {
      const { karpenter } = bed;
      const noted = async (): Promise<number> => Date.parse((await karpenter.api.get(NodeClaim, 'claim')).status.lastPodEventTime ?? '1970-01-01T00:00:00Z');
      await karpenter.claim();
      await bed.until(() => bed.areInitialized(1));
      await karpenter.pod('busy', { node: NODE });
      const came = karpenter.bed.clock.now();
      // Of its time whole seconds are written.
      await bed.until(async () => (await noted()) >= came - 1_000);
      await karpenter.bed.advance('1m');
      const went = karpenter.bed.clock.now();
      await karpenter.api.delete(Pod, 'busy');
      await karpenter.bed.advance('15s');
      await bed.until(async () => (await noted()) >= went - 1_000);
    });
    await everyFault(scenario, { invariants, sample: 1 });
  }).timeout(PATIENCE);

  it('leave no lease of their kubelet behind, and lose none while they live', async () => {
    const LEASES = 'kube-node-lease';
    const { scenario, invariants } = karpenterScenario([...END, LeaseGarbageCollection], async (bed) => {
      const { karpenter } = bed;
      const { api } = karpenter;
      await karpenter.claim();
      await bed.until(() => bed.areInitialized(1));
      for (const name of [NODE, 'leaked']) await api.create(Lease, { metadata: { name, namespace: LEASES }, spec: { renewTime: `${karpenter.time().slice(0, -1)}.000000Z` } });
      await karpenter.bed.advance('20m');
      await bed.until(async () => (await api.find(Lease, { name: 'leaked', namespace: LEASES })) === undefined);
      expect(await api.find(Lease, { name: NODE, namespace: LEASES }), 'the lease of a node that is there').to.not.equal(undefined);
    });
    await everyFault(scenario, { invariants, sample: 1 });
  }).timeout(PATIENCE);
});
