import { paginateDescribeInstanceTypeOfferings, paginateDescribeInstanceTypes } from '../aws-sdk.js';
import type { EC2NodeClass } from '../../../api/ec2nodeclass.js';
import type { Resources } from '../../../api/resources.js';
import type { Clock } from '../../../operator/clock.js';
import type { InstanceType, Offering } from '../../instance-type.js';
import type { InstanceTypeOverlays } from '../../overlay/overlay-store.js';
import { resolvedAMIFamily, windowsBuild } from '../ami-family.js';
import { amiFor } from '../ami-provider.js';
import type { CapacityReservationProvider } from '../capacity-reservation-provider.js';
import { abortable } from '../clients.js';
import type { AwsClients } from '../clients.js';
import { ExpiringCache } from '../expiring-cache.js';
import { sortedJSON } from '../nodeclass-hash.js';
import type { PlacementGroup, PlacementGroupProvider } from '../placement-group-provider.js';
import type { PricingProvider } from '../pricing-provider.js';
import type { AwsSettings } from '../settings.js';
import type { UnavailableOfferings } from '../unavailable-offerings.js';
import type { ZonalShifts } from '../zonal-shift/provider.js';
import { incompatibility } from './compatibility.js';
import { instanceTypeFacts } from './facts.js';
import type { InstanceTypeFacts } from './facts.js';
import { AWS_LABELS } from './labels.js';
import { typeOfferings } from './offerings.js';
import type { OfferingContext } from './offerings.js';
import { oneOf, typeRequirements } from './requirements.js';
import type { Reservation } from './requirements.js';
import { totalOverhead, typeCapacity, typeOverhead, volumeStorage } from './resources.js';

/** No types can be listed, for a reason that passes or that the node class's status explains. */
export class InstanceTypesUnresolved extends Error {
  readonly reason = 'InstanceTypesUnresolved';
}

/** A type under one class, before offerings. */
interface ResolvedType {
  facts: InstanceTypeFacts;
  requirements: InstanceType['requirements'];
  capacity: Resources;
  overhead: Resources;
  compatible: boolean;
  reservations: readonly Reservation[];
}

interface ResolvedTypes {
  /** What of the class went in. */
  key: string;
  types: readonly ResolvedType[];
  resolvedAt: number;
  /** Which tables and discovered memory went in. */
  tableVersion: number;
  memoryVersion: number;
}

/** A finished list, and what it was made of: as long as that is the same, so is the list. */
interface Listed {
  resolved: ResolvedTypes;
  context: string;
  /** What went into the offerings, the types aside. */
  offered: string;
  unavailableVersion: number;
  sequences: readonly number[];
  list: readonly InstanceType[];
}

const RESOLVED_LIFETIME = 5 * 60_000;
const MEMORY_LIFETIME = 60 * 24 * 3_600_000;

/** Knows EC2's instance types, and what each of them is under a node class (karpenter-aws §3). */
export class InstanceTypeProvider {
  private facts: ReadonlyMap<string, InstanceTypeFacts> = new Map();
  private offeredZones: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  private zones: readonly string[] = [];
  private tableVersion = 0;
  private memoryVersion = 0;
  /** By class. */
  private readonly resolved: ExpiringCache<ResolvedTypes>;
  /** By class. */
  private readonly listed: ExpiringCache<Listed>;
  private readonly memory: ExpiringCache<number>;
  /** Labels of types by what they depend on; until the tables change. */
  private readonly requirements = new Map<string, InstanceType['requirements']>();

  constructor(
    private readonly clients: Pick<AwsClients, 'ec2'>,
    private readonly settings: AwsSettings,
    private readonly clock: Clock,
    private readonly pricing: PricingProvider,
    private readonly unavailable: UnavailableOfferings,
    private readonly reservations: CapacityReservationProvider,
    private readonly placementGroups: PlacementGroupProvider,
    private readonly overlays: Pick<InstanceTypeOverlays, 'priceOf' | 'pricesVersion'>,
    private readonly zonalShifts: ZonalShifts,
  ) {
    this.resolved = new ExpiringCache(clock, { ttl: 3_600_000 });
    this.listed = new ExpiringCache(clock, { ttl: 3_600_000 });
    this.memory = new ExpiringCache(clock, { ttl: MEMORY_LIFETIME });
  }

