import fc from 'fast-check';
import type { Namespace, Pod, PodAffinityTerm, PodSpec, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import type { Requirement } from '../../src/api/requirement.js';
import { DISRUPTED_TAINT } from '../../src/api/taints.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import type { Snapshot, SnapshotNode, SnapshotPool, SolveOptions } from '../../src/scheduling/index.js';
import { SCENARIO_LOOKUP, SCENARIO_NAMESPACES } from './scenario-storage.js';
import { existingNode, instanceType, inValues, nodePool, pod, snapshot } from './workloads.js';

// Small clusters and workloads in which every rule of scheduling comes up, made of what shrinks well: the first choice is always the plainest.

/** One question to the solver. */
export interface Scenario {
  readonly cluster: Snapshot;
  readonly pods: readonly Pod[];
  readonly options: SolveOptions;
}

const Gi = 2 ** 30;
export const ZONE = 'topology.kubernetes.io/zone';
export const HOSTNAME = 'kubernetes.io/hostname';
export const CAPACITY_TYPE = 'karpenter.sh/capacity-type';
const ARCH = 'kubernetes.io/arch';
const GENERATION = 'karpenter.k8s.aws/instance-generation';
const ZONES = ['zone-a', 'zone-b', 'zone-c'];

const everywhere = (price: number, zones = ZONES): { zone: string; capacityType: string; price: number }[] =>
  zones.flatMap((zone, index) => [{ zone, capacityType: 'on-demand', price: price * (1 + index / 100) }, { zone, capacityType: 'spot', price: price * (0.4 + index / 50) }]);

const generation = (value: number): { labels: Requirement[] } => ({ labels: [inValues(GENERATION, String(value))] });

function reservedType(): InstanceType {
  const type = instanceType('reserved', { cpu: 4, memoryGi: 16, ...generation(7) }, everywhere(0.25));
  const offering = (id: string, zone: string, reservationCapacity: number) => ({
    price: 0.000_25, available: true, reservationCapacity,
    requirements: [inValues(ZONE, zone), inValues(CAPACITY_TYPE, 'reserved'), inValues('karpenter.k8s.aws/capacity-reservation-id', id)],
  });
  return {
    ...type, offerings: [...type.offerings, offering('cr-1', 'zone-a', 1), offering('cr-2', 'zone-b', 2)],
    requirements: type.requirements.map((each) => (each.key === CAPACITY_TYPE ? inValues(CAPACITY_TYPE, 'on-demand', 'spot', 'reserved') : each)),
  };
}

/** Each has something that the others have not. */
export const SCENARIO_TYPES: readonly InstanceType[] = [
  instanceType('small', { cpu: 2, memoryGi: 4, pods: 8, ...generation(5) }, everywhere(0.1)),
  instanceType('medium', { cpu: 4, memoryGi: 16, pods: 29, ...generation(6) }, everywhere(0.2)),
  instanceType('large', { cpu: 16, memoryGi: 64, ...generation(6) }, everywhere(0.8)),
  instanceType('arm', { cpu: 4, memoryGi: 8, arch: 'arm64', ...generation(7) }, everywhere(0.15, ZONES.slice(0, 2))),
  { ...instanceType('gpu', { cpu: 8, memoryGi: 32, ...generation(4) }, everywhere(2)), capacity: { cpu: 8000, memory: 32 * Gi, pods: 110, 'nvidia.com/gpu': 2 } },
  { ...instanceType('pages', { cpu: 8, memoryGi: 32, ...generation(5) }, everywhere(0.5)), capacity: { cpu: 8000, memory: 32 * Gi, pods: 110, 'hugepages-2Mi': 8 * Gi } },
  (({ offerings, ...type }) => ({ ...type, offerings: offerings.map((each, index) => (index < 2 ? { ...each, capacityOverride: { cpu: 2000 }, overheadOverride: { memory: Gi } } : each)) }))(
    instanceType('uneven', { cpu: 8, memoryGi: 16, ...generation(7) }, everywhere(0.3))),
  instanceType('scarce', { cpu: 2, memoryGi: 4, ...generation(3) }, [...everywhere(0.05).map((each) => ({ ...each, available: false })), { zone: 'zone-c', capacityType: 'spot', price: 0.01 }]),
];
const RESERVED = reservedType();

const term = (app: string, topologyKey: string, rest: object = {}): PodAffinityTerm => ({ topologyKey, labelSelector: { matchLabels: { app } }, ...rest });
const spread = (app: string, topologyKey: string, rest: Partial<TopologySpreadConstraint> & Record<string, unknown> = {}): TopologySpreadConstraint =>
  ({ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app } }, ...rest });
