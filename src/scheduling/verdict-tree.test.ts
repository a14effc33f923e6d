import { expect } from 'chai';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { solve } from './index.js';
import type { Snapshot, Verdict } from './index.js';
import { existingNode, inValues, instanceType, nodePool, pod, snapshot } from '../../test/support/workloads.js';

const ZONE = 'topology.kubernetes.io/zone';
const Gi = 2 ** 30;
const types = [2, 4, 8].flatMap((cpu) => ['amd64', 'arm64'].map((arch) => instanceType(`${arch}-${cpu}`, { cpu, memoryGi: 2 * cpu, arch }, [
  { zone: 'us-east-1a', capacityType: 'on-demand', price: cpu / 10 }, { zone: 'us-east-1b', capacityType: 'on-demand', price: cpu / 10 },
])));
const pool = (name: string, spec: Parameters<typeof nodePool>[1] = {}) => ({ nodePool: nodePool(name, spec), instanceTypes: types });

function verdictOf(cluster: Snapshot, ...pods: Pod[]): Verdict {
  const verdict = solve(cluster, pods).unschedulable.at(-1)?.verdict;
  if (verdict === undefined) throw new Error('the pod should fit nowhere');
  return verdict;
}

describe('the verdict on a pod that fits nowhere', () => {
  it('counts the types that each rule of a pool left', () => {
    const cluster = snapshot([pool('default', { template: { requirements: [inValues(ZONE, 'us-east-1a')] }, limits: { cpu: '4' } })]);
    const [verdict] = verdictOf(cluster, pod({ cpu: 3_990, spec: { nodeSelector: { 'kubernetes.io/arch': 'arm64' } } })).nodePools;
    expect(verdict?.steps).to.deep.equal([
      { rule: 'limits', before: 6, after: 4 },
      { rule: 'requirement kubernetes.io/arch In [arm64]', before: 4, after: 2 },
      { rule: 'resources', before: 2, after: 0 },
    ]);
  });

  it('names the type that was the nearest, what it lacks, and what daemons take of it', () => {
    const cluster = snapshot([pool('default')], { daemonSetPods: [pod({ cpu: 400, memoryMi: 412 })] });
    const { nodePools: [verdict] } = verdictOf(cluster, pod({ cpu: 1_000, memoryMi: 16 * 1024 - 300 }));
    expect(verdict?.nearest?.name).to.equal('amd64-8');
    const [short, daemons] = [verdict?.nearest?.short ?? {}, verdict?.nearest?.daemons ?? {}];
    expect(Object.keys(short)).to.deep.equal(['memory']);
    expect(daemons['memory']).to.equal(412 * 2 ** 20);
    const overhead = types.find(({ name }) => name === 'amd64-8')?.overhead['memory'] ?? 0;
    expect(short['memory']).to.equal(412 * 2 ** 20 - 300 * 2 ** 20 + overhead);
    expect(verdictOf(cluster, pod({ cpu: 1_000, memoryMi: 16 * 1024 - 300 })).describe().join('\n')).to.match(/nearest: amd64-8, \d+Mi memory short; daemonsets take 412Mi memory/);
  });

  it('says what would let the pod in: a toleration, or the least rise of a limit', () => {
    const cluster = snapshot([
      pool('tainted', { weight: 3, template: { taints: [{ key: 'dedicated', value: 'ml', effect: 'NoSchedule' }] } }),
      pool('full', { weight: 2, limits: { nodes: '0' } }),
      pool('limited', { weight: 1, limits: { cpu: '1' } }),
    ]);
    const verdicts = verdictOf(cluster, pod({ cpu: 3_000 })).nodePools;
    expect(verdicts.map(({ nodePool: name, steps }) => [name, steps.at(-1)])).to.deep.equal([
      ['tainted', { rule: 'taints', before: 6, after: 0 }],
      ['full', { rule: 'limits.nodes', before: 6, after: 0 }],
      ['limited', { rule: 'limits', before: 6, after: 0 }],
    ]);
    expect(verdicts.map(({ remedy }) => remedy)).to.deep.equal(['tolerate dedicated=ml:NoSchedule', 'raise limits.nodes of NodePool full by 1', 'raise limits of NodePool limited by 3 cpu']);
  });

  it('counts the nodes that each rule left, and names the one that lacks the least room', () => {
    const on = (name: string, cpu: number, rest: Parameters<typeof existingNode>[1] = {}) => existingNode(name, { available: { cpu, memory: 4 * Gi, pods: 10 }, ...rest });
    const nodes = [on('far', 500), on('near', 1_600), on('elsewhere', 8_000, { zone: 'us-east-1b' }), on('tainted', 8_000, { taints: [{ key: 'x', effect: 'NoSchedule' }] })];
    const { existingNodes } = verdictOf(snapshot([], { nodes }), pod({ cpu: 2_000, spec: { nodeSelector: { [ZONE]: 'us-east-1a' } } }));
    expect(existingNodes.steps).to.deep.equal([
      { rule: 'taints', before: 4, after: 3 }, { rule: 'requirements', before: 3, after: 2 }, { rule: 'resources', before: 2, after: 0 },
    ]);
    expect(existingNodes.nearest).to.deep.include({ name: 'near', short: { cpu: 400 } });
  });

  it('sees what the run itself has used up', () => {
    const nodes = [existingNode('node-a', { available: { cpu: 1_000, memory: 4 * Gi, pods: 10 } })];
    const { existingNodes } = verdictOf(snapshot([], { nodes }), pod({ name: 'a', cpu: 800 }), pod({ name: 'b', cpu: 700 }));
    expect(existingNodes.nearest).to.deep.include({ name: 'node-a', short: { cpu: 500 } });
  });

  it('ends with topology when that left no domain', () => {
    const spec = { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: ZONE, labelSelector: { matchLabels: { app: 'nobody' } } }] } } };
    const [verdict] = verdictOf(snapshot([pool('default')]), pod({ spec })).nodePools;
    expect(verdict?.steps).to.deep.equal([{ rule: 'topology', before: 6, after: 0 }]);
    expect(verdict?.reason).to.match(/^unsatisfiable topology constraint for pod affinity, key=topology.kubernetes.io\/zone/);
  });

  it('is one for all pods that are alike, and made only when it is looked at', () => {
    const { unschedulable } = solve(snapshot([pool('default')]), [0, 1, 2].map((index) => pod({ name: `huge-${index}`, cpu: 64_000 })));
    expect(new Set(unschedulable.map(({ verdict }) => verdict)).size).to.equal(1);
    expect(unschedulable.every((each) => Object.getOwnPropertyDescriptor(each, 'verdict')?.get !== undefined)).to.equal(true);
  });
});
