import type { DaemonSet } from 'kubernetes-types/apps/v1.js';
import type { Affinity, Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import type { NodePool } from '../../src/api/nodepool.js';
import { seededRandom } from '../../src/operator/random.js';
import type { Random } from '../../src/operator/random.js';
import { inValues, nodePool, pick, pod } from './workloads.js';

// What ordinary clusters run: Deployments of many sizes, a few wishes each, on the machines that AWS sells.

const ZONE = 'topology.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';
const CATEGORY = 'karpenter.k8s.aws/instance-category';
const GENERATION = 'karpenter.k8s.aws/instance-generation';
const CAPACITY_TYPE = 'karpenter.sh/capacity-type';
const GPU = 'nvidia.com/gpu';

/** Millicores and MiB of one container; small ones are more common. */
const SIZES: readonly (readonly [number, number])[] = [
  [50, 64], [100, 128], [100, 128], [100, 256], [250, 256], [250, 512], [250, 512], [500, 512], [500, 1024], [500, 1024],
  [1000, 1024], [1000, 2048], [1000, 4096], [2000, 4096], [250, 2048], [500, 4096], [4000, 8192],
];

/** Pools for everybody, for two teams with machines of their own, and for GPUs. */
export const servicePools = (): NodePool[] => [
  nodePool('general', {
    weight: 10,
    template: { requirements: [inValues(CATEGORY, 'c', 'm', 'r'), { key: GENERATION, operator: 'Gt', values: ['4'] }, inValues(CAPACITY_TYPE, 'on-demand', 'spot')] },
  }),
  dedicatedPool('data', [inValues(CATEGORY, 'r', 'i'), inValues(CAPACITY_TYPE, 'on-demand')]),
  dedicatedPool('batch', [inValues(CATEGORY, 'c', 'm'), inValues(CAPACITY_TYPE, 'spot')]),
  nodePool('gpu', { template: { requirements: [inValues(CATEGORY, 'g', 'p'), inValues(CAPACITY_TYPE, 'on-demand', 'spot')], taints: [{ key: GPU, value: 'true', effect: 'NoSchedule' }] } }),
];

/** A pool that only pods of its owner tolerate. */
export const dedicatedPool = (owner: string, requirements: ReturnType<typeof inValues>[]): NodePool =>
  nodePool(owner, { labels: { dedicated: owner }, template: { requirements, taints: [{ key: 'dedicated', value: owner, effect: 'NoSchedule' }] } });

export const dedicatedTo = (owner: string): Partial<PodSpec> => ({
  nodeSelector: { dedicated: owner },
  tolerations: [{ key: 'dedicated', operator: 'Equal', value: owner, effect: 'NoSchedule' }],
});

const daemonSet = (name: string, cpu: string, memory: string, spec: Partial<PodSpec> = {}): DaemonSet => ({
  apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name, namespace: 'kube-system', uid: `uid-${name}` },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { tolerations: [{ operator: 'Exists' }], containers: [{ name: 'main', image: name, resources: { requests: { cpu, memory } } }], ...spec },
    },
  },
});

/** What runs on every node of EKS; and on those with GPUs. */
export const serviceDaemons = (): DaemonSet[] => [
  daemonSet('aws-node', '50m', '64Mi'),
  daemonSet('kube-proxy', '100m', '64Mi'),
  daemonSet('ebs-csi-node', '30m', '120Mi'),
  daemonSet('log-agent', '100m', '200Mi'),
  daemonSet('nvidia-device-plugin', '50m', '100Mi', {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'karpenter.k8s.aws/instance-gpu-manufacturer', operator: 'In', values: ['nvidia'] }] }] } } },
  }),
];

type Spread = NonNullable<PodSpec['topologySpreadConstraints']>[number];
const spread = (topologyKey: string, whenUnsatisfiable: Spread['whenUnsatisfiable'], matchLabels: Record<string, string>): Partial<PodSpec> =>
  ({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable, labelSelector: { matchLabels } }] });

