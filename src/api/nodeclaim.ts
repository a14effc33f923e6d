import { Column, ConvertsFrom, ResourceKind } from '../operator/dsl/kind-decorators.js';
import { Resource } from '../operator/dsl/resource.js';
import type { Condition } from '../operator/kube/object.js';
import type { Requirement } from './requirement.js';
import type { ResourceList } from './resources.js';
import { nodeClaimSpec, nodeClaimStatus } from './schema/nodeclaim.js';
import type { Taint } from './taints.js';
import { NodeClaimV1Beta1, nodeClaimFromV1, nodeClaimToV1 } from './v1beta1/nodeclaim.js';

/** The provider's node class that a pool or claim launches from. */
export interface NodeClassReference {
  group: string;
  kind: string;
  name: string;
}

export interface NodeClaimSpec {
  taints?: Taint[];
  startupTaints?: Taint[];
  requirements: Requirement[];
  resources?: { requests?: ResourceList };
  nodeClassRef: NodeClassReference;
  terminationGracePeriod?: string;
  expireAfter?: string;
}

export interface NodeClaimStatus {
  nodeName?: string;
  providerID?: string;
  imageID?: string;
  capacity?: ResourceList;
  allocatable?: ResourceList;
  lastPodEventTime?: string;
  conditions?: Condition[];
}

export type NodeClaimCondition =
  | 'Launched' | 'Registered' | 'Initialized'
  | 'Drifted' | 'Consolidatable' | 'ConsistentStateFound' | 'DisruptionReason' | 'Drained' | 'VolumesDetached' | 'InstanceTerminating';

/** One machine that Karpenter asked for. */
@ResourceKind({
  group: 'karpenter.sh',
  version: 'v1',
  kind: 'NodeClaim',
  scope: 'Cluster',
  categories: ['karpenter'],
  description: 'One machine that Karpenter asked for.',
  spec: () => nodeClaimSpec,
  status: () => nodeClaimStatus,
  specRequired: true,
  conversion: 'Webhook',
})
@ConvertsFrom(() => NodeClaimV1Beta1, { upgrade: nodeClaimToV1, downgrade: nodeClaimFromV1 })
@Column({ name: 'Type', type: 'string', jsonPath: '.metadata.labels.node\\.kubernetes\\.io/instance-type' })
@Column({ name: 'Capacity', type: 'string', jsonPath: '.metadata.labels.karpenter\\.sh/capacity-type' })
@Column({ name: 'Zone', type: 'string', jsonPath: '.metadata.labels.topology\\.kubernetes\\.io/zone' })
@Column({ name: 'Node', type: 'string', jsonPath: '.status.nodeName' })
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
@Column({ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' })
@Column({ name: 'ImageID', type: 'string', jsonPath: '.status.imageID', priority: 1 })
@Column({ name: 'ID', type: 'string', jsonPath: '.status.providerID', priority: 1 })
@Column({ name: 'NodePool', type: 'string', jsonPath: '.metadata.labels.karpenter\\.sh/nodepool', priority: 1 })
@Column({ name: 'NodeClass', type: 'string', jsonPath: '.spec.nodeClassRef.name', priority: 1 })
@Column({ name: 'Drifted', type: 'string', jsonPath: '.status.conditions[?(@.type=="Drifted")].status', priority: 1 })
export class NodeClaim extends Resource<NodeClaimSpec, NodeClaimStatus, NodeClaimCondition> {}
