import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import type { NodePool, NodePoolSpec } from '../../src/api/nodepool.js';
import type { Requirement } from '../../src/api/requirement.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import { seededRandom } from '../../src/operator/random.js';
import type { Random } from '../../src/operator/random.js';
import type { Snapshot, SnapshotNode, SnapshotPool } from '../../src/scheduling/index.js';

const Mi = 2 ** 20;
const Gi = 2 ** 30;

export const inValues = (key: string, ...values: string[]): Requirement => ({ key, operator: 'In', values });

export interface OfferingInput { zone: string; capacityType?: string; price: number; available?: boolean }

/** An instance type by its size; offerings as given. */
export function instanceType(
  name: string,
  { cpu, memoryGi, pods = 110, arch = 'amd64', os = ['linux'], labels = [] }: { cpu: number; memoryGi: number; pods?: number; arch?: string; os?: string[]; labels?: Requirement[] },
  offerings: readonly OfferingInput[],
): InstanceType {
  return {
    name,
    requirements: [
      inValues('node.kubernetes.io/instance-type', name),
      inValues('kubernetes.io/arch', arch),
      inValues('kubernetes.io/os', ...os),
      inValues('topology.kubernetes.io/zone', ...new Set(offerings.map(({ zone }) => zone))),
      inValues('karpenter.sh/capacity-type', ...new Set(offerings.map(({ capacityType = 'on-demand' }) => capacityType))),
      ...labels,
    ],
    offerings: offerings.map(({ zone, capacityType = 'on-demand', price, available = true }) => ({
      requirements: [inValues('topology.kubernetes.io/zone', zone), inValues('karpenter.sh/capacity-type', capacityType)], price, available,
    })),
    capacity: { cpu: cpu * 1000, memory: memoryGi * Gi, pods, 'ephemeral-storage': 20 * Gi },
    overhead: { cpu: 100, memory: 10 * Mi },
  };
}

/** Labels that upstream's fake cloud declares well known, beside Karpenter's own. */
export const UPSTREAM_LABELS = ['size', 'special', 'integer'] as const;

/** The catalogue of upstream's scheduling benchmark: type i has i+1 CPUs, twice as many GiB, ten times as many pods. */
export const upstreamCatalogue = (count = 400): InstanceType[] => Array.from({ length: count }, (_, index) => {
  const cpu = index + 1;
  const price = 0.1 * cpu + (0.1 * 2 * cpu * Gi) / 1e9;
  const offerings = ['test-zone-1', 'test-zone-2', 'test-zone-3'].flatMap((zone) =>
    (zone === 'test-zone-3' ? ['on-demand'] : ['spot', 'on-demand']).map((capacityType) => ({ zone, capacityType, price })));
  const labels: Requirement[] = [
    inValues('size', cpu > 4 ? 'large' : 'small'),
    cpu > 4 ? inValues('special', 'optional') : { key: 'special', operator: 'DoesNotExist' },
    inValues('integer', String(cpu)),
  ];
  return instanceType(`fake-it-${index}`, { cpu, memoryGi: 2 * cpu, pods: 10 * cpu, os: ['darwin', 'linux', 'windows'], labels }, offerings);
});

/** A catalogue shaped like a cloud's: families with their own ratio and price, sizes that double, three zones, spot at a discount. */
export function cloudCatalogue(): InstanceType[] {
  const random = seededRandom(7);
  const families = [['c', 2, 0.0425], ['m', 4, 0.048], ['r', 8, 0.063]] as const;
  return families.flatMap(([letter, ratio, perCpu]) => [5, 6, 7].flatMap((generation) => ['', 'a', 'g', 'n'].flatMap((variant) =>
    [2, 4, 8, 16, 32, 48, 64, 96].map((cpu) => {
      const price = perCpu * cpu * (variant === 'a' ? 0.9 : variant === 'g' ? 0.8 : variant === 'n' ? 1.25 : 1);
      const offerings = ['a', 'b', 'c'].flatMap((zone) => [
        { zone: `us-east-1${zone}`, capacityType: 'on-demand', price },
        { zone: `us-east-1${zone}`, capacityType: 'spot', price: price * (0.3 + random.next() * 0.3) },
      ]);
      return instanceType(`${letter}${generation}${variant}.${cpu}x`, { cpu, memoryGi: cpu * ratio, arch: variant === 'g' ? 'arm64' : 'amd64' }, offerings);
    }))));
}

export function nodePool(name: string, spec: Partial<Omit<NodePoolSpec, 'template'>> & { template?: Partial<NodePoolSpec['template']['spec']>; labels?: Record<string, string> } = {}): NodePool {
  const { template, labels, ...rest } = spec;
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: {} },
    spec: {
      ...rest,
      template: {
        ...(labels ? { metadata: { labels } } : {}),
        spec: { requirements: [], nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, expireAfter: '720h', ...template },
      },
    },
    status: {},
  };
}

let podCount = 0;