const nodeAffinity = (...terms: Requirement[][]): Partial<PodSpec> => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms.map((matchExpressions) => ({ matchExpressions: matchExpressions as never })) } } },
});
const requests = (more: Record<string, string>): Partial<PodSpec> => ({ containers: [{ name: 'app', resources: { requests: { cpu: '500m', memory: '256Mi', ...more } } }] });
const port = (hostPort: number, rest: object = {}): Partial<PodSpec> => ({ containers: [{ name: 'app', ports: [{ containerPort: 80, hostPort, ...rest }], resources: { requests: { cpu: '100m' } } }] });
const claim = (claimName: string): Partial<PodSpec> => ({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] });
const together = (kind: 'podAffinity' | 'podAntiAffinity', ...terms: PodAffinityTerm[]): Partial<PodSpec> => ({ affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });

type Ask = (app: string, other: string) => Partial<PodSpec>;

/** What pods ask of the machine alone. */
export const PLAIN_ASKS: readonly Ask[] = [
  () => ({}),
  () => ({ nodeSelector: { [ZONE]: 'zone-b' } }),
  () => ({ nodeSelector: { [ARCH]: 'arm64' } }),
  () => ({ nodeSelector: { 'beta.kubernetes.io/arch': 'amd64', [CAPACITY_TYPE]: 'on-demand' } }),
  () => ({ nodeSelector: { team: 'blue' }, tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'team' }] }),
  () => ({ tolerations: [{ operator: 'Exists' }] }),
  () => nodeAffinity([{ key: GENERATION, operator: 'Gt', values: ['5'] }]),
  () => nodeAffinity([{ key: GENERATION, operator: 'Lt', values: ['5'] }, { key: ZONE, operator: 'NotIn', values: ['zone-a'] }]),
  () => nodeAffinity([{ key: ZONE, operator: 'In', values: ['zone-x'] }], [{ key: ZONE, operator: 'In', values: ['zone-c'] }]),
  () => nodeAffinity([{ key: 'team', operator: 'DoesNotExist' }], [{ key: ARCH, operator: 'Exists' }]),
  () => nodeAffinity([{ key: 'team', operator: 'Exists' }]),
  () => nodeAffinity([{ key: 'team', operator: 'Exists' }, { key: 'team', operator: 'NotIn', values: ['red'] }]),
  () => requests({ 'nvidia.com/gpu': '1' }),
  () => requests({ 'hugepages-2Mi': '3Gi' }),
  () => requests({ memory: '20Gi' }),
  () => ({ overhead: { cpu: '700m' as never } }),
  () => ({ resources: { requests: { cpu: '3' } } } as Partial<PodSpec>),
  () => ({
    initContainers: [
      { name: 'step', resources: { requests: { cpu: '1900m' } } }, { name: 'side', restartPolicy: 'Always', resources: { requests: { cpu: '300m' } } } as never,
      { name: 'last', resources: { requests: { memory: '3Gi' } } },
    ],
  }),
  () => port(8080),
  () => port(8080, { hostIP: '10.0.0.1' }),
  () => port(8080, { protocol: 'UDP' }),
  () => claim('bound-b'),
  () => claim('anywhere'),
  () => claim('allowed-ac'),
  () => claim('missing'),
  () => ({ volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'zonal' } } } }, { name: 'data', persistentVolumeClaim: { claimName: 'legacy' } }] }),
];

