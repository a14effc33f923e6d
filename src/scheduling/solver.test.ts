import { expect } from 'chai';
import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import { instanceType, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import type { Decision } from './decision.js';
import { solve } from './solve.js';

const ZONE = 'topology.kubernetes.io/zone';
const everywhere = (price: number) => ['a', 'b', 'c'].map((zone) => ({ zone, price }));
const four = instanceType('four', { cpu: 4.1, memoryGi: 16 }, everywhere(0.2));
const cluster = snapshot([{ nodePool: nodePool('default'), instanceTypes: [four] }]);
const named = ({ newNodes }: Decision): string[] => newNodes.map(({ pods }) => pods.map(({ metadata }) => metadata?.name).join(' '));
const zoned = (name: string, zone: string, cpu: number): Pod => pod({ name, cpu, spec: { nodeSelector: { [ZONE]: zone } } });
const terms = (...zones: string[]): Partial<PodSpec> => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: zones.map((zone) => ({ matchExpressions: [{ key: ZONE, operator: 'In', values: [zone] }] })) } } },
});

describe('planned nodes', () => {
  it('are asked in the order of how few pods they have', () => {
    const pods = [zoned('a1', 'a', 1500), zoned('a2', 'a', 1400), zoned('b1', 'b', 1300), pod({ name: 'any', cpu: 500 })];
    expect(named(solve(cluster, pods))).to.deep.equal(['a1 a2', 'b1 any']);
    expect(named(solve(cluster, [...pods, pod({ name: 'next', cpu: 400 })]))).to.deep.equal(['a1 a2 next', 'b1 any']);
  });

  it('are each a machine of their own, whatever their names will be', () => {
    const apart = Array.from({ length: 3 }, (_, index) => pod({
      name: `apart-${index}`, labels: { app: 'web' },
      spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } }] } } },
    }));
    const { newNodes } = solve(cluster, apart);
    expect(newNodes).to.have.length(3);
    for (const { requirements } of newNodes) expect(requirements.has('kubernetes.io/hostname')).to.be.false;
  });
});

describe('node affinity\'s alternatives', () => {
  const zoneFor = (types: typeof four[], ...zones: string[]): string[] => solve(snapshot([{ nodePool: nodePool('default'), instanceTypes: types }]), [pod({ spec: terms(...zones) })])
    .newNodes.map(({ requirements }) => [...requirements.get(ZONE).values].join());

  it('are tried in their order: the first that can be met counts, however cheap the others are', () => {
    const cheapInA = instanceType('four', { cpu: 4, memoryGi: 16 }, [{ zone: 'a', price: 0.1 }, { zone: 'b', price: 0.2 }]);
    expect(zoneFor([cheapInA], 'b', 'a')).to.deep.equal(['b']);
    expect(zoneFor([cheapInA], 'c', 'x', 'a')).to.deep.equal(['a']);
    expect(zoneFor([cheapInA], 'c', 'x')).to.deep.equal([]);
  });

  it('are given up before any preference', () => {
    const { affinity } = terms('x', 'a');
    const wish = { weight: 1, preference: { matchExpressions: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['big'] }] } };
    const big = instanceType('big', { cpu: 8, memoryGi: 32 }, everywhere(0.9));
    const { newNodes } = solve(snapshot([{ nodePool: nodePool('default'), instanceTypes: [four, big] }]), [pod({ spec: { affinity: { nodeAffinity: { ...affinity?.nodeAffinity, preferredDuringSchedulingIgnoredDuringExecution: [wish] } } } })]);
    expect(newNodes[0]?.instanceTypes.map(({ name }) => name)).to.deep.equal(['big']);
  });
});