/** A pending pod. `cpu` in millicores, `memoryMi` in MiB. */
export function pod({ name = `pod-${podCount += 1}`, labels = {}, cpu = 100, memoryMi = 128, spec = {}, annotations = {} }:
{ name?: string; labels?: Record<string, string>; cpu?: number; memoryMi?: number; spec?: Partial<PodSpec>; annotations?: Record<string, string> } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, labels, annotations, creationTimestamp: '2026-01-01T00:00:00Z' as never },
    spec: { containers: [{ name: 'app', image: 'app', resources: { requests: { cpu: `${cpu}m`, memory: `${memoryMi}Mi` } } }], ...spec },
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] },
  };
}

export function existingNode(name: string, node: Partial<SnapshotNode> & { zone?: string } = {}): SnapshotNode {
  const { zone = 'us-east-1a', ...rest } = node;
  const allocatable = rest.allocatable ?? { cpu: 4000, memory: 16 * Gi, pods: 110 };
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone, 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux', ...rest.labels };
  return {
    name, providerID: `aws:///${name}`, node: { metadata: { name, labels } }, annotations: {}, taints: [], capacity: { ...allocatable, nodes: 1 }, allocatable,
    available: allocatable, daemonRequests: {}, pods: [], managed: true, registered: true, initialized: true, markedForDeletion: false, nominatedUntil: 0,
    volumeLimits: {}, ...rest, labels,
  };
}

export function snapshot(pools: readonly SnapshotPool[], rest: Partial<Snapshot> = {}): Snapshot {
  return {
    nodes: [], daemonSetPods: [], namespaces: [{ metadata: { name: 'default', labels: { 'kubernetes.io/metadata.name': 'default' } } }], podDisruptionBudgets: [],
    lookup: { persistentVolumeClaim: () => undefined, persistentVolume: () => undefined, storageClass: () => undefined },
    pools, ...rest,
  };
}

export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const upstreamSize = (random: Random): { cpu: number; memoryMi: number } =>
  ({ cpu: pick(random, [100, 250, 500, 1000, 1500]), memoryMi: pick(random, [100, 256, 512, 1024, 2048, 4096]) });

/** The mix of upstream's scheduling benchmark: a fifth each generic, zonal spread, hostname spread, zonal affinity, hostname anti-affinity. */
export function upstreamMix(count: number, seed = 42): Pod[] {
  const random = seededRandom(seed);
  const fifth = Math.floor(count / 5);
  const label = (): Record<string, string> => ({ 'my-label': pick(random, LETTERS) });
  const make = (kind: string, labels: Record<string, string>, spec: Partial<PodSpec>): Pod => pod({ name: `${kind}-${random.uuid()}`, labels, spec, ...upstreamSize(random) });
  const generic = (): Pod => make('generic', label(), {});
  const spread = (topologyKey: string) => (): Pod =>
    make('spread', label(), { topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: label() } }] });
  const toItself = (labels: Record<string, string>, topologyKey: string) =>
    ({ requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels: labels } }] });
  const repeat = (times: number, makeOne: () => Pod): Pod[] => Array.from({ length: times }, makeOne);
  return [
    ...repeat(fifth, generic),
    ...repeat(fifth, spread('topology.kubernetes.io/zone')),
    ...repeat(fifth, spread('kubernetes.io/hostname')),
    ...repeat(fifth, () => {
      const labels = { 'my-affininity': pick(random, LETTERS) };
      return make('affinity', labels, { affinity: { podAffinity: toItself(labels, 'topology.kubernetes.io/zone') } });
    }),
    ...repeat(fifth, () => make('anti', { app: 'nginx' }, { affinity: { podAntiAffinity: toItself({ app: 'nginx' }, 'kubernetes.io/hostname') } })),
    ...repeat(count - 5 * fifth, generic),
  ];
}

/** Upstream's preference mix: one satisfiable node preference, one anti-affinity that must be given up, one that need not. All pods are of one size. */
export function preferenceMix(count: number, seed = 42): Pod[] {
  const size = upstreamSize(seededRandom(seed));
  const prefer = (weight: number, topologyKey: string) => ({ weight, podAffinityTerm: { topologyKey, labelSelector: { matchLabels: { app: 'nginx' } } } });
  return Array.from({ length: count }, (_, index) => pod({
    name: `preference-${index}`, labels: { app: 'nginx' }, ...size,
    spec: {
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['test-zone-1'] }] } }] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [prefer(10, 'topology.kubernetes.io/zone'), prefer(1, 'kubernetes.io/hostname')] },
      },
    },
  }));
}

/** Deployments of equal size with realistic requests; every third spreads over zones, every fifth asks for arm64, every seventh keeps to itself. */
export function services(deployments: number, replicas: number, seed = 1): Pod[] {
  const random = seededRandom(seed);
  return Array.from({ length: deployments }, (_, index) => {
    const labels = { app: `service-${index}` };
    const spec: Partial<PodSpec> = {
      ...(index % 3 === 0 ? { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: labels } }] } : {}),
      ...(index % 5 === 0 ? { nodeSelector: { 'kubernetes.io/arch': 'arm64' } } : {}),
      ...(index % 7 === 0 ? { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } }] } } } : {}),
    };
    const cpu = pick(random, [50, 100, 250, 500, 1000, 2000]);
    const memoryMi = pick(random, [64, 128, 256, 512, 1024, 4096]);
    return Array.from({ length: replicas }, (_each, replica) => pod({ name: `service-${index}-${replica}`, labels, cpu, memoryMi, spec }));
  }).flat();
}
