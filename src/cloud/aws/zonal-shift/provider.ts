import type { Clock } from '../../../operator/clock.js';
import type { Cluster } from '../cluster.js';
import type { AwsSettings } from '../settings.js';
import type { ZonalShift, ZonalShiftClient } from './client.js';

/** Whether a zone, by its id, is one that the cluster was shifted away from. */
export interface ZonalShifts {
  isShifted(zoneID: string | undefined): boolean;
}

/** Something was not done, because nothing should be asked of a zone that the cluster was shifted away from. */
export class ZoneShifted extends Error {
  readonly reason = 'ZoneShifted';
  constructor(what: string, { id, zone, zoneID = '' }: { id: string; zone: string; zoneID?: string | undefined }) {
    super(`${what} instance ${id} has to wait: the cluster was shifted away from zone ${zone} (${zoneID})`);
  }
}

/** Knows from which zones the cluster was shifted away; none, unless the setting says that it should look (karpenter-aws §4.10). */
export class ZonalShiftProvider implements ZonalShifts {
  private shifts: ReadonlyMap<string, ZonalShift> = new Map();

  constructor(
    private readonly client: Pick<ZonalShiftClient, 'shiftsOf'>,
    private readonly cluster: Pick<Cluster, 'arn'>,
    private readonly settings: Pick<AwsSettings, 'zonalShift'>,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Asks anew. One that is no longer named goes on to its end as long as others are; once there are none, all are over. */
  async update(signal?: AbortSignal): Promise<void> {
    if (!this.settings.zonalShift) return;
    const found = await this.client.shiftsOf(await this.cluster.arn(signal), signal);
    this.shifts = new Map(found.length === 0 ? [] : [...this.shifts, ...found.map((shift): [string, ZonalShift] => [shift.awayFrom, shift])]);
  }

  isShifted(zoneID: string | undefined): boolean {
    const shift = this.shifts.get(zoneID ?? '');
    return shift !== undefined && shift.applied && shift.expiresAt > this.clock.now();
  }

  /** Ids of the zones that the cluster is shifted away from now. */
  shifted(): Set<string> {
    return new Set([...this.shifts.keys()].filter((zoneID) => this.isShifted(zoneID)));
  }
}