  /** Reads EC2's tables of types and of zones, at start and every 12 hours. */
  async update(signal?: AbortSignal): Promise<void> {
    const [facts, offeredZones] = await Promise.all([this.readTypes(signal), this.readOfferings(signal)]);
    if (facts.size > 0 && offeredZones.size > 0 && sameTables(this.facts, facts) && sameZones(this.offeredZones, offeredZones)) return;
    this.facts = facts;
    this.offeredZones = offeredZones;
    this.zones = [...new Set([...offeredZones.values()].flatMap((zones) => [...zones]))].sort();
    this.tableVersion += 1;
    this.requirements.clear();
  }

  /** EC2's facts about a type; undefined for one that does not exist. */
  factsOf(instanceType: string): InstanceTypeFacts | undefined {
    return this.facts.get(instanceType);
  }

  /**
   * All types under the class, those with nothing to buy included. The same array as before when nothing has changed, and
   * the same objects for types that have not; classes that are alike have the same array. Must not be changed by the caller. Throws {@link InstanceTypesUnresolved}
   * before the first {@link update}, and for classes without subnets.
   */
  list(nodeClass: EC2NodeClass): readonly InstanceType[] {
    if (this.facts.size === 0) throw new InstanceTypesUnresolved('EC2 has not listed its instance types yet');
    if (this.offeredZones.size === 0) throw new InstanceTypesUnresolved('EC2 has not listed the zones of its instance types yet');
    if (!nodeClass.status.subnets?.length) throw new InstanceTypesUnresolved(`no subnets found for EC2NodeClass "${nodeClass.metadata.name}"`);
    const placementGroup = this.placementGroups.known(nodeClass);
    const { uid } = nodeClass.metadata;
    const resolved = this.resolve(nodeClass, placementGroup);
    const subnets = nodeClass.status.subnets.map(({ id }) => id).sort().join(',');
    const shifted = nodeClass.status.subnets.filter(({ zoneID }) => this.zonalShifts.isShifted(zoneID)).map(({ id }) => id).sort().join(',');
    const context = [this.pricesVersion(), this.reservationState(nodeClass), subnets, shifted].join('/');
    const isComparable = (listed: Listed): boolean => listed.resolved === resolved && listed.context === context;
    const current = alike(this.listed, uid, (listed) => isComparable(listed) && listed.unavailableVersion === this.unavailable.version);
    if (current) {
      this.listed.set(uid, current);
      return current.list;
    }
    const comparable = alike(this.listed, uid, isComparable);
    const offeringContext = this.offeringContext(nodeClass, placementGroup);
    const offered = this.offeredKey(offeringContext);
    const twins = [...this.listed.live()].map(([, listed]) => listed).filter((listed) => listed.offered === offered);
    const sequences = resolved.types.map(({ facts }) => this.unavailable.sequence(facts.name));
    const list = resolved.types.map((type, index): InstanceType => {
      if (comparable?.sequences[index] === sequences[index]) return comparable?.list[index] as InstanceType;
      const twin = twins.find((each) => each.sequences[index] === sequences[index] && offeredAlike(each.resolved.types[index] as ResolvedType, type));
      const offerings = twin?.list[index]?.offerings ?? this.offerings(type, offeringContext);
      return { name: type.facts.name, requirements: type.requirements, capacity: type.capacity, overhead: type.overhead, offerings };
    });
    this.listed.set(uid, { resolved, context, offered, unavailableVersion: this.unavailable.version, sequences, list });
    return list;
  }

  /**
   * Remembers how much memory a registered node of the type really has, unless that is more than was seen before. `imageID`
   * must still be what the class launches the type from. Lists change within five minutes.
   */
  learnMemory(nodeClass: EC2NodeClass, instanceType: Pick<InstanceType, 'name' | 'requirements'>, imageID: string, bytes: number): void {
    if (amiFor(instanceType, nodeClass.status.amis ?? [])?.id !== imageID) return;
    const key = memoryKey(instanceType.name, nodeClass);
    const known = this.memory.get(key);
    if (known !== undefined && known < bytes) return;
    this.memory.set(key, bytes);
    if (known !== bytes) this.memoryVersion += 1;
  }