/** What pods ask of each other. */
export const SOCIAL_ASKS: readonly Ask[] = [
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE)] }),
  (app) => ({ topologySpreadConstraints: [spread(app, HOSTNAME, { maxSkew: 2 })] }),
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE), spread(app, HOSTNAME)] }),
  (app) => ({ topologySpreadConstraints: [spread(app, CAPACITY_TYPE)] }),
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE), spread(app, CAPACITY_TYPE)] }),
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE, { minDomains: 4, maxSkew: 2 })] }),
  (app) => ({ topologySpreadConstraints: [spread(app, 'team')], tolerations: [{ key: 'dedicated', operator: 'Exists' }] }),
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE, { nodeTaintsPolicy: 'Honor' })] }),
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE, { nodeAffinityPolicy: 'Ignore' })], nodeSelector: { [ARCH]: 'amd64' } }),
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE)], nodeSelector: { [ARCH]: 'amd64' } }),
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE)], ...nodeAffinity([{ key: ZONE, operator: 'In', values: ['zone-a', 'zone-c'] }]) }),
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE, { matchLabelKeys: ['revision'] })] }),
  (_, other) => ({ topologySpreadConstraints: [spread(other, ZONE)] }),
  (app) => together('podAntiAffinity', term(app, HOSTNAME)),
  (app) => together('podAntiAffinity', term(app, ZONE)),
  (_, other) => together('podAntiAffinity', term(other, HOSTNAME)),
  (_, other) => together('podAntiAffinity', term(other, ZONE)),
  (_, other) => together('podAntiAffinity', term(other, HOSTNAME, { namespaceSelector: { matchLabels: { tier: 'other' } } })),
  () => together('podAntiAffinity', { topologyKey: HOSTNAME, labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, matchLabelKeys: ['app'] } as PodAffinityTerm),
  (_, other) => together('podAntiAffinity', { topologyKey: HOSTNAME, labelSelector: { matchLabels: { app: other } }, mismatchLabelKeys: ['revision'] } as PodAffinityTerm),
  (app) => together('podAffinity', term(app, ZONE)),
  (app) => together('podAffinity', term(app, HOSTNAME)),
  (_, other) => together('podAffinity', term(other, ZONE)),
  (_, other) => together('podAffinity', term(other, HOSTNAME)),
  (_, other) => together('podAffinity', term(other, ZONE, { namespaces: ['default', 'other'] })),
  (app, other) => together('podAffinity', term(app, ZONE), term(other, ZONE)),
  (app) => ({ ...together('podAffinity', term(app, ZONE)), topologySpreadConstraints: [spread(app, HOSTNAME)] }),
  (app) => ({ affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term(app, ZONE) }] } } }),
  (app) => ({ topologySpreadConstraints: [spread(app, ZONE, { whenUnsatisfiable: 'ScheduleAnyway' })] }),
];

interface Workload { replicas: number; cpu: number; memoryMi: number; asks: readonly Ask[]; namespace: string }

const workload = (asks: readonly Ask[]): fc.Arbitrary<Workload> => fc.record({
  replicas: fc.integer({ min: 1, max: 5 }), cpu: fc.constantFrom(100, 1000, 3000), memoryMi: fc.constantFrom(128, 3000),
  asks: fc.tuple(fc.constantFrom(...asks), fc.constantFrom(...PLAIN_ASKS)).chain(([first, second]) => fc.constantFrom([first], [first], [first, second])),
  namespace: fc.constantFrom('default', 'default', 'other'),
});

function podsOf(list: readonly Workload[], prefix: string): Pod[] {
  return list.flatMap(({ replicas, cpu, memoryMi, asks, namespace }, index) => Array.from({ length: replicas }, (_, replica) => {
    const [app, other] = [`app-${index}`, `app-${(index + 1) % list.length}`];
    const spec = Object.assign({}, ...asks.toReversed().map((ask) => ask(app, other))) as Partial<PodSpec>;
    const made = pod({ name: `${prefix}${app}-${replica}`, labels: { app, revision: `r${replica % 2}` }, cpu, memoryMi, spec });
    return { ...made, metadata: { ...made.metadata, namespace } };
  }));
}

/** Pending pods of one to six workloads. */
export const workloadsOf = (asks: readonly Ask[]): fc.Arbitrary<Pod[]> => fc.array(workload(asks), { minLength: 1, maxLength: 6 }).map((list) => podsOf(list, ''));

const NAMESPACES: Namespace[] = SCENARIO_NAMESPACES.map((name) => ({ metadata: { name, labels: { 'kubernetes.io/metadata.name': name, tier: name } } }));

const pools: fc.Arbitrary<SnapshotPool[]> = fc.record({
  limits: fc.constantFrom(undefined, undefined, { cpu: '50' }, { nodes: '6' }, { 'nvidia.com/gpu': '4', memory: '300Gi' }),
  minValues: fc.constantFrom(undefined, 2, 3), reserved: fc.boolean(), second: fc.boolean(), soft: fc.boolean(), onDemand: fc.boolean(), team: fc.constantFrom(['blue'], ['blue', 'red']),
}).map(({ limits, minValues, reserved, second, soft, onDemand, team }) => {
  const instanceTypes = reserved ? [...SCENARIO_TYPES, RESERVED] : SCENARIO_TYPES;
  const first = nodePool('default', {
    ...(limits ? { limits } : {}),
    template: {
      startupTaints: [{ key: 'starting', effect: 'NoSchedule' }],
      requirements: [
        ...(onDemand ? [inValues(CAPACITY_TYPE, 'on-demand', ...(reserved ? ['reserved'] : []))] : []),
        ...(minValues ? [{ key: 'node.kubernetes.io/instance-type', operator: 'Exists' as const, minValues }] : []),
      ],
      ...(soft ? { taints: [{ key: 'soft', effect: 'PreferNoSchedule' as const }] } : {}),
    },
  });
  const dedicated = nodePool('dedicated', { weight: 10, template: { requirements: [inValues('team', ...team)], taints: [{ key: 'dedicated', value: 'team', effect: 'NoSchedule' }] } });
  return [{ nodePool: first, instanceTypes }, ...(second ? [{ nodePool: dedicated, instanceTypes: SCENARIO_TYPES }] : [])];
});

