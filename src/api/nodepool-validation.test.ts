import { expect } from 'chai';
import { nodePoolProblems, requirementProblems } from './nodepool-validation.js';
import type { NodePool, NodePoolSpec } from './nodepool.js';
import type { Requirement } from './requirement.js';

const pool = (template: Partial<NodePoolSpec['template']['spec']>, rest: Partial<NodePoolSpec> = {}, labels: Record<string, string> = {}): Pick<NodePool, 'spec'> => ({
  spec: { template: { metadata: { labels }, spec: { requirements: [], nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, ...template } }, ...rest },
});

describe('validation of NodePools', () => {
  const good: Requirement[] = [
    { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['spot', 'on-demand'] },
    { key: 'karpenter.k8s.aws/instance-generation', operator: 'Gt', values: ['4'] },
    { key: 'example.com/team', operator: 'Exists' },
    { key: 'beta.kubernetes.io/arch', operator: 'NotIn', values: [] },
  ];
  for (const requirement of good) it(`accepts ${requirement.key} ${requirement.operator}`, () => expect(requirementProblems(requirement)).to.deep.equal([]));

  const bad: [Requirement, string][] = [
    [{ key: 'karpenter.sh/custom', operator: 'Exists' }, 'is restricted'],
    [{ key: 'x.karpenter.k8s.aws/custom', operator: 'Exists' }, 'is restricted'],
    [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['a'] }, 'is restricted'],
    [{ key: 'karpenter.sh/capacity-type', operator: 'In', values: ['cheap'] }, 'expected one of: [on-demand spot reserved]'],
    [{ key: 'example.com/a', operator: 'In', values: [] }, 'must have a value defined'],
    [{ key: 'example.com/a', operator: 'In', values: ['1'], minValues: 2 }, 'at least minValues (2)'],
    [{ key: 'example.com/a', operator: 'Gt', values: ['-1'] }, 'single non-negative integer'],
    [{ key: 'example.com/a', operator: 'Lt', values: ['1', '2'] }, 'single non-negative integer'],
    [{ key: 'not a key', operator: 'Exists' }, 'not a qualified name'],
    [{ key: 'example.com/a', operator: 'In', values: ['no spaces allowed'] }, 'must be a label value'],
  ];
  for (const [requirement, text] of bad) {
    it(`refuses ${requirement.key} ${requirement.operator} [${requirement.values?.join(' ') ?? ''}]`, () => expect(requirementProblems(requirement).join('; ')).to.include(text));
  }

  it('reports every problem with its field', () => {
    const problems = nodePoolProblems(pool(
      { taints: [{ key: 'a', effect: 'NoSchedule' }], startupTaints: [{ key: 'a', effect: 'NoSchedule' }], requirements: [{ key: 'karpenter.sh/nodepool', operator: 'Exists' }] },
      { limits: { cpu: 'a lot' } },
      { 'karpenter.sh/nodepool': 'x' },
    ));
    expect(problems.join('\n')).to.include('spec.template.metadata.labels: label karpenter.sh/nodepool is restricted')
      .and.include('duplicate taint Key/Effect pair a=NoSchedule at spec.template.spec.startupTaints[0]')
      .and.include('spec.template.spec.requirements[0]: label karpenter.sh/nodepool is restricted')
      .and.include('spec.limits.cpu: "a lot" is not a quantity');
  });

  it('accepts the same key with two effects', () => {
    expect(nodePoolProblems(pool({ taints: [{ key: 'a', effect: 'NoSchedule' }, { key: 'a', effect: 'NoExecute' }] }))).to.deep.equal([]);
  });
});
