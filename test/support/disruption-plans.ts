import type { Pod } from 'kubernetes-types/core/v1.js';
import type { NodeClaim } from '../../src/api/nodeclaim.js';
import type { NodePoolDisruption } from '../../src/api/nodepool.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import { plan } from '../../src/disruption/index.js';
import type { DisruptionOptions, DisruptionPlan } from '../../src/disruption/index.js';
import type { Snapshot, SnapshotNode } from '../../src/scheduling/index.js';
import { existingNode, instanceType, nodePool, pod, snapshot } from './workloads.js';
import type { OfferingInput } from './workloads.js';

export const NOW = Date.parse('2026-01-01T12:00:00Z');
const Gi = 2 ** 30;

/** Sold on demand, and as spot for 40 % of the price, in two zones. */
export const both = (price: number): OfferingInput[] => ['us-east-1a', 'us-east-1b'].flatMap((zone) => [{ zone, price }, { zone, capacityType: 'spot', price: price * 0.4 }]);
export const small = instanceType('small', { cpu: 2, memoryGi: 8 }, both(0.1));
export const large = instanceType('large', { cpu: 8, memoryGi: 32 }, both(0.4));

export interface NodeInput {
  type?: InstanceType;
  capacityType?: string;
  pods?: Pod[];
  /** Conditions of the claim that are True since `since`. */
  conditions?: string[];
  since?: string;
  pool?: string;
  claim?: Partial<NodeClaim['spec']>;
  deleting?: boolean;
  rest?: Partial<SnapshotNode>;
}

/** An initialized node of a pool with its claim; its pods take half a CPU each. */
export function node(
  name: string,
  { type = large, capacityType = 'on-demand', pods = [], conditions = ['Consolidatable'], rest = {}, claim = {}, since = '2026-01-01T00:00:00Z', pool = 'default', deleting = false }: NodeInput = {},
): SnapshotNode {
  const labels = {
    'karpenter.sh/nodepool': pool, 'karpenter.sh/capacity-type': capacityType, 'node.kubernetes.io/instance-type': type.name, ...rest.labels,
  };
  const total = { cpu: type.capacity['cpu'] as number - 100, memory: type.capacity['memory'] as number - Gi, pods: 110 };
  const requested = pods.length * 500;
  return existingNode(name, {
    nodePool: pool, allocatable: total, available: { ...total, cpu: total.cpu - requested, pods: 110 - pods.length }, markedForDeletion: deleting,
    pods: pods.map((each) => ({ ...each, spec: { containers: [], ...each.spec, nodeName: name }, status: { phase: 'Running' } })),
    node: { metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    nodeClaim: {
      apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim',
      metadata: { name: `claim-${name}`, uid: name, resourceVersion: '1', creationTimestamp: since, labels, annotations: {}, ...(deleting ? { deletionTimestamp: since } : {}) },
      spec: { requirements: [], nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, ...claim },
      status: { conditions: conditions.map((condition) => ({ type: condition, status: 'True', reason: condition, message: '', lastTransitionTime: since })) },
    },
    ...rest, labels,
  });
}

/** Pods that take half a CPU each. */
export const some = (count: number, rest: Parameters<typeof pod>[0] = {}): Pod[] => Array.from({ length: count }, () => pod({ cpu: 500, memoryMi: 128, ...rest }));

export interface PlanInput {
  /** Of every pool; budgets allow everything unless given. */
  disruption?: NodePoolDisruption;
  /** By name. Default: one, `default`. */
  pools?: Readonly<Record<string, Parameters<typeof nodePool>[1]>>;
  types?: InstanceType[];
  options?: Partial<DisruptionOptions>;
  pdbs?: object[];
}

export function setUp(nodes: SnapshotNode[], { disruption, pools = { default: {} }, types = [small, large], options = {}, pdbs = [] }: PlanInput = {}): { snapshot: Snapshot; options: DisruptionOptions } {
  const known = Object.entries(pools).map(([name, spec]) => ({ nodePool: nodePool(name, { disruption: { budgets: [{ nodes: '100%' }], ...disruption }, ...spec }), instanceTypes: types }));
  return {
    snapshot: snapshot(known.filter(({ nodePool: { spec } }) => spec.replicas === undefined), { nodes, podDisruptionBudgets: pdbs as never }),
    options: { now: NOW, pools: known, pendingPods: [], ...options },
  };
}

export function planFor(nodes: SnapshotNode[], input: PlanInput = {}): DisruptionPlan {
  const { snapshot: state, options } = setUp(nodes, input);
  return plan(state, options);
}

/** Each command as its method, its decision, its nodes, and the types of each replacement. */
export const outline = ({ commands }: DisruptionPlan): unknown[] => commands.map(({ method, decision, candidates, replacements }) =>
  [method, decision, candidates.map(({ node: { name } }) => name).sort(), ...replacements.map(({ instanceTypes }) => instanceTypes.map(({ name }) => name).join())]);

export const messages = ({ notices }: DisruptionPlan, type?: string): string[] => notices.filter((notice) => type === undefined || notice.type === type).map(({ message }) => message);
