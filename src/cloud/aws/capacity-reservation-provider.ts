import { DescribeCapacityReservationsCommand, paginateDescribeCapacityReservations } from './aws-sdk.js';
import type { CapacityReservation, DescribeCapacityReservationsCommandInput, Filter } from '@aws-sdk/client-ec2';
import type { CapacityReservationSelectorTerm, EC2NodeClass, EC2NodeClassStatus } from '../../api/ec2nodeclass.js';
import type { Clock } from '../../operator/clock.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import { isNotFound } from './errors.js';
import { ExpiringCache } from './expiring-cache.js';
import { tagFilters } from './selectors.js';

export type CapacityReservationStatus = NonNullable<EC2NodeClassStatus['capacityReservations']>[number];

/** EC2 reclaims capacity blocks half an hour before their end; nodes leave ten minutes earlier. */
const EXPIRES_BEFORE_END = 40 * 60_000;

/** Finds the capacity reservations that node classes select, and counts what is left of them between EC2's own counts. */
export class CapacityReservationProvider {
  private readonly queries: ExpiringCache<readonly CapacityReservation[]>;
  private readonly counters: ExpiringCache<number>;
  private changes = 0;

  constructor(private readonly clients: Pick<AwsClients, 'ec2'>, private readonly clock: Clock) {
    this.queries = new ExpiringCache(clock, { ttl: 60_000 });
    this.counters = new ExpiringCache(clock, { ttl: 24 * 3_600_000 });
  }

  /** Grows whenever an answer of {@link available} may have changed. */
  get version(): number {
    return this.changes;
  }

  /** By id; reservations that ended, or of a kind that is not supported, are left out. */
  async list(nodeClass: EC2NodeClass, signal?: AbortSignal): Promise<readonly CapacityReservationStatus[]> {
    const found = new Map<string, CapacityReservation>();
    for (const query of (nodeClass.spec.capacityReservationSelectorTerms ?? []).flatMap(termQueries)) {
      for (const reservation of await this.describe(query, signal)) if (reservation.CapacityReservationId) found.set(reservation.CapacityReservationId, reservation);
    }
    const statuses = [...found.values()].flatMap((reservation) => this.toStatus(reservation));
    return statuses.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** One reservation as EC2 sees it now; undefined when it is not active (any more). */
  async get(id: string, signal?: AbortSignal): Promise<CapacityReservationStatus | undefined> {
    try {
      const { CapacityReservations = [] } = await this.clients.ec2.send(
        new DescribeCapacityReservationsCommand({ CapacityReservationIds: [id], Filters: [ACTIVE] }), abortable(signal));
      return CapacityReservations.flatMap((reservation) => this.toStatus(reservation))[0];
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Instances left, as far as this process knows; 0 for an unknown reservation. */
  available(id: string): number {
    return this.counters.get(id) ?? 0;
  }

  markLaunched(id: string): void {
    this.setAvailable(id, Math.max(this.available(id) - 1, 0));
  }

  markTerminated(id: string): void {
    this.setAvailable(id, this.available(id) + 1);
  }

  /** EC2 refused a launch, or interrupted an instance. */
  markUnavailable(id: string): void {
    this.setAvailable(id, 0);
  }

  private setAvailable(id: string, count: number): void {
    if (this.counters.get(id) === count) return;
    this.counters.set(id, count);
    this.changes += 1;
  }

  private async describe(query: DescribeCapacityReservationsCommandInput, signal: AbortSignal | undefined): Promise<readonly CapacityReservation[]> {
    const key = JSON.stringify(query);
    const known = this.queries.get(key);
    if (known) return known;
    const found: CapacityReservation[] = [];
    try {
      // EC2 refuses a page size together with ids.
      const pageSize = query.CapacityReservationIds ? {} : { pageSize: 1000 };
      for await (const page of paginateDescribeCapacityReservations({ client: this.clients.ec2, ...pageSize }, query, abortable(signal))) found.push(...(page.CapacityReservations ?? []));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    for (const { CapacityReservationId, AvailableInstanceCount } of found) if (CapacityReservationId) this.setAvailable(CapacityReservationId, AvailableInstanceCount ?? 0);
    this.queries.set(key, found);
    return found;
  }

  private toStatus(reservation: CapacityReservation): CapacityReservationStatus[] {
    const { CapacityReservationId: id, AvailabilityZone, InstanceType, OwnerId, EndDate } = reservation;
    const instanceMatchCriteria = reservation.InstanceMatchCriteria;
    const reservationType = reservation.ReservationType ?? 'default';
    const end = EndDate?.getTime();
    if (!id || !AvailabilityZone || !InstanceType || !OwnerId) return [];
    if (instanceMatchCriteria !== 'open' && instanceMatchCriteria !== 'targeted') return [];
    if (reservationType !== 'default' && reservationType !== 'capacity-block') return [];
    if (end !== undefined && end <= this.clock.now()) return [];
    const expiring = reservationType === 'capacity-block' && end !== undefined && end - this.clock.now() <= EXPIRES_BEFORE_END;
    return [{
      id,
      availabilityZone: AvailabilityZone,
      instanceType: InstanceType,
      instanceMatchCriteria,
      ownerID: OwnerId,
      reservationType,
      interruptible: reservation.Interruptible ?? false,
      state: expiring ? 'expiring' : 'active',
      ...(end === undefined ? {} : { endTime: new Date(end).toISOString().replace(/\.\d+Z$/, 'Z') }),
    }];
  }
}

const ACTIVE: Filter = { Name: 'state', Values: ['active'] };

/** A term with an id and anything else is both: either matches. */
function termQueries({ id, ownerID, tags, instanceMatchCriteria }: CapacityReservationSelectorTerm): DescribeCapacityReservationsCommandInput[] {
  const filters = [
    ...(ownerID ? [{ Name: 'owner-id', Values: [ownerID] }] : []),
    ...tagFilters(tags ?? {}),
    ...(instanceMatchCriteria ? [{ Name: 'instance-match-criteria', Values: [instanceMatchCriteria] }] : []),
  ];
  return [
    ...(id ? [{ CapacityReservationIds: [id], Filters: [ACTIVE] }] : []),
    ...(tags || instanceMatchCriteria || !id ? [{ Filters: [ACTIVE, ...filters] }] : []),
  ];
}
