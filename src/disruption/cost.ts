import type { Pod } from 'kubernetes-types/core/v1.js';
import { CAPACITY_TYPE_LABEL, POD_DELETION_COST_ANNOTATION, ZONE_LABEL } from '../api/labels.js';
import type { NodeClaim } from '../api/nodeclaim.js';
import { Requirements } from '../api/requirements.js';
import type { InstanceType, Offering } from '../cloud/instance-type.js';
import { parseDuration } from '../operator/duration.js';
import type { Candidate } from './command.js';

const requirementsOfOffering = new WeakMap<Offering, Requirements>();

/** An offering's requirements, parsed once. */
export function offeringRequirements(offering: Offering): Requirements {
  let requirements = requirementsOfOffering.get(offering);
  if (requirements === undefined) {
    requirements = Requirements.of(...offering.requirements);
    requirementsOfOffering.set(offering, requirements);
  }
  return requirements;
}

/** The one value of a label that an offering fixes. */
export const offeringLabel = (offering: Offering, key: string): string | undefined => {
  const { complement, values } = offeringRequirements(offering).get(key);
  return complement || values.size !== 1 ? undefined : [...values][0];
};

/** What moving a pod costs, from -10 to 10: 1 for an ordinary one, more by priority and deletion cost (karpenter-core §3.3.1). */
export function evictionCost({ metadata, spec }: Pod): number {
  const deletionCost = Number(metadata?.annotations?.[POD_DELETION_COST_ANNOTATION] ?? 0);
  const cost = 1 + (Number.isFinite(deletionCost) ? deletionCost / 2 ** 27 : 0) + (spec?.priority ?? 0) / 2 ** 25;
  return Math.min(10, Math.max(-10, cost));
}

/** 1, plus the cost of each pod that costs anything to move. */
export const rescheduleCost = (pods: readonly Pod[]): number => pods.reduce((total, pod) => total + Math.max(0, evictionCost(pod)), 1);

/** Which part of its life a claim has left, from 0 to 1; 1 when it does not expire. */
export function lifetimeRemaining({ metadata, spec }: NodeClaim, now: number): number {
  const lifetime = parseDuration(spec.expireAfter ?? 'Never');
  if (lifetime === undefined) return 1;
  const age = now - Date.parse(metadata.creationTimestamp);
  return lifetime === 0 ? 0 : Math.min(1, Math.max(0, (lifetime - age) / lifetime));
}

/** Whether nothing that is worth anything runs on the node. */
export const isEmpty = ({ rescheduleCost: cost }: Candidate): boolean => cost <= 1;

/** What disrupting a node saves for what it costs: the higher, the earlier. */
export const savingsRatio = ({ price, rescheduleCost: cost }: Candidate): number => price / cost;

/** USD an hour of the type in a zone as a capacity type, available or not; 0 when the provider names no such offering. */
export function priceOf(type: InstanceType | undefined, zone: string, capacityType: string): number {
  const price = type?.offerings.find((offering) => offeringLabel(offering, ZONE_LABEL) === zone
    && offeringLabel(offering, CAPACITY_TYPE_LABEL) === capacityType)?.price;
  return price === undefined || Number.isNaN(price) ? 0 : price;
}
