import { CAPACITY_TYPE_LABEL, ZONE_LABEL } from '../../../api/labels.js';
import type { Offering } from '../../instance-type.js';

/** The single value of one of an offering's labels; undefined when it does not name one. */
export function offeringLabel({ requirements }: Pick<Offering, 'requirements'>, key: string): string | undefined {
  for (const requirement of requirements) if (requirement.key === key && requirement.operator === 'In') return requirement.values?.[0];
  return undefined;
}

export const offeringZone = (offering: Pick<Offering, 'requirements'>): string => offeringLabel(offering, ZONE_LABEL) ?? '';
export const offeringCapacityType = (offering: Pick<Offering, 'requirements'>): string => offeringLabel(offering, CAPACITY_TYPE_LABEL) ?? '';
