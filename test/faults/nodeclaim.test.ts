import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { Node, Pod } from 'karpenter-ts/operator';
import { everyFault } from 'karpenter-ts/operator/testing';
import { EvictionQueue } from '../../reconcilers/node/eviction-queue.js';
import { NodeTermination } from '../../reconcilers/node/termination.js';
import { NodeClaimConsistency } from '../../reconcilers/nodeclaim/consistency.js';
import { NodeClaimExpiration } from '../../reconcilers/nodeclaim/expiration.js';
import { NodeClaimGarbageCollection } from '../../reconcilers/nodeclaim/garbage-collection.js';
import { NodeClaimHydration, NodeHydration } from '../../reconcilers/nodeclaim/hydration.js';
import { NodeClaimLifecycle } from '../../reconcilers/nodeclaim/lifecycle.js';
import { Provisioner } from '../../reconcilers/provisioning/provisioner.js';
import { PATIENCE, karpenterScenario } from '../support/fault-bed.js';

const LIFE = [NodeClaimLifecycle, NodeClaimHydration, NodeClaimConsistency, NodeHydration, NodeTermination, EvictionQueue];

describe('NodeClaims under every fault', () => {
  it('become nodes, drain, and leave nothing behind', async () => {
    const { scenario, invariants } = karpenterScenario(LIFE, async (bed) => {
      const { karpenter } = bed;
      await karpenter.claim();
      await bed.until(() => bed.areInitialized(1));
      await karpenter.pod('busy', { node: 'node-of-claim' });
      await karpenter.api.delete(NodeClaim, 'claim');
      await bed.until(async () => (await bed.claims()).length === 0);
      expect([...await karpenter.api.list(Node), ...await karpenter.api.list(Pod)], 'nodes and pods').to.deep.equal([]);
    });
    await everyFault(scenario, { invariants, sample: 2 });
  }).timeout(PATIENCE);

  it('are made once for the pods that wait', async () => {
    const { scenario, invariants } = karpenterScenario([Provisioner, NodeClaimLifecycle], async (bed) => {
      const { karpenter } = bed;
      await karpenter.readyNodeClass();
      await karpenter.readyPool();
      await karpenter.pod('waiting');
      await bed.until(() => bed.areInitialized(1));
    });
    await everyFault(scenario, { sample: 2, invariants: {
      ...invariants,
      'one claim for one pod': async ({ bed }) => {
        expect((await bed.api.list(NodeClaim)).length).to.be.at.most(1);
      },
    } });
  }).timeout(PATIENCE);

  it('go at the end of their life, and when their instance is gone', async () => {
    const { scenario, invariants } = karpenterScenario([...LIFE, NodeClaimExpiration, NodeClaimGarbageCollection], async (bed) => {
      const { karpenter } = bed;
      await karpenter.claim({ expireAfter: '1h' }, { name: 'expires' });
      await karpenter.claim({}, { name: 'lost' });
      await bed.until(() => bed.areInitialized(2));
      const { status } = await karpenter.api.get(NodeClaim, 'lost');
      karpenter.cloud.instances.delete(status.providerID as string);
      await karpenter.ready('node-of-lost', 'False');
      await bed.until(async () => (await bed.claims()).length === 1);
      await karpenter.bed.advance('1h');
      await bed.until(async () => (await bed.claims()).length === 0);
    });
    await everyFault(scenario, { invariants, sample: 2 });
  }).timeout(PATIENCE);
});
