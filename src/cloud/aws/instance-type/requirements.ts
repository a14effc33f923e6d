import type { AMIFamily, EC2NodeClassStatus } from '../../../api/ec2nodeclass.js';
import {
  ARCH_LABEL, CAPACITY_TYPE_LABEL, CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT, INSTANCE_TYPE_LABEL, OS_LABEL, REGION_LABEL,
  WINDOWS_BUILD_LABEL, ZONE_ID_LABEL, ZONE_LABEL,
} from '../../../api/labels.js';
import type { Requirement } from '../../../api/requirement.js';
import { windowsBuild } from '../ami-family.js';
import { AWS_LABELS } from './labels.js';
import type { InstanceTypeFacts } from './facts.js';

export type Reservation = NonNullable<EC2NodeClassStatus['capacityReservations']>[number];

const interned = new Map<string, Requirement>();

/** One of the values; none of them possible when the list is empty. Equal requirements are one frozen object: there are many. */
export function oneOf(key: string, ...values: readonly string[]): Requirement {
  const name = `${key}=${values.join(',')}`;
  let requirement = interned.get(name);
  if (requirement === undefined) interned.set(name, requirement = Object.freeze({ key, operator: 'In', values: Object.freeze(values) }));
  return requirement;
}

/** The label is never there. */
export function absent(key: string): Requirement {
  const name = `!${key}`;
  let requirement = interned.get(name);
  if (requirement === undefined) interned.set(name, requirement = Object.freeze({ key, operator: 'DoesNotExist' }));
  return requirement;
}

const valueOrAbsent = (key: string, value: string | number | undefined): Requirement => (value === undefined ? absent(key) : oneOf(key, String(value)));
const kebab = (text: string): string => text.toLowerCase().replaceAll(' ', '-');

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', arm64: 'arm64' };

/** Kubernetes' name of the first architecture that Kubernetes knows. */
export const architectureOf = ({ architectures }: Pick<InstanceTypeFacts, 'architectures'>): string =>
  architectures.map((name) => ARCHITECTURES[name]).find((name) => name !== undefined) ?? '';

const CATEGORY = /^([a-z]+)(?:-[0-9]+tb)?([0-9]+).*\./;

/** What is the same for all of a node class's types. */
export interface RequirementContext {
  region: string;
  family: AMIFamily;
  /** Zones where the type is offered. */
  offeredZones: ReadonlySet<string>;
  subnets: NonNullable<EC2NodeClassStatus['subnets']>;
  /** The class's reservations of this type. */
  reservations: readonly Reservation[];
}

