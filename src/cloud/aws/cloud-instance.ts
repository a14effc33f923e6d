import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import { CAPACITY_TYPE_LABEL, NODEPOOL_LABEL, ZONE_ID_LABEL, ZONE_LABEL } from '../../api/labels.js';
import { formatResources, subtractResources } from '../../api/resources.js';
import type { Resources } from '../../api/resources.js';
import type { Clock } from '../../operator/clock.js';
import type { InstanceType } from '../instance-type.js';
import type { CloudInstance } from '../provider.js';
import { requirementsOf } from '../parsed-requirements.js';
import { isTerminating, providerIDOf } from './instance/instance.js';
import type { Instance } from './instance/instance.js';
import { AWS_LABELS, AWS_RESOURCES } from './instance-type/labels.js';

const RESERVATION_LABELS = [AWS_LABELS.reservationID, AWS_LABELS.reservationType, AWS_LABELS.reservationInterruptible];

/** RFC 3339 with whole seconds, as Kubernetes writes times. */
export const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');

/** Amounts that are there; EFA only when the instance really got the interfaces. */
const listed = (resources: Resources, instance: Instance): Record<string, string> =>
  formatResources(Object.fromEntries(Object.entries(resources).filter(([name, amount]) => amount > 0 && (name !== AWS_RESOURCES.efa || instance.efaCount > 0))));

/** What a claim takes over from an instance. Type and class may have disappeared since the launch. */
export function toCloudInstance(instance: Instance, instanceType: InstanceType | undefined, nodeClass: EC2NodeClass | undefined, clock: Clock): CloudInstance {
  const capacity = instanceType?.capacity ?? {};
  return {
    providerID: providerIDOf(instance),
    imageID: instance.imageID,
    labels: instanceLabels(instance, instanceType, nodeClass),
    annotations: {},
    capacity: listed(capacity, instance),
    allocatable: instanceType ? listed(subtractResources(capacity, instanceType.overhead), instance) : {},
    creationTimestamp: timestamp(instance.launchTime),
    ...(isTerminating(instance) ? { deletionTimestamp: timestamp(clock.now()) } : {}),
  };
}

function instanceLabels(instance: Instance, instanceType: InstanceType | undefined, nodeClass: EC2NodeClass | undefined): Record<string, string> {
  const zoneID = nodeClass?.status.subnets?.find(({ zone }) => zone === instance.zone)?.zoneID;
  const nodePool = instance.tags[NODEPOOL_LABEL];
  return {
    ...(instanceType ? requirementsOf(instanceType).without(...RESERVATION_LABELS).toLabels() : {}),
    [ZONE_LABEL]: instance.zone,
    ...(zoneID ? { [ZONE_ID_LABEL]: zoneID } : {}),
    [CAPACITY_TYPE_LABEL]: instance.capacityType,
    [AWS_LABELS.tenancy]: instance.tenancy,
    ...(instance.reservation ? {
      [AWS_LABELS.reservationID]: instance.reservation.id,
      [AWS_LABELS.reservationType]: instance.reservation.type,
      [AWS_LABELS.reservationInterruptible]: String(instance.reservation.interruptible),
    } : {}),
    ...(instance.placementGroupID ? { [AWS_LABELS.placementGroupID]: instance.placementGroupID } : {}),
    ...(instance.partition ? { [AWS_LABELS.placementGroupPartition]: instance.partition } : {}),
    ...(nodePool ? { [NODEPOOL_LABEL]: nodePool } : {}),
  };
}
