import { Column, ConvertsFrom, ResourceKind } from '../operator/dsl/kind-decorators.js';
import { Resource } from '../operator/dsl/resource.js';
import type { Condition } from '../operator/kube/object.js';
import type { NodeClaimSpec } from './nodeclaim.js';
import type { ResourceList } from './resources.js';
import { nodePoolSpec, nodePoolStatus } from './schema/nodepool.js';
import { NodePoolV1Beta1, nodePoolFromV1, nodePoolToV1 } from './v1beta1/nodepool.js';

/** Why a node is disrupted voluntarily. */
export type DisruptionReason = 'Underutilized' | 'Empty' | 'Drifted';

/** How many nodes may be disrupted at once, when, and for which reasons. */
export interface Budget {
  /** Reasons that the budget counts for. Default: all. */
  reasons?: DisruptionReason[];
  /** A number of nodes, or a percentage of the pool rounded up: `5`, `10%`. Default `10%`. */
  nodes: string;
  /** When the budget starts to count: five cron fields in UTC, or `@daily` and the like. Stands with `duration`; without both it always counts. */
  schedule?: string;
  /** How long it counts from each start: hours and minutes, `8h30m`. */
  duration?: string;
}

/** When nodes of a pool may be taken away or replaced. */
export interface NodePoolDisruption {
  /** How long no pod may have come or gone: a duration, or `Never`. Default `0s`. */
  consolidateAfter?: string;
  /** Default `WhenEmptyOrUnderutilized`. */
  consolidationPolicy?: 'WhenEmpty' | 'WhenEmptyOrUnderutilized' | 'Balanced';
  /** Of those that count now the strictest holds. Default `[{nodes: "10%"}]`; an empty list allows everything. */
  budgets?: Budget[];
}

/** What every claim of a pool starts from. */
export interface NodeClaimTemplate {
  /** Goes to claims and from them to nodes. */
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Omit<NodeClaimSpec, 'resources'>;
}

/** What kind of nodes, how many, and when they may go. */
export interface NodePoolSpec {
  /** What every claim of the pool starts from. */
  template: NodeClaimTemplate;
  /** When nodes may be taken away or replaced. */
  disruption?: NodePoolDisruption;
  /** The most that all nodes of the pool may have together; `nodes` counts them. Default: no limit. */
  limits?: ResourceList;
  /** 1 to 100; heavier pools are tried first. Unset is the lightest. */
  weight?: number;
  /** Keeps exactly so many nodes (gate StaticCapacity). Unset: as many as pods need. */
  replicas?: number;
}

/** What is known about a pool. */
export interface NodePoolStatus {
  /** What all nodes of the pool have together. */
  resources?: ResourceList;
  /** How many nodes the pool has. */
  nodes?: number;
  /** The node class's generation that registration health was computed for. */
  nodeClassObservedGeneration?: number;
  conditions?: Condition[];
}

/** Conditions of a pool beside `Ready`, which depends on the first two. */
export type NodePoolCondition = 'ValidationSucceeded' | 'NodeClassReady' | 'NodeRegistrationHealthy';

/** What kind of nodes Karpenter may make, how many, and when it may take them away. */
@ResourceKind({
  group: 'karpenter.sh',
  version: 'v1',
  kind: 'NodePool',
  scope: 'Cluster',
  categories: ['karpenter'],
  description: 'What kind of nodes Karpenter may make, how many, and when it may take them away.',
  spec: () => nodePoolSpec,
  status: () => nodePoolStatus,
  specRequired: true,
  scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.nodes' },
  conversion: 'Webhook',
})
@ConvertsFrom(() => NodePoolV1Beta1, { upgrade: nodePoolToV1, downgrade: nodePoolFromV1 })
@Column({ name: 'NodeClass', type: 'string', jsonPath: '.spec.template.spec.nodeClassRef.name' })
@Column({ name: 'Nodes', type: 'string', jsonPath: '.status.nodes' })
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
@Column({ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' })
@Column({ name: 'Weight', type: 'integer', jsonPath: '.spec.weight', priority: 1 })
@Column({ name: 'CPU', type: 'string', jsonPath: '.status.resources.cpu', priority: 1 })
@Column({ name: 'Memory', type: 'string', jsonPath: '.status.resources.memory', priority: 1 })
export class NodePool extends Resource<NodePoolSpec, NodePoolStatus, NodePoolCondition> {}
