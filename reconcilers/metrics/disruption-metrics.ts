import { inject } from 'inversify';
import { METHODS } from 'karpenter-ts/disruption';
import type { DisruptionCommand, DisruptionMethod, MethodReport } from 'karpenter-ts/disruption';
import { Metrics } from 'karpenter-ts/operator';
import { DURATIONS } from './karpenter-metrics.js';

/** What metrics show for "no limit". */
const MAX_INT32 = 2 ** 31 - 1;

/** How metrics name a method. */
const CONSOLIDATION_TYPES: Readonly<Record<DisruptionMethod, string>> = {
  Emptiness: 'empty', StaticDrift: '', Drift: '', MultiNodeConsolidation: 'multi', SingleNodeConsolidation: 'single',
};

const labelsOf = (method: DisruptionMethod): { reason: string; consolidation_type: string } =>
  ({ reason: METHODS[method].reason.toLowerCase(), consolidation_type: CONSOLIDATION_TYPES[method] });

/** Upstream's series about decisions to disrupt, and about what budgets leave of them (karpenter-core §6.2). */
export class DisruptionMetrics {
  private readonly duration;
  private readonly decisions;
  private readonly decisionsByNodePool;
  private readonly eligible;
  private readonly timeouts;
  private readonly failedValidations;
  private readonly queueFailures;
  private readonly allowed;
  private readonly consuming;
  private readonly moves;
  private readonly scores;

  constructor(@inject(Metrics) metrics: Metrics) {
    const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) => metrics.counter<L>({ name: `karpenter_${name}`, help, labelNames });
    const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) => metrics.gauge<L>({ name: `karpenter_${name}`, help, labelNames });
    const histogram = <L extends string>(name: string, help: string, buckets: number[], ...labelNames: L[]) =>
      metrics.histogram<L>({ name: `karpenter_${name}`, help, labelNames, buckets });

    this.duration = histogram('voluntary_disruption_decision_evaluation_duration_seconds', 'Duration of one disruption method.', DURATIONS, 'reason', 'consolidation_type');
    this.decisions = counter('voluntary_disruption_decisions_total', 'Disruption decisions.', 'decision', 'reason', 'consolidation_type');
    this.decisionsByNodePool = counter('voluntary_disruption_decisions_by_nodepool_total', 'Disruption decisions by pool.', 'nodepool', 'decision', 'reason', 'consolidation_type');
    this.eligible = gauge('voluntary_disruption_eligible_nodes', 'Nodes that a method could disrupt.', 'reason');
    this.timeouts = counter('voluntary_disruption_consolidation_timeouts_total', 'Searches for consolidations that ran out of time.', 'consolidation_type');
    this.failedValidations = counter('voluntary_disruption_failed_validations_total', 'Candidates that did not survive the wait before a consolidation.', 'consolidation_type');
    this.queueFailures = counter('voluntary_disruption_queue_failures_total', 'Replacements lost.', 'decision', 'reason', 'consolidation_type');
    this.allowed = gauge('nodepools_allowed_disruptions', 'Nodes that budgets allow to disrupt at the same time.', 'nodepool', 'reason');
    this.consuming = gauge('nodepools_nodes_consuming_budgets', 'Nodes that count against budgets now.', 'nodepool', 'reason');
    this.moves = counter('consolidation_moves_total', 'Consolidations that were weighed.', 'decision', 'nodepool', 'policy');
    this.scores = histogram('consolidation_score', 'What consolidations save for what they disturb, in pools with the policy Balanced.', [0.1, 0.25, 0.33, 0.5, 1, 2, 5, 10], 'decision', 'nodepool', 'policy');
    for (const consolidation_type of ['multi', 'single']) this.timeouts.inc({ consolidation_type }, 0);
  }

  /** What the methods of one plan saw. */
  planned(reports: readonly MethodReport[]): void {
    const candidates = new Map<string, number>();
    for (const { method, candidates: { length }, usage, evaluations, timedOut, duration } of reports) {
      const { reason } = METHODS[method];
      const { consolidation_type } = labelsOf(method);
      // Methods of one reason look at different nodes (drift), or the one at some of the other's (consolidation).
      candidates.set(reason, reason === 'Drifted' ? (candidates.get(reason) ?? 0) + length : length);
      this.duration.observe(labelsOf(method), duration / 1_000);
      if (timedOut) this.timeouts.inc({ consolidation_type });
      for (const [nodepool, { allowed, consuming }] of usage) {
        this.allowed.set({ nodepool, reason }, Math.min(allowed, MAX_INT32));
        this.consuming.set({ nodepool, reason }, consuming);
      }
      for (const { nodePool: nodepool, policy, approved, score } of evaluations) {
        this.moves.inc({ decision: decisionOf(approved), nodepool, policy });
        if (score) this.scores.observe({ decision: decisionOf(score.approved), nodepool, policy }, score.value);
      }
    }
    for (const [reason, count] of candidates) this.eligible.set({ reason }, count);
  }

  decided({ method, decision, candidates }: DisruptionCommand): void {
    const labels = { decision, ...labelsOf(method) };
    this.decisions.inc(labels);
    for (const nodepool of new Set(candidates.map(({ nodePool }) => nodePool.metadata.name))) this.decisionsByNodePool.inc({ nodepool, ...labels });
  }

  /** Candidates of a command that were no longer to be disrupted when it was confirmed. */
  invalidated({ method }: DisruptionCommand, candidates: number): void {
    this.failedValidations.inc({ consolidation_type: labelsOf(method).consolidation_type }, candidates);
  }

  /** Replacements that a command waited for in vain. */
  failed({ method, decision }: DisruptionCommand, replacements: number): void {
    this.queueFailures.inc({ decision, ...labelsOf(method) }, replacements);
  }
}

const decisionOf = (approved: boolean): string => (approved ? 'approved' : 'rejected');
