import type { Clock } from '../../../operator/clock.js';
import { catalogueType, type CatalogueType } from '../../../cloud/aws/catalogue/catalogue.js';
import { hashFraction } from './identifiers.js';
import type { Zone } from './zones.js';

/** Prices move this often, as EC2's do: a few times a day. */
const PERIOD = 6 * 3_600_000;

/**
 * The spot market: a price and a depth for every pool (type and zone), functions of the seed and the time alone.
 * Burstable types cost 30 to 35 % of on-demand, the others 25 to 45 %.
 */
export class SpotMarket {
  /** How far prices wander from where they started: 0 is steady, 0.3 moves them by up to 30 %. */
  volatility = 0;

  constructor(private readonly clock: Clock, private readonly seed: number) {}

  /** USD an hour. */
  price(type: CatalogueType, zone: Zone): number {
    const pool = `${type.name}/${zone.id}`;
    const [cheapest, spread] = type.burstable ? [0.3, 0.05] : [0.25, 0.2];
    // A family's zones move together; each pool differs from them a little.
    const level = 0.7 * hashFraction(this.seed, `${type.family}/${zone.id}`) + 0.3 * hashFraction(this.seed, pool);
    const price = type.onDemandPrice * (cheapest + spread * level) * (1 + this.volatility * this.wander(pool));
    return Number(Math.min(price, type.onDemandPrice).toFixed(6));
  }

  /** When the pool's price last changed. */
  changedAt(type: CatalogueType, zone: Zone): number {
    const offset = hashFraction(this.seed, `${zone.id}/${type.name}/phase`) * PERIOD;
    return Math.floor((this.clock.now() - offset) / PERIOD) * PERIOD + Math.floor(offset);
  }

  /** How many instances the pool can hold; large and special machines are rarer. */
  depth(type: CatalogueType, zone: Zone): number {
    const special = type.gpuCount > 0 || type.neuronDevices > 0 || type.hypervisor === undefined;
    const vcpus = (special ? 2_000 : 40_000) * (0.5 + hashFraction(this.seed, `${type.name}/${zone.id}/depth`));
    return Math.max(1, Math.floor(vcpus / type.vcpus));
  }

  /** In [-1, 1]: linear between random points one period apart, so that a price never jumps far. */
  private wander(pool: string): number {
    const position = this.clock.now() / PERIOD;
    const period = Math.floor(position);
    const point = (index: number): number => hashFraction(this.seed, `${pool}/${index}`) * 2 - 1;
    const step = Math.floor((position - period) * 4) / 4;
    return point(period) * (1 - step) + point(period + 1) * step;
  }
}

/** USD an hour of a launch. */
export const priceOf = (market: SpotMarket, typeName: string, zone: Zone, lifecycle: 'spot' | 'on-demand'): number => {
  const type = catalogueType(typeName) as CatalogueType;
  return lifecycle === 'spot' ? market.price(type, zone) : type.onDemandPrice;
};
