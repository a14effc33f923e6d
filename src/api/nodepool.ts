import type { Condition, ObjectMeta } from '../operator/kube/object.js';
import type { NodeClaimSpec } from './nodeclaim.js';
import type { ResourceList } from './resources.js';

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

/** What kind of nodes Karpenter may make, how many, and when it may take them away. */
export interface NodePool {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: NodePoolSpec;
  status: NodePoolStatus;
}
