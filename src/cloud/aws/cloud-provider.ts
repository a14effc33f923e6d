import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import { conditionOf } from '../../api/conditions.js';
import {
  CAPACITY_TYPE_RESERVED, INSTANCE_PROFILE_ANNOTATION, INSTANCE_TYPE_LABEL, NODECLASS_HASH_ANNOTATION, NODECLASS_HASH_VERSION_ANNOTATION, NODECLASS_LABEL, NODEPOOL_LABEL,
} from '../../api/labels.js';
import type { NodeClaim } from '../../api/nodeclaim.js';
import type { NodePool } from '../../api/nodepool.js';
import type { Clock } from '../../operator/clock.js';
import type { PodRules } from '../../scheduling/pod-validation.js';
import { InsufficientCapacity, LaunchError, NodeClassNotReady } from '../errors.js';
import type { InstanceType } from '../instance-type.js';
import { UnevaluatedNodePool } from '../overlay/overlay-store.js';
import type { InstanceTypeOverlays } from '../overlay/overlay-store.js';
import type { CloudInstance, CloudProvider, LaunchOptions, RepairPolicy } from '../provider.js';
import type { CapacityReservationProvider } from './capacity-reservation-provider.js';
import { toCloudInstance } from './cloud-instance.js';
import type { Cluster } from './cluster.js';
import { areSecurityGroupsDrifted, DriftUnknown, isAmiDrifted, isPlacementGroupDrifted, isReservationDrifted, isStaticallyDrifted, isSubnetDrifted } from './drift.js';
import { instanceIDOf } from './instance/instance.js';
import type { Instance } from './instance/instance.js';
import type { InstanceLauncher } from './instance/launcher.js';
import type { InstanceProvider } from './instance/provider.js';
import { AWS_LABELS } from './instance-type/labels.js';
import { InstanceTypesUnresolved } from './instance-type/provider.js';
import type { InstanceTypeProvider } from './instance-type/provider.js';
import { nodeClassHash, NODECLASS_HASH_VERSION } from './nodeclass-hash.js';
import type { PlacementGroupProvider } from './placement-group-provider.js';
import type { EventPublisher, NodeClassLookup } from './ports.js';
import { restrictedTags } from './tags.js';

const MINUTE = 60_000;
const REPAIR_POLICIES: readonly RepairPolicy[] = [
  { conditionType: 'Ready', conditionStatus: 'False', toleration: 30 * MINUTE },
  { conditionType: 'Ready', conditionStatus: 'Unknown', toleration: 30 * MINUTE },
  { conditionType: 'AcceleratedHardwareReady', conditionStatus: 'False', toleration: 10 * MINUTE },
  ...['StorageReady', 'NetworkingReady', 'KernelReady', 'ContainerRuntimeReady'].map((conditionType): RepairPolicy => ({ conditionType, conditionStatus: 'False', toleration: 30 * MINUTE })),
];

/**
 * Volumes of EKS Auto Mode: their driver runs on its own nodes only, which also are the only ones with the label, so that a node of ours
 * would never run a pod that needs one (docs/decisions/0053-volumes-of-eks-auto-mode.md).
 */
const POD_RULES: PodRules = { unsupportedProvisioners: ['ebs.csi.eks.amazonaws.com'], unsupportedTopologyKeys: ['eks.amazonaws.com/compute-type'] };

export interface AwsCloudProviderDependencies {
  nodeClasses: NodeClassLookup;
  instances: InstanceProvider;
  launcher: InstanceLauncher;
  instanceTypes: InstanceTypeProvider;
  overlays: InstanceTypeOverlays;
  reservations: CapacityReservationProvider;
  placementGroups: PlacementGroupProvider;
  cluster: Cluster;
  events: EventPublisher;
  clock: Clock;
}

/** EC2 behind the {@link CloudProvider} port (karpenter-aws §5). */
export class AwsCloudProvider implements CloudProvider {
  readonly name = 'aws';
  readonly podRules = POD_RULES;

  constructor(private readonly dependencies: AwsCloudProviderDependencies) {}

