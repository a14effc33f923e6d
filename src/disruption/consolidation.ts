import { isTrue } from '../api/conditions.js';
import {
  CAPACITY_TYPE_LABEL, CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT, INSTANCE_TYPE_LABEL, WELL_KNOWN_LABELS, ZONE_LABEL,
} from '../api/labels.js';
import type { NodePool } from '../api/nodepool.js';
import { LabelSet, Requirements } from '../api/requirements.js';
import type { InstanceType, Offering } from '../cloud/instance-type.js';
import type { ExistingPlacement, NewNode } from '../scheduling/decision.js';
import type { Snapshot } from '../scheduling/snapshot.js';
import type { Candidate, DisruptionNotice } from './command.js';
import { isEmpty, offeringLabel, offeringRequirements } from './cost.js';
import type { DisruptionOptions } from './options.js';
import { simulate } from './simulation.js';

/** Cheaper types that a spot node needs before another spot node replaces it, so that it does not move to ever rarer capacity. */
const SPOT_ALTERNATIVES = 15;

/** What consolidating some nodes comes to. */
export interface Move {
  readonly candidates: readonly Candidate[];
  readonly replacement: NewNode | undefined;
  readonly existingNodes: readonly ExistingPlacement[];
}

/** Why nodes stay as they are. `notice`: whether users should hear of it. */
export interface NoMove {
  readonly reason: string;
  readonly notice: boolean;
}

/** Available offerings of a type that a node with the requirements could be. */
export const compatibleOfferings = (type: InstanceType, requirements: Requirements, wellKnown: ReadonlySet<string> = WELL_KNOWN_LABELS): Offering[] =>
  type.offerings.filter((offering) => offering.available && requirements.compatible(offeringRequirements(offering), wellKnown));

/** USD an hour of the cheapest way to launch the type. */
export const cheapestPrice = (type: InstanceType, requirements: Requirements, wellKnown?: ReadonlySet<string>): number =>
  Math.min(Number.POSITIVE_INFINITY, ...compatibleOfferings(type, requirements, wellKnown).map(({ price }) => price));

/** USD an hour of the dearest way in which the type may come, within the capacity type that a launch prefers. */
export function worstLaunchPrice(type: InstanceType, requirements: Requirements, wellKnown?: ReadonlySet<string>): number {
  const offerings = compatibleOfferings(type, requirements, wellKnown);
  for (const capacityType of [CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT, CAPACITY_TYPE_ON_DEMAND]) {
    const prices = offerings.filter((offering) => offeringLabel(offering, CAPACITY_TYPE_LABEL) === capacityType).map(({ price }) => price);
    if (prices.length > 0) return Math.max(...prices);
  }
  return Number.POSITIVE_INFINITY;
}

/** Whether the types still offer as many values of each label as the requirements bind; and the labels that they do not. */
export function unmetMinValues(types: readonly InstanceType[], requirements: Requirements): string[] {
  return [...requirements].filter(([, { minValues }]) => minValues !== undefined).filter(([key, { minValues }]) => {
    const values = new Set(types.flatMap((type) => {
      const set = Requirements.of(...type.requirements).get(key);
      return set.complement ? [] : [...set.values];
    }));
    return values.size < (minValues as number);
  }).map(([key]) => key);
}

/** How many of the types, in their order, it takes to meet every minValues. */
function typesForMinValues(types: readonly InstanceType[], requirements: Requirements): number {
  for (let count = 1; count < types.length; count += 1) if (unmetMinValues(types.slice(0, count), requirements).length === 0) return count;
  return types.length;
}

/** A pool's consolidation policy, which the CRD defaults. */
export const policyOf = ({ spec }: NodePool): string => spec.disruption?.consolidationPolicy ?? 'WhenEmptyOrUnderutilized';

/** Why a node is no candidate for consolidation; undefined when it is one, false when that goes without saying. */
export function consolidationBlock(candidate: Candidate): string | false | undefined {
  const { node, nodePool, instanceType, zone, capacityType } = candidate;
  const { disruption, replicas } = nodePool.spec;
  const { name } = nodePool.metadata;
  if (replicas !== undefined) return false;
  if (instanceType === undefined) return `Instance Type "${node.labels[INSTANCE_TYPE_LABEL] ?? ''}" not found`;
  if (capacityType === '') return `Node does not have label "${CAPACITY_TYPE_LABEL}"`;
  if (zone === '') return `Node does not have label "${ZONE_LABEL}"`;
  if (disruption?.consolidateAfter === 'Never') return `NodePool "${name}" has consolidation disabled`;
  if (isEmpty(candidate)) return false;
  if (disruption?.consolidationPolicy === 'WhenEmpty') return `NodePool "${name}" has consolidation policy WhenEmpty, but node is not empty`;
  return node.nodeClaim !== undefined && isTrue(node.nodeClaim, 'Consolidatable') ? undefined : false;
}

