import { paginateDescribeSubnets } from './aws-sdk.js';
import type { EC2NodeClass, EC2NodeClassStatus } from '../../api/ec2nodeclass.js';
import type { Clock } from '../../operator/clock.js';
import type { InstanceType } from '../instance-type.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import { ExpiringCache } from './expiring-cache.js';
import { generationKey } from './generation-key.js';
import { offeringCapacityType, offeringZone } from './instance-type/offering-labels.js';
import { selectorQueries } from './selectors.js';

export type SubnetStatus = NonNullable<EC2NodeClassStatus['subnets']>[number];

export interface Subnet extends SubnetStatus {
  zoneID: string;
  availableIPs: number;
}

/** Finds the subnets that a node class selects, and keeps count of their free addresses between EC2's own counts. */
export class SubnetProvider {
  private readonly cache: ExpiringCache<readonly Subnet[]>;
  /** Free addresses by subnet, as EC2 last said. */
  private readonly available: ExpiringCache<number>;
  /** Free addresses by subnet once the launches since EC2's count have taken theirs. */
  private readonly inFlight = new Map<string, number>();

  constructor(private readonly clients: Pick<AwsClients, 'ec2'>, clock: Clock, refreshInterval: number) {
    this.cache = new ExpiringCache(clock, { ttl: refreshInterval });
    this.available = new ExpiringCache(clock, { ttl: Math.max(5 * 60_000, refreshInterval + 4 * 60_000) });
  }

  /** Most free addresses first, then by id. Empty when nothing matches. Remembered a generation of the class. */
  async list(nodeClass: EC2NodeClass, signal?: AbortSignal): Promise<readonly Subnet[]> {
    const key = generationKey(nodeClass);
    const known = this.cache.get(key);
    if (known) return known;
    const subnets = new Map<string, Subnet>();
    for (const Filters of selectorQueries(nodeClass.spec.subnetSelectorTerms, 'subnet-id')) {
      for await (const page of paginateDescribeSubnets({ client: this.clients.ec2, pageSize: 500 }, { Filters }, abortable(signal))) {
        for (const { SubnetId, AvailabilityZone = '', AvailabilityZoneId = '', AvailableIpAddressCount = 0 } of page.Subnets ?? []) {
          if (SubnetId === undefined) continue;
          subnets.set(SubnetId, { id: SubnetId, zone: AvailabilityZone, zoneID: AvailabilityZoneId, availableIPs: AvailableIpAddressCount });
          this.available.set(SubnetId, AvailableIpAddressCount);
          this.inFlight.delete(SubnetId);
        }
      }
    }
    const found = [...subnets.values()].sort((a, b) => b.availableIPs - a.availableIPs || (a.id < b.id ? -1 : 1));
    this.cache.set(key, found);
    return found;
  }

  /**
   * The subnet with most free addresses of each zone, with the addresses that a launch of one of the types will take at
   * least already counted as taken. {@link release} gives them back.
   */
  reserve(nodeClass: EC2NodeClass, instanceTypes: readonly InstanceType[], capacityType: string): ReadonlyMap<string, SubnetReservation> {
    const chosen = new Map<string, { subnet: SubnetStatus; free: number }>();
    for (const subnet of nodeClass.status.subnets ?? []) {
      const free = this.freeAddresses(subnet.id);
      const best = chosen.get(subnet.zone);
      if (best === undefined || free > best.free) chosen.set(subnet.zone, { subnet, free });
    }
    const reservations = new Map<string, SubnetReservation>();
    for (const [zone, { subnet, free }] of chosen) {
      const pods = fewestPods(instanceTypes, zone, capacityType);
      const counted = this.available.get(subnet.id);
      if (pods > 0) this.inFlight.set(subnet.id, free - pods);
      reservations.set(zone, { subnet, addresses: pods, ...(counted === undefined ? {} : { counted }) });
    }
    return reservations;
  }

  /** Gives back what a launch reserved in subnets that it did not use, unless EC2 has counted anew since. */
  release(reservations: ReadonlyMap<string, SubnetReservation>, usedSubnets: ReadonlySet<string>): void {
    for (const { subnet, addresses, counted } of reservations.values()) {
      if (addresses === 0 || usedSubnets.has(subnet.id) || this.available.get(subnet.id) !== counted) continue;
      const free = this.inFlight.get(subnet.id);
      if (free !== undefined) this.inFlight.set(subnet.id, free + addresses);
    }
  }

  /** EC2 found no free address in the subnet. */
  markExhausted(subnetID: string): void {
    this.available.set(subnetID, 0);
    this.inFlight.delete(subnetID);
  }

  private freeAddresses(subnetID: string): number {
    return this.inFlight.get(subnetID) ?? this.available.get(subnetID) ?? 0;
  }
}

/** One zone's subnet for a launch. */
export interface SubnetReservation {
  subnet: SubnetStatus;
  addresses: number;
  /** EC2's count when the reservation was made. */
  counted?: number;
}

function fewestPods(instanceTypes: readonly InstanceType[], zone: string, capacityType: string): number {
  let fewest = Infinity;
  for (const { offerings, capacity } of instanceTypes) {
    if (!offerings.some((offering) => offering.available && offeringZone(offering) === zone && offeringCapacityType(offering) === capacityType)) continue;
    fewest = Math.min(fewest, capacity['pods'] ?? 0);
  }
  return fewest === Infinity ? 0 : fewest;
}
