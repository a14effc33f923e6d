import { expect } from 'chai';
import { Node } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { InstanceGarbageCollection } from './instance-garbage-collection.js';

describe('the garbage collection of instances', () => {
  it('ends instances that no claim knows, with their nodes, once they are 30 seconds old', async () => {
    const karpenter = await karpenterBed([NodeClaimLifecycle, InstanceGarbageCollection]);
    const { claim } = await karpenter.initialized();
    const { providerID } = await karpenter.cloud.create(claim, { clientToken: 'of a claim that is gone' });
    await karpenter.api.create(Node, { metadata: { name: 'orphan' }, spec: { providerID } });
    await karpenter.bed.advance('29s');
    expect(karpenter.cloud.terminations).to.deep.equal([]);
    await karpenter.bed.advance('12s');
    expect(karpenter.cloud.terminations).to.deep.equal([providerID]);
    expect(await karpenter.api.find(Node, 'orphan')).to.equal(undefined);
    expect(await karpenter.api.find(Node, 'node-of-claim')).to.not.equal(undefined);
    await karpenter.bed.close();
  });
});
