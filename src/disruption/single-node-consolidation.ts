import { Balance } from './balanced.js';
import type { Candidate, DisruptionNotice, MoveEvaluation } from './command.js';
import { consolidate, consolidationBlock, unconsolidatable } from './consolidation.js';
import { savingsRatio } from './cost.js';
import { savingsOf } from './method.js';
import type { Method } from './method.js';

/** How long the search may take, in milliseconds. */
const DEADLINE = 3 * 60_000;

/** The best of each pool in turn, so that no pool waits for another; pools that were not reached last time first. */
function interleaved(candidates: readonly Candidate[], unreached: ReadonlySet<string>): Candidate[] {
  const byPool = new Map<string, Candidate[]>();
  for (const candidate of candidates.toSorted((a, b) => savingsRatio(b) - savingsRatio(a))) {
    const { name } = candidate.nodePool.metadata;
    byPool.set(name, [...byPool.get(name) ?? [], candidate]);
  }
  const pools = [...byPool.keys()].sort((a, b) => Number(unreached.has(b)) - Number(unreached.has(a)) || (a < b ? -1 : 1));
  const longest = Math.max(0, ...[...byPool.values()].map(({ length }) => length));
  return Array.from({ length: longest }, (_, rank) => pools.flatMap((pool) => byPool.get(pool)?.[rank] ?? [])).flat();
}

/** Deletes one node, or replaces it by a cheaper one (karpenter-core §3.3.5). */
export const singleNodeConsolidation: Method = {
  name: 'SingleNodeConsolidation',
  reason: 'Underutilized',
  disruptionClass: 'graceful',
  block: consolidationBlock,

  find(input) {
    const { snapshot, options, candidates, budgets } = input;
    const order = interleaved(candidates, options.unreachedPools ?? new Set());
    const balance = new Balance(input);
    const startedAt = options.elapsed?.() ?? 0;
    const notices: DisruptionNotice[] = [];
    const evaluations: MoveEvaluation[] = [];
    let constrained = false;
    for (const [index, candidate] of order.entries()) {
      if ((options.elapsed?.() ?? 0) - startedAt > DEADLINE) {
        const reached = new Set(order.slice(0, index).map(({ nodePool }) => nodePool.metadata.name));
        const unreachedPools = new Set(order.map(({ nodePool }) => nodePool.metadata.name).filter((name) => !reached.has(name)));
        return { commands: [], notices, evaluations, exhausted: false, timedOut: true, unreachedPools };
      }
      if ((budgets.get(candidate.nodePool.metadata.name) ?? 0) === 0) {
        constrained = true;
        continue;
      }
      if (!balance.approves([candidate], candidate.price)) continue;
      const move = consolidate(snapshot, [candidate], options);
      if ('reason' in move) {
        if (move.notice) notices.push(unconsolidatable(candidate, move.reason));
        continue;
      }
      const replacements = move.replacement ? [move.replacement] : [];
      const savings = savingsOf([candidate], replacements);
      evaluations.push(...balance.evaluate([candidate], savings));
      if (!balance.approves([candidate], savings)) continue;
      return {
        commands: [{
          method: 'SingleNodeConsolidation', reason: 'Underutilized', decision: replacements.length > 0 ? 'replace' : 'delete',
          candidates: [candidate], replacements, existingNodes: move.existingNodes, savings,
        }],
        notices: [...notices, ...balance.approvals([candidate], savings)],
        evaluations,
        exhausted: false,
      };
    }
    return { commands: [], notices, evaluations, exhausted: !constrained };
  },
};
