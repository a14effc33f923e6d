import { expect } from 'chai';
import { NodeClaim, NodePool } from 'karpenter-ts/api';
import { fakeInstanceType } from '../../test/support/fake-cloud.js';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { observability } from '../module.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';

const ON_DEMAND = { template: { requirements: [{ key: 'karpenter.sh/capacity-type', operator: 'In' as const, values: ['on-demand'] }] } };

describe('the cost of pools', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle], { modules: observability() });
    await karpenter.readyNodeClass();
    await karpenter.readyPool(ON_DEMAND);
  });

  afterEach(() => karpenter.bed.close());

  const cost = (): Promise<string[]> => karpenter.metric('karpenter_nodepools_cost_total');
  const errors = (): Promise<string[]> => karpenter.metric('karpenter_nodepools_cost_tracker_errors_total');

  it('is what their machines cost together, from their launch to their end', async () => {
    await karpenter.readyPool(ON_DEMAND, 'other');
    for (const name of ['one', 'two']) await karpenter.claim({}, { name });
    await karpenter.bed.advance('10s');
    expect(await cost()).to.have.members(['karpenter_nodepools_cost_total{nodepool="default"} 0.2', 'karpenter_nodepools_cost_total{nodepool="other"} 0']);
    await karpenter.api.delete(NodeClaim, 'two');
    await karpenter.api.delete(NodePool, 'other');
    await karpenter.bed.advance('11s');
    expect(await cost()).to.deep.equal(['karpenter_nodepools_cost_total{nodepool="default"} 0.1']);
  });

  it('follows prices within an hour', async () => {
    await karpenter.initialized();
    await karpenter.bed.advance('8s');
    await cost();
    karpenter.cloud.instanceTypes = [fakeInstanceType('small', 2, 0.5)];
    await karpenter.bed.advance('59m40s');
    expect(await cost()).to.deep.equal(['karpenter_nodepools_cost_total{nodepool="default"} 0.1']);
    await karpenter.bed.advance('20s');
    expect(await cost()).to.deep.equal(['karpenter_nodepools_cost_total{nodepool="default"} 0.5']);
    karpenter.cloud.instanceTypes = [];
    await karpenter.bed.advance('2h');
    expect(await cost()).to.deep.equal(['karpenter_nodepools_cost_total{nodepool="default"} 0.5']);
    expect(await errors()).to.deep.equal([]);
  });

  it('leaves out what has no price, and says so once', async () => {
    const types = karpenter.cloud.instanceTypes;
    await karpenter.initialized();
    karpenter.cloud.getInstanceTypes = () => Promise.reject(new Error('throttled'));
    await karpenter.bed.advance('8s');
    expect([await cost(), await errors()]).to.deep.equal([['karpenter_nodepools_cost_total{nodepool="default"} 0'], ['karpenter_nodepools_cost_tracker_errors_total{nodepool="default"} 1']]);
    karpenter.cloud.getInstanceTypes = () => Promise.resolve([]);
    for (let scrape = 0; scrape < 2; scrape += 1) expect(await cost()).to.deep.equal(['karpenter_nodepools_cost_total{nodepool="default"} 0']);
    expect(karpenter.bed.logs.filter(({ message }) => message.startsWith('the price of an offering is not known'))).to.have.length(1);
    karpenter.cloud.getInstanceTypes = () => Promise.resolve(types);
    await karpenter.bed.advance('1h');
    expect(await cost()).to.deep.equal(['karpenter_nodepools_cost_total{nodepool="default"} 0.1']);
  });
});
