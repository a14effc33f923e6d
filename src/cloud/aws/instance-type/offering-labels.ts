import { CAPACITY_TYPE_LABEL, ZONE_LABEL } from '../../../api/labels.js';
import type { Requirement } from '../../../api/requirement.js';
import { Requirements } from '../../../api/requirements.js';
import type { Offering } from '../../instance-type.js';

const parsed = new WeakMap<readonly Requirement[], Requirements>();

/** The requirements of a type or offering as sets; parsed once a list, which must not change afterwards. */
export function requirementsOf({ requirements }: { requirements: readonly Requirement[] }): Requirements {
  let sets = parsed.get(requirements);
  if (sets === undefined) {
    sets = Requirements.of(...requirements);
    parsed.set(requirements, sets);
  }
  return sets;
}

/** The single value of one of an offering's labels; undefined when it does not name one. */
export function offeringLabel({ requirements }: Pick<Offering, 'requirements'>, key: string): string | undefined {
  for (const requirement of requirements) if (requirement.key === key && requirement.operator === 'In') return requirement.values?.[0];
  return undefined;
}

export const offeringZone = (offering: Pick<Offering, 'requirements'>): string => offeringLabel(offering, ZONE_LABEL) ?? '';
export const offeringCapacityType = (offering: Pick<Offering, 'requirements'>): string => offeringLabel(offering, CAPACITY_TYPE_LABEL) ?? '';
