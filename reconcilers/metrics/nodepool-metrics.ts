import { inject } from 'inversify';
import { NodeClaim, NodePool, parseResources } from 'karpenter-ts/api';
import type { Resources } from 'karpenter-ts/api';
import { Cache, Metrics } from 'karpenter-ts/operator';
import type { Startable } from 'karpenter-ts/operator';
import { amountSamples } from './amount-samples.js';
import { PoolCosts } from './pool-costs.js';

/** Gauges of pools: what they may have, what they have, and what it costs. Read when asked for; upstream sets them every 10 seconds. */
export class NodePoolMetrics implements Startable {
  readonly name = 'metrics.nodepool';

  constructor(
    @inject(Metrics) private readonly metrics: Metrics,
    @inject(Cache) private readonly cache: Cache,
    @inject(PoolCosts) private readonly costs: PoolCosts,
  ) {}

  start(): void {
    const gauge = (name: string, help: string, amounts: (pool: NodePool) => Resources): void =>
      this.metrics.derived({ name: `karpenter_nodepools_${name}`, help, labelNames: ['nodepool', 'resource_type'] },
        () => this.cache.list(NodePool).flatMap((pool) => amountSamples({ nodepool: pool.metadata.name }, amounts(pool))));
    gauge('limit', 'What the nodes of a pool may have together.', ({ spec }) => readable(spec.limits));
    gauge('usage', 'What the nodes of a pool have together.', ({ status }) => readable(status.resources));
    this.metrics.derived({ name: 'karpenter_nodepools_cost_total', help: 'What the machines of a pool cost together, USD an hour at the prices that the provider names.', labelNames: ['nodepool'] }, async () =>
      [...await this.costs.of(this.cache.list(NodePool), this.cache.list(NodeClaim))].map(([nodepool, value]) => ({ labels: { nodepool }, value })));
  }
}

/** A pool whose limits are no quantities has a condition that says so; its metrics are left out. */
function readable(list: NodePool['spec']['limits']): Resources {
  try {
    return parseResources(list);
  } catch {
    return {};
  }
}