  /** One result a class, so that what was computed for its earlier states is forgotten; classes that are alike share it. */
  private resolve(nodeClass: EC2NodeClass, placementGroup: PlacementGroup | undefined): ResolvedTypes {
    const { uid, name } = nodeClass.metadata;
    try {
      const key = this.resolvedKey(nodeClass, placementGroup);
      const known = alike(this.resolved, uid, (resolved) => resolved.key === key && this.isFresh(resolved));
      if (known) {
        this.resolved.set(uid, known);
        return known;
      }
      const types = [...this.facts.values()].map((facts) => this.resolveType(facts, nodeClass, placementGroup));
      const resolved: ResolvedTypes = { key, types, resolvedAt: this.clock.now(), tableVersion: this.tableVersion, memoryVersion: this.memoryVersion };
      this.resolved.set(uid, resolved);
      return resolved;
    } catch (error) {
      throw new InstanceTypesUnresolved(`EC2NodeClass "${name}": ${(error as Error).message}`, { cause: error });
    }
  }

  private isFresh({ tableVersion, memoryVersion, resolvedAt }: ResolvedTypes): boolean {
    return tableVersion === this.tableVersion && (memoryVersion === this.memoryVersion || this.clock.now() - resolvedAt < RESOLVED_LIFETIME);
  }

  private resolveType(facts: InstanceTypeFacts, nodeClass: EC2NodeClass, placementGroup: PlacementGroup | undefined): ResolvedType {
    const { spec, status } = nodeClass;
    const family = resolvedAMIFamily(nodeClass);
    const { vmMemoryOverheadPercent, reservedENIs, region, reservedCapacity } = this.settings;
    const reservations = reservedCapacity ? (status.capacityReservations ?? []).filter(({ instanceType }) => instanceType === facts.name) : [];
    const requirements = this.sharedRequirements([facts.name, windowsBuild(family), zonesKey(nodeClass), sortedJSON(reservations), placementGroup?.id].join('/'), () => [
      ...typeRequirements(facts, { region, family, offeredZones: this.offeredZones.get(facts.name) ?? new Set(), subnets: status.subnets ?? [], reservations }),
      ...(placementGroup ? [oneOf(AWS_LABELS.placementGroupID, placementGroup.id)] : []),
    ]);
    const context = { family, spec, vmMemoryOverheadPercent, reservedENIs };
    const capacity = typeCapacity(facts, context, this.memory.get(memoryKey(facts.name, nodeClass)));
    return {
      facts,
      requirements,
      capacity,
      overhead: totalOverhead(typeOverhead(facts, context, capacity)),
      compatible: incompatibility(facts, spec, family, placementGroup?.strategy) === undefined,
      reservations,
    };
  }

  /** Most classes differ in nothing that labels depend on; one list for all of them is parsed once. */
  private sharedRequirements(key: string, compute: () => InstanceType['requirements']): InstanceType['requirements'] {
    let requirements = this.requirements.get(key);
    if (requirements === undefined) {
      requirements = Object.freeze(compute());
      this.requirements.set(key, requirements);
    }
    return requirements;
  }

  private offerings({ facts, compatible, reservations }: ResolvedType, context: OfferingContext): Offering[] {
    const { name, usageClasses } = facts;
    return typeOfferings({ name, usageClasses, compatible, reservations, offeredZones: this.offeredZones.get(name) ?? new Set() }, context);
  }

  private offeringContext({ status }: EC2NodeClass, placementGroup: PlacementGroup | undefined): OfferingContext {
    const subnets = new Map<string, { ids: string[]; zoneID: string | undefined }>();
    for (const { id, zone, zoneID } of status.subnets ?? []) {
      const known = subnets.get(zone);
      if (known) known.ids.push(id);
      else subnets.set(zone, { ids: [id], zoneID });
    }
    return {
      zones: this.zones,
      subnets,
      isShifted: (zoneID) => this.zonalShifts.isShifted(zoneID),
      placementGroup,
      onDemandPrice: (instanceType) => this.pricing.onDemand(instanceType) ?? this.overlays.priceOf(instanceType),
      spotPrice: (instanceType, zone) => this.pricing.spot(instanceType, zone) ?? this.overlays.priceOf(instanceType),
      isUnavailable: (offering, zoneSubnets) => this.unavailable.isUnavailable(offering, zoneSubnets),
      reservationCapacity: (id) => this.reservations.available(id),
    };
  }

  private pricesVersion(): string {
    return `${this.pricing.version}/${this.overlays.pricesVersion}`;
  }

