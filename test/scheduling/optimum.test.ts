import { expect } from 'chai';
import fc from 'fast-check';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import { solve } from '../../src/scheduling/index.js';
import { cheapestPacking } from '../support/brute-force.js';
import { SCENARIO_LOOKUP } from '../support/scenario-storage.js';
import { PLAIN_ASKS, SCENARIO_TYPES, SOCIAL_ASKS, workloadsOf } from '../support/scenarios.js';
import { existingNode, instanceType, nodePool, pod, snapshot } from '../support/workloads.js';

const types = fc.subarray(SCENARIO_TYPES.slice(0, 4), { minLength: 2 }).map((list) => list.map((type): InstanceType => ({
  ...type, offerings: type.offerings.filter(({ requirements }) => !requirements.some(({ values }) => values?.includes('zone-c'))),
  requirements: type.requirements.map((each) => (each.key === 'topology.kubernetes.io/zone' ? { ...each, values: ['zone-a', 'zone-b'] } : each)),
})));
const nodes = fc.constantFrom([], [existingNode('there', { zone: 'zone-a', allocatable: { cpu: 1200, memory: 2 ** 31, pods: 4 } })]);

describe('the price', () => {
  const at = (price: number) => [{ zone: 'a', price }];

  it('of brute force is that of the best of all divisions', () => {
    const two = instanceType('two', { cpu: 2.1, memoryGi: 8 }, at(0.2));
    const four = instanceType('four', { cpu: 4.1, memoryGi: 16 }, at(0.3));
    const pods = [1000, 1000, 2000, 2000].map((cpu, index) => pod({ name: `p${index}`, cpu }));
    const on = (instanceTypes: InstanceType[]): number => cheapestPacking(snapshot([{ nodePool: nodePool('default'), instanceTypes }]), pods, Number.POSITIVE_INFINITY);
    expect(on([two])).to.be.closeTo(0.6, 1e-9);
    expect(on([two, four])).to.be.closeTo(0.5, 1e-9);
    expect(on([instanceType('one', { cpu: 1, memoryGi: 8 }, at(0.1))])).to.equal(Number.POSITIVE_INFINITY);
  });

  for (const [what, asks, most] of [['ask nothing of each other', PLAIN_ASKS, 6], ['ask something of each other', [...PLAIN_ASKS, ...SOCIAL_ASKS], 5]] as const) {
    it(`of a decision is no lower than that of the best packing of its pods, and that no lower than the bound, for pods that ${what}`, () => {
      fc.assert(fc.property(types, nodes, workloadsOf(asks), (instanceTypes, there, pods) => {
        const cluster = snapshot([{ nodePool: nodePool('default'), instanceTypes }], { nodes: there, lookup: SCENARIO_LOOKUP });
        const some = pods.slice(0, most);
        const left = new Set(solve(cluster, some).unschedulable.map(({ pod: each }) => each));
        const placed = some.filter((each) => !left.has(each));
        const decision = solve(cluster, placed);
        expect(decision.unschedulable).to.deep.equal([]);
        const optimum = cheapestPacking(cluster, placed, decision.totalPrice + 1e-6);
        expect(optimum).to.be.at.most(decision.totalPrice + 1e-9);
        expect(decision.lowerBound).to.be.at.most(optimum + 1e-9);
      }), { numRuns: 15 });
    });
  }
});