const daemon = (name: string, cpu: number, spec: Partial<PodSpec>): Pod => pod({ name, cpu, memoryMi: 64, labels: { daemon: name }, spec });
const daemons: fc.Arbitrary<Pod[]> = fc.subarray([
  daemon('everywhere', 100, { tolerations: [{ operator: 'Exists' }] }),
  daemon('amd64', 300, { nodeSelector: { [ARCH]: 'amd64' } }),
  daemon('by-zone', 200, nodeAffinity([{ key: ZONE, operator: 'In', values: ['zone-a'] }], [{ key: 'team', operator: 'In', values: ['red'] }])),
  daemon('with-port', 50, { ...port(8080, { protocol: 'UDP' }), nodeSelector: { 'node.kubernetes.io/instance-type': 'large' } }),
], { minLength: 0 });

function nodeOf(index: number, { zone, starting, tainted, residents, ...flags }: { zone: string; starting: boolean; tainted: boolean; residents: readonly Pod[]; markedForDeletion: boolean }): SnapshotNode {
  const name = `node-${index}`;
  const type = SCENARIO_TYPES[1] as InstanceType;
  const bound = residents.map((each): Pod => ({ ...each, spec: { ...each.spec as PodSpec, nodeName: name }, status: { phase: 'Running' } }));
  return existingNode(name, {
    ...flags, zone, initialized: !starting, nodePool: 'default', allocatable: { cpu: 3900, memory: 15 * Gi, pods: 29 }, capacity: { ...type.capacity, nodes: 1 },
    available: { cpu: 3900 - bound.length * 500, memory: 15 * Gi - bound.length * Gi, pods: 29 - bound.length }, volumeLimits: { 'ebs.csi.aws.com': 1 },
    labels: { [ARCH]: 'amd64', [CAPACITY_TYPE]: index % 2 === 0 ? 'spot' : 'on-demand', 'node.kubernetes.io/instance-type': type.name, 'karpenter.sh/nodepool': 'default', [GENERATION]: '6' },
    taints: [...(tainted ? [{ key: 'dedicated', value: 'team', effect: 'NoSchedule' } as const] : []), ...(flags.markedForDeletion ? [DISRUPTED_TAINT] : [])], pods: bound,
  });
}

const nodes: fc.Arbitrary<SnapshotNode[]> = fc.array(fc.record({
  zone: fc.constantFrom(...ZONES), starting: fc.constantFrom(false, false, true), tainted: fc.constantFrom(false, false, true), markedForDeletion: fc.constantFrom(false, false, false, true),
  residents: fc.array(workload([...SOCIAL_ASKS, ...PLAIN_ASKS]).map((each) => ({ ...each, replicas: 1 })), { maxLength: 2 }),
}), { maxLength: 4 }).map((list) => list.map((each, index) => nodeOf(index, { ...each, residents: podsOf(each.residents, `resident-${index}-`) })));

export const clusters: fc.Arbitrary<Snapshot> = fc.record({ pools, daemonSetPods: daemons, nodes }).map(({ pools: list, ...rest }) =>
  snapshot(list, { ...rest, namespaces: NAMESPACES, lookup: SCENARIO_LOOKUP }));

const options: fc.Arbitrary<SolveOptions> = fc.record({
  preferencePolicy: fc.constantFrom('Respect', 'Ignore'), minValuesPolicy: fc.constantFrom('Strict', 'BestEffort'), reservedCapacity: fc.constantFrom('Strict', 'Fallback', 'Off'), maxInstanceTypes: fc.constantFrom(600, 3),
});

export const scenarios: fc.Arbitrary<Scenario> = fc.record({ cluster: clusters, pods: workloadsOf([...PLAIN_ASKS, ...SOCIAL_ASKS]), options });
