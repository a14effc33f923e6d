import { nodeOverlayProblems } from '../../api/nodeoverlay-validation.js';
import type { NodeOverlay } from '../../api/nodeoverlay.js';
import type { NodePool } from '../../api/nodepool.js';
import type { Requirements } from '../../api/requirements.js';
import type { InstanceType, Offering } from '../instance-type.js';
import { OverlaySelector, RelevantLabels, inOrder, weightOf } from './overlay-selector.js';

/** A pool and what the cloud can launch for it. */
export interface PoolTypes {
  readonly nodePool: NodePool;
  readonly instanceTypes: readonly InstanceType[];
}

/** Why an overlay is not in use, under upstream's reasons. */
export interface OverlayRejection {
  readonly reason: 'RuntimeValidation' | 'Conflict';
  readonly message: string;
}

export interface OverlayEvaluation {
  /** Those in use, in the order in which they apply. */
  readonly accepted: readonly NodeOverlay[];
  /** Of all others. */
  readonly rejected: ReadonlyMap<NodeOverlay, OverlayRejection>;
}

/** The accepted overlays that were last to set something of a type. */
interface Claims {
  readonly prices: Map<Offering, NodeOverlay>;
  readonly capacity: Map<string, NodeOverlay>;
}

/** Types for a pool, or for several between which no overlay makes a difference. */
interface View {
  readonly nodePool: NodePool;
  readonly labels: Requirements;
  readonly types: readonly InstanceType[];
  readonly claims: Map<InstanceType, Claims>;
}

/**
 * Which overlays can be used together (karpenter-core §3.15). Two that are equally heavy must not set the price of one offering, or
 * one resource of one type, in any pool: the one that comes later is rejected as a whole.
 */
export function evaluateOverlays(overlays: readonly NodeOverlay[], pools: readonly PoolTypes[]): OverlayEvaluation {
  const accepted: NodeOverlay[] = [];
  const rejected = new Map<NodeOverlay, OverlayRejection>();
  const selectors = inOrder(overlays).flatMap((overlay) => {
    const problems = nodeOverlayProblems(overlay);
    if (problems.length === 0) return [new OverlaySelector(overlay)];
    rejected.set(overlay, { reason: 'RuntimeValidation', message: problems.join('; ') });
    return [];
  });
  const views = selectors.length === 0 ? [] : viewsOf(pools, selectors);
  for (const selector of selectors) {
    const conflict = claim(selector, views);
    if (conflict === undefined) accepted.push(selector.overlay);
    else rejected.set(selector.overlay, { reason: 'Conflict', message: `conflict with another overlay: ${conflict}` });
  }
  return { accepted, rejected };
}

function viewsOf(pools: readonly PoolTypes[], selectors: readonly OverlaySelector[]): View[] {
  const relevant = new RelevantLabels(selectors);
  const seen = new Map<string, Set<InstanceType>>();
  return pools.map(({ nodePool, instanceTypes }) => {
    const { key, requirements: labels } = relevant.of(nodePool);
    const known = seen.get(key) ?? new Set();
    seen.set(key, known);
    const types = instanceTypes.filter((type) => !known.has(type));
    for (const type of types) known.add(type);
    return { nodePool, labels, types, claims: new Map() };
  });
}

/** Makes an overlay the last to set what it sets; or says what an equally heavy one sets, too, and changes nothing. */
function claim(selector: OverlaySelector, views: readonly View[]): string | undefined {
  const { overlay, setsPrice } = selector;
  const resources = Object.keys(selector.capacity);
  const isRival = (other: NodeOverlay | undefined): other is NodeOverlay => other !== undefined && weightOf(other) === weightOf(overlay);
  const selected: { claims: Claims; offerings: readonly Offering[] }[] = [];
  for (const { nodePool, labels, types, claims: ofTypes } of views.filter((view) => selector.mayMean(view.labels))) {
    for (const type of types) {
      const offerings = selector.offeringsOf(type, labels);
      if (offerings.length === 0) continue;
      const claims = ofTypes.get(type) ?? { prices: new Map(), capacity: new Map() };
      ofTypes.set(type, claims);
      selected.push({ claims, offerings });
      const where = (): string => `of instance type ${type.name} in NodePool "${nodePool.metadata.name}"; give them different weights, not both ${weightOf(overlay)}`;
      const priced = setsPrice ? offerings.map((offering) => claims.prices.get(offering)).find(isRival) : undefined;
      if (priced) return `"${priced.metadata.name}" sets the price ${where()}`;
      for (const resource of resources) {
        const rival = claims.capacity.get(resource);
        if (isRival(rival)) return `"${rival.metadata.name}" sets ${resource} ${where()}`;
      }
    }
  }
  for (const { claims: { prices, capacity }, offerings } of selected) {
    if (setsPrice) for (const offering of offerings) prices.set(offering, overlay);
    for (const resource of resources) capacity.set(resource, overlay);
  }
  return undefined;
}
