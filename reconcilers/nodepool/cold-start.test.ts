import { expect } from 'chai';
import { NODEPOOL_HASH_ANNOTATION, NodePool, isTrue } from 'karpenter-ts/api';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import { NodePoolCounter } from './counter.js';
import { NodePoolHash } from './hash.js';
import { RegistrationHealthReset } from './registration-health-reset.js';
import { NodePoolStatusReconciler } from './status.js';

const POOLS = 50;

describe('the reconcilers of NodePools', () => {
  it('start on many pools at once without one write that conflicts', async () => {
    const writes: number[] = [];
    const karpenter = await karpenterBed([NodePoolStatusReconciler, NodePoolHash, NodePoolCounter, RegistrationHealthReset], {
      intercept: (inner) => ({
        ...inner,
        send: async (request) => {
          const response = await inner.send(request);
          if (request.method === 'PATCH' && request.path.includes('/nodepools/')) writes.push(response.status);
          return response;
        },
      }),
    });
    await karpenter.readyNodeClass();
    const nodeClassRef = { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' };
    for (let at = 0; at < POOLS; at += 1) await karpenter.api.create(NodePool, { metadata: { name: `pool-${at}` }, spec: { template: { spec: { nodeClassRef, requirements: [] } } } });
    await karpenter.bed.settle();
    const pools = await karpenter.api.list(NodePool);
    // All that the four have to say has been said.
    expect(pools.filter((pool) => isTrue(pool, 'Ready') && pool.metadata.annotations[NODEPOOL_HASH_ANNOTATION] && pool.status.nodes === 0 && pool.status.nodeClassObservedGeneration === 1)).to.have.length(POOLS);
    expect(writes.filter((status) => status === 409), `conflicts in ${writes.length} writes`).to.deep.equal([]);
    expect(writes.length, 'writes').to.be.at.most(4 * POOLS);
    await karpenter.bed.close();
  });
});
