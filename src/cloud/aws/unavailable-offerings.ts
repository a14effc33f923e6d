import { CAPACITY_TYPE_SPOT } from '../../api/labels.js';
import type { Clock } from '../../operator/clock.js';
import { ExpiringCache } from './expiring-cache.js';

/** A way to buy a type, optionally within one placement group or one of its partitions. */
export interface OfferingKey {
  capacityType: string;
  instanceType: string;
  zone: string;
  placementGroup?: string;
  partition?: string;
}

const LIFETIME = 3 * 60_000;
const SWEEP = 10_000;

const keyOf = ({ capacityType, instanceType, zone, placementGroup, partition }: OfferingKey): string =>
  [capacityType, instanceType, zone, ...(placementGroup === undefined ? [] : [placementGroup]), ...(partition === undefined ? [] : [partition])].join(':');

/**
 * What EC2 has lately refused for lack of capacity (karpenter-aws §2.4.4). Everything is forgotten after three minutes;
 * marking it again prolongs that. Sequence numbers tell holders of computed offerings that they are stale.
 */
export class UnavailableOfferings {
  private readonly offerings: ExpiringCache<string>;
  private readonly capacityTypes: ExpiringCache<true>;
  private readonly subnets: ExpiringCache<true>;
  private readonly typeChanges = new Map<string, number>();
  private sharedChanges = 0;
  private changes = 0;

  constructor(clock: Clock) {
    const shared = (): void => this.bumpAll();
    this.offerings = new ExpiringCache(clock, { ttl: LIFETIME, sweep: SWEEP, onExpire: (_, instanceType) => this.bump(instanceType) });
    this.capacityTypes = new ExpiringCache(clock, { ttl: LIFETIME, sweep: SWEEP, onExpire: shared });
    this.subnets = new ExpiringCache(clock, { ttl: LIFETIME, sweep: SWEEP, onExpire: shared });
  }

  markUnavailable(offering: OfferingKey): void {
    this.offerings.set(keyOf(offering), offering.instanceType);
    this.bump(offering.instanceType);
  }

  /** Every offering of a capacity type, for instance spot without its service-linked role. */
  markCapacityTypeUnavailable(capacityType: string = CAPACITY_TYPE_SPOT): void {
    this.capacityTypes.set(capacityType, true);
    this.bumpAll();
  }

  /** A subnet without free addresses; a zone is unavailable when all of its subnets are. */
  markSubnetUnavailable(subnetID: string): void {
    this.subnets.set(subnetID, true);
    this.bumpAll();
  }

  /** Whether an offering must not be tried now. `zoneSubnets` are the class's subnets in the offering's zone. */
  isUnavailable(offering: OfferingKey, zoneSubnets: readonly string[] = []): boolean {
    if (this.offerings.size > 0) {
      if (this.offerings.has(keyOf(offering))) return true;
      const { placementGroup: _, partition: __, ...plain } = offering;
      if (offering.placementGroup !== undefined && this.offerings.has(keyOf(plain))) return true;
    }
    if (this.capacityTypes.has(offering.capacityType)) return true;
    return this.isExhausted(zoneSubnets);
  }

  /** Whether none of a zone's subnets has free addresses. */
  isExhausted(zoneSubnets: readonly string[]): boolean {
    return this.subnets.size > 0 && zoneSubnets.length > 0 && zoneSubnets.every((subnet) => this.subnets.has(subnet));
  }

  /** Grows whenever the answer for an offering of the type may have changed. */
  sequence(instanceType: string): number {
    return (this.typeChanges.get(instanceType) ?? 0) + this.sharedChanges;
  }

  /** Grows whenever any answer may have changed. */
  get version(): number {
    return this.changes;
  }

  clear(): void {
    for (const cache of [this.offerings, this.capacityTypes, this.subnets]) cache.clear();
    this.bumpAll();
  }

  close(): void {
    for (const cache of [this.offerings, this.capacityTypes, this.subnets]) cache.close();
  }

  private bumpAll(): void {
    this.sharedChanges += 1;
    this.changes += 1;
  }

  private bump(instanceType: string): void {
    this.typeChanges.set(instanceType, (this.typeChanges.get(instanceType) ?? 0) + 1);
    this.changes += 1;
  }
}