  async create(claim: NodeClaim, { clientToken, signal }: LaunchOptions): Promise<CloudInstance> {
    const { launcher, instanceTypes, reservations, cluster, clock } = this.dependencies;
    const nodeClass = this.nodeClassOf(claim);
    if (nodeClass === undefined) {
      this.warnUnresolved(claim, claim.spec.nodeClassRef.name);
      throw new InsufficientCapacity(`resolving node class: EC2NodeClass "${claim.spec.nodeClassRef.name}" not found`);
    }
    assertReady(nodeClass);
    let types: readonly InstanceType[];
    try {
      types = instanceTypes.list(nodeClass);
    } catch (error) {
      throw new LaunchError('InstanceTypeResolutionFailed', `Error resolving instance types: ${(error as Error).message}`, { cause: error });
    }
    types = this.overlaid(claim.metadata.labels[NODEPOOL_LABEL], types);
    const instance = await launcher.create(nodeClass, claim, types, clientToken, signal);
    if (instance.capacityType === CAPACITY_TYPE_RESERVED && instance.reservation) reservations.markLaunched(instance.reservation.id);
    const launched = toCloudInstance(instance, types.find(({ name }) => name === instance.type), nodeClass, clock);
    return {
      ...launched,
      annotations: {
        [NODECLASS_HASH_ANNOTATION]: nodeClassHash(nodeClass, cluster.caBundle()),
        [NODECLASS_HASH_VERSION_ANNOTATION]: NODECLASS_HASH_VERSION,
        ...(nodeClass.status.instanceProfile ? { [INSTANCE_PROFILE_ANNOTATION]: nodeClass.status.instanceProfile } : {}),
      },
    };
  }

  /** Without a provider id the instance is looked for by the claim's tag: its launch may have been cut short. */
  async delete(claim: NodeClaim, { signal }: { signal?: AbortSignal } = {}): Promise<'terminating' | 'gone'> {
    const { instances } = this.dependencies;
    const { providerID } = claim.status;
    const outcome = await (providerID ? instances.delete(instanceIDOf(providerID)) : instances.deleteLaunchedFor(claim.metadata.uid, signal));
    const reservation = claim.metadata.labels[AWS_LABELS.reservationID];
    if (outcome === 'gone' && reservation) this.dependencies.reservations.markTerminated(reservation);
    return outcome;
  }

  async terminate(providerID: string): Promise<'terminating' | 'gone'> {
    return this.dependencies.instances.delete(instanceIDOf(providerID));
  }

  async get(providerID: string): Promise<CloudInstance | undefined> {
    const instance = await this.dependencies.instances.get(instanceIDOf(providerID));
    return instance && this.toCloudInstance(instance);
  }

  async list({ signal }: { signal?: AbortSignal } = {}): Promise<CloudInstance[]> {
    return (await this.dependencies.instances.list(signal)).map((instance) => this.toCloudInstance(instance));
  }

  async getInstanceTypes(pool: NodePool): Promise<readonly InstanceType[]> {
    const { name } = pool.spec.template.spec.nodeClassRef;
    const nodeClass = this.lookUp(name);
    if (nodeClass === undefined) {
      this.warnUnresolved(pool, name);
      return [];
    }
    return this.dependencies.instanceTypes.list(nodeClass);
  }

  async isDrifted(claim: NodeClaim): Promise<string | undefined> {
    const { instances, instanceTypes, nodeClasses } = this.dependencies;
    const poolName = claim.metadata.labels[NODEPOOL_LABEL];
    const pool = poolName === undefined ? undefined : nodeClasses.pool(poolName);
    const nodeClass = pool && this.lookUp(pool.spec.template.spec.nodeClassRef.name);
    if (nodeClass === undefined || !claim.status.providerID) return undefined;
    if (isStaticallyDrifted(claim, nodeClass)) return 'NodeClassDrift';
    const typeName = claim.metadata.labels[INSTANCE_TYPE_LABEL];
    if (isAmiDrifted(claim, nodeClass, instanceTypes.list(nodeClass).find(({ name }) => name === typeName))) return 'AMIDrift';
    const instance = await instances.getCached(instanceIDOf(claim.status.providerID));
    if (instance === undefined) throw new DriftUnknown(`the instance of NodeClaim "${claim.metadata.name}" does not exist`);
    return this.instanceDrift(claim, nodeClass, instance);
  }

