import { expect } from 'chai';
import { LabelSet, Requirements } from '../api/requirements.js';
import { instanceType, pod } from '../../test/support/workloads.js';
import { worstLaunchPrice } from './consolidation.js';
import { evictionCost, priceOf, rescheduleCost } from './cost.js';

const deletionCost = (cost: string) => pod({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } });

describe('the cost of moving a pod', () => {
  it('is 1 for an ordinary one, more by priority and deletion cost, from -10 to 10', () => {
    expect(evictionCost(pod())).to.equal(1);
    expect(evictionCost(pod({ spec: { priority: 2_000_000_000 } }))).to.equal(10);
    expect(evictionCost(pod({ spec: { priority: 2 ** 25 } }))).to.equal(2);
    expect(evictionCost(deletionCost(String(2 ** 27)))).to.equal(2);
    expect(evictionCost(deletionCost('-2147483648'))).to.equal(-10);
    expect(evictionCost(deletionCost('much'))).to.equal(1);
  });

  it('counts for a node only where it costs something', () => {
    expect(rescheduleCost([])).to.equal(1);
    expect(rescheduleCost([pod(), pod()])).to.equal(3);
    expect(rescheduleCost([deletionCost('-2147483648')])).to.equal(1);
  });
});

describe('prices', () => {
  const type = instanceType('x', { cpu: 2, memoryGi: 4 }, [
    { zone: 'a', capacityType: 'spot', price: 0.3 }, { zone: 'b', capacityType: 'spot', price: 0.35 }, { zone: 'a', price: 0.9, available: false }, { zone: 'b', price: 1 },
  ]);

  it('of a running node are those of its zone and capacity type, sold out or not', () => {
    expect(priceOf(type, 'a', 'on-demand')).to.equal(0.9);
    expect(priceOf(type, 'c', 'on-demand')).to.equal(0);
    expect(priceOf(undefined, 'a', 'spot')).to.equal(0);
  });

  it('of a launch are the dearest of the capacity type that it will prefer', () => {
    expect(worstLaunchPrice(type, Requirements.empty)).to.equal(0.35);
    expect(worstLaunchPrice(type, Requirements.empty.with('karpenter.sh/capacity-type', LabelSet.of('In', ['on-demand'])))).to.equal(1);
    expect(worstLaunchPrice(type, Requirements.empty.with('topology.kubernetes.io/zone', LabelSet.of('In', ['a'])))).to.equal(0.3);
    expect(worstLaunchPrice(type, Requirements.empty.with('topology.kubernetes.io/zone', LabelSet.of('In', ['c'])))).to.equal(Number.POSITIVE_INFINITY);
  });
});
