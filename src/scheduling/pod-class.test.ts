import { expect } from 'chai';
import type { NodeSelectorRequirement, PodSpec } from 'kubernetes-types/core/v1.js';
import { existingNode, instanceType, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import { solve } from './solve.js';

const cluster = snapshot([{ nodePool: nodePool('default'), instanceTypes: [instanceType('medium', { cpu: 4, memoryGi: 8 }, [{ zone: 'a', price: 0.2 }])] }], { nodes: [existingNode('node')] });
const asking = (nodeSelector: Record<string, string>, ...terms: NodeSelectorRequirement[][]): Partial<PodSpec> =>
  ({ nodeSelector, affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms.map((matchExpressions) => ({ matchExpressions })) } } } });

describe('a pod that asks two things of a label', () => {
  for (const [name, expression] of Object.entries<NodeSelectorRequirement>({
    'another value': { key: 'team', operator: 'In', values: ['red'] }, 'its absence': { key: 'team', operator: 'DoesNotExist' }, 'all but its value': { key: 'team', operator: 'NotIn', values: ['blue'] },
  })) {
    it(`goes nowhere when it asks for a value and for ${name}: not to nodes without the label either`, () => {
      const { unschedulable } = solve(cluster, [pod({ spec: asking({ team: 'blue' }, [expression]) })]);
      expect(unschedulable.map(({ reason }) => reason)).to.deep.equal([
        'incompatible with nodepool "default", daemonset overhead={}, incompatible requirements, no value of label "team" meets all that is asked of it']);
    });
  }

  it('goes only to nodes with the label when it asks for that and for none of some values', () => {
    const spec = asking({}, [{ key: 'team', operator: 'Exists' }, { key: 'team', operator: 'NotIn', values: ['red'] }]);
    expect(solve(cluster, [pod({ spec })]).unschedulable).to.have.length(1);
    const teams = snapshot([], { nodes: [existingNode('red', { labels: { team: 'red' } }), existingNode('blue', { labels: { team: 'blue' } })] });
    expect(solve(teams, [pod({ spec })]).existingNodes.map(({ node }) => node.name)).to.deep.equal(['blue']);
  });

  it('goes nowhere either when it is a label that every node will have', () => {
    const spec = asking({ 'topology.kubernetes.io/region': 'here' }, [{ key: 'topology.kubernetes.io/region', operator: 'In', values: ['there'] }]);
    expect(solve(cluster, [pod({ spec })]).unschedulable).to.have.length(1);
  });

  it('may have another alternative in which it does not', () => {
    const spec = asking({ 'kubernetes.io/os': 'linux' }, [{ key: 'kubernetes.io/os', operator: 'DoesNotExist' }], [{ key: 'kubernetes.io/arch', operator: 'Exists' }]);
    expect(solve(cluster, [pod({ spec })]).existingNodes).to.have.length(1);
  });

  it('goes to nodes without the label when that is all it asks', () => {
    expect(solve(cluster, [pod({ spec: asking({}, [{ key: 'team', operator: 'NotIn', values: ['red'] }, { key: 'team', operator: 'DoesNotExist' }]) })]).existingNodes).to.have.length(1);
  });
});
