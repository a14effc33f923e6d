import {
  CAPACITY_TYPE_LABEL, CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT,
} from '../../../api/labels.js';
import type { Requirement } from '../../../api/requirement.js';
import type { LabelSet, Requirements } from '../../../api/requirements.js';
import { fits, subtractResources } from '../../../api/resources.js';
import type { Resources } from '../../../api/resources.js';
import type { InstanceType, Offering } from '../../instance-type.js';
import { requirementsOf } from '../../parsed-requirements.js';
import { AWS_LABELS, AWS_RESOURCES } from '../instance-type/labels.js';
import { offeringCapacityType, offeringLabel, offeringZone } from '../instance-type/offering-labels.js';

const allocatable = new WeakMap<Resources, Resources>();

/** Computed once a type: launches compare hundreds of them. */
function allocatableOf({ capacity, overhead }: InstanceType): Resources {
  let amounts = allocatable.get(capacity);
  if (amounts === undefined) allocatable.set(capacity, amounts = subtractResources(capacity, overhead));
  return amounts;
}

/** What a launch wants, prepared for many comparisons. */
export class LaunchConstraints {
  /** Answers by the list of requirements that an offering shares with others like it. */
  private readonly offeringAnswers = new WeakMap<readonly Requirement[], boolean>();
  /** Without what machines never list as theirs. */
  private readonly schedulable: Resources;
  readonly hasMinValues: boolean;

  constructor(readonly requirements: Requirements, readonly requests: Resources) {
    const { [AWS_RESOURCES.nitroSandbox]: _, ...schedulable } = requests;
    this.schedulable = schedulable;
    this.hasMinValues = [...requirements].some(([, set]) => set.minValues !== undefined);
  }

  allowsCapacityType(capacityType: string): boolean {
    return this.requirements.get(CAPACITY_TYPE_LABEL).has(capacityType);
  }

  /** Available, and what the claim asks for. */
  takes(offering: Offering): boolean {
    if (!offering.available) return false;
    let answer = this.offeringAnswers.get(offering.requirements);
    if (answer === undefined) {
      answer = this.requirements.compatible(requirementsOf(offering));
      this.offeringAnswers.set(offering.requirements, answer);
    }
    return answer;
  }

  /** The cheapest offering that the claim takes; Infinity without one. */
  cheapest({ offerings }: InstanceType): number {
    let price = Infinity;
    for (const offering of offerings) if (offering.price < price && this.takes(offering)) price = offering.price;
    return price;
  }

  /** Whether a machine of the type can be bought now, suits the claim and is large enough. Types name well-known labels only. */
  suits(instanceType: InstanceType): boolean {
    return instanceType.offerings.some((offering) => this.takes(offering))
      && requirementsOf(instanceType).intersects(this.requirements)
      && fits(this.schedulable, allocatableOf(instanceType));
  }
}

const isReserved = (offering: Offering): boolean => offeringCapacityType(offering) === CAPACITY_TYPE_RESERVED;
const isBlock = (offering: Offering): boolean => offeringLabel(offering, AWS_LABELS.reservationType) === 'capacity-block';
const isInterruptible = (offering: Offering): boolean => offeringLabel(offering, AWS_LABELS.reservationInterruptible) === 'true';
const withOfferings = (instanceType: InstanceType, offerings: readonly Offering[]): InstanceType => ({ ...instanceType, offerings });

/** Keeps types with offerings that pass, with only those. */
const keepOfferings = (instanceTypes: readonly InstanceType[], keep: (offering: Offering) => boolean): InstanceType[] =>
  instanceTypes.flatMap((instanceType) => {
    const offerings = instanceType.offerings.filter(keep);
    return offerings.length === 0 ? [] : [withOfferings(instanceType, offerings)];
  });

const compatibleAvailable = (instanceTypes: readonly InstanceType[], constraints: LaunchConstraints): InstanceType[] =>
  instanceTypes.filter((instanceType) => constraints.suits(instanceType));

/** Of reservations, one kind only, as one fleet cannot mix them: the cheapest; default before blocks before interruptible. */
function oneReservationKind(instanceTypes: readonly InstanceType[], constraints: LaunchConstraints): readonly InstanceType[] {
  if (!constraints.allowsCapacityType(CAPACITY_TYPE_RESERVED)) return instanceTypes;
  const kinds = [
    (offering: Offering) => !isBlock(offering) && !isInterruptible(offering),
    (offering: Offering) => isBlock(offering),
    (offering: Offering) => !isBlock(offering) && isInterruptible(offering),
  ];
  let best: { price: number; keep: (offering: Offering) => boolean } | undefined;
  for (const kind of kinds) {
    const keep = (offering: Offering): boolean => isReserved(offering) && kind(offering) && constraints.takes(offering);
    const price = Math.min(...instanceTypes.flatMap(({ offerings }) => offerings.filter(keep).map((offering) => offering.price)));
    if (Number.isFinite(price) && (best === undefined || price < best.price)) best = { price, keep };
  }
  return best === undefined ? instanceTypes : keepOfferings(instanceTypes, best.keep);
}