/** The node with other types and requirements; the types cheapest first under them. */
export function replaced(node: NewNode, instanceTypes: readonly InstanceType[], requirements: Requirements, wellKnown: ReadonlySet<string> | undefined): NewNode {
  const priced = instanceTypes.map((type) => ({ type, price: cheapestPrice(type, requirements, wellKnown) }));
  if (requirements !== node.requirements) priced.sort((a, b) => (a.price === b.price ? 0 : a.price - b.price));
  return { ...node, instanceTypes: priced.map(({ type }) => type), requirements, price: priced[0]?.price ?? 0 };
}

/** Whether the nodes can go, with at most one cheaper node in their place (karpenter-core §3.3.5). */
export function consolidate(snapshot: Snapshot, candidates: readonly Candidate[], options: DisruptionOptions): Move | NoMove {
  const { decision, homeless } = simulate(snapshot, candidates, options, true);
  if (homeless.length > 0) return { reason: homeless.slice(0, 5).map(({ pod, reason }) => `pod ${pod.metadata?.namespace}/${pod.metadata?.name}: ${reason}`).join('; '), notice: candidates.length === 1 };
  const [replacement, ...others] = decision.newNodes;
  const { existingNodes } = decision;
  if (replacement === undefined) return { candidates, replacement: undefined, existingNodes };
  if (others.length > 0) return { reason: `Can't remove without creating ${decision.newNodes.length} candidates`, notice: candidates.length === 1 };
  const price = candidates.reduce((total, candidate) => total + candidate.price, 0);
  const allSpot = candidates.every(({ capacityType }) => capacityType === CAPACITY_TYPE_SPOT);
  const narrowed = allSpot && replacement.requirements.get(CAPACITY_TYPE_LABEL).has(CAPACITY_TYPE_SPOT)
    ? spotToSpot(replacement, price, candidates.length, options)
    : cheaper(replacement, price, options);
  return 'reason' in narrowed ? { ...narrowed, notice: narrowed.notice && candidates.length === 1 } : { candidates, replacement: narrowed, existingNodes };
}

/**
 * The replacement with only types that are cheaper however they come. If it could come as both, it is pinned to spot, whose prices were
 * compared: a launch then fails rather than falling back to dearer on-demand capacity. Types that nobody sells as spot leave it as it is.
 */
function cheaper(node: NewNode, price: number, { solve }: DisruptionOptions): NewNode | NoMove {
  const wellKnown = solve?.wellKnownLabels;
  const types = node.instanceTypes.filter((type) => worstLaunchPrice(type, node.requirements, wellKnown) < price);
  if (types.length === 0) return { reason: "Can't replace with a cheaper node", notice: true };
  const unmet = unmetMinValues(types, node.requirements);
  if (unmet.length > 0) return { reason: `Filtering by price: minValues requirement is not met for label(s) (label(s)=[${unmet.join(' ')}])`, notice: true };
  const capacityTypes = node.requirements.get(CAPACITY_TYPE_LABEL);
  const both = capacityTypes.has(CAPACITY_TYPE_SPOT) && capacityTypes.has(CAPACITY_TYPE_ON_DEMAND);
  const asSpot = node.requirements.with(CAPACITY_TYPE_LABEL, LabelSet.of('In', [CAPACITY_TYPE_SPOT]));
  const pinned = both && types.some((type) => compatibleOfferings(type, asSpot, wellKnown).length > 0);
  return replaced(node, types, pinned ? asSpot : node.requirements, wellKnown);
}

function spotToSpot(node: NewNode, price: number, count: number, { solve, spotToSpot: enabled }: DisruptionOptions): NewNode | NoMove {
  if (!enabled) return { reason: "SpotToSpotConsolidation is disabled, can't replace a spot node with a spot node", notice: true };
  const wellKnown = solve?.wellKnownLabels;
  const requirements = node.requirements.with(CAPACITY_TYPE_LABEL, LabelSet.of('In', [CAPACITY_TYPE_SPOT]));
  const types = node.instanceTypes.filter((type) => worstLaunchPrice(type, requirements, wellKnown) < price);
  if (types.length === 0) return { reason: "Can't replace with a cheaper node", notice: true };
  const unmet = unmetMinValues(types, requirements);
  if (unmet.length > 0) return { reason: `Filtering by price: minValues requirement is not met for label(s) (label(s)=[${unmet.join(' ')}])`, notice: true };
  if (count > 1) return replaced(node, types, requirements, wellKnown);
  if (types.length < SPOT_ALTERNATIVES) {
    return { reason: `SpotToSpotConsolidation requires ${SPOT_ALTERNATIVES} cheaper instance type options than the current candidate to consolidate, got ${types.length}`, notice: true };
  }
  const hasMinValues = [...requirements].some(([, { minValues }]) => minValues !== undefined);
  const kept = hasMinValues ? Math.max(SPOT_ALTERNATIVES, typesForMinValues(types, requirements)) : SPOT_ALTERNATIVES;
  return replaced(node, types.slice(0, kept), requirements, wellKnown);
}

/** The notice of a node that could not be consolidated. */
export const unconsolidatable = ({ node }: Candidate, message: string): DisruptionNotice => ({ type: 'Unconsolidatable', message, node });
