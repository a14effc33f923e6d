import type { Clock } from '../../../operator/clock.js';
import type { Random } from '../../../operator/random.js';
import { AwsError } from '../protocol/error.js';

/** A shift of a cluster's traffic away from a zone. */
export interface ZonalShift {
  readonly id: string;
  /** A zone's id. */
  readonly awayFrom: string;
  readonly startedAt: number;
  readonly expiresAt: number;
  readonly appliedStatus: 'APPLIED' | 'NOT_APPLIED';
}

/** What ARC Zonal Shift knows of the clusters: all are enabled for it until somebody disables one. */
export class ZonalShifts {
  private readonly shifts = new Map<string, ZonalShift[]>();
  private readonly disabled = new Set<string>();

  constructor(private readonly clock: Clock, private readonly random: Random) {}

  disable(arn: string): void {
    this.disabled.add(arn);
  }

  /** Shifts a cluster away from a zone for so many milliseconds. */
  start(arn: string, awayFrom: string, duration: number, appliedStatus: ZonalShift['appliedStatus'] = 'APPLIED'): void {
    const startedAt = this.clock.now();
    this.shifts.set(arn, [...this.of(arn), { id: this.random.uuid(), awayFrom, startedAt, expiresAt: startedAt + duration, appliedStatus }]);
  }

  cancel(arn: string, awayFrom: string): void {
    this.shifts.set(arn, this.of(arn).filter((shift) => shift.awayFrom !== awayFrom));
  }

  /** Those that are not over. Throws ResourceNotFoundException. */
  of(arn: string): ZonalShift[] {
    if (this.disabled.has(arn)) throw new AwsError('ResourceNotFoundException', `Resource ${arn} is not registered with zonal shift.`, 404);
    return (this.shifts.get(arn) ?? []).filter(({ expiresAt }) => expiresAt > this.clock.now());
  }
}
