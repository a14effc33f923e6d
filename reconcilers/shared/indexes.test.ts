import { expect } from 'chai';
import type { NodeClaim } from 'karpenter-ts/api';
import type { Node } from 'karpenter-ts/operator';
import { claimByInstanceID, claimByProviderID, nodeByProviderID } from './indexes.js';

describe('indexes', () => {
  const claim = (providerID?: string) => ({ status: providerID === undefined ? {} : { providerID } }) as NodeClaim;
  const node = (providerID?: string) => ({ spec: providerID === undefined ? {} : { providerID } }) as Node;

  it('find claims by the id of their instance, wherever it runs, and claims and nodes by their whole provider id', () => {
    expect(claimByInstanceID.values(claim('aws:///us-west-2a/i-0123456789abcdef0'))).to.deep.equal(['i-0123456789abcdef0']);
    expect(claimByInstanceID.values(claim('aws:///eu-central-1b/i-0123456789abcdef0'))).to.deep.equal(['i-0123456789abcdef0']);
    expect(claimByProviderID.values(claim('aws:///us-west-2a/i-1'))).to.deep.equal(['aws:///us-west-2a/i-1']);
    expect(nodeByProviderID.values(node('aws:///us-west-2a/i-1'))).to.deep.equal(['aws:///us-west-2a/i-1']);
  });

  it('leave out what was not launched or has not registered', () => {
    for (const values of [claimByInstanceID.values(claim()), claimByProviderID.values(claim()), nodeByProviderID.values(node())]) expect(values).to.deep.equal([undefined]);
  });
});
