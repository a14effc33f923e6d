import { expect } from 'chai';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { NOW, both, large, messages, node, outline, planFor, setUp, small, some } from '../../test/support/disruption-plans.js';
import type { NodeInput } from '../../test/support/disruption-plans.js';
import { instanceType, pod } from '../../test/support/workloads.js';
import type { InstanceType } from '../cloud/instance-type.js';
import { describeCommand } from './describe.js';
import type { DisruptionCommand } from './command.js';
import { plan } from './plan.js';
import { validate } from './validation.js';

describe('disruption', () => {
  describe('of empty nodes', () => {
    it('deletes all of them in one command, for any policy', () => {
      for (const consolidationPolicy of ['WhenEmpty', 'WhenEmptyOrUnderutilized', 'Balanced'] as const) {
        expect(outline(planFor([node('a'), node('b'), node('busy', { pods: some(10) })], { disruption: { consolidationPolicy } })), consolidationPolicy)
          .to.deep.equal([['Emptiness', 'delete', ['a', 'b']]]);
      }
    });

    it('waits for the Consolidatable condition, and does nothing for Never', () => {
      expect(outline(planFor([node('a', { conditions: [] })]))).to.deep.equal([]);
      const never = planFor([node('a')], { disruption: { consolidateAfter: 'Never' } });
      expect(outline(never)).to.deep.equal([]);
      expect(messages(never)).to.deep.equal(['NodePool "default" has consolidation disabled']);
    });

    it('counts DaemonSet pods and pods that cost nothing for nothing', () => {
      const daemon = { ...pod(), metadata: { ...pod().metadata, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'd' }] } };
      const worthless = pod({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-2147483648' } });
      expect(outline(planFor([node('a', { pods: [daemon] }), node('b', { pods: [worthless] })]))).to.deep.equal([['Emptiness', 'delete', ['a', 'b']]]);
    });

    it('stays within budgets, the dearest first', () => {
      const nodes = [node('cheap', { type: small }), node('dear'), node('busy', { pods: some(10) })];
      expect(outline(planFor(nodes, { disruption: { budgets: [{ nodes: '1' }] } }))).to.deep.equal([['Emptiness', 'delete', ['dear']]]);
      const none = planFor([node('a')], { disruption: { budgets: [{ nodes: '0', reasons: ['Empty'] }] }, options: { methods: ['Emptiness'] } });
      expect(outline(none)).to.deep.equal([]);
      expect(messages(none)).to.deep.equal(['No allowed disruptions for disruption reason Empty due to blocking budget']);
      expect(none.methods[0]?.exhausted).to.be.false;
    });
  });

  describe('is blocked', () => {
    const blocked: [string, NodeInput, string][] = [
      ['on nodes that are not initialised', { rest: { initialized: false } }, 'Node is not initialized'],
      ['on nodes that go already', { rest: { markedForDeletion: true } }, 'Node is deleting or marked for deletion'],
      ['on nodes that pods are expected on', { rest: { nominatedUntil: NOW + 1 } }, 'Node is nominated for a pending pod'],
      ['on nodes that users protect', { rest: { annotations: { 'karpenter.sh/do-not-disrupt': 'true' } } }, 'Disruption is blocked through the "karpenter.sh/do-not-disrupt" annotation'],
      ['on nodes that users protect by the older name', { rest: { annotations: { 'karpenter.sh/do-not-evict': 'true' } } }, 'Disruption is blocked through the "karpenter.sh/do-not-evict" annotation'],
      ['on nodes with pods that users protect', { pods: [pod({ name: 'precious', annotations: { 'karpenter.sh/do-not-disrupt': 'true' } })] }, 'Pod has "karpenter.sh/do-not-disrupt" annotation (Pod=default/precious)'],
      ['on nodes of a pool that is gone', { pool: 'gone' }, 'NodePool not found (NodePool=gone)'],
    ];
    for (const [name, input, message] of blocked) {
      it(name, () => {
        const result = planFor([node('a', input)]);
        expect(outline(result)).to.deep.equal([]);
        expect(result.notices.filter((notice) => notice.node).map((notice) => notice.message)).to.deep.equal([message]);
      });
    }

    it('by a PodDisruptionBudget that allows no eviction', () => {
      const pdb = { metadata: { name: 'pdb', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'x' } } }, status: { disruptionsAllowed: 0 } };
      const guarded = [node('a', { pods: some(1, { labels: { app: 'x' } }) })];
      expect(messages(planFor(guarded, { pdbs: [pdb] }))).to.deep.equal(['Pdb prevents pod evictions (PodDisruptionBudget=[default/pdb])']);
      expect(outline(planFor(guarded, { pdbs: [{ ...pdb, status: { disruptionsAllowed: 1 } }] }))).to.have.length(1);
    });

    it('not for nodes of others, of which nothing is said', () => {
      const { nodeClaim: _claim, ...unmanaged } = node('a');
      expect(messages(planFor([{ ...unmanaged, managed: false }]))).to.deep.equal([]);
    });
  });

  describe('of drifted nodes', () => {
    const drifted = (name: string, since: string, input: NodeInput = {}) => node(name, { conditions: ['Drifted'], since, ...input });

    it('replaces one at a time, empty ones first, then the one that drifted first', () => {
      const busy = [drifted('younger', '2026-01-01T02:00:00Z', { pods: some(15) }), drifted('older', '2026-01-01T01:00:00Z', { pods: some(15) })];
      expect(outline(planFor(busy))).to.deep.equal([['Drift', 'replace', ['older'], 'large']]);
      const empty = [drifted('empty-since-four', '2026-01-01T04:00:00Z'), drifted('empty-since-three', '2026-01-01T03:00:00Z')];
      expect(outline(planFor([...busy, ...empty]))).to.deep.equal([['Drift', 'delete', ['empty-since-three']]]);
      const held = { budgets: [{ nodes: '0' }] };
      const elsewhere = [...empty.map((each) => ({ ...each, nodePool: 'held', labels: { ...each.labels, 'karpenter.sh/nodepool': 'held' } })), ...busy];
      expect(outline(planFor(elsewhere, { pools: { default: {}, held: { disruption: held } } })), 'the next one that budgets allow').to.deep.equal([['Drift', 'delete', ['older']]]);
    });

    it('does not leave pods without a node, and says so', () => {
      const stuck = planFor([drifted('a', '2026-01-01T00:00:00Z', { pods: some(1, { spec: { nodeSelector: { team: 'gone' } } }) })]);
      expect(outline(stuck)).to.deep.equal([]);
      expect(messages(stuck, 'DisruptionBlocked')[0]).to.contain('label "team" does not have known values');
    });

    it('goes on in spite of protected pods when the node has a termination grace period', () => {
      const pods = some(1, { annotations: { 'karpenter.sh/do-not-disrupt': 'true' } });
      expect(outline(planFor([drifted('a', '2026-01-01T00:00:00Z', { pods })]))).to.deep.equal([]);
      expect(outline(planFor([drifted('a', '2026-01-01T00:00:00Z', { pods, claim: { terminationGracePeriod: '1h' } })]))).to.have.length(1);
    });
  });

  describe('of single nodes', () => {
    const options = { methods: ['SingleNodeConsolidation'] as const };

    it('deletes one whose pods fit elsewhere', () => {
      expect(outline(planFor([node('full', { pods: some(10) }), node('spare', { pods: some(1) })], { options }))).to.deep.equal([['SingleNodeConsolidation', 'delete', ['spare']]]);
    });

    it('replaces one by a cheaper type, as spot if it can be both', () => {
      const result = planFor([node('big', { pods: some(1) })], { options });
      expect(outline(result)).to.deep.equal([['SingleNodeConsolidation', 'replace', ['big'], 'small,large']]);
      const [command] = result.commands as [DisruptionCommand];
      expect([...command.replacements[0]?.requirements.get('karpenter.sh/capacity-type').values ?? []]).to.deep.equal(['spot']);
      expect(command.savings).to.be.closeTo(0.4 - 0.04, 1e-9);
      expect(messages(result, 'ConsolidationCandidate')).to.deep.equal(['Consolidation candidate: replace: [big] -> [1 replacement] (savings: $0.36)']);
    });

    it('is not over for nodes that are no candidates yet, however they become some', () => {
      const result = planFor([node('a', { pods: some(1) })], { options: { methods: ['Emptiness', 'Drift'] } });
      expect(result.methods.map(({ candidates, exhausted }) => [candidates.length, exhausted])).to.deep.equal([[0, false], [0, false]]);
    });

    it('leaves a node alone that is the cheapest already', () => {
      const result = planFor([node('a', { type: small, capacityType: 'spot', pods: some(1) })], { options: { ...options, spotToSpot: true } });
      expect(outline(result)).to.deep.equal([]);
      expect(messages(result)).to.deep.equal(["Can't replace with a cheaper node"]);
      expect(result.methods[0]?.exhausted).to.be.true;
    });

    it('moves from spot to spot only when allowed, and only to many alternatives, of which it keeps 15', () => {
      const many = Array.from({ length: 20 }, (_, index) => instanceType(`type-${index}`, { cpu: 2, memoryGi: 8 }, both(0.1 + index / 1000)));
      const on = (types: InstanceType[], spotToSpot: boolean) => planFor([node('a', { capacityType: 'spot', pods: some(1) })], { types: [large, ...types], options: { ...options, spotToSpot } });
      expect(messages(on(many, false))).to.deep.equal(["SpotToSpotConsolidation is disabled, can't replace a spot node with a spot node"]);
      expect(messages(on(many.slice(0, 14), true))).to.deep.equal(['SpotToSpotConsolidation requires 15 cheaper instance type options than the current candidate to consolidate, got 14']);
      expect(on(many, true).commands[0]?.replacements[0]?.instanceTypes).to.have.length(15);
    });

    it('leaves nodes alone by policy', () => {
      const result = planFor([node('a', { pods: some(1) })], { options, disruption: { consolidationPolicy: 'WhenEmpty' } });
      expect(messages(result)).to.deep.equal(['NodePool "default" has consolidation policy WhenEmpty, but node is not empty']);
    });

    it('counts on no room that pods wait for', () => {
      const nodes = [node('full', { capacityType: 'spot', pods: some(10) }), node('spare', { type: small, capacityType: 'spot', pods: some(1) })];
      expect(outline(planFor(nodes, { options }))).to.have.length(1);
      expect(outline(planFor(nodes, { options: { ...options, pendingPods: some(7) } }))).to.deep.equal([]);
    });

    it('does not count on nodes that are starting', () => {
      const nodes = [node('starting', { rest: { initialized: false } }), node('a', { type: small, capacityType: 'spot', pods: some(1) })];
      expect(outline(planFor(nodes, { options }))).to.deep.equal([]);
    });

    it('does not move pods onto nodes that are settling', () => {
      const settling = node('settling', { pods: some(10), conditions: [], since: '2026-01-01T11:59:00Z' });
      settling.nodeClaim?.status.conditions?.push({ type: 'Initialized', status: 'True', reason: '', message: '', lastTransitionTime: '2026-01-01T11:59:00Z' });
      const nodes = [settling, node('a', { type: small, capacityType: 'spot', pods: some(1) })];
      expect(outline(planFor(nodes, { options, disruption: { consolidateAfter: '5m' } }))).to.deep.equal([]);
      expect(outline(planFor(nodes, { options, disruption: { consolidateAfter: '30s' } }))).to.have.length(1);
    });

    it('is approved by Balanced pools only when it saves more than it disturbs', () => {
      const nodes = [node('idle', { pods: some(1) }), node('busy', { pods: some(10) })];
      const approved = planFor(nodes, { options, disruption: { consolidationPolicy: 'Balanced' } });
      expect(outline(approved)).to.deep.equal([['SingleNodeConsolidation', 'delete', ['idle']]]);
      expect(messages(approved, 'ConsolidationApproved')).to.deep.equal(['score 3.25 >= threshold 0.50 (k: 2, savings 50.0%, disruption 15.4%)']);
      const worthLittle = [node('a', { type: small, pods: some(3) }), node('b', { pods: some(2) }), node('c', { pods: some(2) }), node('d', { pods: some(2) })];
      const dear = planFor(worthLittle, { options: { ...options, poolCosts: new Map([['default', 1000]]) }, disruption: { consolidationPolicy: 'Balanced' } });
      expect(outline(dear)).to.deep.equal([]);
    });

    it('gives up at its deadline, and begins with the pools that it did not reach', () => {
      let time = 0;
      const result = planFor([node('a', { pods: some(1) })], { options: { ...options, elapsed: () => (time += 200_000) } });
      expect(outline(result)).to.deep.equal([]);
      expect([...result.unreachedPools]).to.deep.equal(['default']);
      expect(result.methods[0]?.exhausted).to.be.false;
    });
  });

  describe('of nodes with room for capacity buffers', () => {
    const SINGLE = ['SingleNodeConsolidation'] as const;
    const virtualPods = (count: number, cpu = 500): Pod[] => Array.from({ length: count }, () => pod({ cpu, memoryMi: 128 }));

    it('keeps them though they are empty, and says why', () => {
      const planned = planFor([node('a'), node('b')], { options: { bufferedNodes: new Set(['a']) } });
      expect(outline(planned)).to.deep.equal([['Emptiness', 'delete', ['b']]]);
      expect(messages(planned)).to.include('Node "a" has buffer pods');
    });

    it('deletes one whose pods and room fit elsewhere', () => {
      expect(outline(planFor([node('a', { pods: some(1) }), node('b', { pods: some(10) })], { options: { methods: SINGLE, virtualPods: virtualPods(2) } })))
        .to.deep.equal([['SingleNodeConsolidation', 'delete', ['a']]]);
    });

    it('replaces one for the sake of the room, where its pods alone would fit elsewhere', () => {
      const nodes = [node('a', { pods: some(1) }), node('b', { pods: some(14) })];
      expect(outline(planFor(nodes, { options: { methods: SINGLE } }))).to.deep.equal([['SingleNodeConsolidation', 'delete', ['a']]]);
      expect(outline(planFor(nodes, { options: { methods: SINGLE, virtualPods: virtualPods(2) } }))).to.deep.equal([['SingleNodeConsolidation', 'replace', ['a'], 'small,large']]);
      expect(outline(planFor(nodes, { options: { methods: SINGLE, virtualPods: virtualPods(28) } })), 'the room needs two nodes').to.deep.equal([]);
    });

    it('does not mind room that is nowhere anyway', () => {
      expect(outline(planFor([node('a', { pods: some(1) }), node('b', { pods: some(10) })], { options: { methods: SINGLE, virtualPods: virtualPods(1, 64_000) } })))
        .to.deep.equal([['SingleNodeConsolidation', 'delete', ['a']]]);
    });

    it('expects no pods on a node for the room that is there', () => {
      const [command] = planFor([node('a', { pods: some(10), conditions: ['Drifted'] }), node('b')], { options: { virtualPods: virtualPods(2), bufferedNodes: new Set(['b']) } }).commands;
      expect(command?.existingNodes.map(({ node: { name }, pods }) => [name, pods.length])).to.deep.equal([['b', 10]]);
    });

    it('replaces a drifted one whose room is nowhere else', () => {
      const planned = planFor([node('a', { conditions: ['Drifted'] })], { options: { virtualPods: virtualPods(2), bufferedNodes: new Set(['a']) } });
      expect(outline(planned)).to.deep.equal([['Drift', 'replace', ['a'], 'small,large']]);
    });
  });

  describe('of several nodes', () => {
    const options = { methods: ['MultiNodeConsolidation'] as const };

    it('replaces as many as possible by one that is cheaper than all of them together', () => {
      const nodes = ['a', 'b', 'c'].map((name) => node(name, { type: small, pods: some(3) }));
      const result = planFor(nodes, { options, types: [small, instanceType('roomy', { cpu: 6, memoryGi: 16 }, [{ zone: 'us-east-1a', price: 0.15 }])] });
      expect(outline(result)).to.deep.equal([['MultiNodeConsolidation', 'replace', ['a', 'b', 'c'], 'roomy']]);
      expect(result.commands[0]?.savings).to.be.closeTo(0.15, 1e-9);
    });

    it('rather keeps a node than replace it by one of its own type', () => {
      const nodes = ['a', 'b'].map((name) => node(name, { pods: some(3) }));
      const onlyLarge = [instanceType('large', { cpu: 8, memoryGi: 32 }, [{ zone: 'us-east-1a', price: 0.4 }])];
      expect(outline(planFor(nodes.map((each) => ({ ...each })), { options, types: onlyLarge }))).to.deep.equal([]);
    });
  });

  it('tries the methods in Karpenter\'s order, and skips those that found nothing since', () => {
    const nodes = [node('empty'), node('drifted', { conditions: ['Drifted'], pods: some(15) })];
    expect(outline(planFor(nodes))[0]).to.include('Emptiness');
    expect(outline(planFor(nodes, { options: { exhausted: new Set(['Emptiness']) } }))[0]).to.include('Drift');
  });

  it('leaves nodes alone that a command in flight is about', () => {
    expect(outline(planFor([node('a')], { options: { inFlight: new Set(['aws:///a']) } }))).to.deep.equal([]);
  });

  describe('commands', () => {
    it('are described as Karpenter does', () => {
      const [command] = planFor([node('big', { pods: some(1) })], { options: { methods: ['SingleNodeConsolidation'] } }).commands as [DisruptionCommand];
      expect(describeCommand(command, 'id')).to.equal('Underutilized/id: replace: nodepools=[default]: [big] -> [1 replacement] (savings: $0.36)');
    });

    it('for empty nodes shrink to those that still are when they are validated', () => {
      const before = setUp([node('a'), node('b')]);
      const [command] = plan(before.snapshot, before.options).commands as [DisruptionCommand];
      const after = setUp([node('a'), node('b', { pods: some(1) })]);
      const result = validate(command, after.snapshot, after.options);
      expect('command' in result && result.command.candidates.map(({ node: { name } }) => name)).to.deep.equal(['a']);
      const gone = setUp([node('b', { pods: some(1) })]);
      expect(validate(command, gone.snapshot, gone.options)).to.include({ rejected: 'churn' });
      const broke = setUp([node('a')], { disruption: { budgets: [{ nodes: '0' }] } });
      expect(validate(command, broke.snapshot, broke.options)).to.include({ rejected: 'budget' });
    });

    it('for consolidation hold only while everything still fits as planned', () => {
      const before = setUp([node('big', { pods: some(1) })], { options: { methods: ['SingleNodeConsolidation'] } });
      const [command] = plan(before.snapshot, before.options).commands as [DisruptionCommand];
      expect(validate(command, before.snapshot, before.options)).to.have.property('command');
      const nominated = setUp([node('big', { pods: some(1), rest: { nominatedUntil: NOW + 1 } })]);
      expect(validate(command, nominated.snapshot, nominated.options)).to.include({ rejected: 'churn' });
      const fuller = setUp([node('big', { pods: some(10) })]);
      expect(validate(command, fuller.snapshot, fuller.options)).to.include({ rejected: 'scheduling' });
      const roomElsewhere = setUp([node('big', { pods: some(1) }), node('other', { pods: some(2) })]);
      expect(validate(command, roomElsewhere.snapshot, roomElsewhere.options)).to.include({ rejected: 'scheduling' });
    });
  });
});
