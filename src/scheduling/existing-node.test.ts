import { expect } from 'chai';
import type { PodSpec } from 'kubernetes-types/core/v1.js';
import { existingNode, instanceType, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import type { SnapshotNode } from './snapshot.js';
import { solve } from './solve.js';

const HOSTNAME = 'kubernetes.io/hostname';
const affinity = (...terms: { key: string; operator: string; values?: string[] }[][]): Partial<PodSpec> =>
  ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms.map((matchExpressions) => ({ matchExpressions })) } } } });
const web = (spec: Partial<PodSpec>) => pod({ name: 'web', cpu: 1000, spec });
const types = [instanceType('medium', { cpu: 4, memoryGi: 8 }, [{ zone: 'a', price: 0.2 }])];

describe('a machine\'s name', () => {
  const place = (spec: Partial<PodSpec>): string => {
    const { existingNodes, newNodes } = solve(snapshot([{ nodePool: nodePool('default'), instanceTypes: types }], { nodes: [existingNode('one'), existingNode('two')] }), [web(spec)]);
    return existingNodes[0]?.node.name ?? (newNodes.length > 0 ? 'new' : 'nowhere');
  };

  it('can be asked for only of a node that is there', () => {
    expect(place({ nodeSelector: { [HOSTNAME]: 'two' } })).to.equal('two');
    expect(place({ nodeSelector: { [HOSTNAME]: 'three' } })).to.equal('nowhere');
    expect(place(affinity([{ key: HOSTNAME, operator: 'NotIn', values: ['one'] }]))).to.equal('two');
    expect(place(affinity([{ key: HOSTNAME, operator: 'NotIn', values: ['one', 'two'] }]))).to.equal('new');
    expect(place(affinity([{ key: HOSTNAME, operator: 'Exists' }, { key: HOSTNAME, operator: 'NotIn', values: ['one', 'two'] }]))).to.equal('new');
  });
});

describe('room for daemons', () => {
  const node = (rest: Partial<SnapshotNode> = {}): SnapshotNode => existingNode('node', { allocatable: { cpu: 1500, memory: 2 ** 33, pods: 10 }, ...rest });
  const fits = (spec: Partial<PodSpec>, rest?: Partial<SnapshotNode>): boolean =>
    solve(snapshot([], { nodes: [node(rest)], daemonSetPods: [pod({ name: 'daemon', cpu: 1000, spec })] }), [web({ tolerations: [{ operator: 'Exists' }] })]).existingNodes.length === 1;

  it('is set aside on nodes that meet any of their terms', () => {
    const arch = (value: string) => ({ key: 'kubernetes.io/arch', operator: 'In', values: [value] });
    expect(fits(affinity([arch('arm64')], [arch('amd64')]))).to.be.false;
    expect(fits(affinity([arch('arm64')], [arch('s390x')]))).to.be.true;
  });

  it('is set aside in spite of preferences against pods, which keep no daemon away', () => {
    expect(fits({}, { taints: [{ key: 'soft', effect: 'PreferNoSchedule' }] })).to.be.false;
    expect(fits({}, { taints: [{ key: 'hard', effect: 'NoSchedule' }] })).to.be.true;
  });
});
