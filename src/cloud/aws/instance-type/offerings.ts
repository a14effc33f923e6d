import {
  CAPACITY_TYPE_LABEL, CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT, ZONE_ID_LABEL, ZONE_LABEL,
} from '../../../api/labels.js';
import type { Requirement } from '../../../api/requirement.js';
import type { Offering } from '../../instance-type.js';
import type { PlacementGroup } from '../placement-group-provider.js';
import { AWS_LABELS } from './labels.js';
import { absent, oneOf } from './requirements.js';
import type { Reservation } from './requirements.js';

/** What offerings depend on, besides the type; the same for all types of a class. */
export interface OfferingContext {
  /** Every zone of the region in which anything is offered. */
  zones: readonly string[];
  /** The class's subnets by zone. */
  subnets: ReadonlyMap<string, { ids: readonly string[]; zoneID: string | undefined }>;
  /** Whether nothing may be launched in a zone, by its id. */
  isShifted: (zoneID: string | undefined) => boolean;
  placementGroup: PlacementGroup | undefined;
  onDemandPrice(instanceType: string): number | undefined;
  spotPrice(instanceType: string, zone: string): number | undefined;
  isUnavailable(offering: { capacityType: string; instanceType: string; zone: string; placementGroup?: string; partition?: string }, zoneSubnets: readonly string[]): boolean;
  reservationCapacity(id: string): number;
}

/** What of the type itself offerings depend on. */
export interface OfferedType {
  name: string;
  usageClasses: readonly string[];
  offeredZones: ReadonlySet<string>;
  /** Whether the type works with the class's settings at all. */
  compatible: boolean;
  reservations: readonly Reservation[];
}

/** Reserved capacity is paid for already; this keeps the order of prices, and is never 0. */
const RESERVED_PRICE_DIVISOR = 10_000_000;

const requirementLists = new Map<string, readonly Requirement[]>();

/** What an offering's labels are made of. */
interface OfferingLabels {
  capacityType: string;
  zone: string;
  zoneID: string | undefined;
  partition: string | undefined;
  reservation: Reservation | undefined;
}

/** One list for all types with the same offering: there are tens of thousands. */
function offeringRequirements({ capacityType, zone, zoneID, partition, reservation }: OfferingLabels): readonly Requirement[] {
  const ofReservation = reservation && `${reservation.id}/${reservation.reservationType}/${reservation.interruptible ?? false}`;
  const key = `${capacityType}/${zone}/${zoneID}/${partition}/${ofReservation}`;
  let list = requirementLists.get(key);
  if (list === undefined) {
    const { reservationID, reservationType, reservationInterruptible } = AWS_LABELS;
    list = Object.freeze([
      oneOf(CAPACITY_TYPE_LABEL, capacityType),
      oneOf(ZONE_LABEL, zone),
      ...(reservation
        ? [oneOf(reservationID, reservation.id), oneOf(reservationType, reservation.reservationType), oneOf(reservationInterruptible, String(reservation.interruptible ?? false))]
        : [absent(reservationID), absent(reservationType), absent(reservationInterruptible)]),
      ...(zoneID ? [oneOf(ZONE_ID_LABEL, zoneID)] : []),
      ...(partition === undefined ? [] : [oneOf(AWS_LABELS.placementGroupPartition, partition)]),
    ]);
    requirementLists.set(key, list);
  }
  return list;
}

/** Every way to buy the type in the region; the ones that cannot be used now are there too, and say so (karpenter-aws §3.8). */
export function typeOfferings(type: OfferedType, context: OfferingContext): Offering[] {
  const offerings: Offering[] = [];
  const capacityTypes = [CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_SPOT].filter((capacityType) => type.usageClasses.includes(capacityType));
  for (const zone of context.zones) {
    for (const capacityType of capacityTypes) {
      const price = capacityType === CAPACITY_TYPE_SPOT ? context.spotPrice(type.name, zone) : context.onDemandPrice(type.name);
      const canBe = price !== undefined && usable(type, zone, context);
      for (const partition of partitionsOf(context)) {
        offerings.push({
          requirements: offeringRequirements({ capacityType, zone, zoneID: context.subnets.get(zone)?.zoneID, partition, reservation: undefined }),
          price: price ?? 0,
          available: canBe && !isUnavailable(type.name, zone, capacityType, partition, context),
        });
      }
    }
  }
  for (const reservation of type.reservations) offerings.push(...reservedOfferings(type, reservation, context));
  return offerings;
}

function reservedOfferings(type: OfferedType, reservation: Reservation, context: OfferingContext): Offering[] {
  const { id, availabilityZone: zone, state } = reservation;
  const reservationCapacity = context.reservationCapacity(id);
  return partitionsOf(context).map((partition) => ({
    requirements: offeringRequirements({ capacityType: CAPACITY_TYPE_RESERVED, zone, zoneID: context.subnets.get(zone)?.zoneID, partition, reservation }),
    price: (context.onDemandPrice(type.name) ?? 0) / RESERVED_PRICE_DIVISOR,
    available: reservationCapacity > 0 && state !== 'expiring' && usable(type, zone, context) && !isUnavailable(type.name, zone, CAPACITY_TYPE_RESERVED, partition, context),
    reservationCapacity,
  }));
}

const UNPARTITIONED = [undefined];

/** One offering, or one a partition of the placement group. */
const partitionsOf = ({ placementGroup }: OfferingContext): readonly (string | undefined)[] =>
  placementGroup && placementGroup.partitions > 0 ? Array.from({ length: placementGroup.partitions }, (_, index) => String(index + 1)) : UNPARTITIONED;

const usable = ({ compatible, offeredZones }: OfferedType, zone: string, { subnets, isShifted }: OfferingContext): boolean =>
  compatible && offeredZones.has(zone) && subnets.has(zone) && !isShifted(subnets.get(zone)?.zoneID);

function isUnavailable(instanceType: string, zone: string, capacityType: string, partition: string | undefined, context: OfferingContext): boolean {
  const zoneSubnets = context.subnets.get(zone)?.ids ?? [];
  const plain = { capacityType, instanceType, zone };
  const group = context.placementGroup?.id;
  if (group === undefined) return context.isUnavailable(plain, zoneSubnets);
  const scoped = { ...plain, placementGroup: group };
  return context.isUnavailable(scoped, zoneSubnets) || (partition !== undefined && context.isUnavailable({ ...scoped, partition }, zoneSubnets));
}
