import { expect } from 'chai';
import { NORMALIZED_LABEL_VALUES } from '../api/labels.js';
import { Requirements } from '../api/requirements.js';
import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import type { InstanceType } from '../cloud/instance-type.js';
import { existingNode, instanceType, inValues, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import type { OfferingInput } from '../../test/support/workloads.js';
import { solve } from './solve.js';
import type { Decision } from './decision.js';

const ZONE = 'topology.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';
const Gi = 2 ** 30;

/** Zones a, b and c, on-demand at the price and spot at less than half of it. */
const everywhere = (price: number): OfferingInput[] => ['a', 'b', 'c'].flatMap((zone) => [{ zone, price }, { zone, capacityType: 'spot', price: price * 0.4 }]);

const small = instanceType('small', { cpu: 2, memoryGi: 4, pods: 29 }, everywhere(0.1));
const medium = instanceType('medium', { cpu: 4, memoryGi: 8 }, everywhere(0.2));
const large = instanceType('large', { cpu: 16, memoryGi: 32 }, everywhere(0.8));
const arm = instanceType('arm', { cpu: 2, memoryGi: 4, arch: 'arm64' }, everywhere(0.08));
const TYPES = [large, medium, small, arm];

const one = (types: readonly InstanceType[] = TYPES, spec: Parameters<typeof nodePool>[1] = {}) => ({ nodePool: nodePool('default', spec), instanceTypes: types });
const web = (count: number, spec: Partial<PodSpec> = {}, rest: Parameters<typeof pod>[0] = {}): Pod[] =>
  Array.from({ length: count }, (_, index) => pod({ name: `web-${index}`, labels: { app: 'web' }, spec, ...rest }));
const spread = (topologyKey: string, rest: object = {}): Partial<PodSpec> =>
  ({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } }, ...rest }] });
const term = (topologyKey: string, app = 'web') => ({ topologyKey, labelSelector: { matchLabels: { app } } });
const names = (types: readonly { name: string }[]): string[] => types.map(({ name }) => name);
const zonesOf = ({ newNodes }: Decision): string[] => newNodes.map(({ requirements }) => [...requirements.get(ZONE).values].join()).sort();
const reasonOf = ({ unschedulable }: Decision): string => unschedulable[0]?.reason ?? '';

