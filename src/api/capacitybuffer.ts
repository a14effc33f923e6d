import { Column, ResourceKind } from '../operator/dsl/kind-decorators.js';
import { Resource } from '../operator/dsl/resource.js';
import type { Condition } from '../operator/kube/object.js';
import type { ResourceList } from './resources.js';
import { capacityBufferSpec, capacityBufferStatus } from './schema/capacitybuffer.js';

/** A workload whose pods the buffer keeps room for. */
export interface ScalableReference {
  /** `apps`, which is also meant when it is empty. */
  apiGroup?: string;
  /** `Deployment`, `StatefulSet` or `ReplicaSet`. */
  kind: string;
  name: string;
}

/** For what, and for how much of it, room is kept free. */
export interface CapacityBufferSpec {
  /** Default `buffer.x-k8s.io/active-capacity`. Other values are accepted and mean the same. */
  provisioningStrategy?: string;
  /** A PodTemplate of the same namespace. Excludes `scalableRef`. */
  podTemplateRef?: { name: string };
  /** A workload of the same namespace. Excludes `podTemplateRef`. */
  scalableRef?: ScalableReference;
  /** How many pods to keep room for. With `percentage`, the larger number counts. */
  replicas?: number;
  /** The same, as a percentage of the workload's replicas, rounded up. */
  percentage?: number;
  /** What all of them may request together; alone, it says how many there are. */
  limits?: ResourceList;
}

/** What is known about a buffer. */
export interface CapacityBufferStatus {
  /** The PodTemplate that was read; absent for workloads. */
  podTemplateRef?: { name: string };
  podTemplateGeneration?: number;
  /** How many pods room is kept for. */
  replicas?: number;
  /** As in the spec when it was last read. */
  provisioningStrategy?: string;
  conditions?: Condition[];
}

/** `ReadyForProvisioning`: it is known what to keep room for. `Provisioning`: that room is there. There is no `Ready`. */
export type CapacityBufferCondition = 'ReadyForProvisioning' | 'Provisioning';

/** Room that is kept free on nodes for pods to come (gate CapacityBuffer). */
@ResourceKind({
  group: 'autoscaling.x-k8s.io',
  version: 'v1beta1',
  kind: 'CapacityBuffer',
  scope: 'Namespaced',
  shortNames: ['cb'],
  categories: ['autoscaling'],
  description: 'Room that is kept free on nodes for pods to come.',
  spec: () => capacityBufferSpec,
  status: () => capacityBufferStatus,
  specRequired: true,
})
@Column({ name: 'Strategy', type: 'string', jsonPath: '.spec.provisioningStrategy' })
@Column({ name: 'PodTemplate', type: 'string', jsonPath: '.status.podTemplateRef.name' })
@Column({ name: 'Replicas', type: 'integer', jsonPath: '.status.replicas' })
@Column({ name: 'ConditionsType', type: 'string', jsonPath: '.status.conditions[*].type' })
@Column({ name: 'ConditionsStatus', type: 'string', jsonPath: '.status.conditions[*].status' })
@Column({ name: 'ConditionsReason', type: 'string', jsonPath: '.status.conditions[*].reason' })
@Column({ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' })
export class CapacityBuffer extends Resource<CapacityBufferSpec, CapacityBufferStatus, CapacityBufferCondition> {}
