import type { Clock } from '../../../operator/clock.js';
import type { Random } from '../../../operator/random.js';
import { AwsError } from '../protocol/error.js';
import { resourceId } from './identifiers.js';
import type { Tags } from './tags.js';

export interface CapacityReservation {
  readonly id: string;
  readonly instanceType: string;
  readonly availabilityZone: string;
  readonly total: number;
  readonly matchCriteria: 'open' | 'targeted';
  readonly type: 'default' | 'capacity-block';
  readonly startedAt: number;
  readonly endsAt: number | undefined;
  readonly tags: Tags;
  available: number;
}

/** By default targeted, of the default type, without end. */
export interface NewReservation extends Pick<CapacityReservation, 'instanceType' | 'availabilityZone' | 'total'> {
  matchCriteria?: CapacityReservation['matchCriteria'];
  type?: CapacityReservation['type'];
  endsAt?: number;
  tags?: Record<string, string>;
}

/** Capacity that the account has reserved. A fresh account has none; tests and the embedder add some. */
export class CapacityReservations {
  readonly all = new Map<string, CapacityReservation>();

  constructor(private readonly clock: Clock, private readonly random: Random) {}

  add({ instanceType, availabilityZone, total, matchCriteria = 'targeted', type = 'default', endsAt, tags = {} }: NewReservation): CapacityReservation {
    const reservation = {
      id: resourceId(this.random, 'cr'), instanceType, availabilityZone, total, available: total, matchCriteria, type,
      startedAt: this.clock.now(), endsAt, tags: new Map(Object.entries(tags)),
    };
    this.all.set(reservation.id, reservation);
    return reservation;
  }

  isActive(reservation: CapacityReservation): boolean {
    return reservation.endsAt === undefined || reservation.endsAt > this.clock.now();
  }

  /** Takes one instance's capacity. Throws when there is no such reservation, or nothing is left of it. */
  take(id: string, instanceType: string, availabilityZone: string): void {
    const reservation = this.all.get(id);
    if (!reservation || !this.isActive(reservation)) {
      throw new AwsError('InvalidCapacityReservationId.NotFound', `The capacity reservation ID '${id}' does not exist`);
    }
    if (reservation.instanceType !== instanceType || reservation.availabilityZone !== availabilityZone) {
      throw new AwsError(
        'InvalidParameterValue',
        `The capacity reservation '${id}' is for ${reservation.instanceType} in ${reservation.availabilityZone}, not for ${instanceType} in ${availabilityZone}`,
      );
    }
    if (reservation.available < 1) {
      throw new AwsError(
        'ReservationCapacityExceeded',
        `The requested reservation '${id}' does not have sufficient compatible and available capacity`,
      );
    }
    reservation.available -= 1;
  }

  giveBack(id: string): void {
    const reservation = this.all.get(id);
    if (reservation) reservation.available = Math.min(reservation.total, reservation.available + 1);
  }
}
