import { Column, ConvertsFrom, ResourceKind } from '../operator/dsl/kind-decorators.js';
import { Resource } from '../operator/dsl/resource.js';
import type { Condition } from '../operator/kube/object.js';
import type { NodeClaimSpec } from './nodeclaim.js';
import type { ResourceList } from './resources.js';
import { nodePoolSpec, nodePoolStatus } from './schema/nodepool.js';
import { NodePoolV1Beta1, nodePoolFromV1, nodePoolToV1 } from './v1beta1/nodepool.js';

export type DisruptionReason = 'Underutilized' | 'Empty' | 'Drifted';

/** How many nodes may be disrupted at once, when, and for which reasons. */
export interface Budget {
  reasons?: DisruptionReason[];
  nodes: string;
  schedule?: string;
  duration?: string;
}

export interface NodePoolDisruption {
  consolidateAfter?: string;
  consolidationPolicy?: 'WhenEmpty' | 'WhenEmptyOrUnderutilized' | 'Balanced';
  budgets?: Budget[];
}

export interface NodeClaimTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Omit<NodeClaimSpec, 'resources'>;
}

export interface NodePoolSpec {
  template: NodeClaimTemplate;
  disruption?: NodePoolDisruption;
  limits?: ResourceList;
  weight?: number;
  replicas?: number;
}

export interface NodePoolStatus {
  resources?: ResourceList;
  nodes?: number;
  nodeClassObservedGeneration?: number;
  conditions?: Condition[];
}

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
