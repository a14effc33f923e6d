import type { Instance as EC2Instance } from '@aws-sdk/client-ec2';
import { CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT } from '../../../api/labels.js';
import { tagMap } from '../tags.js';
import type { TargetReservation } from '../launch-template/request.js';

/** An EC2 instance, as far as Karpenter cares. */
export interface Instance {
  id: string;
  type: string;
  zone: string;
  /** Only later reads know it. */
  zoneID?: string;
  imageID: string;
  state: 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';
  /** Milliseconds since the epoch. */
  launchTime: number;
  capacityType: string;
  tenancy: string;
  subnetID: string;
  /** Empty right after the launch: only later reads know them. */
  securityGroupIDs: readonly string[];
  tags: Readonly<Record<string, string>>;
  /** How many EFA interfaces it has. */
  efaCount: number;
  privateDNSName?: string;
  reservation?: TargetReservation;
  placementGroupID?: string;
  /** Partition that EC2 put it into. */
  partition?: string;
}

/** What EC2 calls an instance's state, where Karpenter looks for instances: everything but terminated. */
export const LIVE_STATES = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];

export const isTerminating = ({ state }: Instance): boolean => state === 'shutting-down' || state === 'terminated';

const efaInterfaces = (instance: EC2Instance): number => (instance.NetworkInterfaces ?? []).filter(({ InterfaceType }) => InterfaceType === 'efa' || InterfaceType === 'efa-only').length;

/** Spot request first; reserved only when the instance may run in nothing but its reservation, and reservations are managed. */
function capacityTypeOf(instance: EC2Instance, reservedCapacity: boolean): string {
  if (instance.SpotInstanceRequestId || instance.InstanceLifecycle === 'spot') return CAPACITY_TYPE_SPOT;
  const exclusive = instance.CapacityReservationSpecification?.CapacityReservationPreference === 'capacity-reservations-only';
  return reservedCapacity && instance.CapacityReservationId && exclusive ? CAPACITY_TYPE_RESERVED : CAPACITY_TYPE_ON_DEMAND;
}

/** An instance as EC2 describes it. */
export function toInstance(instance: EC2Instance, reservedCapacity: boolean): Instance {
  const capacityType = capacityTypeOf(instance, reservedCapacity);
  const { Placement } = instance;
  return {
    id: instance.InstanceId ?? '',
    type: instance.InstanceType ?? '',
    zone: Placement?.AvailabilityZone ?? '',
    imageID: instance.ImageId ?? '',
    state: instance.State?.Name ?? 'pending',
    launchTime: instance.LaunchTime?.getTime() ?? 0,
    capacityType,
    tenancy: Placement?.Tenancy ?? 'default',
    subnetID: instance.SubnetId ?? '',
    securityGroupIDs: (instance.SecurityGroups ?? []).flatMap(({ GroupId }) => (GroupId ? [GroupId] : [])),
    tags: tagMap(instance.Tags),
    efaCount: efaInterfaces(instance),
    ...(Placement?.AvailabilityZoneId ? { zoneID: Placement.AvailabilityZoneId } : {}),
    ...(instance.PrivateDnsName ? { privateDNSName: instance.PrivateDnsName } : {}),
    ...(capacityType === CAPACITY_TYPE_RESERVED && instance.CapacityReservationId ? {
      reservation: {
        id: instance.CapacityReservationId,
        type: instance.InstanceLifecycle === 'capacity-block' ? 'capacity-block' : 'default',
        interruptible: instance.InstanceLifecycle === 'interruptible-capacity-reservation',
      },
    } : {}),
    ...(Placement?.GroupId ? { placementGroupID: Placement.GroupId } : {}),
    ...(Placement?.PartitionNumber ? { partition: String(Placement.PartitionNumber) } : {}),
  };
}

/** `aws:///us-west-2a/i-0123456789abcdef0`. */
export const providerIDOf = ({ zone, id }: Pick<Instance, 'zone' | 'id'>): string => `aws:///${zone}/${id}`;

/** A provider id that is not `aws:///<zone>/<instance id>`. */
export class InvalidProviderID extends Error {
  readonly reason = 'InvalidProviderID';
  constructor(readonly providerID: string) {
    super(`provider id "${providerID}" is not of the form aws:///<zone>/<instance id>`);
  }
}

/** The instance id in a provider id. Throws {@link InvalidProviderID}. */
export function instanceIDOf(providerID: string): string {
  const id = /^[^:]*:\/\/\/[^/]+\/([^/]+)$/.exec(providerID)?.[1];
  if (id === undefined) throw new InvalidProviderID(providerID);
  return id;
}
