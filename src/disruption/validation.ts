import type { Snapshot } from '../scheduling/snapshot.js';
import type { Candidate, DisruptionCommand } from './command.js';
import { consolidate } from './consolidation.js';
import { prepare, savingsOf, withinBudgets } from './method.js';
import type { DisruptionOptions } from './options.js';
import { METHODS } from './plan.js';

/** Why a command no longer holds: nodes or pods changed, budgets are used up, or the pods no longer fit as planned. */
export type RejectionReason = 'churn' | 'budget' | 'scheduling';

/** The command as it may be carried out, or why not. */
export type Validation = { readonly command: DisruptionCommand } | { readonly rejected: RejectionReason; readonly message: string };

/** How long to wait between planning and validating, in milliseconds. */
export const VALIDATION_DELAY = 15_000;

/** Whether a command that was planned some time ago still holds now (karpenter-core §3.3.6). Emptiness shrinks to the nodes that are still empty. */
export function validate(command: DisruptionCommand, snapshot: Snapshot, options: DisruptionOptions): Validation {
  const { input: { candidates, budgets } } = prepare(METHODS[command.method], snapshot, options);
  const names = new Set(command.candidates.map(({ node }) => node.name));
  const still = candidates.filter(({ node }) => names.has(node.name));
  if (command.reason === 'Drifted') return { command };
  return command.method === 'Emptiness' ? validateEmptiness(command, still, budgets) : validateConsolidation(command, still, budgets, snapshot, options);
}

function validateEmptiness(command: DisruptionCommand, still: readonly Candidate[], budgets: ReadonlyMap<string, number>): Validation {
  if (still.length === 0) return { rejected: 'churn', message: 'no candidate is empty any more' };
  const { allowed } = withinBudgets(still, budgets);
  if (allowed.length === 0) return { rejected: 'budget', message: 'budgets no longer allow any of the candidates' };
  return { command: { ...command, candidates: allowed, savings: savingsOf(allowed, []) } };
}

function validateConsolidation(
  command: DisruptionCommand, still: readonly Candidate[], budgets: ReadonlyMap<string, number>, snapshot: Snapshot, options: DisruptionOptions,
): Validation {
  if (still.length < command.candidates.length) return { rejected: 'churn', message: 'a candidate is no longer one' };
  if (withinBudgets(still, budgets).constrained) return { rejected: 'budget', message: 'budgets no longer allow all candidates' };
  const again = consolidate(snapshot, still, options);
  if ('reason' in again) return { rejected: 'scheduling', message: again.reason };
  const planned = command.replacements[0];
  if ((planned === undefined) !== (again.replacement === undefined)) {
    return { rejected: 'scheduling', message: `planned ${command.replacements.length} replacements, now ${again.replacement ? 1 : 0} are needed` };
  }
  const possible = new Set(again.replacement?.instanceTypes.map(({ name }) => name));
  const missing = planned?.instanceTypes.find(({ name }) => !possible.has(name));
  if (missing) return { rejected: 'scheduling', message: `${missing.name} is no longer an option for the replacement` };
  return { command: { ...command, candidates: still, existingNodes: again.existingNodes } };
}
