import { inject } from 'inversify';
import { NodePool, parseResources } from 'karpenter-ts/api';
import { Metrics, Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';

/** Gauges of pools: what they may have, and what they have, every 10 seconds. */
@Singleton({ name: 'metrics.nodepool', every: '10s', reads: [NodePool] })
export class NodePoolMetrics {
  private readonly limit;
  private readonly usage;

  constructor(@inject(Metrics) metrics: Metrics) {
    const gauge = (name: string, help: string) => metrics.gauge({ name: `karpenter_nodepools_${name}`, help, labelNames: ['nodepool', 'resource_type'] });
    this.limit = gauge('limit', 'What the nodes of a pool may have together.');
    this.usage = gauge('usage', 'What the nodes of a pool have together.');
  }

  tick(ctx: TickContext): void {
    this.limit.reset();
    this.usage.reset();
    for (const { metadata: { name }, spec, status } of ctx.cache.list(NodePool)) {
      for (const [gauge, list] of [[this.limit, spec.limits], [this.usage, status.resources]] as const) {
        for (const [resource, amount] of Object.entries(readable(list))) {
          gauge.set({ nodepool: name, resource_type: resource.toLowerCase().replaceAll('-', '_') }, resource === 'cpu' ? amount / 1_000 : amount);
        }
      }
    }
  }
}

/** A pool whose limits are no quantities has a condition that says so; its metrics are left out. */
function readable(list: NodePool['spec']['limits']): Readonly<Record<string, number>> {
  try {
    return parseResources(list);
  } catch {
    return {};
  }
}
