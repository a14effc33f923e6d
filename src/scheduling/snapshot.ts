import type { Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import type { StorageClass } from 'kubernetes-types/storage/v1.js';
import type { InstanceType } from '../cloud/instance-type.js';
import type { NodeClaim } from '../api/nodeclaim.js';
import type { NodePool } from '../api/nodepool.js';
import type { Resources } from '../api/resources.js';
import type { Taint } from '../api/taints.js';

/**
 * A machine that exists or is on its way: the Node and its NodeClaim merged as karpenter-core §5.4 says. Immutable; the same object
 * may stand in many snapshots, so what is derived from one can be remembered by its identity.
 */
export interface SnapshotNode {
  /** The claim's name until the node registered, then the node's. Unique within a snapshot. */
  readonly name: string;
  readonly providerID: string;
  readonly node?: Node;
  readonly nodeClaim?: NodeClaim;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Without startup taints and ephemeral taints while a managed node is not initialised. */
  readonly taints: readonly Taint[];
  /** What the machine has, with `nodes: 1`. */
  readonly capacity: Resources;
  readonly allocatable: Resources;
  /** `allocatable` minus the requests of every pod in `pods`. */
  readonly available: Resources;
  /** Requests of the DaemonSet pods in `pods`: overhead that need not be set aside any more. */
  readonly daemonRequests: Resources;
  /** Bound pods that are not terminal. */
  readonly pods: readonly Pod[];
  /** Name of the owning NodePool; undefined for machines that Karpenter does not manage. */
  readonly nodePool?: string;
  /** Has a NodeClaim. */
  readonly managed: boolean;
  readonly registered: boolean;
  readonly initialized: boolean;
  /** Its pods are to be placed elsewhere; nothing new goes there. */
  readonly markedForDeletion: boolean;
  /** Milliseconds since the epoch until which a pending pod is expected here; 0 when none is. */
  readonly nominatedUntil: number;
  /** Volumes that each CSI driver can attach; drivers that are not named have no limit. */
  readonly volumeLimits: Readonly<Record<string, number>>;
}

/** A NodePool with what its node class can launch now, as the cloud provider lists it. */
export interface SnapshotPool {
  readonly nodePool: NodePool;
  readonly instanceTypes: readonly InstanceType[];
}

/** Objects that pods refer to by name. */
export interface ObjectLookup {
  persistentVolumeClaim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  persistentVolume(name: string): PersistentVolume | undefined;
  storageClass(name: string): StorageClass | undefined;
}

/** Everything that scheduling and disruption read, as of one moment. Immutable: state changes make a new snapshot. */
export interface Snapshot {
  readonly nodes: readonly SnapshotNode[];
  /** Pools that may launch: managed, ready, not static, not deleting. Any order. */
  readonly pools: readonly SnapshotPool[];
  /** One pod for each DaemonSet: the newest live one with its per-node pin undone, or one made from the template. */
  readonly daemonSetPods: readonly Pod[];
  readonly namespaces: readonly Namespace[];
  readonly podDisruptionBudgets: readonly PodDisruptionBudget[];
  readonly lookup: ObjectLookup;
}
