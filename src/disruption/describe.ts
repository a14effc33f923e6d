import type { DisruptionCommand } from './command.js';

/** A command in one line, as Karpenter logs it. `id`: tells commands apart. */
export function describeCommand({ reason, decision, candidates, replacements, savings }: DisruptionCommand, id: string): string {
  const pools = [...new Set(candidates.map(({ nodePool }) => nodePool.metadata.name))].sort().join(', ');
  const nodes = candidates.map(({ node }) => node.name).join(', ');
  const arrow = replacements.length === 0 ? '' : ` -> [${replacements.length} replacement${replacements.length === 1 ? '' : 's'}]`;
  return `${reason}/${id}: ${decision}: nodepools=[${pools}]: [${nodes}]${arrow} (savings: $${savings.toFixed(2)})`;
}

/** What consolidation would do with one of the nodes, before it is decided. */
export function describeCandidacy({ decision, candidates, replacements, savings }: DisruptionCommand, name: string): string {
  const arrow = replacements.length === 0 ? '' : ` -> [${replacements.length} replacement${replacements.length === 1 ? '' : 's'}]`;
  const what = candidates.length > 1 ? `${decision}: [${name}] (part of ${candidates.length}-node consolidation)` : `${decision}: [${name}]${arrow}`;
  return `Consolidation candidate: ${what} (savings: $${savings.toFixed(2)})`;
}