describe('solve', () => {
  describe('new nodes', () => {
    it('are offered as every type that fits, the cheapest first', () => {
      const { newNodes: [node], totalPrice } = solve(snapshot([one()]), web(1));
      expect(names(node?.instanceTypes ?? [])).to.deep.equal(['arm', 'small', 'medium', 'large']);
      expect(node?.price).to.be.closeTo(0.032, 1e-9);
      expect(totalPrice).to.equal(node?.price);
    });

    it('take pods for as long as some type can carry them all', () => {
      const { newNodes } = solve(snapshot([one()]), web(15, {}, { cpu: 1000, memoryMi: 512 }));
      expect(newNodes).to.have.length(1);
      expect(names(newNodes[0]?.instanceTypes ?? [])).to.deep.equal(['large']);
      expect(newNodes[0]?.requests).to.include({ cpu: 15_000, pods: 15 });
    });

    it('are for virtual pods only when all others have theirs', () => {
      const limited = one([small], { limits: { nodes: 1 } });
      const [virtual, real] = [pod({ cpu: 1500 }), pod({ cpu: 1000 })];
      const { newNodes, unschedulable } = solve(snapshot([limited]), [virtual, real], { virtualPods: new Set([virtual]) });
      expect(newNodes.map(({ pods }) => pods)).to.deep.equal([[real]]);
      expect(unschedulable.map((each) => each.pod)).to.deep.equal([virtual]);
      expect(solve(snapshot([limited]), [virtual, real]).newNodes.map(({ pods }) => pods), 'the larger one comes first otherwise').to.deep.equal([[virtual]]);
    });

    it('honour node selectors, required affinity and the alternatives of its terms', () => {
      const affinity = (...archs: string[]): Partial<PodSpec> => ({
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: archs.map((arch) => ({ matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: [arch] }] })) } } },
      });
      expect(names(solve(snapshot([one()]), web(1, { nodeSelector: { 'kubernetes.io/arch': 'arm64' } })).newNodes[0]?.instanceTypes ?? [])).to.deep.equal(['arm']);
      expect(names(solve(snapshot([one()]), web(1, affinity('riscv', 'arm64'))).newNodes[0]?.instanceTypes ?? [])).to.deep.equal(['arm']);
      expect(solve(snapshot([one()]), web(1, affinity('riscv'))).newNodes).to.have.length(0);
    });

    it('are found by the other names of a label and of its values', () => {
      NORMALIZED_LABEL_VALUES[ZONE] = { 'zone-1': 'a' };
      try {
        const [node] = solve(snapshot([one()]), web(1, { nodeSelector: { 'failure-domain.beta.kubernetes.io/zone': 'zone-1' } })).newNodes;
        expect([...node?.requirements.get(ZONE).values ?? []]).to.deep.equal(['a']);
        expect(Requirements.fromLabels({ [ZONE]: 'zone-1' }).toLabels()).to.deep.equal({ [ZONE]: 'a' });
      } finally {
        delete NORMALIZED_LABEL_VALUES[ZONE];
      }
      expect(solve(snapshot([one()]), web(1, { nodeSelector: { [ZONE]: 'zone-1' } })).newNodes).to.deep.equal([]);
    });

    it('leave out offerings that are not available, and types that are available nowhere', () => {
      const gone = instanceType('gone', { cpu: 2, memoryGi: 4 }, [{ zone: 'a', price: 0.01, available: false }]);
      const scarce = instanceType('scarce', { cpu: 2, memoryGi: 4 }, [{ zone: 'a', price: 0.01, available: false }, { zone: 'b', price: 0.02 }]);
      const { newNodes } = solve(snapshot([one([gone, scarce])]), web(1));
      expect(names(newNodes[0]?.instanceTypes ?? [])).to.deep.equal(['scarce']);
      expect(newNodes[0]?.price).to.equal(0.02);
      expect(solve(snapshot([one([gone])]), web(1)).emptyPools).to.have.length(1);
    });

    it('set room aside for the daemons that run on each type', () => {
      const daemon = pod({ name: 'daemon', cpu: 1500, spec: { nodeSelector: { 'kubernetes.io/arch': 'amd64' } } });
      const { newNodes: [node] } = solve(snapshot([one([small, medium, arm])], { daemonSetPods: [daemon] }), web(1, {}, { cpu: 1000 }));
      expect(names(node?.instanceTypes ?? [])).to.deep.equal(['arm', 'medium']);
      expect(node?.requests).to.deep.equal({ cpu: 1000, memory: 128 * 2 ** 20, pods: 1 });
    });

    it('do not carry daemons that do not tolerate the pool', () => {
      const daemon = pod({ name: 'daemon', cpu: 1500 });
      const pool = one([small], { template: { taints: [{ key: 'dedicated', effect: 'NoSchedule' }] } });
      expect(solve(snapshot([pool], { daemonSetPods: [daemon] }), web(1, { tolerations: [{ operator: 'Exists' }] }, { cpu: 1000 })).newNodes).to.have.length(1);
    });

    it('come from the heaviest pool that can make them', () => {
      const pools = [one(), { nodePool: nodePool('gpu', { weight: 50, template: { requirements: [inValues('kubernetes.io/arch', 'arm64')] } }), instanceTypes: TYPES }];
      const poolOf = (pods: Pod[]) => solve(snapshot(pools), pods).newNodes[0]?.pool.nodePool.metadata.name;
      expect(poolOf(web(1))).to.equal('gpu');
      expect(poolOf(web(1, { nodeSelector: { 'kubernetes.io/arch': 'amd64' } }))).to.equal('default');
    });

    it('keep pods off tainted pools, but ignore startup taints', () => {
      const tainted = (field: 'taints' | 'startupTaints') => one(TYPES, { template: { [field]: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] } });
      expect(reasonOf(solve(snapshot([tainted('taints')]), web(1)))).to.equal(
        'incompatible with nodepool "default", daemonset overhead={}, did not tolerate taint (taint=dedicated=db:NoSchedule)');
      expect(solve(snapshot([tainted('taints')]), web(1, { tolerations: [{ key: 'dedicated', value: 'db' }] })).newNodes).to.have.length(1);
      expect(solve(snapshot([tainted('startupTaints')]), web(1)).newNodes).to.have.length(1);
    });

    it('tolerate preferences against them only when nothing else is left', () => {
      const soft = { nodePool: nodePool('soft', { weight: 10, template: { taints: [{ key: 'soft', effect: 'PreferNoSchedule' as const }] } }), instanceTypes: TYPES };
      expect(solve(snapshot([soft, one()]), web(1)).newNodes[0]?.pool.nodePool.metadata.name).to.equal('default');
      expect(solve(snapshot([soft]), web(1)).newNodes[0]?.pool.nodePool.metadata.name).to.equal('soft');
    });

    it('stay within the limits of their pool, what is there counted', () => {
      const limited = one([small], { limits: { cpu: '4' } });
      const two = web(2, {}, { cpu: 1500 });
      expect(solve(snapshot([limited]), two).newNodes).to.have.length(2);
      const used = existingNode('used', { nodePool: 'default', available: {}, capacity: { cpu: 2000, nodes: 1 } });
      const decision = solve(snapshot([limited], { nodes: [used] }), two);
      expect(decision.newNodes).to.have.length(1);
      expect(reasonOf(decision)).to.contain('all available instance types exceed limits for nodepool');
      const goingAway = { ...used, markedForDeletion: true };
      expect(solve(snapshot([limited], { nodes: [goingAway] }), two).newNodes).to.have.length(2);
    });

    it('stay within the number of nodes of their pool', () => {
      const decision = solve(snapshot([one([small], { limits: { nodes: '2' } })]), web(3, {}, { cpu: 1500 }));
      expect(decision.newNodes).to.have.length(2);
      expect(reasonOf(decision)).to.contain('node limits have been exhausted for nodepool');
    });

    it('keep host ports apart', () => {
      const port = { containers: [{ name: 'app', ports: [{ containerPort: 80, hostPort: 80 }] }] };
      expect(solve(snapshot([one()]), web(3, port)).newNodes).to.have.length(3);
    });

    it('have of each offering what is said of it alone', () => {
      const plain = instanceType('special', { cpu: 4, memoryGi: 8 }, [{ zone: 'a', price: 1 }, { zone: 'b', price: 2 }, { zone: 'c', price: 3 }]);
      const overrides = [{}, { overheadOverride: { cpu: 0 } }, { capacityOverride: { cpu: 6_000, 'example.com/slice': 2 } }];
      const special: InstanceType = { ...plain, offerings: plain.offerings.map((offering, index) => ({ ...offering, ...overrides[index] })) };
      const price = (requests: Record<string, string>): number | undefined =>
        solve(snapshot([one([special])]), web(1, { containers: [{ name: 'main', image: 'image', resources: { requests } }] })).newNodes[0]?.price;
      expect(['3900m', '3950m', '4', '4001m', '5900m', '5901m'].map((cpu) => price({ cpu }))).to.deep.equal([1, 2, 2, 3, 3, undefined]);
      expect(['1', '2', '3'].map((slices) => price({ 'example.com/slice': slices }))).to.deep.equal([3, 3, undefined]);
    });

    it('have at most as many types as asked for', () => {
      expect(names(solve(snapshot([one()]), web(1), { maxInstanceTypes: 2 }).newNodes[0]?.instanceTypes ?? [])).to.deep.equal(['arm', 'small']);
    });
  });

  describe('minValues', () => {
    const wants = (minValues: number) => one(TYPES, { template: { requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'Exists', minValues }] } });

    it('end a node\'s filling before too few types are left', () => {
      const { newNodes } = solve(snapshot([wants(2)]), web(4, {}, { cpu: 1500 }));
      expect(newNodes.map(({ pods }) => pods.length)).to.deep.equal([2, 2]);
      expect(newNodes.every(({ instanceTypes }) => instanceTypes.length === 2)).to.be.true;
    });

    it('make a pool unusable that cannot meet them, or are lowered by the policy', () => {
      expect(solve(snapshot([wants(9)]), web(1)).emptyPools[0]?.reason).to.equal('minValues requirement is not met for label(s) (label(s)=[node.kubernetes.io/instance-type])');
      expect(reasonOf(solve(snapshot([wants(4)]), web(1, { nodeSelector: { 'kubernetes.io/arch': 'arm64' } })))).to.contain('minValues requirement is not met for label(s) (label(s)=[node.kubernetes.io/instance-type])');
      const { newNodes: [node] } = solve(snapshot([wants(9)]), web(1), { minValuesPolicy: 'BestEffort' });
      expect(node?.minValuesRelaxed).to.be.true;
      expect(node?.requirements.get('node.kubernetes.io/instance-type').minValues).to.equal(4);
    });

    it('that the cut to the cheapest types breaks leave the pods without a node', () => {
      expect(reasonOf(solve(snapshot([wants(3)]), web(1), { maxInstanceTypes: 2 }))).to.contain("couldn't meet minValues requirements");
    });
  });

  describe('existing nodes', () => {
    it('are filled first, and only as far as there is room', () => {
      const node = existingNode('node-a', { available: { cpu: 1000, memory: 8 * Gi, pods: 10 } });
      const decision = solve(snapshot([one()], { nodes: [node] }), web(3, {}, { cpu: 500 }));
      expect(decision.existingNodes.map(({ node: { name }, pods }) => [name, pods.length])).to.deep.equal([['node-a', 2]]);
      expect(decision.newNodes).to.have.length(1);
    });

    it('that are initialised come before those that are not', () => {
      const nodes = [existingNode('a-starting', { initialized: false }), existingNode('b-ready')];
      expect(solve(snapshot([one()], { nodes }), web(1)).existingNodes[0]?.node.name).to.equal('b-ready');
    });

    it('take nothing while they are going, when they are left out, or when their taints are not tolerated', () => {
      const on = (node: Parameters<typeof existingNode>[1], options = {}) => solve(snapshot([one()], { nodes: [existingNode('node-a', node)] }), web(1), options).existingNodes;
      expect(on({})).to.have.length(1);
      expect(on({ markedForDeletion: true })).to.have.length(0);
      expect(on({}, { withoutNodes: new Set(['node-a']) })).to.have.length(0);
      expect(on({ taints: [{ key: 'x', effect: 'NoExecute' }] })).to.have.length(0);
    });

    it('keep room for daemons that are still to come', () => {
      const daemon = pod({ name: 'daemon', cpu: 600 });
      const on = (daemonRequests: Record<string, number>) => solve(
        snapshot([one()], { nodes: [existingNode('node-a', { available: { cpu: 1000, memory: Gi, pods: 5 }, daemonRequests })], daemonSetPods: [daemon] }), web(1, {}, { cpu: 500 })).existingNodes;
      expect(on({})).to.have.length(0);
      expect(on({ cpu: 600, memory: 128 * 2 ** 20, pods: 1 })).to.have.length(1);
    });

    it('must carry custom labels that a pod asks for', () => {
      const nodes = [existingNode('plain'), existingNode('team', { labels: { team: 'a' } })];
      const decision = solve(snapshot([one()], { nodes }), web(2, { nodeSelector: { team: 'a' } }));
      expect(decision.existingNodes.map(({ node }) => node.name)).to.deep.equal(['team']);
    });

    it('attach no more volumes than their driver can', () => {
      const claims = (index: number): Partial<PodSpec> => ({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `claim-${index}` } }] });
      const lookup = {
        persistentVolumeClaim: (namespace: string, name: string) => ({ metadata: { namespace, name }, spec: { storageClassName: 'gp3' } }),
        persistentVolume: () => undefined,
        storageClass: () => ({ provisioner: 'ebs.csi.aws.com', volumeBindingMode: 'WaitForFirstConsumer' }),
      };
      const pods = [0, 1, 1, 2].map((claim, index) => pod({ name: `db-${index}`, spec: claims(claim) }));
      const decision = solve(snapshot([one()], { nodes: [existingNode('node-a', { volumeLimits: { 'ebs.csi.aws.com': 2 } })], lookup }), pods);
      expect(decision.existingNodes[0]?.pods.map(({ metadata }) => metadata?.name)).to.deep.equal(['db-0', 'db-1', 'db-2']);
      expect(decision.newNodes).to.have.length(1);
    });

    it('are for the pods that an earlier answer made them for, for as long as those fit', () => {
      const coming = (name: string, memory: number) => existingNode(name, {
        initialized: false, available: { cpu: 4000, memory: memory * Gi, pods: 10 }, nodeClaim: { metadata: { name } } as NonNullable<Parameters<typeof existingNode>[1]>['nodeClaim'] & object,
      });
      const nodes = [coming('a-large', 16), coming('b-small', 4)];
      const [cpu, memory] = [[0, 1].map((index) => pod({ name: `cpu-${index}`, cpu: 2000 })), [0, 1].map((index) => pod({ name: `memory-${index}`, cpu: 500, memoryMi: 7 * 1024 }))];
      const earlierClaims = new Map([...cpu.map(({ metadata }) => [metadata?.uid, 'b-small']), ...memory.map(({ metadata }) => [metadata?.uid, 'a-large'])] as [string, string][]);
      expect(solve(snapshot([one()], { nodes }), [...cpu, ...memory]).newNodes, 'packed anew').to.not.be.empty;
      const decision = solve(snapshot([one()], { nodes }), [...cpu, ...memory, pod({ name: 'new', cpu: 3500 })], { earlierClaims });
      expect(decision.existingNodes.map(({ pods }) => pods)).to.deep.equal([memory, cpu]);
      expect(decision.newNodes.map(({ pods }) => pods.map(({ metadata }) => metadata?.name))).to.deep.equal([['new']]);
      const taken = solve(snapshot([one()], { nodes: [coming('a-large', 16), coming('b-small', 0)] }), cpu, { earlierClaims });
      expect(taken.existingNodes.map(({ node, pods }) => [node.name, pods.length])).to.deep.equal([['a-large', 2]]);
    });

    it('that consolidation closed take pending pods, but none that it moves', () => {
      const [moved, pending] = [pod({ name: 'moved' }), pod({ name: 'pending' })];
      const decision = solve(snapshot([one()], { nodes: [existingNode('settling')] }), [moved, pending], { closedNodes: new Set(['settling']), movedPods: new Set([moved]) });
      expect(decision.existingNodes[0]?.pods).to.deep.equal([pending]);
      expect(decision.newNodes[0]?.pods).to.deep.equal([moved]);
    });
  });

  describe('topology spread', () => {
    it('evens out over zones, one node each', () => {
      expect(zonesOf(solve(snapshot([one()]), web(3, spread(ZONE))))).to.deep.equal(['a', 'b', 'c']);
    });

    it('counts pods that run, and joins the domain with the fewest', () => {
      const running = (zone: string, count: number) => existingNode(`node-${zone}`, {
        zone, available: {}, pods: Array.from({ length: count }, (_, index) => pod({ name: `${zone}-${index}`, labels: { app: 'web' }, spec: { nodeName: `node-${zone}` } })),
      });
      const nodes = [running('a', 2), running('b', 0), running('c', 1)];
      expect(zonesOf(solve(snapshot([one()], { nodes }), web(1, spread(ZONE))))).to.deep.equal(['b']);
      const inAorC: Partial<PodSpec> = { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'In', values: ['a', 'c'] }] }] } } } };
      expect(zonesOf(solve(snapshot([one()], { nodes }), web(1, { ...spread(ZONE), ...inAorC })))).to.deep.equal(['c']);
      expect(zonesOf(solve(snapshot([one()], { nodes }), web(1, spread(ZONE, { minDomains: 4 }))))).to.deep.equal(['b']);
    });

    it('over hostnames makes a node for each maxSkew of pods', () => {
      expect(solve(snapshot([one()]), web(4, spread(HOSTNAME))).newNodes).to.have.length(4);
      expect(solve(snapshot([one()]), web(4, spread(HOSTNAME, { maxSkew: 2 }))).newNodes).to.have.length(2);
    });

    it('over capacity types alternates between them', () => {
      const { newNodes } = solve(snapshot([one()]), web(2, spread('karpenter.sh/capacity-type')));
      expect(newNodes.map(({ requirements }) => [...requirements.get('karpenter.sh/capacity-type').values].join()).sort()).to.deep.equal(['on-demand', 'spot']);
    });

    it('leaves pods over that would break the skew, and says why', () => {
      const pool = one(TYPES, { template: { requirements: [inValues(ZONE, 'a')] } });
      const other = { nodePool: nodePool('other', { template: { taints: [{ key: 'x', effect: 'NoSchedule' as const }] } }), instanceTypes: TYPES };
      const decision = solve(snapshot([pool, other]), web(3, spread(ZONE)));
      expect(decision.unschedulable).to.have.length(2);
      expect(reasonOf(decision)).to.contain('unsatisfiable topology constraint for topology spread, key=topology.kubernetes.io/zone (counts = a: 1, b: 0, c: 0');
    });

    it('that is only wished for is given up when it cannot be met', () => {
      const pool = one(TYPES, { template: { requirements: [inValues(ZONE, 'a')] } });
      const other = { nodePool: nodePool('other', { template: { taints: [{ key: 'x', effect: 'NoSchedule' as const }] } }), instanceTypes: TYPES };
      expect(solve(snapshot([pool, other]), web(3, spread(ZONE, { whenUnsatisfiable: 'ScheduleAnyway' }))).unschedulable).to.have.length(0);
    });

    it('tells revisions of a workload apart by matchLabelKeys', () => {
      const revision = (hash: string) => web(2, spread(HOSTNAME, { matchLabelKeys: ['hash'] }), { labels: { app: 'web', hash } }).map((each) =>
        ({ ...each, metadata: { ...each.metadata, name: `${hash}-${each.metadata?.name}`, uid: `${hash}-${each.metadata?.name}` } }));
      expect(solve(snapshot([one()]), [...revision('old'), ...revision('new')]).newNodes).to.have.length(2);
    });
  });

  describe('pod affinity', () => {
    const affinity = (kind: 'podAffinity' | 'podAntiAffinity', ...terms: ReturnType<typeof term>[]): Partial<PodSpec> => ({ affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });

    it('to itself keeps a workload in one zone, over several nodes', () => {
      const decision = solve(snapshot([one([small])]), web(4, affinity('podAffinity', term(ZONE)), { cpu: 1500 }));
      expect(decision.newNodes).to.have.length(4);
      expect(new Set(zonesOf(decision)).size).to.equal(1);
    });

    it('follows a pod that is placed later in the queue', () => {
      const [leader] = [pod({ name: 'leader', labels: { app: 'leader' }, cpu: 100, spec: { nodeSelector: { [ZONE]: 'c' } } })];
      const follower = pod({ name: 'follower', cpu: 500, spec: affinity('podAffinity', term(ZONE, 'leader')) });
      const decision = solve(snapshot([one()]), [leader, follower]);
      expect(decision.unschedulable).to.have.length(0);
      expect(new Set(zonesOf(decision))).to.deep.equal(new Set(['c']));
    });

    it('to pods that are nowhere cannot be met', () => {
      expect(reasonOf(solve(snapshot([one()]), web(1, affinity('podAffinity', term(ZONE, 'nobody')))))).to.contain('unsatisfiable topology constraint for pod affinity');
    });

    it('against itself makes a node each', () => {
      expect(solve(snapshot([one()]), web(3, affinity('podAntiAffinity', term(HOSTNAME)))).newNodes).to.have.length(3);
    });

    it('of pods that run keeps others away that have none of their own', () => {
      const shy = pod({ name: 'shy', labels: { app: 'shy' }, spec: { nodeName: 'node-a', ...affinity('podAntiAffinity', term(HOSTNAME)) } });
      const decision = solve(snapshot([one()], { nodes: [existingNode('node-a', { pods: [shy] }), existingNode('node-b')] }), web(2));
      expect(decision.existingNodes.map(({ node, pods }) => [node.name, pods.length])).to.deep.equal([['node-b', 2]]);
    });

    it('selects pods of other namespaces by their labels', () => {
      const namespaces = [{ metadata: { name: 'default' } }, { metadata: { name: 'other', labels: { team: 'x' } } }];
      const shy = { ...pod({ name: 'shy', labels: { app: 'web' } }), spec: { containers: [], nodeName: 'node-a' } };
      const elsewhere = { ...shy, metadata: { ...shy.metadata, namespace: 'other' } };
      const avoid = (selector: object) => solve(snapshot([one()], { nodes: [existingNode('node-a', { pods: [elsewhere] })], namespaces }),
        web(1, { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...term(HOSTNAME), ...selector }] } } })).existingNodes.length;
      expect(avoid({})).to.equal(1);
      expect(avoid({ namespaces: ['other'] })).to.equal(0);
      expect(avoid({ namespaceSelector: { matchLabels: { team: 'x' } } })).to.equal(0);
    });

    it('that is preferred binds until it cannot be met', () => {
      const preferred: Partial<PodSpec> = { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term(HOSTNAME) }] } } };
      const limited = snapshot([one([small], { limits: { nodes: '2' } })]);
      expect(solve(limited, web(3, preferred)).newNodes.map(({ pods }) => pods.length)).to.deep.equal([2, 1]);
      expect(solve(limited, web(3, preferred), { preferencePolicy: 'Ignore' }).newNodes.map(({ pods }) => pods.length)).to.deep.equal([3]);
    });
  });

  describe('volumes', () => {
    const lookup = {
      persistentVolumeClaim: (namespace: string, name: string) => ({ metadata: { namespace, name }, spec: name === 'bound' ? { volumeName: 'volume' } : { storageClassName: 'zonal' } }),
      persistentVolume: () => ({ spec: { csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'v' }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'topology.ebs.csi.aws.com/zone', operator: 'In', values: ['b'] }] }] } } } }),
      storageClass: () => ({ provisioner: 'ebs.csi.aws.com', volumeBindingMode: 'WaitForFirstConsumer', allowedTopologies: [{ matchLabelExpressions: [{ key: ZONE, values: ['c'] }] }] }),
    };
    const withClaim = (...claims: string[]) => web(1, { volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) });

    it('put a pod in the zone of the one that is bound', () => {
      expect(zonesOf(solve(snapshot([one()], { lookup }), withClaim('bound')))).to.deep.equal(['b']);
    });

    it('put a pod where the class of one that is not bound allows', () => {
      expect(zonesOf(solve(snapshot([one()], { lookup }), withClaim('new')))).to.deep.equal(['c']);
    });

    it('that cannot be in one place leave the pod without a node', () => {
      const decision = solve(snapshot([one()], { lookup }), withClaim('bound', 'new'));
      expect(decision.newNodes).to.have.length(0);
      expect(reasonOf(decision)).to.contain('incompatible volume requirements, no value of label "topology.kubernetes.io/zone" meets all that is asked of it');
    });

    it('without a claim leave the pod out', () => {
      const missing = { ...lookup, persistentVolumeClaim: () => undefined };
      expect(reasonOf(solve(snapshot([one()], { lookup: missing }), withClaim('lost')))).to.equal('persistentvolumeclaims "lost" not found');
    });
  });

  describe('reserved capacity', () => {
    const RESERVATION = 'karpenter.k8s.aws/capacity-reservation-id';
    const reserved: InstanceType = {
      ...small,
      requirements: [...small.requirements.filter(({ key }) => key !== 'karpenter.sh/capacity-type'), inValues('karpenter.sh/capacity-type', 'reserved', 'on-demand'), inValues(RESERVATION, 'cr-1')],
      offerings: [
        { requirements: [inValues(ZONE, 'a'), inValues('karpenter.sh/capacity-type', 'reserved'), inValues(RESERVATION, 'cr-1')], price: 0.0001, available: true, reservationCapacity: 1 },
        { requirements: [inValues(ZONE, 'a'), inValues('karpenter.sh/capacity-type', 'on-demand'), { key: RESERVATION, operator: 'DoesNotExist' }], price: 0.1, available: true },
      ],
    };
    const pool = one([reserved], { template: { requirements: [inValues('karpenter.sh/capacity-type', 'reserved', 'on-demand')] } });

    it('is pinned to the reservation, and pods beyond it wait', () => {
      const decision = solve(snapshot([pool]), web(2, {}, { cpu: 1500 }));
      expect(decision.newNodes).to.have.length(1);
      expect([...decision.newNodes[0]?.requirements.get(RESERVATION).values ?? []]).to.deep.equal(['cr-1']);
      expect(decision.unschedulable.map(({ deferred }) => deferred)).to.deep.equal([true]);
    });

    it('is left for other capacity in fallback mode', () => {
      const { newNodes } = solve(snapshot([pool]), web(2, {}, { cpu: 1500 }), { reservedCapacity: 'Fallback' });
      expect(newNodes.map(({ requirements }) => [...requirements.get('karpenter.sh/capacity-type').values].sort().join())).to.deep.equal(['reserved', 'on-demand,reserved']);
    });
  });

  describe('verdicts', () => {
    it('name each pool, its daemons, and what was missing', () => {
      const daemon = pod({ name: 'daemon', cpu: 300, memoryMi: 100 });
      expect(reasonOf(solve(snapshot([one([small])], { daemonSetPods: [daemon] }), web(1, {}, { cpu: 4000, memoryMi: 1024 })))).to.equal(
        'incompatible with nodepool "default", daemonset overhead={"cpu":"300m","memory":"100Mi","pods":"1"}, no instance type has enough resources, '
        + 'requirements=karpenter.k8s.aws/ec2nodeclass In [default], karpenter.sh/initialized In [true], karpenter.sh/nodepool In [default], karpenter.sh/registered In [true], '
        + 'resources={"cpu":"4","memory":"1Gi","pods":"1"}');
    });

    it('name the type that came nearest, and by how much it is short', () => {
      const reason = reasonOf(solve(snapshot([one()]), web(1, { nodeSelector: { 'kubernetes.io/arch': 'arm64' } }, { cpu: 4000 })));
      expect(reason).to.contain('no instance type which met the scheduling requirements had enough resources (arm is short of {"cpu":"2100m"})');
    });

    it('suspect a forgotten m', () => {
      expect(reasonOf(solve(snapshot([one()]), web(1, {}, { cpu: 1_000_000_000 })))).to.contain('(CPU request >= 1 Million, m vs M typo?)');
    });

    it('guess what a misspelt label means', () => {
      expect(reasonOf(solve(snapshot([one()]), web(1, { nodeSelector: { 'example.com/zone': 'a' } })))).to.contain(
        'incompatible requirements, label "example.com/zone" does not have known values (typo of "topology.kubernetes.io/zone"?)');
      expect(reasonOf(solve(snapshot([one()]), web(1, { nodeSelector: { [ZONE]: 'z' }, tolerations: [] })))).to.contain('no instance type met');
    });

    it('fit into an event, whatever there is to say', () => {
      const pools = Array.from({ length: 60 }, (_, index) => ({ nodePool: nodePool(`pool-${index}`), instanceTypes: TYPES }));
      expect(reasonOf(solve(snapshot(pools), web(1, { nodeSelector: { unknown: 'x' } })))).to.have.length(1024);
    });

    it('say when there is no pool at all', () => {
      expect(reasonOf(solve(snapshot([]), web(1)))).to.equal('nodepool requirements filtered out all available instance types');
    });
  });

  it('gives up preferences one by one, in Karpenter\'s order', () => {
    const prefer = (key: string, weight: number) => ({ weight, preference: { matchExpressions: [{ key, operator: 'In', values: ['x'] }] } });
    const wishes: Partial<PodSpec> = {
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [prefer('light', 1), prefer('heavy', 100)] },
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term(ZONE, 'nobody') }] },
      },
    };
    const pools = [
      { nodePool: nodePool('heavy', { labels: { heavy: 'x' }, weight: 1 }), instanceTypes: TYPES },
      { nodePool: nodePool('light', { labels: { light: 'x' }, weight: 2 }), instanceTypes: TYPES },
      { nodePool: nodePool('plain', { weight: 3 }), instanceTypes: TYPES },
    ];
    const poolOf = (...names: string[]) => solve(snapshot(pools.filter(({ nodePool: { metadata } }) => names.includes(metadata.name))), web(1, wishes)).newNodes[0]?.pool.nodePool.metadata.name;
    expect(poolOf('heavy', 'light', 'plain')).to.equal('heavy');
    expect(poolOf('light', 'plain')).to.equal('light');
    expect(poolOf('plain')).to.equal('plain');
  });

  it('sees that a pool, its types or a daemon changed since it was last asked', () => {
    const pool = (generation: number, weight: number) => ({ ...nodePool('other', { weight }), metadata: { ...nodePool('other').metadata, generation } });
    const stable = one();
    const poolOf = (generation: number, weight: number) => solve(snapshot([stable, { nodePool: pool(generation, weight), instanceTypes: TYPES }]), web(1)).newNodes[0]?.pool.nodePool.metadata.name;
    expect([poolOf(1, 10), poolOf(1, 10), poolOf(2, -1)]).to.deep.equal(['other', 'other', 'default']);
    const typesOf = (types: InstanceType[], daemonSetPods: Pod[] = []) => names(solve(snapshot([{ ...stable, instanceTypes: types }], { daemonSetPods }), web(1)).newNodes[0]?.instanceTypes ?? []);
    expect([typesOf(TYPES)[0], typesOf([large])[0], typesOf(TYPES, [pod({ cpu: 1850 })])[0]]).to.deep.equal(['arm', 'large', 'medium']);
  });

  it('places pods with the largest requests first, then the oldest', () => {
    const at = (name: string, cpu: number, created: string) => ({ ...pod({ name, cpu }), metadata: { ...pod({ name }).metadata, creationTimestamp: created as never } });
    const pods = [at('young', 100, '2026-01-02T00:00:00Z'), at('old', 100, '2026-01-01T00:00:00Z'), at('big', 200, '2026-01-03T00:00:00Z')];
    expect(solve(snapshot([one()]), pods).newNodes[0]?.pods.map(({ metadata }) => metadata?.name)).to.deep.equal(['big', 'old', 'young']);
  });

  it('leaves pods alone that claim devices', () => {
    expect(reasonOf(solve(snapshot([one()]), web(1, { resourceClaims: [{ name: 'gpu' }] })))).to.contain('Dynamic Resource Allocation');
  });

  it('goes on without pods, pools and daemons that cannot be read, and says so', () => {
    const broken = pod({ name: 'broken', spec: { containers: [{ name: 'c', resources: { requests: { cpu: 'lots' } } }] } });
    const pools = [one(), { nodePool: nodePool('odd', { weight: 10, limits: { cpu: 'many' } }), instanceTypes: TYPES }];
    const decision = solve(snapshot(pools, { daemonSetPods: [broken], nodes: [existingNode('node-a')] }), [broken, ...web(1)]);
    expect(decision.unschedulable.map(({ pod: each, reason }) => [each, reason])).to.deep.equal([[broken, '"lots" is not a quantity; write for example "500m", "2", "1.5Gi" or "100M"']]);
    expect(decision.emptyPools.map(({ pool, reason }) => [pool.nodePool.metadata.name, reason])).to.deep.equal([['odd', '"many" is not a quantity; write for example "500m", "2", "1.5Gi" or "100M"']]);
    expect(decision.existingNodes).to.have.length(1);
  });

  it('stops at its deadline, and says which pods it did not get to', () => {
    let time = 0;
    const decision = solve(snapshot([one()]), web(5), { deadline: 3, now: () => (time += 1) });
    expect(decision.unfinished).to.have.length(3);
    expect(decision.newNodes[0]?.pods).to.have.length(2);
  });
});