/** A fleet takes one capacity block: the cheapest offering of all. */
function oneCapacityBlock(instanceTypes: readonly InstanceType[], constraints: LaunchConstraints): readonly InstanceType[] {
  if (!constraints.allowsCapacityType(CAPACITY_TYPE_RESERVED) || !instanceTypes.some(({ offerings }) => offerings.some((offering) => isReserved(offering) && isBlock(offering) && constraints.takes(offering)))) return instanceTypes;
  let best: { instanceType: InstanceType; offering: Offering } | undefined;
  for (const instanceType of instanceTypes) {
    for (const offering of instanceType.offerings) {
      if (isReserved(offering) && isBlock(offering) && constraints.takes(offering) && (best === undefined || offering.price < best.offering.price)) best = { instanceType, offering };
    }
  }
  return best === undefined ? instanceTypes : [withOfferings(best.instanceType, [best.offering])];
}

/** A fleet names each type and zone once: of several reservations the one with most left. */
function oneReservationPerZone(instanceTypes: readonly InstanceType[], constraints: LaunchConstraints): readonly InstanceType[] {
  if (!constraints.allowsCapacityType(CAPACITY_TYPE_RESERVED)) return instanceTypes;
  const reduced = instanceTypes.flatMap((instanceType) => {
    const zones = new Map<string, Offering>();
    for (const offering of instanceType.offerings) {
      if (!isReserved(offering) || !constraints.takes(offering)) continue;
      const best = zones.get(offeringZone(offering));
      if (best === undefined || (offering.reservationCapacity ?? 0) > (best.reservationCapacity ?? 0)) zones.set(offeringZone(offering), offering);
    }
    return zones.size === 0 ? [] : [withOfferings(instanceType, [...zones.values()])];
  });
  return reduced.length === 0 ? instanceTypes : reduced;
}

const EXOTIC_RESOURCES = [AWS_RESOURCES.neuron, AWS_RESOURCES.neuronCore, AWS_RESOURCES.amdGPU, AWS_RESOURCES.nvidiaGPU, AWS_RESOURCES.habanaGaudi];

const isExotic = ({ name, capacity }: InstanceType): boolean =>
  name.slice(name.indexOf('.') + 1).includes('metal') || EXOTIC_RESOURCES.some((resource) => (capacity[resource] ?? 0) > 0);

/** No bare metal and no accelerators, unless there is nothing else. */
function ordinary(instanceTypes: readonly InstanceType[], { hasMinValues }: LaunchConstraints): readonly InstanceType[] {
  if (hasMinValues) return instanceTypes;
  const kept = instanceTypes.filter((instanceType) => !isExotic(instanceType));
  return kept.length === 0 ? instanceTypes : kept;
}

/** No spot offerings that cost more than the cheapest on-demand one. */
function worthwhileSpot(instanceTypes: readonly InstanceType[], constraints: LaunchConstraints): readonly InstanceType[] {
  if (constraints.hasMinValues || !constraints.allowsCapacityType(CAPACITY_TYPE_SPOT) || !constraints.allowsCapacityType(CAPACITY_TYPE_ON_DEMAND)) return instanceTypes;
  const cheapestOf = (capacityType: string): number => Math.min(...instanceTypes.flatMap(({ offerings }) =>
    offerings.filter((offering) => offeringCapacityType(offering) === capacityType && constraints.takes(offering)).map(({ price }) => price)));
  const onDemand = cheapestOf(CAPACITY_TYPE_ON_DEMAND);
  if (!Number.isFinite(onDemand) || !Number.isFinite(cheapestOf(CAPACITY_TYPE_SPOT))) return instanceTypes;
  return keepOfferings(instanceTypes, (offering) => offeringCapacityType(offering) !== CAPACITY_TYPE_SPOT || offering.price <= onDemand)
    .filter(({ offerings }) => offerings.some((offering) => constraints.takes(offering)));
}

/** Each step must leave a type (karpenter-aws §2.5). The names are for the message when it does not. */
const STEPS: readonly { name: string; apply: (instanceTypes: readonly InstanceType[], constraints: LaunchConstraints) => readonly InstanceType[] }[] = [
  { name: 'compatible-available', apply: compatibleAvailable },
  { name: 'capacity-reservation-type', apply: oneReservationKind },
  { name: 'capacity-block', apply: oneCapacityBlock },
  { name: 'reserved-offering', apply: oneReservationPerZone },
  { name: 'exotic', apply: ordinary },
  { name: 'spot', apply: worthwhileSpot },
];

/** What is left to launch from; or the name of the step that left nothing. */
export function filterInstanceTypes(instanceTypes: readonly InstanceType[], constraints: LaunchConstraints): readonly InstanceType[] | { emptiedBy: string } {
  let left = instanceTypes;
  for (const { name, apply } of STEPS) {
    left = apply(left, constraints);
    if (left.length === 0) return { emptiedBy: name };
  }
  return left;
}

/** The `count` cheapest types, cheapest first. */
export function cheapestTypes(instanceTypes: readonly InstanceType[], constraints: LaunchConstraints, count: number): InstanceType[] {
  return instanceTypes
    .map((instanceType) => ({ instanceType, price: constraints.cheapest(instanceType) }))
    .sort((a, b) => a.price - b.price || (a.instanceType.name < b.instanceType.name ? -1 : 1))
    .slice(0, count)
    .map(({ instanceType }) => instanceType);
}

/** The first key of which the types together have fewer values than `minValues` asks for. */
export function missingMinValues(instanceTypes: readonly InstanceType[], requirements: Requirements): { key: string; set: LabelSet; found: number } | undefined {
  for (const [key, set] of requirements) {
    if (set.minValues === undefined) continue;
    const values = new Set(instanceTypes.flatMap((instanceType) => [...requirementsOf(instanceType).get(key).values]));
    if (values.size < set.minValues) return { key, set, found: values.size };
  }
  return undefined;
}
