import type { NodePool } from '../api/nodepool.js';
import { isOwnedByDaemonSet } from '../scheduling/pod-predicates.js';
import type { Candidate, DisruptionNotice, MoveEvaluation } from './command.js';
import { policyOf } from './consolidation.js';
import { rescheduleCost } from './cost.js';
import type { MethodInput } from './method.js';

/** A move must save at least this fraction of a pool's cost for each fraction of its pods that it disturbs. */
const THRESHOLD = 1 / 2;

/** What a pool stands to lose: its price, and the cost of moving all its pods. */
interface PoolTotals {
  readonly cost: number;
  readonly disruption: number;
}

/** Weighs what moves save against what they disturb, for pools with the Balanced policy (karpenter-core §3.3.5). */
export class Balance {
  private readonly totals = new Map<string, PoolTotals>();

  constructor({ snapshot, options, disruptable }: Pick<MethodInput, 'snapshot' | 'options' | 'disruptable'>) {
    const byNode = new Map(disruptable.map((candidate) => [candidate.node, candidate]));
    for (const { nodePool: { metadata: { name } } } of options.pools) {
      const tracked = options.poolCosts?.get(name) ?? 0;
      const candidates = disruptable.filter(({ nodePool }) => nodePool.metadata.name === name);
      this.totals.set(name, {
        cost: tracked > 0 ? tracked : candidates.reduce((total, { price }) => total + price, 0),
        disruption: snapshot.nodes.filter(({ nodePool }) => nodePool === name).reduce((total, node) =>
          total + (byNode.get(node)?.rescheduleCost ?? rescheduleCost(node.pods.filter((pod) => !isOwnedByDaemonSet(pod)))), 0),
      });
    }
  }

  /** What a move is worth to a pool: the fraction of the cost that it saves over the fraction of the pods that it moves. */
  private weigh(pool: string, candidates: readonly Candidate[], savings: number): { score: number; saved: number; disturbed: number } {
    const totals = this.totals.get(pool);
    const own = candidates.filter(({ nodePool }) => nodePool.metadata.name === pool);
    const price = candidates.reduce((total, candidate) => total + candidate.price, 0);
    const ownPrice = own.reduce((total, candidate) => total + candidate.price, 0);
    if (totals === undefined || totals.cost === 0 || totals.disruption === 0 || price === 0) return { score: 0, saved: 0, disturbed: 0 };
    const saved = (savings * (ownPrice / price)) / totals.cost;
    const disturbed = own.reduce((total, candidate) => total + candidate.rescheduleCost, 0) / totals.disruption;
    return { score: saved <= 0 ? 0 : disturbed === 0 ? Number.POSITIVE_INFINITY : saved / disturbed, saved, disturbed };
  }

  /** Whether every Balanced pool among the candidates' agrees to the move. */
  approves(candidates: readonly Candidate[], savings: number): boolean {
    return poolsOf(candidates).filter(isBalanced).every(({ metadata: { name } }) => this.weigh(name, candidates, savings).score >= THRESHOLD);
  }

  /** What each pool of a move's candidates makes of it. */
  evaluate(candidates: readonly Candidate[], savings: number): MoveEvaluation[] {
    const approved = this.approves(candidates, savings);
    return poolsOf(candidates).map((nodePool) => {
      const { name } = nodePool.metadata;
      const base = { nodePool: name, policy: policyOf(nodePool), approved };
      if (!isBalanced(nodePool)) return base;
      const value = this.weigh(name, candidates, savings).score;
      return { ...base, score: { value, approved: value >= THRESHOLD } };
    });
  }

  /** What to tell of a move that Balanced pools agreed to: on its node or, when it is about several, on the pool. */
  approvals(candidates: readonly Candidate[], savings: number): DisruptionNotice[] {
    return poolsOf(candidates).filter(isBalanced).map((nodePool) => {
      const { score, saved, disturbed } = this.weigh(nodePool.metadata.name, candidates, savings);
      const message = `score ${score.toFixed(2)} >= threshold ${THRESHOLD.toFixed(2)} (k: ${1 / THRESHOLD}, savings ${(saved * 100).toFixed(1)}%, disruption ${(disturbed * 100).toFixed(1)}%)`;
      const [only, ...others] = candidates;
      return { type: 'ConsolidationApproved', message, ...(only !== undefined && others.length === 0 ? { node: only.node } : { nodePool }) };
    });
  }
}

const isBalanced = (nodePool: NodePool): boolean => policyOf(nodePool) === 'Balanced';

const poolsOf = (candidates: readonly Candidate[]): NodePool[] => [...new Map(candidates.map(({ nodePool }) => [nodePool.metadata.name, nodePool])).values()];
