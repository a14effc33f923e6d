import type { Condition, ObjectMeta } from '../operator/kube/object.js';
import type { Requirement } from './requirement.js';
import type { ResourceList } from './resources.js';
import type { Taint } from './taints.js';

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

/** One machine that Karpenter asked for. */
export interface NodeClaim {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: NodeClaimSpec;
  status: NodeClaimStatus;
}
