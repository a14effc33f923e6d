import { inject } from 'inversify';
import { NodeClaim } from 'karpenter-ts/api';
import { Condition, Reconciler, Watches, index, met, waiting } from 'karpenter-ts/operator';
import type { Key, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import { CostReport } from './cost-report.js';
import { PriceList } from './price-list.js';

const poolOf = (claim: NodeClaim): string | undefined => claim.metadata.labels['karpenter.sh/nodepool'];
export const claimsByPool = index(NodeClaim, 'nodepool', (claim) => [poolOf(claim)]);
export const reportsByPool = index(CostReport, 'nodepool', (report) => [report.spec.nodePool]);

/** Adds up what the machines of a pool cost, shortly after they change. Reports on different pools take turns. */
@Reconciler({ for: CostReport, name: 'cost-report', fairBy: (report) => report.spec.nodePool })
export class CostReporter {
  constructor(@inject(PriceList) private readonly prices: PriceList) {}

  /** A burst of machines is one look, ten seconds after it began, and never before what is more urgent. */
  @Watches(NodeClaim, { debounce: '10s', priority: -10 })
  reportsFor(claim: NodeClaim, map: MapContext): Key<CostReport>[] {
    return map.keys({ index: reportsByPool, value: poolOf(claim) });
  }

  @Condition('PricesKnown')
  total(report: CostReport, ctx: StepContext<CostReport>): Outcome {
    const byType: Record<string, number> = {};
    const unknown = new Set<string>();
    for (const claim of ctx.cache.list(NodeClaim, { index: claimsByPool, value: report.spec.nodePool })) {
      const type = claim.metadata.labels['node.kubernetes.io/instance-type'] ?? 'unknown';
      const price = this.prices.usdPerHour(type);
      if (price === undefined) unknown.add(type);
      else byType[type] = (byType[type] ?? 0) + price;
    }
    report.status.byType = byType;
    report.status.hourly = Object.values(byType).reduce((sum, price) => sum + price, 0);
    return unknown.size > 0 ? waiting('PriceUnknown', [...unknown].sort().join(', ')).recheck('5m') : met().recheck(report.spec.refreshEvery);
  }
}
