import type { DisruptionCommand } from './command.js';

const arrowTo = (count: number): string => (count === 0 ? '' : ` -> [${count} replacement${count === 1 ? '' : 's'}]`);

/** A command in one line, as Karpenter logs it. `id`: tells commands apart. */
export function describeCommand({ reason, decision, candidates, replacements, savings }: DisruptionCommand, id: string): string {
  const pools = [...new Set(candidates.map(({ nodePool }) => nodePool.metadata.name))].sort().join(', ');
  const nodes = candidates.map(({ node }) => node.name).join(', ');
  return `${reason}/${id}: ${decision}: nodepools=[${pools}]: [${nodes}]${arrowTo(replacements.length)} (savings: $${savings.toFixed(2)})`;
}

/** What a consolidation does with one of its nodes. */
const describeMove = ({ decision, candidates, replacements }: DisruptionCommand, name: string): string =>
  (candidates.length > 1 ? `${decision}: [${name}] (part of ${candidates.length}-node consolidation)` : `${decision}: [${name}]${arrowTo(replacements.length)}`);

/** What consolidation would do with one of the nodes, before it is decided. */
export const describeCandidacy = (command: DisruptionCommand, name: string): string =>
  `Consolidation candidate: ${describeMove(command, name)} (savings: $${command.savings.toFixed(2)})`;

/** What consolidation would have done with one of the nodes, and why it did not. */
export const describeRejection = (command: DisruptionCommand, name: string, reason: string): string =>
  `Consolidation rejected: ${describeMove(command, name)}, reason: ${reason} (savings: $${command.savings.toFixed(2)})`;
