import type { NodeClaim } from '../api/nodeclaim.js';
import type { NodePool } from '../api/nodepool.js';
import type { ResourceList } from '../api/resources.js';
import type { PodRules } from '../scheduling/pod-validation.js';
import type { InstanceType } from './instance-type.js';

/** What a launch gives: everything that the NodeClaim's labels, annotations and status take over. */
export interface CloudInstance {
  /** `aws:///us-west-2a/i-0123456789abcdef0`. */
  providerID: string;
  imageID: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  capacity: ResourceList;
  allocatable: ResourceList;
  /** When the instance was launched, RFC 3339. */
  creationTimestamp: string;
  /** Set once the instance is shutting down. */
  deletionTimestamp?: string;
}

export interface LaunchOptions {
  /** Equal for every attempt at the same claim: the provider launches at most one instance for it. */
  clientToken: string;
  signal?: AbortSignal;
}

/** When a node's condition has lasted this long, the node is replaced. */
export interface RepairPolicy {
  conditionType: string;
  conditionStatus: 'True' | 'False' | 'Unknown';
  /** Milliseconds. */
  toleration: number;
}

/** The port to a cloud: what the reconcilers ask of it (karpenter-core §7). */
export interface CloudProvider {
  readonly name: string;
  /** For which pods it cannot make a node at all. Default: karpenter-core's own rules. */
  readonly podRules?: PodRules;
  /** Launches one instance for the claim, or finds the one that an earlier attempt launched. Throws a CloudError. */
  create(claim: NodeClaim, options: LaunchOptions): Promise<CloudInstance>;
  /** Asks for termination; `gone` once the instance no longer exists. Idempotent. */
  delete(claim: NodeClaim, options?: { signal?: AbortSignal }): Promise<'terminating' | 'gone'>;
  /** Asks for termination of an instance that no claim stands for. */
  terminate(providerID: string, options?: { signal?: AbortSignal }): Promise<'terminating' | 'gone'>;
  /** The instance, or undefined when it does not exist (any more). */
  get(providerID: string, options?: { signal?: AbortSignal }): Promise<CloudInstance | undefined>;
  /** Every instance of this cluster that Karpenter launched. */
  list(options?: { signal?: AbortSignal }): Promise<CloudInstance[]>;
  /** What the pool's node class can launch now. Empty while the class is missing. */
  getInstanceTypes(pool: NodePool): Promise<readonly InstanceType[]>;
  /** Why the machine no longer is what its node class asks for; undefined while it is. */
  isDrifted(claim: NodeClaim): Promise<string | undefined>;
  repairPolicies(): readonly RepairPolicy[];
}

export const CloudProvider = Symbol.for('karpenter.CloudProvider');
