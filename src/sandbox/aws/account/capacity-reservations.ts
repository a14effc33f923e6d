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

export interface ReservationRequest {
  readonly target: string | undefined;
  /** `open` (the default), `none` or `capacity-reservations-only`. */
  readonly preference: string | undefined;
  readonly instanceType: string;
  readonly availabilityZone: string;
}

const exceeded = (which: string): AwsError =>
  new AwsError('ReservationCapacityExceeded', `The requested reservation ${which} does not have sufficient compatible and available capacity`);

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

  /** Whether a reservation has this id and is active. */
  holds(id: string | undefined): boolean {
    const reservation = id === undefined ? undefined : this.all.get(id);
    return reservation !== undefined && this.isActive(reservation);
  }

  /**
   * Takes one instance's capacity and gives the reservation's id: of the one that is targeted, or else of an open one that fits,
   * unless the preference is none. Throws when the targeted one does not exist, does not fit or is used up, and when the
   * preference is capacity-reservations-only and nothing is left.
   */
  take({ target, preference = 'open', instanceType, availabilityZone }: ReservationRequest): string | undefined {
    const reservation = target === undefined ? this.openFor(instanceType, availabilityZone, preference) : this.targeted(target, instanceType, availabilityZone);
    if (reservation === undefined) {
      if (preference === 'capacity-reservations-only') throw exceeded(`for ${instanceType} in ${availabilityZone}`);
      return undefined;
    }
    if (reservation.available < 1) throw exceeded(`'${reservation.id}'`);
    reservation.available -= 1;
    return reservation.id;
  }

  private targeted(id: string, instanceType: string, availabilityZone: string): CapacityReservation {
    const reservation = this.all.get(id);
    if (!reservation || !this.isActive(reservation)) {
      throw new AwsError('InvalidCapacityReservationId.NotFound', `The capacity reservation ID '${id}' does not exist`);
    }
    if (reservation.instanceType !== instanceType || reservation.availabilityZone !== availabilityZone) {
      const { instanceType: type, availabilityZone: zone } = reservation;
      throw new AwsError(
        'InvalidParameterValue',
        `The capacity reservation '${id}' is for ${type} in ${zone}, not for ${instanceType} in ${availabilityZone}`,
      );
    }
    return reservation;
  }

  private openFor(instanceType: string, availabilityZone: string, preference: string): CapacityReservation | undefined {
    if (preference === 'none') return undefined;
    return [...this.all.values()].find((candidate) =>
      candidate.matchCriteria === 'open' && candidate.available > 0 && this.isActive(candidate)
      && candidate.instanceType === instanceType && candidate.availabilityZone === availabilityZone);
  }

  giveBack(id: string): void {
    const reservation = this.all.get(id);
    if (reservation) reservation.available = Math.min(reservation.total, reservation.available + 1);
  }
}
