import type { CapacityReservation } from '../account/capacity-reservations.js';
import { tagSet } from '../account/tags.js';
import type { Operation } from '../protocol/query-service.js';
import { isoTime } from '../protocol/xml.js';
import { applyFilters, attributes } from './filters.js';
import { endDryRun, select } from './operation.js';
import { page } from './paging.js';

export const DescribeCapacityReservations: Operation = (input, account) => {
  endDryRun(input);
  const { capacityReservations } = account;
  const stateOf = (reservation: CapacityReservation): string => (capacityReservations.isActive(reservation) ? 'active' : 'expired');
  const named = select(input.texts('CapacityReservationId'), capacityReservations.all, 'InvalidCapacityReservationId.NotFound', 'capacity reservation ID');
  const matching = applyFilters(input, named, (reservation) =>
    attributes({
      state: () => stateOf(reservation), 'owner-id': () => account.id, 'instance-type': () => reservation.instanceType,
      'availability-zone': () => reservation.availabilityZone, 'instance-match-criteria': () => reservation.matchCriteria,
      'capacity-reservation-id': () => reservation.id,
    }, reservation.tags));
  const { items, nextToken } = page(matching, input, { least: 1 });
  return {
    capacityReservationSet: items.map((reservation) => ({
      capacityReservationId: reservation.id, ownerId: account.id,
      capacityReservationArn: `arn:aws:ec2:${account.region}:${account.id}:capacity-reservation/${reservation.id}`,
      instanceType: reservation.instanceType, instancePlatform: 'Linux/UNIX', availabilityZone: reservation.availabilityZone,
      tenancy: 'default',
      totalInstanceCount: reservation.total, availableInstanceCount: reservation.available, ebsOptimized: false, ephemeralStorage: false,
      state: stateOf(reservation), startDate: isoTime(reservation.startedAt),
      endDate: reservation.endsAt === undefined ? undefined : isoTime(reservation.endsAt),
      endDateType: reservation.endsAt === undefined ? 'unlimited' : 'limited',
      instanceMatchCriteria: reservation.matchCriteria, createDate: isoTime(reservation.startedAt), tagSet: tagSet(reservation.tags),
      reservationType: reservation.type,
    })),
    nextToken,
  };
};

export const DescribePlacementGroups: Operation = (input, account) => {
  endDryRun(input);
  const { all } = account.placementGroups;
  const byId = select(input.texts('GroupId'), all, 'InvalidPlacementGroup.Unknown', 'placement group');
  const named = select(input.texts('GroupName'), new Map(byId.map((group) => [group.name, group])), 'InvalidPlacementGroup.Unknown', 'placement group');
  const matching = applyFilters(input, named, (group) => attributes({
    'group-name': () => group.name, state: () => 'available', strategy: () => group.strategy,
    'group-arn': () => `arn:aws:ec2:${account.region}:${account.id}:placement-group/${group.name}`,
  }, group.tags));
  return {
    placementGroupSet: matching.map((group) => ({
      groupName: group.name, groupId: group.id, state: 'available', strategy: group.strategy, partitionCount: group.partitions,
      groupArn: `arn:aws:ec2:${account.region}:${account.id}:placement-group/${group.name}`, tagSet: tagSet(group.tags),
      spreadLevel: group.strategy === 'spread' ? 'rack' : undefined,
    })),
  };
};
