import { expect } from 'chai';
import { inject } from 'inversify';
import { NodeClaim, NodePool, isTrue } from 'karpenter-ts/api';
import { ClusterState } from 'karpenter-ts/cluster';
import { Singleton, sleep } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { staticNode } from 'karpenter-ts/scheduling';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { NodeClaimCreator } from './nodeclaim-creator.js';

/** What was planned some time ago. */
let planned: NodePool | undefined;
const outcomes: string[] = [];

@Singleton({ name: 'test.late', every: '1m', immediate: false, reads: [NodePool, NodeClaim] })
class CreatesLate {
  constructor(@inject(NodeClaimCreator) private readonly creator: NodeClaimCreator) {}

  async tick(ctx: TickContext): Promise<void> {
    if (planned === undefined) return;
    outcomes.push(await this.creator.create(staticNode({ nodePool: planned, instanceTypes: [] }), 'provisioned', ctx).then(() => 'created', (error: Error) => error.message));
  }
}

describe('a NodeClaim that was planned', () => {
  it('is created only while its pool still exists and has not exceeded its limits', async () => {
    const karpenter = await karpenterBed([NodeClaimLifecycle, CreatesLate]);
    await karpenter.readyNodeClass();
    planned = await karpenter.readyPool({ limits: { cpu: '2' } });
    await karpenter.initialized();
    await karpenter.bed.advance('1m');
    await karpenter.bed.advance('1m');
    await karpenter.api.patch(NodePool, 'default', { spec: { limits: { cpu: '5' } } });
    await karpenter.bed.advance('1m');
    await karpenter.api.delete(NodePool, 'default', { propagationPolicy: 'Orphan' });
    await karpenter.bed.advance('1m');
    expect(outcomes).to.deep.equal(['created', 'NodePool "default" has reached its limit of cpu: 2', 'created', 'NodePool "default" is gone']);
    await karpenter.bed.close();
  });

  it('is not taken back to its beginnings by the answer to its creation, when that comes after its launch', async () => {
    const karpenter = await karpenterBed([NodeClaimLifecycle, CreatesLate], {
      intercept: (inner, { clock }) => ({
        ...inner,
        send: async (request) => {
          const response = await inner.send(request);
          if (request.method === 'POST' && request.path.includes('/nodeclaims')) await sleep(clock, 2_000);
          return response;
        },
      }),
    });
    await karpenter.readyNodeClass();
    planned = await karpenter.readyPool();
    await karpenter.bed.advance('1m');
    const [claim] = await karpenter.api.list(NodeClaim);
    expect(claim && isTrue(claim, 'Launched')).to.equal(true);
    await karpenter.bed.advance('3s');
    expect(karpenter.bed.operator.container.get(ClusterState).unlaunched()).to.deep.equal([]);
    await karpenter.bed.close();
  });
});