/** How replicas want to stand to each other. Large Deployments do not ask for a machine for each replica. */
function together(random: Random, replicas: number, labels: Record<string, string>): Partial<PodSpec> {
  const dice = random.next();
  const term = (topologyKey: string) => ({ topologyKey, labelSelector: { matchLabels: labels } });
  if (dice < 0.3) return spread(ZONE, 'DoNotSchedule', labels);
  if (dice < 0.45) return spread(ZONE, 'ScheduleAnyway', labels);
  if (dice < 0.5) return { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(ZONE)] } } };
  if (replicas > 12) return {};
  if (dice < 0.6) return spread(HOSTNAME, 'DoNotSchedule', labels);
  if (dice < 0.7) return { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(HOSTNAME)] } } };
  if (dice < 0.8) return { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term(HOSTNAME) }] } } };
  return {};
}

/** Which machines it wants. */
function machines(random: Random): { nodeSelector: Record<string, string>; nodeAffinity?: Affinity['nodeAffinity'] } {
  const [architecture, capacityType, kind] = [random.next(), random.next(), random.next()];
  return {
    nodeSelector: {
      ...(architecture < 0.2 ? { 'kubernetes.io/arch': 'arm64' } : architecture < 0.5 ? { 'kubernetes.io/arch': 'amd64' } : {}),
      ...(capacityType < 0.15 ? { [CAPACITY_TYPE]: 'on-demand' } : capacityType < 0.25 ? { [CAPACITY_TYPE]: 'spot' } : {}),
    },
    ...(kind < 0.06
      ? { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: GENERATION, operator: 'Gt', values: ['6'] }] }] } } }
      : kind < 0.12
        ? { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, preference: { matchExpressions: [{ key: CATEGORY, operator: 'In', values: ['c'] }] } }] } }
        : {}),
  };
}

const requests = (cpu: number, memoryMi: number, others: Record<string, string> = {}) => ({ requests: { cpu: `${cpu}m`, memory: `${memoryMi}Mi`, ...others } });

/** One replica's specification. `owner`: whose machines it runs on; drawn when it is not said. */
function specification(random: Random, replicas: number, labels: Record<string, string>, owner?: Partial<PodSpec>): PodSpec {
  const [dice, [cpu, memoryMi], hasProxy] = [random.next(), pick(random, SIZES), random.next() < 0.25];
  const { affinity, ...rest } = together(random, replicas, labels);
  if (owner === undefined && dice < 0.02 && replicas <= 12) {
    return {
      ...rest, ...(affinity ? { affinity } : {}), tolerations: [{ key: GPU, operator: 'Exists' }],
      containers: [{ name: 'main', image: 'model', resources: requests(2000 + cpu, 8192 + memoryMi, { [GPU]: '1' }) }],
    };
  }
  const dedicated = owner ?? (dice < 0.1 ? dedicatedTo('data') : dice < 0.18 ? dedicatedTo('batch') : undefined);
  const { nodeSelector, nodeAffinity } = machines(random);
  return {
    nodeSelector, ...rest, ...dedicated,
    affinity: { ...affinity, ...(nodeAffinity && dedicated?.nodeSelector === undefined ? { nodeAffinity } : {}) },
    containers: [
      { name: 'main', image: 'service', resources: requests(cpu, memoryMi) },
      ...(hasProxy ? [{ name: 'proxy', image: 'proxy', resources: requests(100, 128) }] : []),
    ],
  };
}

/** Pods of Deployments of 1 to 200 replicas, small ones more often. `owner`: what all of them have in common. */
export function serviceMix(count: number, { seed = 1, name = 'service', owner }: { seed?: number; name?: string; owner?: Partial<PodSpec> } = {}): Pod[] {
  const random = seededRandom(seed);
  const pods: Pod[] = [];
  for (let index = 0; pods.length < count; index += 1) {
    const replicas = Math.min(Math.floor(201 ** random.next()), count - pods.length);
    const labels = { app: `${name}-${index}` };
    const spec = specification(random, replicas, labels, owner);
    for (let replica = 0; replica < replicas; replica += 1) pods.push(pod({ name: `${name}-${index}-${replica}`, labels, spec }));
  }
  return pods;
}
