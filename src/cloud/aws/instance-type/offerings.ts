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
/** One list for all types with the same offering: there are tens of thousands. */
function shared(...requirements: readonly Requirement[]): readonly Requirement[] {
  const key = requirements.map(({ key, values }) => `${key}=${values?.join(',') ?? '!'}`).join(';');
  let list = requirementLists.get(key);
  if (list === undefined) requirementLists.set(key, list = requirements);
  return list;
}

/** Every way to buy the type in the region; the ones that cannot be used now are there too, and say so (karpenter-aws §3.8). */
export function typeOfferings(type: OfferedType, context: OfferingContext): Offering[] {
  const offerings: Offering[] = [];
  const capacityTypes = [CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_SPOT].filter((capacityType) => type.usageClasses.includes(capacityType));
  for (const zone of context.zones) {
    for (const capacityType of capacityTypes) {
      const price = capacityType === CAPACITY_TYPE_SPOT ? context.spotPrice(type.name, zone) : context.onDemandPrice(type.name);
      const labels = [absent(AWS_LABELS.reservationID), absent(AWS_LABELS.reservationType), absent(AWS_LABELS.reservationInterruptible)];
      offerings.push(...inPartitions(zone, capacityType, labels, context, (partition) => ({
        price: price ?? 0,
        available: price !== undefined && usable(type, zone, context) && !isUnavailable(type.name, zone, capacityType, partition, context),
      })));
    }
  }
  for (const reservation of type.reservations) offerings.push(...reservedOfferings(type, reservation, context));
  return offerings;
}

function reservedOfferings(type: OfferedType, reservation: Reservation, context: OfferingContext): Offering[] {
  const { id, availabilityZone: zone, state, reservationType, interruptible = false } = reservation;
  const reservationCapacity = context.reservationCapacity(id);
  const labels = [oneOf(AWS_LABELS.reservationID, id), oneOf(AWS_LABELS.reservationType, reservationType), oneOf(AWS_LABELS.reservationInterruptible, String(interruptible))];
  return inPartitions(zone, CAPACITY_TYPE_RESERVED, labels, context, (partition) => ({
    price: (context.onDemandPrice(type.name) ?? 0) / RESERVED_PRICE_DIVISOR,
    available: reservationCapacity > 0 && state !== 'expiring' && usable(type, zone, context) && !isUnavailable(type.name, zone, CAPACITY_TYPE_RESERVED, partition, context),
    reservationCapacity,
  }));
}

/** One offering, or one a partition of the placement group. */
function inPartitions(
  zone: string,
  capacityType: string,
  labels: readonly Requirement[],
  context: OfferingContext,
  rest: (partition: string | undefined) => Omit<Offering, 'requirements'>,
): Offering[] {
  const zoneID = context.subnets.get(zone)?.zoneID;
  const requirements = [oneOf(CAPACITY_TYPE_LABEL, capacityType), oneOf(ZONE_LABEL, zone), ...labels, ...(zoneID ? [oneOf(ZONE_ID_LABEL, zoneID)] : [])];
  const partitions = context.placementGroup?.partitions ?? 0;
  if (partitions === 0) return [{ requirements: shared(...requirements), ...rest(undefined) }];
  return Array.from({ length: partitions }, (_, index) => {
    const partition = String(index + 1);
    return { requirements: shared(...requirements, oneOf(AWS_LABELS.placementGroupPartition, partition)), ...rest(partition) };
  });
}

const usable = ({ compatible, offeredZones }: OfferedType, zone: string, { subnets }: OfferingContext): boolean =>
  compatible && offeredZones.has(zone) && subnets.has(zone);

function isUnavailable(instanceType: string, zone: string, capacityType: string, partition: string | undefined, context: OfferingContext): boolean {
  const zoneSubnets = context.subnets.get(zone)?.ids ?? [];
  const plain = { capacityType, instanceType, zone };
  const group = context.placementGroup?.id;
  if (group === undefined) return context.isUnavailable(plain, zoneSubnets);
  const scoped = { ...plain, placementGroup: group };
  return context.isUnavailable(scoped, zoneSubnets) || (partition !== undefined && context.isUnavailable({ ...scoped, partition }, zoneSubnets));
}
