import { Cron } from 'croner';
import { isTrue } from '../api/conditions.js';
import type { Budget, DisruptionReason, NodePool } from '../api/nodepool.js';
import { parseDuration } from '../operator/duration.js';
import type { SnapshotNode } from '../scheduling/snapshot.js';

/** What a pool without budgets allows. */
const DEFAULT_BUDGETS: readonly Budget[] = [{ nodes: '10%' }];

/** A budget that cannot be read. While a pool has one, nothing of it is disrupted. */
export class InvalidBudget extends Error {
  readonly reason = 'InvalidBudget';
  constructor(readonly nodePool: string, readonly field: 'nodes' | 'schedule' | 'duration', readonly value: string, accepted: string) {
    super(`NodePool "${nodePool}": budget ${field} "${value}" cannot be read; write ${accepted}`);
  }
}

/** Whether a budget counts now: it has no schedule, or its schedule hit within the last `duration`. Times are UTC. */
function isActive(pool: string, { schedule, duration }: Budget, now: number): boolean {
  if (schedule === undefined && duration === undefined) return true;
  const length = parseDuration(duration ?? '');
  if (length === undefined) throw new InvalidBudget(pool, 'duration', duration ?? '', 'for example "8h" or "1h30m"');
  let hit: Date | null;
  try {
    hit = new Cron(schedule ?? '', { timezone: 'UTC', paused: true, mode: '5-part' }).nextRun(new Date(now - length));
  } catch {
    throw new InvalidBudget(pool, 'schedule', schedule ?? '', 'five cron fields, for example "0 9 * * 1-5", or @daily');
  }
  return hit !== null && hit.getTime() <= now;
}

function allowance(pool: string, nodes: string, counted: number): number {
  if (/^\d+$/.test(nodes)) return Number(nodes);
  if (/^\d+%$/.test(nodes)) return Math.ceil((Number(nodes.slice(0, -1)) * counted) / 100);
  throw new InvalidBudget(pool, 'nodes', nodes, 'a number, or a percentage such as "10%"');
}

/**
 * How many of a pool's `counted` nodes may be disrupted at once for a reason: the least of the budgets that are active and name the
 * reason or none; Infinity without one. Throws {@link InvalidBudget}, whichever reason the broken budget is for.
 */
export function allowedDisruptions({ metadata: { name }, spec }: NodePool, reason: DisruptionReason, counted: number, now: number): number {
  const allowed = (spec.disruption?.budgets ?? DEFAULT_BUDGETS).map((budget) => {
    const amount = allowance(name, budget.nodes, counted);
    const applies = isActive(name, budget, now) && (budget.reasons === undefined || budget.reasons.includes(reason));
    return applies ? amount : Number.POSITIVE_INFINITY;
  });
  return Math.min(Number.POSITIVE_INFINITY, ...allowed);
}

/** A pool's nodes that budgets count: its own, initialised, and not already terminating. */
const isCounted = ({ managed, initialized, nodeClaim }: SnapshotNode): boolean =>
  managed && initialized && !(nodeClaim && isTrue(nodeClaim, 'InstanceTerminating'));

const isReady = ({ node }: SnapshotNode): boolean => node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** A pool's nodes as its budgets see them. */
export interface BudgetUsage {
  /** Nodes that percentages are of. */
  readonly counted: number;
  /** How many may be disrupted at the same time. */
  readonly allowed: number;
  /** How many are down or on their way out. */
  readonly consuming: number;
}

/** What budgets still allow in each pool for a reason, nodes that are down or on their way out taken off. A broken budget allows nothing. */
export function remainingBudgets(
  pools: readonly NodePool[], nodes: readonly SnapshotNode[], reason: DisruptionReason, now: number,
): { remaining: Map<string, number>; usage: Map<string, BudgetUsage>; errors: InvalidBudget[] } {
  const usage = new Map<string, BudgetUsage>();
  const errors: InvalidBudget[] = [];
  for (const pool of pools) {
    const { name } = pool.metadata;
    const counted = nodes.filter((node) => node.nodePool === name && isCounted(node));
    let allowed = 0;
    try {
      allowed = allowedDisruptions(pool, reason, counted.length, now);
    } catch (error) {
      if (!(error instanceof InvalidBudget)) throw error;
      errors.push(error);
    }
    usage.set(name, { counted: counted.length, allowed, consuming: counted.filter((node) => node.markedForDeletion || !isReady(node)).length });
  }
  return { remaining: new Map([...usage].map(([name, { allowed, consuming }]) => [name, Math.max(0, allowed - consuming)])), usage, errors };
}
