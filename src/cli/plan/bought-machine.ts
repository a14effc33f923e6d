import { CAPACITY_TYPE_LABEL, ZONE_LABEL } from '../../api/labels.js';
import { Requirements } from '../../api/requirements.js';
import type { Resources } from '../../api/resources.js';
import type { InstanceType, Offering } from '../../cloud/instance-type.js';
import type { NewNode } from '../../scheduling/decision.js';
import { allocatableOf } from '../../scheduling/row.js';

/** A way to buy an instance type for a planned node. */
export interface BoughtMachine {
  readonly type: InstanceType;
  readonly zone: string;
  readonly capacityType: string;
  /** USD an hour. */
  readonly price: number;
  /** What pods can have on it. */
  readonly allocatable: Resources;
}

const valueOf = ({ requirements }: Pick<Offering, 'requirements'>, key: string): string => requirements.find((each) => each.key === key)?.values?.join() ?? '';

const overridden = (amounts: Resources, override: Resources | undefined): Resources => (override ? { ...amounts, ...override } : amounts);

/** The cheapest available offering of a type that a node may be; undefined when there is none. */
export function cheapestOffering(type: InstanceType, { requirements }: Pick<NewNode, 'requirements'>): BoughtMachine | undefined {
  let cheapest: Offering | undefined;
  for (const offering of type.offerings) {
    if (offering.available && (cheapest === undefined || offering.price < cheapest.price) && requirements.intersects(Requirements.of(...offering.requirements))) cheapest = offering;
  }
  return cheapest && {
    type,
    zone: valueOf(cheapest, ZONE_LABEL),
    capacityType: valueOf(cheapest, CAPACITY_TYPE_LABEL),
    price: cheapest.price,
    allocatable: allocatableOf(overridden(type.capacity, cheapest.capacityOverride), overridden(type.overhead, cheapest.overheadOverride)),
  };
}
