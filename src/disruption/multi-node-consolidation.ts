import { Balance } from './balanced.js';
import { consolidate, consolidationBlock, replaced, unmetMinValues, worstLaunchPrice } from './consolidation.js';
import type { Move } from './consolidation.js';
import { offeringLabel, savingsRatio } from './cost.js';
import type { Candidate } from './command.js';
import { savingsOf, withinBudgets } from './method.js';
import type { Method } from './method.js';
import type { DisruptionOptions } from './options.js';
import { CAPACITY_TYPE_LABEL, ZONE_LABEL } from '../api/labels.js';

/** Most nodes in one command. */
const LARGEST = 100;
/** How long the search may take, in milliseconds. */
const DEADLINE = 60_000;

/**
 * The move with a replacement that is cheaper than any node of the same type that it would replace: otherwise keeping that node, and
 * removing the others, is the better move. Undefined when no type is left.
 */
function withoutSameTypes(move: Move, candidates: readonly Candidate[], { solve }: DisruptionOptions): Move | undefined {
  const { replacement } = move;
  if (replacement === undefined) return move;
  const wellKnown = solve?.wellKnownLabels;
  const replacing = new Set(replacement.instanceTypes.map(({ name }) => name));
  const kept = candidates.filter(({ instanceType }) => instanceType !== undefined && replacing.has(instanceType.name));
  const limit = Math.min(Number.POSITIVE_INFINITY, ...kept.map(({ instanceType, zone, capacityType }) =>
    Math.min(Number.POSITIVE_INFINITY, ...(instanceType?.offerings ?? []).filter((offering) =>
      offeringLabel(offering, ZONE_LABEL) === zone && offeringLabel(offering, CAPACITY_TYPE_LABEL) === capacityType).map(({ price }) => price))));
  const types = replacement.instanceTypes.filter((type) => worstLaunchPrice(type, replacement.requirements, wellKnown) < limit);
  if (types.length === 0 || unmetMinValues(types, replacement.requirements).length > 0) return undefined;
  return { ...move, replacement: replaced(replacement, types, replacement.requirements, wellKnown) };
}

/** Replaces several nodes by at most one, as many of the best as possible: a binary search (karpenter-core §3.3.5). */
export const multiNodeConsolidation: Method = {
  name: 'MultiNodeConsolidation',
  reason: 'Underutilized',
  disruptionClass: 'graceful',
  block: consolidationBlock,

  find(input) {
    const { snapshot, options, candidates, budgets } = input;
    const balance = new Balance(input);
    const { allowed, constrained } = withinBudgets(candidates.toSorted((a, b) => savingsRatio(b) - savingsRatio(a)), budgets);
    const startedAt = options.elapsed?.() ?? 0;
    let best: { move: Move; savings: number } | undefined;
    let timedOut = false;
    for (let low = 2, high = Math.min(allowed.length, LARGEST); low <= high;) {
      if ((options.elapsed?.() ?? 0) - startedAt > DEADLINE) {
        timedOut = true;
        break;
      }
      const size = Math.floor((low + high) / 2);
      const batch = allowed.slice(0, size);
      const found = consolidate(snapshot, batch, options);
      const move = 'reason' in found ? undefined : withoutSameTypes(found, batch, options);
      const savings = move === undefined ? 0 : savingsOf(batch, move.replacement ? [move.replacement] : []);
      if (move !== undefined && balance.approves(batch, savings)) {
        best = { move, savings };
        low = size + 1;
      } else {
        high = size - 1;
      }
    }
    if (best === undefined) return { commands: [], exhausted: !constrained && !timedOut, timedOut };
    const replacements = best.move.replacement ? [best.move.replacement] : [];
    return {
      commands: [{
        method: 'MultiNodeConsolidation', reason: 'Underutilized', decision: replacements.length > 0 ? 'replace' : 'delete',
        candidates: best.move.candidates, replacements, existingNodes: best.move.existingNodes, savings: best.savings,
      }],
      notices: balance.approvals(best.move.candidates, best.savings),
      evaluations: balance.evaluate(best.move.candidates, best.savings),
      exhausted: false,
      timedOut,
    };
  },
};