  repairPolicies(): readonly RepairPolicy[] {
    return REPAIR_POLICIES;
  }

  private async instanceDrift(claim: NodeClaim, nodeClass: EC2NodeClass, instance: Instance): Promise<string | undefined> {
    if (areSecurityGroupsDrifted(instance, nodeClass)) return 'SecurityGroupDrift';
    if (isSubnetDrifted(instance, nodeClass)) return 'SubnetDrift';
    if (isReservationDrifted(instance, nodeClass)) {
      const fresh = await this.dependencies.instances.get(instance.id);
      if (fresh && isReservationDrifted(fresh, nodeClass)) return 'CapacityReservationDrift';
    }
    const group = await this.dependencies.placementGroups.get(nodeClass);
    return isPlacementGroupDrifted(claim, group?.id) ? 'PlacementGroupDrift' : undefined;
  }

  /** The types as the pool's claims are launched from them. Throws an UnevaluatedNodePool. */
  private overlaid(poolName: string | undefined, types: readonly InstanceType[]): readonly InstanceType[] {
    const pool = poolName === undefined ? undefined : this.dependencies.nodeClasses.pool(poolName);
    return pool ? this.dependencies.overlays.apply(pool, types) : types;
  }

  /** Labels and resources are left out where the type can no longer be told. */
  private toCloudInstance(instance: Instance): CloudInstance {
    const { instanceTypes, clock } = this.dependencies;
    const nodeClass = this.lookUp(instance.tags[NODECLASS_LABEL] ?? '');
    let instanceType: InstanceType | undefined;
    try {
      instanceType = nodeClass && instanceTypes.list(nodeClass).find(({ name }) => name === instance.type);
      if (instanceType) [instanceType] = this.overlaid(instance.tags[NODEPOOL_LABEL], [instanceType]);
    } catch (error) {
      // One class or pool that is not known well yet must not hide the instances of all others from garbage collection.
      if (!(error instanceof InstanceTypesUnresolved || error instanceof UnevaluatedNodePool)) throw error;
    }
    return toCloudInstance(instance, instanceType, nodeClass, clock);
  }

  private nodeClassOf(claim: NodeClaim): EC2NodeClass | undefined {
    return this.lookUp(claim.spec.nodeClassRef.name);
  }

  /** A class that is being deleted counts as gone: nothing may be launched from it any more. */
  private lookUp(name: string): EC2NodeClass | undefined {
    const nodeClass = this.dependencies.nodeClasses.get(name);
    return nodeClass?.metadata.deletionTimestamp === undefined ? nodeClass : undefined;
  }

  private warnUnresolved(object: NodeClaim | NodePool, nodeClass: string): void {
    this.dependencies.events.publish({ object, type: 'Warning', reason: 'FailedResolvingNodeClass', message: `Failed resolving NodeClass "${nodeClass}"` });
  }
}

/** Throws {@link NodeClassNotReady} or {@link LaunchError}. */
function assertReady(nodeClass: EC2NodeClass): void {
  const { name, generation } = nodeClass.metadata;
  const ready = conditionOf(nodeClass, 'Ready');
  if (ready?.status === 'False') throw new NodeClassNotReady(ready.message || `EC2NodeClass "${name}" is not ready`);
  if (ready?.status !== 'True') throw new LaunchError('NodeClassReadinessUnknown', `EC2NodeClass "${name}": NodeClass readiness is unknown`);
  if (ready.observedGeneration !== undefined && ready.observedGeneration !== generation) throw new NodeClassNotReady(`EC2NodeClass "${name}" has not been reconciled since it was changed`);
  const restricted = restrictedTags(nodeClass.spec.tags);
  if (restricted.length > 0) throw new NodeClassNotReady(`EC2NodeClass "${name}" sets tags that are restricted: ${restricted.join(', ')}`);
}
