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
  /** API group without version. Immutable in pools. */
  group: string;
  /** Immutable in pools. */
  kind: string;
  name: string;
}

/** What is asked for. Immutable. */
export interface NodeClaimSpec {
  /** On the node for as long as it lives. */
  taints?: Taint[];
  /** Removed by something else once the node is prepared; pods need not tolerate them to be planned for it. */
  startupTaints?: Taint[];
  /** All have to hold. */
  requirements: Requirement[];
  /** What the pods that the claim was made for need at least. */
  resources?: { requests?: ResourceList };
  nodeClassRef: NodeClassReference;
  /** The longest that draining may take, `<digits>` with s, m or h. Unset: as long as it takes. */
  terminationGracePeriod?: string;
  /** How long the node lives: such a duration, or `Never`. Default `720h`. */
  expireAfter?: string;
}

/** What became of it. */
export interface NodeClaimStatus {
  /** Set once the machine has registered. */
  nodeName?: string;
  /** The machine's identity at the cloud provider, as in the Node's `spec.providerID`. */
  providerID?: string;
  /** The image that it runs. */
  imageID?: string;
  /** All that the machine has. */
  capacity?: ResourceList;
  /** What of it pods can use. */
  allocatable?: ResourceList;
  /** When a pod last came, went or ended; at most one update each 10 s. `consolidateAfter` counts from it. */
  lastPodEventTime?: string;
  conditions?: Condition[];
}

/** Conditions of a claim beside `Ready`, which depends on the first three. */
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
