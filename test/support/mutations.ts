import type { Pod, PodSpec, Taint } from 'kubernetes-types/core/v1.js';
import { Requirements } from '../../src/api/requirements.js';
import type { Requirement } from '../../src/api/requirement.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import type { Random } from '../../src/operator/random.js';
import type { Decision, NewNode, Snapshot, SnapshotNode } from '../../src/scheduling/index.js';
import { CAPACITY_TYPE, HOSTNAME, SCENARIO_TYPES, ZONE } from './scenarios.js';
import type { Scenario } from './scenarios.js';
import { inValues, pod } from './workloads.js';

// Mistakes that a solver could make, put into answers that are right.

const RESERVATION_ID = 'karpenter.k8s.aws/capacity-reservation-id';

/** A question and its answer. */
export interface Answered extends Scenario { readonly decision: Decision }

/** Makes a good answer wrong; undefined where it does not apply. */
type Mutation = (good: Answered, random: Random) => Answered | undefined;

const pick = <T>(random: Random, list: readonly T[]): T | undefined => list[Math.floor(random.next() * list.length)];

const appOf = ({ metadata }: Pod): unknown => metadata?.labels?.['app'];
const withNode = (good: Answered, node: NewNode, changed: Partial<NewNode>): Answered =>
  ({ ...good, decision: { ...good.decision, newNodes: good.decision.newNodes.map((each) => (each === node ? { ...each, ...changed } : each)) } });

/** A new node and one of its pods. */
const placements = ({ decision: { newNodes } }: Answered): { node: NewNode; pod: Pod }[] => newNodes.flatMap((node) => node.pods.map((each) => ({ node, pod: each })));
const placedWhere = (good: Answered, random: Random, test: (each: { node: NewNode; pod: Pod }) => boolean): { node: NewNode; pod: Pod } | undefined => pick(random, placements(good).filter(test));

/** The same with another pod in a pod's place, as if it had been asked for from the start. */
function changedPod(good: Answered, pods: readonly Pod[], change: (pod: Pod) => Pod): Answered {
  const changes = new Map(pods.map((each) => [each, change(each)]));
  const apply = (list: readonly Pod[]): Pod[] => list.map((each) => changes.get(each) ?? each);
  const { decision } = good;
  return {
    ...good, pods: apply(good.pods),
    decision: {
      ...decision, newNodes: decision.newNodes.map((node) => ({ ...node, pods: apply(node.pods) })), existingNodes: decision.existingNodes.map((node) => ({ ...node, pods: apply(node.pods) })),
      unschedulable: decision.unschedulable.map(({ pod: each, deferred }) => ({ pod: changes.get(each) ?? each, deferred, reason: '' })),
    },
  };
}

const withSpec = (spec: Partial<PodSpec>) => (each: Pod): Pod => ({ ...each, spec: { ...each.spec as PodSpec, ...spec } });
const zoneOf = ({ requirements }: NewNode): string | undefined => (requirements.get(ZONE).operator === 'In' && requirements.get(ZONE).values.size === 1 ? [...requirements.get(ZONE).values][0] : undefined);
const withRequirement = (node: NewNode, ...requirements: Requirement[]): Partial<NewNode> =>
  ({ requirements: Requirements.of(...node.requirements.toList().filter(({ key }) => !requirements.some((each) => each.key === key)), ...requirements) });

const withSnapshotNode = (good: Answered, node: SnapshotNode, change: Partial<SnapshotNode>): Answered => {
  const changed = { ...node, ...change };
  return {
    ...good, cluster: { ...good.cluster, nodes: good.cluster.nodes.map((each) => (each === node ? changed : each)) },
    decision: { ...good.decision, existingNodes: good.decision.existingNodes.map((each) => (each.node === node ? { ...each, node: changed } : each)) },
  };
};

const withPool = (good: Answered, change: (pool: Snapshot['pools'][number]) => Snapshot['pools'][number]): Answered => {
  const pools = new Map(good.cluster.pools.map((pool) => [pool, change(pool)]));
  return {
    ...good, cluster: { ...good.cluster, pools: [...pools.values()] },
    decision: { ...good.decision, newNodes: good.decision.newNodes.map((node) => ({ ...node, pool: pools.get(node.pool) ?? node.pool })) },
  };
};

