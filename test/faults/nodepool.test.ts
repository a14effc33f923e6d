import { expect } from 'chai';
import { NODEPOOL_HASH_ANNOTATION, NodeClaim, NodePool, isTrue, nodePoolHash } from 'karpenter-ts/api';
import { everyFault } from 'karpenter-ts/operator/testing';
import { EvictionQueue } from '../../reconcilers/node/eviction-queue.js';
import { NodeTermination } from '../../reconcilers/node/termination.js';
import { NodeClaimLifecycle } from '../../reconcilers/nodeclaim/lifecycle.js';
import { NodePoolCounter } from '../../reconcilers/nodepool/counter.js';
import { NodePoolHash } from '../../reconcilers/nodepool/hash.js';
import { RegistrationHealthReset } from '../../reconcilers/nodepool/registration-health-reset.js';
import { NodePoolStatusReconciler } from '../../reconcilers/nodepool/status.js';
import { DEFAULT_SETTINGS } from '../../reconcilers/settings.js';
import { StaticDeprovisioning } from '../../reconcilers/static/static-deprovisioning.js';
import { StaticProvisioning } from '../../reconcilers/static/static-provisioning.js';
import { PATIENCE, karpenterScenario } from '../support/fault-bed.js';

describe('NodePools under every fault', () => {
  it('say whether they are ready, what they hold, and by which template', async () => {
    const { scenario, invariants } = karpenterScenario([NodePoolStatusReconciler, NodePoolHash, NodePoolCounter, RegistrationHealthReset, NodeClaimLifecycle], async (bed) => {
      const { karpenter } = bed;
      const pool = await karpenter.api.create(NodePool, { metadata: { name: 'default' }, spec: { template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [] } } } });
      const current = () => karpenter.api.get(NodePool, 'default');
      await karpenter.readyNodeClass();
      await bed.until(async () => isTrue(await current(), 'Ready'));
      await karpenter.claim({}, { pool });
      await bed.until(async () => (await current()).status.resources?.['cpu'] === '2' && (await bed.areInitialized(1)));
      await karpenter.api.patch(NodePool, 'default', { spec: { template: { metadata: { labels: { team: 'a' } } } } });
      await bed.until(async () => (await current()).metadata.annotations[NODEPOOL_HASH_ANNOTATION] === nodePoolHash(await current()));
      expect((await current()).status.nodes).to.equal(1);
    });
    await everyFault(scenario, { invariants, sample: 1 });
  }).timeout(PATIENCE);

  it('that are static have as many nodes as they want', async () => {
    const settings = { featureGates: { ...DEFAULT_SETTINGS.featureGates, staticCapacity: true } };
    const { scenario, invariants } = karpenterScenario([NodeClaimLifecycle, NodeTermination, EvictionQueue, StaticProvisioning, StaticDeprovisioning], async (bed) => {
      await bed.karpenter.readyNodeClass();
      await bed.karpenter.readyPool({ replicas: 2 });
      await bed.until(() => bed.areInitialized(2));
      await bed.karpenter.api.patch(NodePool, 'default', { spec: { replicas: 1 } });
      await bed.until(() => bed.areInitialized(1));
    }, { settings });
    await everyFault(scenario, { sample: 1, invariants: {
      ...invariants,
      'no more claims than replicas': async ({ bed }) => {
        expect((await bed.api.list(NodeClaim)).length).to.be.at.most(2);
      },
    } });
  }).timeout(PATIENCE);
});
