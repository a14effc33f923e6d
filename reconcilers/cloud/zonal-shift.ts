import { inject } from 'inversify';
import { EC2NodeClass, NodePool, Requirements, ZONE_ID_LABEL, ZONE_LABEL } from 'karpenter-ts/api';
import { TOKENS } from 'karpenter-ts/cloud/aws';
import type { ZonalShiftProvider } from 'karpenter-ts/cloud/aws';
import { Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { managedPools } from '../shared/node-pools.js';

/** Follows ARC Zonal Shift, and tells pools of zones that they may not use for now (karpenter-aws §4.10; --enable-zonal-shift). */
@Singleton({ name: 'zonalshift', every: '30s', reads: [NodePool, EC2NodeClass] })
export class ZonalShiftWatch {
  private told: ReadonlySet<string> = new Set();

  constructor(@inject(TOKENS.ZonalShifts) private readonly zonalShifts: ZonalShiftProvider) {}

  async tick(ctx: TickContext): Promise<void> {
    await this.zonalShifts.update(ctx.signal);
    const shifted = this.zonalShifts.shifted();
    for (const pool of managedPools(ctx)) {
      for (const { zone, zoneID } of zonesOf(pool, ctx)) {
        if (shifted.has(zoneID) === this.told.has(zoneID)) continue;
        const about = { about: pool, dedupe: [pool.metadata.uid, zoneID] };
        if (shifted.has(zoneID)) ctx.events.warning('ZonalShiftActive', `The cluster was shifted away from zone ${zone} (${zoneID}): nothing is launched there for this NodePool`, about);
        else ctx.events.normal('ZonalShiftCleared', `The shift away from zone ${zone} (${zoneID}) is over: this NodePool may launch there again`, about);
      }
    }
    this.told = shifted;
  }
}

/** The zones that a pool can launch in, shifts aside. */
function zonesOf({ spec: { template: { spec } } }: NodePool, ctx: TickContext): { zone: string; zoneID: string }[] {
  const requirements = Requirements.of(...spec.requirements);
  const subnets = ctx.cache.get(EC2NodeClass, spec.nodeClassRef.name)?.status.subnets ?? [];
  const zones = new Map(subnets.flatMap(({ zone, zoneID }) => (zoneID ? [[zoneID, zone] as const] : [])));
  return [...zones].map(([zoneID, zone]) => ({ zone, zoneID })).filter(({ zone, zoneID }) => requirements.get(ZONE_LABEL).has(zone) && requirements.get(ZONE_ID_LABEL).has(zoneID));
}