/** With more pods on a node, as if they had been asked for. */
const joined = (good: Answered, node: NewNode, ...newcomers: Pod[]): Answered => ({ ...withNode(good, node, { pods: [...node.pods, ...newcomers] }), pods: [...good.pods, ...newcomers] });

const light = (name: string, labels: Record<string, string>, spec: Partial<PodSpec>): Pod => pod({ name, labels, cpu: 0, memoryMi: 0, spec: { tolerations: [{ operator: 'Exists' }], ...spec } });
const term = (each: Pod, topologyKey: string, rest: object = {}) => ({ topologyKey, labelSelector: { matchLabels: { app: String(appOf(each)) } }, namespaces: [each.metadata?.namespace ?? ''], ...rest });
const required = (kind: 'podAffinity' | 'podAntiAffinity', ...terms: ReturnType<typeof term>[]): Partial<PodSpec> => ({ affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });

/** Every kind of mistake, with what the checker must say about it. */
export const MUTATIONS: Record<string, { says: RegExp; make: Mutation }> = {
  'a pod is lost': {
    says: /in the decision 0 times/,
    make: (good, random) => { const at = placedWhere(good, random, () => true); return at && withNode(good, at.node, { pods: at.node.pods.filter((each) => each !== at.pod) }); },
  },
  'a pod is placed twice': {
    says: /in the decision 2 times/,
    make: (good, random) => { const [at, to] = [placedWhere(good, random, () => true), pick(random, good.decision.newNodes)]; return at && to && withNode(good, to, { pods: [...to.pods, at.pod] }); },
  },
  'a placed pod has a verdict too': {
    says: /in the decision 2 times/,
    make: (good, random) => { const at = placedWhere(good, random, () => true); return at && { ...good, decision: { ...good.decision, unschedulable: [{ pod: at.pod, deferred: false, reason: '' }] } }; },
  },
  'a pod is placed that nobody asked for': {
    says: /was not to be placed/,
    make: (good, random) => { const node = pick(random, good.decision.newNodes); return node && withNode(good, node, { pods: [...node.pods, pod()] }); },
  },
  'a pod is gated': {
    says: /was not to be placed/,
    make: (good, random) => { const at = placedWhere(good, random, () => true); return at && changedPod(good, [at.pod], withSpec({ schedulingGates: [{ name: 'later' }] } as object)); },
  },
  'a node carries nothing': {
    says: /is launched for nothing/,
    make: (good, random) => { const node = pick(random, good.decision.newNodes); return node && { ...good, decision: { ...good.decision, newNodes: [...good.decision.newNodes, { ...node, pods: [] }] } }; },
  },
  'a node has more than it can carry': {
    says: /cannot carry/,
    make: (good, random) => { const at = placedWhere(good, random, () => true); return at && changedPod(good, [at.pod], withSpec({ overhead: { cpu: '90' as never } })); },
  },
  'an init container, a sidecar or the pod as a whole needs more than there is': {
    says: /cannot carry/,
    make: (good, random) => {
      const at = placedWhere(good, random, () => true);
      const large = { requests: { memory: '900Gi' } };
      const spec = pick<Partial<PodSpec>>(random, [{ initContainers: [{ name: 'init', resources: large }] }, { initContainers: [{ name: 'side', restartPolicy: 'Always', resources: large } as never] }, { resources: large } as object]);
      return at && changedPod(good, [at.pod], withSpec(spec as Partial<PodSpec>));
    },
  },
  'a type is among the choices that is too small': {
    says: /as tiny cannot carry/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes);
      return node && withNode(good, node, { instanceTypes: [...node.instanceTypes, { ...node.instanceTypes[0] as InstanceType, name: 'tiny', capacity: { cpu: 150, memory: 1, pods: 1 } }] });
    },
  },
  'huge pages, the system or an offering leave less of a type than it seems': {
    says: /cannot carry/,
    make: (good, random) => {
      const at = placedWhere(good, random, ({ pod: { spec } }) => spec?.containers[0]?.resources?.requests?.['memory'] !== undefined);
      const change = pick<(type: InstanceType) => InstanceType>(random, [
        (type) => ({ ...type, capacity: { ...type.capacity, 'hugepages-1Gi': type.capacity['memory'] as number } }), (type) => ({ ...type, overhead: { ...type.overhead, cpu: type.capacity['cpu'] as number } }),
        (type) => ({ ...type, offerings: type.offerings.map((each) => ({ ...each, capacityOverride: { pods: 0 } })) }), (type) => ({ ...type, offerings: type.offerings.map((each) => ({ ...each, overheadOverride: { memory: 2 ** 50 } })) }),
      ]);
      return at && change && withNode(good, at.node, { instanceTypes: at.node.instanceTypes.map(change) });
    },
  },
  'a daemon needs the room': {
    says: /cannot carry/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes);
      const pages = pod({ cpu: 90_000, spec: { tolerations: [{ operator: 'Exists' }], nodeSelector: { 'karpenter.sh/nodepool': node?.pool.nodePool.metadata.name ?? '' } } });
      return node && { ...good, cluster: { ...good.cluster, daemonSetPods: [...good.cluster.daemonSetPods, pages] } };
    },
  },
  'a type has no offering that is to be had': {
    says: /cannot be launched as anything/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes);
      return node && withNode(good, node, { instanceTypes: node.instanceTypes.map((type) => ({ ...type, offerings: type.offerings.map((each) => ({ ...each, available: false })) })) });
    },
  },
  'a node is in a zone that a pod did not select': {
    says: /does not want|cannot be launched as anything/,
    make: (good, random) => {
      const at = placedWhere(good, random, ({ pod: { spec } }) => spec?.nodeSelector?.[ZONE] !== undefined);
      return at && withNode(good, at.node, { ...withRequirement(at.node, inValues(ZONE, 'zone-c')), instanceTypes: SCENARIO_TYPES });
    },
  },
  'a requirement that a pod needs is dropped': {
    says: /does not want/,
    make: (good, random) => {
      const at = placedWhere(good, random, ({ node, pod: { spec } }) => spec?.nodeSelector?.[ZONE] !== undefined && !node.requirements.has(RESERVATION_ID) && node.instanceTypes.some(({ offerings }) => offerings.filter(({ available }) => available).length > 4));
      return at && withNode(good, at.node, { requirements: at.node.requirements.without(ZONE) });
    },
  },
  'a type is among the choices that a pod excludes': {
    says: /does not want/,
    make: (good, random) => {
      const at = placedWhere(good, random, ({ pod: { spec } }) => spec?.nodeSelector?.['kubernetes.io/arch'] === 'arm64');
      return at && withNode(good, at.node, { requirements: Requirements.empty, instanceTypes: [...at.node.instanceTypes, SCENARIO_TYPES[2] as InstanceType] });
    },
  },
  'a pod asks for a custom label that the node has not, or in another value': {
    says: /does not want/,
    make: (good, random) => { const at = placedWhere(good, random, () => true); return at && changedPod(good, [at.pod], withSpec({ nodeSelector: { team: pick(random, ['green', 'nobody']) as string } })); },
  },
  'a node affinity has no term left that holds': {
    says: /does not want/,
    make: (good, random) => {
      const at = placedWhere(good, random, () => true);
      const expression = pick(random, [{ key: 'team', operator: 'Gt', values: ['1'] }, { key: 'kubernetes.io/os', operator: 'NotIn', values: ['linux'] }, { key: 'kubernetes.io/arch', operator: 'DoesNotExist' }]);
      return at && changedPod(good, [at.pod], withSpec({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [expression as never] }] } } } }));
    },
  },
  'a pool asks for something that its node does not': {
    says: /cannot be launched as anything|does not want/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes.filter((each) => each.requirements.get(CAPACITY_TYPE).has('spot')));
      return node && withPool(withNode(good, node, withRequirement(node, inValues(CAPACITY_TYPE, 'spot'))), (pool) => (pool === node.pool ? { ...pool, nodePool: { ...pool.nodePool, spec: { ...pool.nodePool.spec, template: { ...pool.nodePool.spec.template, spec: { ...pool.nodePool.spec.template.spec, requirements: [inValues(CAPACITY_TYPE, 'on-demand')] } } } } } : pool));
    },
  },
  'a pod does not tolerate its node any more': {
    says: /does not tolerate/,
    make: (good, random) => { const at = placedWhere(good, random, ({ node }) => node.pool.nodePool.metadata.name === 'dedicated'); return at && changedPod(good, [at.pod], withSpec({ tolerations: [{ key: 'dedicated', value: 'other' }] })); },
  },
  'an existing node has a taint': {
    says: /does not tolerate/,
    make: (good, random) => {
      const at = pick(random, good.decision.existingNodes);
      const taint = pick<Taint>(random, [{ key: 'new', effect: 'NoExecute' }, { key: 'new', value: '7', effect: 'NoSchedule' }]);
      return at && withSnapshotNode(changedPod(good, at.pods, withSpec({ tolerations: [{ key: 'new', operator: 'Gt' as never, value: '9' }] })), at.node, { taints: [taint as Taint] });
    },
  },
  'an existing node is full, going or closed': {
    says: /cannot carry|may not go/,
    make: (good, random) => {
      const at = pick(random, good.decision.existingNodes);
      return at && pick(random, [
        withSnapshotNode(good, at.node, { available: {} }), withSnapshotNode(good, at.node, { markedForDeletion: true }),
        { ...good, options: { ...good.options, closedNodes: new Set([at.node.name]), movedPods: new Set(at.pods) } },
      ]);
    },
  },
  'two pods have one port': {
    says: /twice/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes);
      const port = (name: string, hostIP: string): Pod => light(name, {}, { containers: [{ name: 'app', ports: [{ containerPort: 1, hostPort: 9999, hostIP }] }] });
      const ip = pick(random, ['0.0.0.0', '10.0.0.1', '::']) as string;
      return node && joined(good, node, port('one', '10.0.0.1'), port('two', ip));
    },
  },
  'a daemon has a pod\'s port': {
    says: /twice/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes);
      const port = light('port', {}, { containers: [{ name: 'app', ports: [{ containerPort: 1, hostPort: 9999, protocol: 'UDP' }] }] });
      return node && { ...joined(good, node, port), cluster: { ...good.cluster, daemonSetPods: [port] } };
    },
  },
  'a volume is elsewhere': {
    says: /cannot have/,
    make: (good, random) => {
      const at = placedWhere(good, random, ({ pod: { spec } }) => spec?.volumes?.[0]?.persistentVolumeClaim?.claimName === 'bound-b');
      const { lookup } = good.cluster;
      const elsewhere = { spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'In', values: ['zone-a'] }] }] } } } };
      return at && { ...good, cluster: { ...good.cluster, lookup: { ...lookup, persistentVolume: (name) => (name.startsWith('volume-b') ? elsewhere : lookup.persistentVolume(name)) } } };
    },
  },
  'a node attaches more volumes than its driver can': {
    says: /attaches/,
    make: (good, random) => { const at = pick(random, good.decision.existingNodes.filter(({ pods }) => pods.some(({ spec }) => spec?.volumes?.length))); return at && withSnapshotNode(good, at.node, { volumeLimits: { 'ebs.csi.aws.com': 0 } }); },
  },
  'a pod that keeps to itself gets company': {
    says: /may share/,
    make: (good, random) => {
      const at = placedWhere(good, random, ({ pod: each }) => appOf(each) !== undefined);
      return at && joined(good, at.node, light('loner', {}, required('podAntiAffinity', term(at.pod, pick(random, [HOSTNAME, ZONE]) as string))));
    },
  },
  'a pod comes where another one keeps its kind away': {
    says: /may share/,
    make: (good, random) => {
      const at = placedWhere(good, random, () => true);
      const host = pick(random, good.cluster.nodes);
      const keeper = at && { ...light('keeper', {}, required('podAntiAffinity', term(at.pod, ZONE, pick(random, [{}, { namespaceSelector: {}, namespaces: [] }, { namespaces: [], namespaceSelector: { matchLabels: { tier: at.pod.metadata?.namespace } } }])))), status: { phase: 'Running' } };
      return at && host && keeper && zoneOf(at.node) === host.labels[ZONE] ? withSnapshotNode(good, host, { pods: [...host.pods, keeper] }) : undefined;
    },
  },
  'a pod that wants company is put where there is none': {
    says: /without company/,
    make: (good, random) => {
      const at = placedWhere(good, random, ({ pod: each }) => !good.cluster.nodes.some(({ pods }) => pods.some((other) => appOf(other) === appOf(each))));
      const to = at && pick(random, good.decision.newNodes.filter(({ pods }) => !pods.some((each) => appOf(each) === appOf(at.pod))));
      return at && to && joined(good, to, light('lonely', {}, required('podAffinity', term(at.pod, HOSTNAME))));
    },
  },
  'company answers only one of two terms': {
    says: /without company/,
    make: (good, random) => { const at = placedWhere(good, random, () => true); return at && joined(good, at.node, light('choosy', {}, required('podAffinity', term(at.pod, HOSTNAME), { ...term(at.pod, HOSTNAME), labelSelector: { matchLabels: { app: 'nobody' } } }))); },
  },
  'pods that want to be together are split': {
    says: /without company/,
    make: (good) => {
      const [one, two] = good.decision.newNodes.filter(({ pool }) => pool.nodePool.metadata.name === 'default');
      const twin = (name: string): Pod => { const bare = light(name, { app: 'twins' }, {}); return { ...bare, spec: { ...bare.spec as PodSpec, ...required('podAffinity', term(bare, HOSTNAME)) } }; };
      return one && two && joined(joined(good, one, twin('left')), two, twin('right'));
    },
  },
  'a spread is shifted into one zone': {
    says: /more than the emptiest/,
    make: (good, random) => {
      const isSpread = ({ spec }: Pod): boolean => spec?.topologySpreadConstraints?.length === 1 && spec.topologySpreadConstraints[0]?.topologyKey === ZONE && spec.topologySpreadConstraints[0].whenUnsatisfiable === 'DoNotSchedule'
        && spec.topologySpreadConstraints[0].minDomains === undefined && spec.topologySpreadConstraints[0].labelSelector?.matchLabels?.['app'] !== undefined && !spec.nodeSelector && !spec.affinity;
      const at = placedWhere(good, random, ({ node, pod: each }) => isSpread(each) && zoneOf(node) !== undefined && each.spec?.topologySpreadConstraints?.[0]?.labelSelector?.matchLabels?.['app'] === appOf(each));
      if (!at || good.cluster.nodes.length > 0) return undefined;
      const others = [0, 1, 2].map((index): Pod => ({ ...at.pod, metadata: { ...at.pod.metadata, name: `shifted-${index}`, uid: `shifted-${index}` } }));
      return joined(good, at.node, ...others);
    },
  },
  'a spread over machines has too many on one': {
    says: /more than the emptiest/,
    make: (good, random) => {
      const at = placedWhere(good, random, ({ pod: each }) => !good.decision.existingNodes.some(({ pods }) => pods.some((other) => appOf(other) === appOf(each))));
      const selector = { matchLabels: { app: 'even' } };
      const even = (name: string): Pod => light(name, { app: 'even' }, { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: HOSTNAME, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector }] });
      return at && joined(good, at.node, even('one'), even('two'));
    },
  },
  'a spread pod\'s node may come in several zones': {
    says: /may be in [23] domains/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes.filter(({ requirements, instanceTypes }) => requirements.get(ZONE).operator === 'Exists' && !requirements.has(RESERVATION_ID)
        && instanceTypes.some(({ offerings }) => offerings.filter(({ available }) => available).length > 1)));
      return node && joined(good, node, light('even', { app: 'even' }, { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'even' } } }] }));
    },
  },
  'a pool uses more than its limits': {
    says: /may use/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes);
      const limits = pick(random, [{ cpu: '1' }, { nodes: '0' }, { memory: '1Gi' }]) as Record<string, string>;
      return node && withPool(good, (pool) => (pool === node.pool ? { ...pool, nodePool: { ...pool.nodePool, spec: { ...pool.nodePool.spec, limits } } } : pool));
    },
  },
  'a node has less variety than its pool asks for': {
    says: /instead of/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes.filter(({ requirements }) => good.options.minValuesPolicy !== 'BestEffort' && [...requirements].some(([, set]) => set.minValues !== undefined)));
      return node && withNode(good, node, pick(random, [{ instanceTypes: node.instanceTypes.slice(0, 1) }, { requirements: Requirements.of(...node.requirements.toList().map(({ minValues: _, ...each }) => each)) }]) as Partial<NewNode>);
    },
  },
  'more nodes are pinned to a reservation than it has': {
    says: /nodes too many/,
    make: (good, random) => {
      const node = pick(random, good.decision.newNodes.filter(({ requirements }) => requirements.get(RESERVATION_ID).has('cr-1') && requirements.has(RESERVATION_ID)));
      return node && { ...good, decision: { ...good.decision, newNodes: [...good.decision.newNodes, node, node] } };
    },
  },
};
