import { expect } from 'chai';
import { both, large, messages, node, outline, planFor, small, some } from '../../test/support/disruption-plans.js';
import { instanceType, inValues } from '../../test/support/workloads.js';
import type { Requirement } from '../api/requirement.js';
import type { InstanceType } from '../cloud/instance-type.js';
import { commandTimeout } from './command-timeout.js';
import { describeRejection } from './describe.js';
import type { DisruptionPlan } from './command.js';

const SINGLE = { methods: ['SingleNodeConsolidation'] as const };
const MULTI = { methods: ['MultiNodeConsolidation'] as const };
const MINUTE = 60_000;

/** Time as the search sees it: each look at the clock takes so long. */
function slow(each: number): { elapsed: () => number } {
  let time = 0;
  return { elapsed: () => (time += each) };
}
/** The one node of each command. */
const chosen = ({ commands }: DisruptionPlan): string[] => commands.flatMap(({ candidates }) => candidates.map(({ node: { name } }) => name));

describe('consolidation', () => {
  it('begins with the node that saves most for what it disturbs', () => {
    const nodes = [node('dear-but-full', { pods: some(12) }), node('cheap-but-idle', { type: small, pods: some(1) })];
    expect(chosen(planFor(nodes, { options: SINGLE }))).to.deep.equal(['cheap-but-idle']);
    expect(chosen(planFor([node('dear', { pods: some(2) }), node('cheap', { type: small, pods: some(2) })], { options: SINGLE }))).to.deep.equal(['dear']);
  });

  describe('of single nodes', () => {
    const pools = { a: {}, b: {}, c: {} };
    /** Nodes that nothing is cheaper than, so that each is looked at. */
    const settled = ['a', 'a', 'a', 'b', 'b', 'c'].map((pool, index) => node(`${pool}${index}`, { type: small, capacityType: 'spot', pool, pods: some(3) }));
    const order = (options: object): string[] => [...new Set(planFor(settled, { pools, options: { ...SINGLE, spotToSpot: true, ...options } }).notices
      .filter(({ type }) => type === 'Unconsolidatable').map((notice) => notice.node?.name ?? ''))];

    it('takes the pools in turn, so that none waits for another', () => {
      expect(order({})).to.deep.equal(['a0', 'b3', 'c5', 'a1', 'b4', 'a2']);
    });

    it('begins with pools that it did not reach last time', () => {
      expect(order({ unreachedPools: new Set(['c']) })).to.deep.equal(['c5', 'a0', 'b3', 'a1', 'b4', 'a2']);
    });

    it('gives up after three minutes, and says which pools it did not reach', () => {
      const result = planFor(settled, { pools, options: { ...SINGLE, spotToSpot: true, ...slow(MINUTE) } });
      const [report] = result.methods;
      expect(messages(result, 'Unconsolidatable')).to.have.length(3);
      expect(report).to.include({ timedOut: true, exhausted: false });
      const inTime = planFor(settled, { pools, options: { ...SINGLE, spotToSpot: true, ...slow(MINUTE / 4) } });
      expect(inTime.methods[0]).to.include({ timedOut: false, exhausted: true });
      const barely = planFor(settled, { pools, options: { ...SINGLE, spotToSpot: true, ...slow(2 * MINUTE) } });
      expect([...barely.unreachedPools]).to.deep.equal(['b', 'c']);
    });
  });

  it('looks at the dearest way in which a type may come, and keeps the replacement to the capacity type that comes first', () => {
    const at = (name: string, spot: number | undefined, onDemand: number): InstanceType => instanceType(name, { cpu: 4, memoryGi: 16 }, [
      ...(spot === undefined ? [] : [{ zone: 'us-east-1a', capacityType: 'spot', price: spot }]), { zone: 'us-east-1a', price: onDemand },
    ]);
    const [command] = planFor([node('old', { type: at('candidate', undefined, 1), pods: some(2) })], { options: SINGLE, types: [at('candidate', undefined, 1), at('x', 0.3, 0.9), at('y', undefined, 1.1)] }).commands;
    expect(command?.replacements.map(({ instanceTypes, requirements }) => [instanceTypes.map(({ name }) => name), [...requirements.get('karpenter.sh/capacity-type').values]])).to.deep.equal([[['x'], ['spot']]]);
  });

  describe('of several nodes', () => {
    it('tries three of five, and then more or fewer', () => {
      const tried = (fits: number): number => {
        const nodes = Array.from({ length: 5 }, (_, index) => node(`node-${index}`, { type: small, pods: some(3) }));
        const cpu = fits * 1.5 + 0.2;
        return planFor(nodes, { options: MULTI, types: [small, instanceType('roomy', { cpu, memoryGi: 64 }, [{ zone: 'us-east-1a', price: 0.15 }])] }).commands[0]?.candidates.length ?? 0;
      };
      expect([5, 4, 3, 2].map(tried)).to.deep.equal([5, 4, 3, 2]);
    });

    const roomy = instanceType('roomy', { cpu: 192, memoryGi: 512 }, [{ zone: 'us-east-1a', price: 0.15 }]);
    const idle = (count: number) => Array.from({ length: count }, (_, index) => node(`node-${String(index).padStart(3, '0')}`, { type: small, pods: some(1) }));

    it('takes 100 at most', () => {
      const [command] = planFor(idle(130), { options: MULTI, types: [small, roomy] }).commands;
      expect(command?.candidates).to.have.length(100);
    });

    it('stops after a minute with the best that it found', () => {
      const options = { ...MULTI, ...slow(MINUTE / 2 - 1) };
      const result = planFor(idle(100), { options, types: [small, roomy] });
      expect(result.commands[0]?.candidates, 'the second step of the search, after 51').to.have.length(76);
      expect(result.methods[0]?.timedOut).to.equal(true);
      const nothing = planFor(idle(100), { options: { ...MULTI, ...slow(2 * MINUTE) }, types: [small, roomy] });
      expect(nothing.commands).to.deep.equal([]);
      expect(nothing.methods[0]).to.include({ timedOut: true, exhausted: false });
    });
  });

  describe('with minValues', () => {
    const TYPE = 'node.kubernetes.io/instance-type';
    const FAMILY = 'example.com/family';
    const typesNeeded = (minValues: number) => ({ template: { requirements: [{ key: TYPE, operator: 'Exists' as const, minValues }] } });
    const unmet = `Filtering by price: minValues requirement is not met for label(s) (label(s)=[${TYPE}])`;

    it('needs as many types that are cheaper, on demand and as spot', () => {
      for (const capacityType of ['on-demand', 'spot']) {
        const types = ['x1', 'x2', 'x3'].map((name, index) => instanceType(name, { cpu: 2, memoryGi: 8 }, [{ zone: 'us-east-1a', capacityType, price: 0.1 + index / 100 }]));
        const dearest = node('a', { type: types[2] as InstanceType, capacityType, pods: some(1) });
        const on = (minValues: number) => planFor([dearest], { types, pools: { default: typesNeeded(minValues) }, options: { ...SINGLE, spotToSpot: true } });
        expect(messages(on(3)), capacityType).to.deep.equal([unmet]);
        if (capacityType === 'on-demand') expect(outline(on(2))).to.deep.equal([['SingleNodeConsolidation', 'replace', ['a'], 'x1,x2']]);
        else expect(messages(on(2))).to.deep.equal(['SpotToSpotConsolidation requires 15 cheaper instance type options than the current candidate to consolidate, got 2']);
      }
    });

    it('keeps more than 15 types from spot to spot when it takes more to meet them', () => {
      const requirement: Requirement = { key: FAMILY, operator: 'Exists', minValues: 2 };
      const family = (index: number): string => (index < 17 ? 'first' : 'second');
      const many = Array.from({ length: 20 }, (_, index) =>
        instanceType(`type-${index}`, { cpu: 2, memoryGi: 8, labels: [inValues(FAMILY, family(index))] }, both(0.1 + index / 1_000)));
      const on = (requirements: Requirement[]) => planFor([node('a', { capacityType: 'spot', pods: some(1) })], { types: [...many, large], pools: { default: { template: { requirements } } }, options: { ...SINGLE, spotToSpot: true } });
      expect(on([]).commands[0]?.replacements[0]?.instanceTypes).to.have.length(15);
      expect(on([requirement]).commands[0]?.replacements[0]?.instanceTypes).to.have.length(18);
    });
  });

  describe('is weighed', () => {
    const evaluations = (result: DisruptionPlan) => result.methods.flatMap((report) => report.evaluations);

    it('by every pool, for each single node that could go, with a score for Balanced ones', () => {
      const nodes = [node('idle', { pods: some(1) }), node('busy', { pods: some(10) })];
      expect(evaluations(planFor(nodes, { options: SINGLE }))).to.deep.equal([{ nodePool: 'default', policy: 'WhenEmptyOrUnderutilized', approved: true }]);
      const [balanced] = evaluations(planFor(nodes, { options: SINGLE, disruption: { consolidationPolicy: 'Balanced' } }));
      expect(balanced).to.deep.include({ nodePool: 'default', policy: 'Balanced', approved: true });
      expect(balanced?.score?.value).to.be.closeTo(3.25, 0.01);
    });

    it('and refused where it saves too little for what it disturbs', () => {
      const nodes = [node('a', { pods: some(12) }), node('b', { pods: some(12) })];
      const types = [instanceType('large', { cpu: 8, memoryGi: 32 }, [{ zone: 'us-east-1a', price: 0.4 }]), instanceType('medium', { cpu: 7, memoryGi: 24 }, [{ zone: 'us-east-1a', price: 0.39 }])];
      expect(outline(planFor(nodes, { types, options: SINGLE }))).to.deep.equal([['SingleNodeConsolidation', 'replace', ['a'], 'medium']]);
      const result = planFor(nodes, { types, options: SINGLE, disruption: { consolidationPolicy: 'Balanced' } });
      expect(outline(result)).to.deep.equal([]);
      expect(evaluations(result).map(({ approved, score }) => [approved, score?.approved, score?.value.toFixed(3)])).to.deep.equal([[false, false, '0.025'], [false, false, '0.025']]);
    });

    it('by the pools of several nodes together', () => {
      const pools = { even: { disruption: { budgets: [{ nodes: '100%' }], consolidationPolicy: 'Balanced' as const } }, plain: {} };
      const nodes = [node('a', { type: small, pool: 'even', pods: some(3) }), node('b', { type: small, pool: 'plain', pods: some(3) })];
      const found = evaluations(planFor(nodes, { pools, options: MULTI, types: [small, instanceType('roomy', { cpu: 6, memoryGi: 16 }, [{ zone: 'us-east-1a', price: 0.08 }])] }));
      expect(found.map(({ nodePool, policy, approved, score }) => [nodePool, policy, approved, score?.approved])).to.deep.equal([
        ['even', 'Balanced', true, true], ['plain', 'WhenEmptyOrUnderutilized', true, undefined],
      ]);
    });
  });

  it('tells what it would have done with a node, and why it did not', () => {
    const [single] = planFor([node('big', { pods: some(1) })], { options: SINGLE }).commands;
    expect(single && describeRejection(single, 'big', 'scheduling')).to.equal('Consolidation rejected: replace: [big] -> [1 replacement], reason: scheduling (savings: $0.36)');
    const [multi] = planFor(['a', 'b'].map((name) => node(name, { type: small, pods: some(1) })), { options: MULTI }).commands;
    expect(multi && describeRejection(multi, 'a', 'churn')).to.match(/^Consolidation rejected: \w+: \[a\] \(part of 2-node consolidation\), reason: churn \(savings: \$\d\.\d\d\)$/);
  });
});

describe('a disruption command', () => {
  it('may wait 80 ms for each node that is being disrupted, between 10 minutes and an hour', () => {
    expect([1, 7_500, 10_000, 45_000, 1_000_000].map(commandTimeout)).to.deep.equal([10 * MINUTE, 10 * MINUTE, 800_000, 60 * MINUTE, 60 * MINUTE]);
  });
});
