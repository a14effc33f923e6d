import { Metrics } from '../../src/operator/index.js';
import { NodeClaimConsistency } from '../../reconcilers/nodeclaim/consistency.js';
import { NodeClaimHydration, NodeHydration } from '../../reconcilers/nodeclaim/hydration.js';
import { NodeClaimLifecycle } from '../../reconcilers/nodeclaim/lifecycle.js';
import { karpenterBed } from '../support/karpenter-bed.js';

export interface EchoBenchmark {
  claims: number;
  /** Runs of the reconcilers of NodeClaims and Nodes, from the creation of the claims until they are initialized. */
  runs: number;
  /** Runs that were asked for by nothing but echoes of own writes, and not made. */
  skipped: number;
  skippedShare: number;
}

/** How many runs tracked reads save while claims become nodes; in virtual time, so that the numbers are the same on every machine. */
export async function echoBenchmark({ claims = 5_000 } = {}): Promise<EchoBenchmark> {
  const karpenter = await karpenterBed([NodeClaimLifecycle, NodeClaimHydration, NodeClaimConsistency, NodeHydration], { operator: { tests: undefined, freeze: false } });
  const names = Array.from({ length: claims }, (_, index) => `claim-${index}`);
  for (const name of names) await karpenter.claim({}, { name });
  await karpenter.bed.advance('15m');
  for (const name of names) await karpenter.join(name);
  await karpenter.bed.advance('15m');
  const { registry } = karpenter.bed.operator.container.get(Metrics);
  const total = async (metric: string): Promise<number> => ((await registry.getSingleMetric(metric)?.get())?.values ?? []).reduce((sum, { value }) => sum + value, 0);
  const [ended, skipped] = [await total('controller_runtime_reconcile_total'), await total('operator_skipped_runs_total')];
  await karpenter.bed.close();
  return { claims, runs: ended - skipped, skipped, skippedShare: Math.round((skipped / ended) * 1_000) / 1_000 };
}
