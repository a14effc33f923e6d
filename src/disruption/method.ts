import type { DisruptionReason } from '../api/nodepool.js';
import type { NewNode } from '../scheduling/decision.js';
import type { Snapshot } from '../scheduling/snapshot.js';
import { remainingBudgets } from './budgets.js';
import type { BudgetUsage } from './budgets.js';
import { candidates } from './candidates.js';
import type { DisruptionClass } from './candidates.js';
import type { Candidate, DisruptionCommand, DisruptionMethod, DisruptionNotice, MethodReport, MoveEvaluation } from './command.js';
import { unconsolidatable } from './consolidation.js';
import type { DisruptionOptions } from './options.js';

/** What a method works on. */
export interface MethodInput {
  readonly snapshot: Snapshot;
  readonly options: DisruptionOptions;
  /** Those that the method's predicate lets through. */
  readonly candidates: readonly Candidate[];
  /** Before the predicate. */
  readonly disruptable: readonly Candidate[];
  /** What each pool's budgets still allow. */
  readonly budgets: ReadonlyMap<string, number>;
  readonly usage: ReadonlyMap<string, BudgetUsage>;
}

/** What a method found. */
export interface MethodOutput {
  readonly commands: readonly DisruptionCommand[];
  readonly notices?: readonly DisruptionNotice[];
  /** Found nothing, and no budget or deadline was the reason. */
  readonly exhausted: boolean;
  /** Gave up before everything was looked at. */
  readonly timedOut?: boolean;
  /** Moves that were weighed. */
  readonly evaluations?: readonly MoveEvaluation[];
  /** Pools that were not reached before the deadline. */
  readonly unreachedPools?: ReadonlySet<string>;
}

/** One way to find nodes to disrupt. */
export interface Method {
  readonly name: DisruptionMethod;
  readonly reason: DisruptionReason;
  readonly disruptionClass: DisruptionClass;
  /** Why a node is not looked at: a message, or false when that goes without saying; undefined when it is. */
  block(candidate: Candidate, options: DisruptionOptions): string | false | undefined;
  find(input: MethodInput): MethodOutput;
}

/** The candidates of a method, with the budgets for its reason. */
export function prepare(method: Method, snapshot: Snapshot, options: DisruptionOptions): { input: MethodInput; notices: DisruptionNotice[] } {
  const { candidates: disruptable, notices } = candidates(snapshot, options, method.disruptionClass);
  const chosen = disruptable.filter((candidate) => {
    const block = method.block(candidate, options);
    if (typeof block === 'string') notices.push(unconsolidatable(candidate, block));
    return block === undefined;
  });
  const pools = options.pools.map(({ nodePool }) => nodePool);
  const { remaining, usage } = remainingBudgets(pools, snapshot.nodes, method.reason, options.now);
  for (const nodePool of pools) {
    const { counted = 0, allowed } = usage.get(nodePool.metadata.name) ?? {};
    if (allowed !== 0 || counted === 0) continue;
    notices.push({ type: 'DisruptionBlocked', message: `No allowed disruptions for disruption reason ${method.reason} due to blocking budget`, nodePool });
  }
  return { input: { snapshot, options, candidates: chosen, disruptable, budgets: remaining, usage }, notices };
}

/** Runs a method: its commands, and what it has to say. */
export function runMethod(method: Method, snapshot: Snapshot, options: DisruptionOptions): { report: MethodReport; output: MethodOutput; notices: readonly DisruptionNotice[] } {
  const startedAt = options.elapsed?.() ?? 0;
  const { input, notices } = prepare(method, snapshot, options);
  const isExhausted = options.exhausted?.has(method.name) === true;
  // Without candidates it has not looked at anything: what becomes one without a change of the cluster (a drifted claim) must not be missed.
  const output: MethodOutput = input.candidates.length === 0 || isExhausted ? { commands: [], exhausted: isExhausted } : method.find(input);
  return {
    report: {
      method: method.name, candidates: input.candidates, budgets: input.budgets, usage: input.usage, exhausted: output.exhausted && output.commands.length === 0,
      timedOut: output.timedOut ?? false, evaluations: output.evaluations ?? [], duration: (options.elapsed?.() ?? 0) - startedAt,
    },
    output,
    notices: [...notices, ...output.notices ?? []],
  };
}

/** USD an hour that a move saves. */
export const savingsOf = (candidates: readonly Candidate[], replacements: readonly NewNode[]): number =>
  candidates.reduce((total, { price }) => total + price, 0) - replacements.reduce((total, { price }) => total + price, 0);

/** The candidates that budgets allow, each using up one; and whether any was left out. */
export function withinBudgets(sorted: readonly Candidate[], budgets: ReadonlyMap<string, number>): { allowed: Candidate[]; constrained: boolean } {
  const left = new Map(budgets);
  const allowed = sorted.filter(({ nodePool: { metadata: { name } } }) => {
    const amount = left.get(name) ?? 0;
    if (amount <= 0) return false;
    left.set(name, amount - 1);
    return true;
  });
  return { allowed, constrained: allowed.length < sorted.length };
}
