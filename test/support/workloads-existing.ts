import type { Node, Pod } from 'kubernetes-types/core/v1.js';
import type { NodeClaim } from '../../src/api/nodeclaim.js';
import { formatResources, subtractResources } from '../../src/api/resources.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import { seededRandom } from '../../src/operator/random.js';
import { pick, pod } from './workloads.js';

const CREATED = '2026-01-01T00:00:00Z';
/** Pods on a node that is half full. */
const RESIDENTS = 8;

/** The labels of a machine bought by one offering, as far as the type says them. */
const labelsOf = (type: InstanceType, offering: InstanceType['offerings'][number]): Record<string, string> => Object.fromEntries(
  [...type.requirements, ...offering.requirements].flatMap(({ key, values = [] }) => (values.length === 1 ? [[key, values[0] as string]] : [])));

/** Machines of one pool with their pods: each half full, some with a pod that keeps its likes away. */
export function halfFullNodes(count: number, types: readonly InstanceType[], pool: string, seed = 3): { nodes: Node[]; nodeClaims: NodeClaim[]; bound: Pod[] } {
  const random = seededRandom(seed);
  const machines = Array.from({ length: count }, (_, index) => {
    const name = `node-${index}`;
    const type = pick(random, types);
    const labels: Record<string, string> = {
      ...labelsOf(type, pick(random, type.offerings.filter(({ available }) => available))), 'kubernetes.io/hostname': name, 'karpenter.sh/nodepool': pool,
      'karpenter.k8s.aws/ec2nodeclass': 'default', 'karpenter.sh/registered': 'true', 'karpenter.sh/initialized': 'true',
    };
    const providerID = `aws:///${labels['topology.kubernetes.io/zone'] ?? ''}/i-${index}`;
    const allocatable = subtractResources(type.capacity, type.overhead);
    const has = { capacity: formatResources(type.capacity), allocatable: formatResources(allocatable) };
    const metadata = { name, uid: `uid-${name}`, labels, creationTimestamp: CREATED };
    const node = { apiVersion: 'v1', kind: 'Node', metadata, spec: { providerID }, status: { ...has, conditions: [{ type: 'Ready', status: 'True' }] } };
    const nodeClaim = {
      apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', metadata: { ...metadata, uid: `uid-claim-${name}`, annotations: {}, resourceVersion: '1' },
      spec: { requirements: [], nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' } },
      status: {
        ...has, providerID, nodeName: name,
        conditions: ['Launched', 'Registered', 'Initialized', 'Ready'].map((condition) => ({ type: condition, status: 'True', reason: condition, message: '', lastTransitionTime: CREATED })),
      },
    };
    const share = (amount = 0): number => Math.floor(amount / 2 / RESIDENTS);
    const bound = Array.from({ length: RESIDENTS }, (_each, position) => {
      const app = { app: `resident-${(index * RESIDENTS + position) % 500}` };
      const isShy = random.next() < 0.05;
      const { metadata: podMetadata, spec } = pod({ name: `resident-${index}-${position}`, labels: app, cpu: share(allocatable['cpu']), memoryMi: share((allocatable['memory'] ?? 0) / 2 ** 20) });
      return {
        apiVersion: 'v1', kind: 'Pod', metadata: podMetadata, status: { phase: 'Running' },
        spec: {
          ...spec, nodeName: name,
          ...(isShy ? { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: app } }] } } } : {}),
        },
      } as Pod;
    });
    return { node: node as unknown as Node, nodeClaim: nodeClaim as NodeClaim, bound };
  });
  return { nodes: machines.map(({ node }) => node), nodeClaims: machines.map(({ nodeClaim }) => nodeClaim), bound: machines.flatMap(({ bound }) => bound) };
}
