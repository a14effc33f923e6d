import { expect } from 'chai';
import { NOW, messages, node as anyNode, planFor as planned, small } from '../../test/support/disruption-plans.js';
import type { NodeInput, PlanInput } from '../../test/support/disruption-plans.js';
import { pod, snapshot } from '../../test/support/workloads.js';
import type { SnapshotNode } from '../scheduling/snapshot.js';
import type { DisruptionPlan } from './command.js';
import { validate } from './validation.js';

const node = (name: string, input: NodeInput = {}): SnapshotNode => anyNode(name, { type: small, conditions: ['Drifted'], pool: 'fixed', ...input });
const planFor = (nodes: SnapshotNode[], pools: PlanInput['pools'] = {}): DisruptionPlan => planned(nodes, { pools });
const replacing = ({ commands }: DisruptionPlan): string[] => commands.map(({ candidates }) => candidates.map(({ node: { name } }) => name).join());
const drifted = (count: number): SnapshotNode[] => Array.from({ length: count }, (_, index) => node(`node-${index}`, { since: `2026-01-01T0${index}:00:00Z` }));

describe('drift of static pools', () => {
  it('replaces each node by one of the template, in a command of its own, whatever runs there', () => {
    const busy = node('busy', { rest: { pods: [pod({ spec: { nodeSelector: { team: 'gone' } } })] } });
    const { commands } = planFor([busy, node('other')], { fixed: { replicas: 2, labels: { team: 'a' } } });
    expect(commands.map(({ method, reason, decision, replacements, savings }) => ({ method, reason, decision, count: replacements.length, savings }))).to.deep.equal([
      { method: 'StaticDrift', reason: 'Drifted', decision: 'replace', count: 1, savings: 0.1 }, { method: 'StaticDrift', reason: 'Drifted', decision: 'replace', count: 1, savings: 0.1 },
    ]);
    const [replacement] = commands[0]?.replacements ?? [];
    expect(replacement).to.deep.include({ pods: [], instanceTypes: [], requests: {} });
    expect(replacement?.requirements.toList()).to.have.deep.members([
      { key: 'karpenter.sh/nodepool', operator: 'In', values: ['fixed'] }, { key: 'karpenter.k8s.aws/ec2nodeclass', operator: 'In', values: ['default'] }, { key: 'team', operator: 'In', values: ['a'] },
    ]);
  });

  it('replaces as many as budgets allow, the longest drifted first', () => {
    expect(replacing(planFor(drifted(5).reverse(), { fixed: { replicas: 5, disruption: { budgets: [{ nodes: '2', reasons: ['Drifted'] }] } } }))).to.deep.equal(['node-0', 'node-1']);
    expect(replacing(planFor(drifted(5), { fixed: { replicas: 5, disruption: { budgets: [{ nodes: '20%' }] } } }))).to.deep.equal(['node-0']);
    expect(replacing(planFor(drifted(5), { fixed: { replicas: 5, disruption: { budgets: [{ nodes: '0' }] } } }))).to.deep.equal([]);
  });

  it('replaces no more than limits.nodes leaves room for, where every node counts until it is gone', () => {
    expect(replacing(planFor(drifted(5), { fixed: { replicas: 5, limits: { nodes: '5' } } }))).to.deep.equal([]);
    expect(replacing(planFor(drifted(5), { fixed: { replicas: 5, limits: { nodes: '6' } } }))).to.deep.equal(['node-0']);
    expect(replacing(planFor([...drifted(5), node('going', { deleting: true })], { fixed: { replicas: 5, limits: { nodes: '7' } } }))).to.deep.equal(['node-0']);
    expect(replacing(planFor(drifted(5), { fixed: { replicas: 5 } }))).to.have.length(5);
    expect(messages(planFor(drifted(2), { fixed: { replicas: 2, limits: { nodes: '3' } } }))).to.deep.equal(['NodePool "fixed" has no room for a replacement within its limit of nodes: 3']);
  });

  it('leaves a pool alone that has too many nodes, those that are being replaced included', () => {
    expect(replacing(planFor(drifted(2), { fixed: { replicas: 1 } }))).to.deep.equal([]);
    expect(replacing(planFor(drifted(1), { fixed: { replicas: 0 } }))).to.deep.equal([]);
    const beingReplaced = node('replaced', { rest: { markedForDeletion: true } });
    expect(replacing(planFor([beingReplaced, node('replacement', { conditions: [] }), ...drifted(2)], { fixed: { replicas: 3 } }))).to.deep.equal([]);
    expect(replacing(planFor([beingReplaced, ...drifted(2)], { fixed: { replicas: 3 } }))).to.have.length(2);
  });

  it('treats each pool by itself, and those without replicas by scheduling', () => {
    const nodes = [node('a', { pool: 'first' }), node('b', { pool: 'full' }), node('c', { pool: 'third' }), node('d', { pool: 'dynamic' })];
    const found = planFor(nodes, { first: { replicas: 1 }, full: { replicas: 1, limits: { nodes: '1' } }, third: { replicas: 2 }, dynamic: {} });
    expect(replacing(found)).to.have.members(['a', 'c']);
    expect(found.methods.map(({ method, candidates }) => [method, candidates.length])).to.deep.equal([['Emptiness', 0], ['StaticDrift', 3]]);
  });

  it('needs the condition, and a node that may be disrupted', () => {
    expect(replacing(planFor([
      node('not-drifted', { conditions: [] }), node('protected', { rest: { annotations: { 'karpenter.sh/do-not-disrupt': 'true' } } }), node('nominated', { rest: { nominatedUntil: NOW + 1 } }),
    ], { fixed: { replicas: 3 } }))).to.deep.equal([]);
  });

  it('is carried out as planned, without a second look', () => {
    const nodes = drifted(1);
    const [command] = planFor(nodes, { fixed: { replicas: 1 } }).commands;
    if (command === undefined) throw new Error('nothing was planned');
    expect(validate(command, snapshot([], { nodes: [] }), { now: NOW, pools: [], pendingPods: [] })).to.deep.equal({ command });
  });

  it('is the only way in which a static pool loses nodes that are empty or cheaper to have elsewhere', () => {
    const { commands, methods } = planFor([node('idle', { conditions: ['Consolidatable'] })], { fixed: { replicas: 1 } });
    expect(commands).to.deep.equal([]);
    expect(methods.map(({ method, candidates }) => [method, candidates.length]))
      .to.deep.equal([['Emptiness', 0], ['StaticDrift', 0], ['Drift', 0], ['MultiNodeConsolidation', 0], ['SingleNodeConsolidation', 0]]);
  });
});
