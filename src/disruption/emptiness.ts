import { isTrue } from '../api/conditions.js';
import { isEmpty, savingsRatio } from './cost.js';
import { savingsOf, withinBudgets } from './method.js';
import type { Method } from './method.js';

/** Deletes nodes that nothing runs on, all in one command (karpenter-core §3.3.2). */
export const emptiness: Method = {
  name: 'Emptiness',
  reason: 'Empty',
  disruptionClass: 'graceful',

  block(candidate, { bufferedNodes }) {
    const { node, nodePool: { metadata, spec } } = candidate;
    if (spec.replicas !== undefined) return false;
    if (spec.disruption?.consolidateAfter === 'Never') return `NodePool "${metadata.name}" has consolidation disabled`;
    if (bufferedNodes?.has(node.name)) return `Node "${node.name}" has buffer pods`;
    return isEmpty(candidate) && node.nodeClaim !== undefined && isTrue(node.nodeClaim, 'Consolidatable') ? undefined : false;
  },

  find({ candidates, budgets }) {
    const { allowed, constrained } = withinBudgets(candidates.toSorted((a, b) => savingsRatio(b) - savingsRatio(a)), budgets);
    if (allowed.length === 0) return { commands: [], exhausted: !constrained };
    return {
      commands: [{ method: 'Emptiness', reason: 'Empty', decision: 'delete', candidates: allowed, replacements: [], existingNodes: [], savings: savingsOf(allowed, []) }],
      exhausted: false,
    };
  },
};