/** The labels that a machine of the type may have in the class, every well-known one among them (karpenter-aws §3.2). */
export function typeRequirements(facts: InstanceTypeFacts, context: RequirementContext): Requirement[] {
  const { name } = facts;
  const architecture = architectureOf(facts);
  const build = windowsBuild(context.family);
  const subnets = context.subnets.filter(({ zone }) => context.offeredZones.has(zone));
  const zones = [...new Set(subnets.map(({ zone }) => zone))].sort();
  const zoneIDs = [...new Set(subnets.flatMap(({ zoneID }) => (zoneID ? [zoneID] : [])))].sort();
  const capacityTypes = [
    ...facts.usageClasses.filter((usage) => usage === CAPACITY_TYPE_ON_DEMAND || usage === CAPACITY_TYPE_SPOT),
    ...(context.reservations.length > 0 ? [CAPACITY_TYPE_RESERVED] : []),
  ];
  const [, category, generation] = CATEGORY.exec(name) ?? [];
  const [instanceFamily, size] = name.split('.');
  return [
    oneOf(INSTANCE_TYPE_LABEL, name),
    oneOf(ARCH_LABEL, architecture),
    build === undefined ? oneOf(OS_LABEL, 'linux') : oneOf(OS_LABEL, ...(architecture === 'amd64' ? ['windows'] : [])),
    oneOf(ZONE_LABEL, ...zones),
    ...(zoneIDs.length > 0 ? [oneOf(ZONE_ID_LABEL, ...zoneIDs)] : []),
    oneOf(REGION_LABEL, context.region),
    oneOf(CAPACITY_TYPE_LABEL, ...capacityTypes),
    valueOrAbsent(WINDOWS_BUILD_LABEL, build),
    oneOf(AWS_LABELS.cpu, String(facts.vcpus)),
    valueOrAbsent(AWS_LABELS.cpuManufacturer, facts.cpuManufacturer === undefined ? undefined : kebab(facts.cpuManufacturer)),
    valueOrAbsent(AWS_LABELS.cpuClockSpeed, facts.cpuManufacturer === undefined ? undefined : Math.round((facts.clockGHz ?? 0) * 1_000)),
    oneOf(AWS_LABELS.memory, String(facts.memoryMiB)),
    valueOrAbsent(AWS_LABELS.ebsBandwidth, facts.ebsBandwidth),
    valueOrAbsent(AWS_LABELS.networkBandwidth, facts.networkBandwidth),
    valueOrAbsent(AWS_LABELS.category, category),
    valueOrAbsent(AWS_LABELS.generation, generation),
    valueOrAbsent(AWS_LABELS.family, instanceFamily),
    valueOrAbsent(AWS_LABELS.size, size),
    oneOf(AWS_LABELS.capabilityFlex, String(instanceFamily?.includes('-flex') ?? false)),
    valueOrAbsent(AWS_LABELS.localNvme, facts.storageIsNvme ? facts.storageGB : undefined),
    ...gpuRequirements(facts),
    ...acceleratorRequirements(facts),
    oneOf(AWS_LABELS.hypervisor, facts.hypervisor ?? ''),
    oneOf(AWS_LABELS.encryptionInTransit, String(facts.encryptionInTransit)),
    facts.nitroEnclaves ? oneOf(AWS_LABELS.nitroSandbox, 'true') : absent(AWS_LABELS.nitroSandbox),
    oneOf(AWS_LABELS.tenancy, 'default', 'dedicated'),
    ...reservationRequirements(context.reservations),
  ];
}

function gpuRequirements({ gpus }: InstanceTypeFacts): Requirement[] {
  const gpu = gpus.length === 1 ? gpus[0] : undefined;
  return [
    valueOrAbsent(AWS_LABELS.gpuName, gpu && kebab(gpu.name)),
    valueOrAbsent(AWS_LABELS.gpuManufacturer, gpu && kebab(gpu.manufacturer)),
    valueOrAbsent(AWS_LABELS.gpuCount, gpu?.count),
    valueOrAbsent(AWS_LABELS.gpuMemory, gpu?.memoryMiB),
  ];
}

function acceleratorRequirements({ neuron, otherAccelerators }: InstanceTypeFacts): Requirement[] {
  const devices = neuron.length > 0 ? neuron : otherAccelerators;
  const accelerator = devices.length === 1 ? devices[0] : undefined;
  return [
    valueOrAbsent(AWS_LABELS.acceleratorName, accelerator && kebab(accelerator.name)),
    valueOrAbsent(AWS_LABELS.acceleratorManufacturer, accelerator && kebab(accelerator.manufacturer)),
    valueOrAbsent(AWS_LABELS.acceleratorCount, accelerator?.count),
  ];
}

function reservationRequirements(reservations: readonly Reservation[]): Requirement[] {
  const { reservationID, reservationType, reservationInterruptible } = AWS_LABELS;
  if (reservations.length === 0) return [absent(reservationID), absent(reservationType), absent(reservationInterruptible)];
  const values = (of: (reservation: Reservation) => string): string[] => [...new Set(reservations.map(of))].sort();
  return [
    oneOf(reservationID, ...values(({ id }) => id)),
    oneOf(reservationType, ...values((reservation) => reservation.reservationType)),
    oneOf(reservationInterruptible, ...values(({ interruptible }) => String(interruptible ?? false))),
  ];
}
