import type { EC2NodeClass } from '../../../api/ec2nodeclass.js';
import { CAPACITY_TYPE_RESERVED } from '../../../api/labels.js';
import type { NodeClaim } from '../../../api/nodeclaim.js';
import type { Requirements } from '../../../api/requirements.js';
import type { Resources } from '../../../api/resources.js';
import type { InstanceType, Offering } from '../../instance-type.js';
import { groupByAmi } from '../ami-provider.js';
import { AWS_LABELS, AWS_RESOURCES } from '../instance-type/labels.js';
import { offeringCapacityType, offeringLabel } from '../instance-type/offering-labels.js';
import type { PlacementGroup } from '../placement-group-provider.js';
import type { TargetReservation } from './request.js';

/** What a launch asks of its templates. */
export interface LaunchTemplateInput {
  nodeClass: EC2NodeClass;
  claim: Pick<NodeClaim, 'metadata' | 'spec'>;
  requirements: Requirements;
  requests: Resources;
  instanceTypes: readonly InstanceType[];
  capacityType: string;
  tenancy: string;
  placementGroup: PlacementGroup | undefined;
}

/** Types that share a template. */
export interface TemplateGroup {
  amiID: string;
  pods: number;
  efaCount: number;
  reservation?: TargetReservation;
  instanceTypes: InstanceType[];
}

/** One group for each different image, pod limit, EFA count and reservation. Types without an image are left out. */
export function groupByTemplate({ nodeClass, requirements, requests, instanceTypes, capacityType }: LaunchTemplateInput): TemplateGroup[] {
  const groups = new Map<string, TemplateGroup>();
  const efaRequested = (requests[AWS_RESOURCES.efa] ?? 0) > 0;
  for (const [ami, types] of groupByAmi(instanceTypes, nodeClass.status.amis ?? [])) {
    for (const instanceType of types) {
      const pods = instanceType.capacity['pods'] ?? 0;
      const efaCount = efaRequested ? (instanceType.capacity[AWS_RESOURCES.efa] ?? 0) : 0;
      for (const reservation of capacityType === CAPACITY_TYPE_RESERVED ? reservationsOf(instanceType, requirements) : [undefined]) {
        const key = [ami.id, pods, efaCount, reservation?.id].join('/');
        const group = groups.get(key);
        if (group) group.instanceTypes.push(instanceType);
        else groups.set(key, { amiID: ami.id, pods, efaCount, instanceTypes: [instanceType], ...(reservation ? { reservation } : {}) });
      }
    }
  }
  return [...groups.values()];
}

/** The lowest of the partitions that the claim asks for; undefined when it does not care. */
export const requestedPartition = (requirements: Requirements): string | undefined => {
  const set = requirements.get(AWS_LABELS.placementGroupPartition);
  return set.complement ? undefined : [...set.values].sort()[0];
};

function reservationsOf({ offerings }: InstanceType, requirements: Requirements): TargetReservation[] {
  const found = new Map<string, TargetReservation>();
  for (const offering of offerings) {
    const reservation = offering.available && offeringCapacityType(offering) === CAPACITY_TYPE_RESERVED ? targetOf(offering) : undefined;
    if (reservation && requirements.get(AWS_LABELS.reservationID).has(reservation.id)) found.set(reservation.id, reservation);
  }
  return [...found.values()];
}

function targetOf(offering: Offering): TargetReservation | undefined {
  const id = offeringLabel(offering, AWS_LABELS.reservationID);
  return id === undefined ? undefined : {
    id, type: offeringLabel(offering, AWS_LABELS.reservationType) ?? 'default', interruptible: offeringLabel(offering, AWS_LABELS.reservationInterruptible) === 'true',
  };
}
