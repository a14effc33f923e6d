import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { Node } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimHydration, NodeHydration } from './hydration.js';

const LABEL = 'karpenter.k8s.aws/ec2nodeclass';

describe('objects of older versions', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimHydration, NodeHydration]);
  });
  afterEach(() => karpenter.bed.close());

  const labelOf = async (kind: typeof NodeClaim | typeof Node, name: string): Promise<string | undefined> => (await karpenter.api.get<NodeClaim | Node>(kind, name)).metadata.labels[LABEL];
  const node = (name: string, providerID: string): Promise<Node> => karpenter.api.create(Node, { metadata: { name }, spec: { providerID } });

  it('gain the label of their node class, claims and nodes', async () => {
    await node('node', 'aws:///a/i-1');
    await karpenter.claim();
    await karpenter.api.patch(NodeClaim, 'claim', { status: { providerID: 'aws:///a/i-1' } });
    await karpenter.bed.settle();
    expect([await labelOf(NodeClaim, 'claim'), await labelOf(Node, 'node')]).to.deep.equal(['default', 'default']);
  });

  it('keep the label that they have, and get none when they are not ours', async () => {
    await karpenter.claim({}, { name: 'labelled', labels: { [LABEL]: 'other' } });
    await karpenter.claim({ nodeClassRef: { group: 'example.com', kind: 'ForeignNodeClass', name: 'default' } }, { name: 'foreign' });
    await karpenter.api.patch(NodeClaim, 'foreign', { status: { providerID: 'aws:///a/i-2' } });
    await node('foreign', 'aws:///a/i-2');
    await node('nobodys', 'aws:///a/i-3');
    await karpenter.bed.settle();
    expect([await labelOf(NodeClaim, 'labelled'), await labelOf(NodeClaim, 'foreign'), await labelOf(Node, 'foreign'), await labelOf(Node, 'nobodys')]).to.deep.equal(['other', undefined, undefined, undefined]);
  });
});
