import type { Resources } from '../api/resources.js';
import type { InstanceType, Offering } from '../cloud/instance-type.js';
import type { RequirementSet, RequirementSets } from './requirement-set.js';

/** One launchable shape: a type, with the offerings of it that have the same allocatable resources. */
export interface Row {
  readonly type: InstanceType;
  readonly requirements: RequirementSet;
  /** Available ones, cheapest first. */
  readonly offerings: readonly RowOffering[];
  readonly allocatable: Resources;
}

export interface RowOffering {
  readonly requirements: RequirementSet;
  readonly price: number;
  /** Set for reserved capacity. */
  readonly reservation: { readonly id: string; readonly capacity: number } | undefined;
}

/** `capacity` minus what the system and huge pages take (karpenter-core §4.8). */
export function allocatableOf(capacity: Resources, overhead: Resources): Resources {
  const allocatable: Record<string, number> = {};
  let hugePages = 0;
  for (const name in capacity) {
    allocatable[name] = (capacity[name] as number) - (overhead[name] ?? 0);
    if (name.startsWith('hugepages-')) hugePages += capacity[name] as number;
  }
  if ('memory' in allocatable) allocatable['memory'] = Math.max(0, (allocatable['memory'] as number) - hugePages);
  return allocatable;
}

/** An instance type, interned. */
interface ReadType {
  readonly requirements: RequirementSet;
  /** None when no offering is available. */
  readonly rows: readonly Row[];
}

/** What was read with one set of interned requirements, and one label that names reservations. */
interface Reader {
  readonly reservationIDLabel: string;
  readonly types: WeakMap<InstanceType, ReadType>;
  readonly offerings: WeakMap<readonly Offering[], readonly RowOffering[]>;
}

/**
 * Types and offerings do not change: providers hand out others when something did. So each type is read once, for all pools and
 * snapshots, and its offerings once for all node classes under which it has the same ones.
 */
const readers = new WeakMap<RequirementSets, Reader>();

export function readType(type: InstanceType, sets: RequirementSets, reservationIDLabel: string): ReadType {
  let reader = readers.get(sets);
  if (reader?.reservationIDLabel !== reservationIDLabel) {
    reader = { reservationIDLabel, types: new WeakMap(), offerings: new WeakMap() };
    readers.set(sets, reader);
  }
  let read = reader.types.get(type);
  if (read === undefined) {
    const requirements = sets.of(type.requirements);
    read = { requirements, rows: rowsOf(type, requirements, sets, reader) };
    reader.types.set(type, read);
  }
  return read;
}

const isOverridden = ({ capacityOverride, overheadOverride }: Offering): boolean => capacityOverride !== undefined || overheadOverride !== undefined;

function rowsOf(type: InstanceType, requirements: RequirementSet, sets: RequirementSets, reader: Reader): Row[] {
  const plain = allocatableOf(type.capacity, type.overhead);
  if (!type.offerings.some(isOverridden)) {
    const offerings = sharedOfferings(type, sets, reader);
    return offerings.length > 0 ? [{ type, requirements, allocatable: plain, offerings }] : [];
  }
  const byAllocatable = new Map<string, { allocatable: Resources; offerings: Offering[] }>();
  for (const offering of type.offerings) {
    const { capacityOverride, overheadOverride } = offering;
    const allocatable = isOverridden(offering) ? allocatableOf({ ...type.capacity, ...capacityOverride }, { ...type.overhead, ...overheadOverride }) : plain;
    const key = Object.entries(allocatable).map(([name, amount]) => `${name}=${amount}`).sort().join();
    const group = byAllocatable.get(key) ?? { allocatable, offerings: [] };
    group.offerings.push(offering);
    byAllocatable.set(key, group);
  }
  return [...byAllocatable.values()].map(({ allocatable, offerings }) => ({ type, requirements, allocatable, offerings: readOfferings(offerings, type, sets, reader) }))
    .filter(({ offerings }) => offerings.length > 0);
}

function sharedOfferings(type: InstanceType, sets: RequirementSets, reader: Reader): readonly RowOffering[] {
  let read = reader.offerings.get(type.offerings);
  if (read === undefined) {
    read = readOfferings(type.offerings, type, sets, reader);
    reader.offerings.set(type.offerings, read);
  }
  return read;
}

/** The available ones, cheapest first. */
function readOfferings(offerings: readonly Offering[], { name }: InstanceType, sets: RequirementSets, { reservationIDLabel }: Reader): RowOffering[] {
  return offerings.filter(({ available }) => available).map(({ requirements, price, reservationCapacity }) => {
    const own = sets.of(requirements);
    const id = own.get(sets.vocabulary.key(reservationIDLabel));
    return { requirements: own, price, reservation: reservationCapacity === undefined ? undefined : { id: id?.names().join() ?? name, capacity: reservationCapacity } };
  }).sort((a, b) => a.price - b.price);
}
