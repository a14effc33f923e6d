import type { DisruptionCommand } from './command.js';

/** A command in one line, as Karpenter logs it. `id`: tells commands apart. */
export function describeCommand({ reason, decision, candidates, replacements, savings }: DisruptionCommand, id: string): string {
  const pools = [...new Set(candidates.map(({ nodePool }) => nodePool.metadata.name))].sort().join(', ');
  const nodes = candidates.map(({ node }) => node.name).join(', ');
  const arrow = replacements.length === 0 ? '' : ` -> [${replacements.length} replacement${replacements.length === 1 ? '' : 's'}]`;
  return `${reason}/${id}: ${decision}: nodepools=[${pools}]: [${nodes}]${arrow} (savings: $${savings.toFixed(2)})`;
}