  /** Everything that offerings depend on besides the type: classes that differ in the rest share them. */
  private offeredKey({ subnets, placementGroup }: OfferingContext): string {
    const zones = Object.fromEntries([...subnets].map(([zone, { ids, zoneID }]) => [zone, [zoneID, this.unavailable.isExhausted(ids), this.zonalShifts.isShifted(zoneID)]]));
    return sortedJSON([this.tableVersion, this.pricesVersion(), zones, placementGroup]);
  }

  /** Everything of the class that the types' labels and resources depend on. */
  private resolvedKey(nodeClass: EC2NodeClass, placementGroup: PlacementGroup | undefined): string {
    const { spec, status } = nodeClass;
    const family = resolvedAMIFamily(nodeClass);
    const reservations = (status.capacityReservations ?? []).map(({ endTime: _, ...reservation }) => reservation);
    return sortedJSON([
      amisKey(nodeClass), zonesKey(nodeClass), spec.kubelet, volumeStorage({ family, spec }), reservations, spec.networkInterfaces, spec.instanceStorePolicy, family,
      spec.cpuOptions, spec.connectionTracking !== undefined, placementGroup,
    ]);
  }

  private reservationState({ status }: EC2NodeClass): string {
    return (status.capacityReservations ?? []).map(({ id }) => `${id}=${this.reservations.available(id)}`).join(',');
  }

  private async readTypes(signal: AbortSignal | undefined): Promise<Map<string, InstanceTypeFacts>> {
    const types = new Map<string, InstanceTypeFacts>();
    const Filters = [
      { Name: 'supported-virtualization-type', Values: ['hvm'] },
      { Name: 'processor-info.supported-architecture', Values: ['x86_64', 'arm64'] },
    ];
    for await (const page of paginateDescribeInstanceTypes({ client: this.clients.ec2, pageSize: 100 }, { Filters }, abortable(signal))) {
      for (const info of page.InstanceTypes ?? []) if (info.InstanceType) types.set(info.InstanceType, instanceTypeFacts(info));
    }
    return types;
  }

  private async readOfferings(signal: AbortSignal | undefined): Promise<Map<string, Set<string>>> {
    const zones = new Map<string, Set<string>>();
    for await (const page of paginateDescribeInstanceTypeOfferings({ client: this.clients.ec2, pageSize: 1000 }, { LocationType: 'availability-zone' }, abortable(signal))) {
      for (const { InstanceType, Location } of page.InstanceTypeOfferings ?? []) {
        if (InstanceType && Location) zones.set(InstanceType, (zones.get(InstanceType) ?? new Set<string>()).add(Location));
      }
    }
    return zones;
  }
}

/** What is remembered of the class itself, or else of another one, if it answers. */
function alike<Value>(cache: ExpiringCache<Value>, uid: string, answers: (value: Value) => boolean): Value | undefined {
  const own = cache.get(uid);
  if (own !== undefined && answers(own)) return own;
  for (const [, value] of cache.live()) if (answers(value)) return value;
  return undefined;
}

/** Whether two classes' versions of a type have the same offerings in the same context. */
const offeredAlike = (a: ResolvedType, b: ResolvedType): boolean => a.compatible === b.compatible && a.reservations.length + b.reservations.length === 0;

const amisKey = ({ status }: EC2NodeClass): string => (status.amis ?? []).map(({ id }) => id).sort().join(',');
const zonesKey = ({ status }: EC2NodeClass): string => [...new Set((status.subnets ?? []).map(({ zone, zoneID }) => `${zone}=${zoneID ?? ''}`))].sort().join(',');
const memoryKey = (instanceType: string, nodeClass: EC2NodeClass): string => `${instanceType}/${amisKey(nodeClass)}`;

const sameTables = (a: ReadonlyMap<string, InstanceTypeFacts>, b: ReadonlyMap<string, InstanceTypeFacts>): boolean =>
  a.size === b.size && [...b].every(([name, facts]) => a.has(name) && JSON.stringify(a.get(name)) === JSON.stringify(facts));
const sameZones = (a: ReadonlyMap<string, ReadonlySet<string>>, b: ReadonlyMap<string, ReadonlySet<string>>): boolean =>
  a.size === b.size && [...b].every(([name, zones]) => a.get(name)?.size === zones.size && [...zones].every((zone) => a.get(name)?.has(zone)));
