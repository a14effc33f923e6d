import { inject } from 'inversify';
import { NodeClaim, NodePool, parseResources } from 'karpenter-ts/api';
import { ClusterState } from 'karpenter-ts/cluster';
import type { RunContext } from 'karpenter-ts/operator';
import { buildNodeClaim, buildStaticNodeClaim, isStatic } from 'karpenter-ts/scheduling';
import type { NewNode } from 'karpenter-ts/scheduling';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';

/** A pool is full, or gone: the claim was not created. */
export class PoolUnavailable extends Error {
  readonly reason = 'NodePoolUnavailable';
}

/** Turns planned nodes into NodeClaims (karpenter-core §3.2). */
export class NodeClaimCreator {
  constructor(
    @inject(ClusterState) private readonly state: ClusterState,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
  ) {}

  /** `reason` is for metrics: `provisioned`, or why nodes are disrupted. Throws {@link PoolUnavailable}. */
  async create(planned: NewNode, reason: string, ctx: RunContext): Promise<NodeClaim> {
    const pool = this.usablePool(planned, ctx);
    const claim = await ctx.create(NodeClaim, isStatic(pool) ? buildStaticNodeClaim(pool) : buildNodeClaim(pool, planned));
    // The answer may come after later news, which it must not undo.
    const current = ctx.cache.peek.get(NodeClaim, claim.metadata.name);
    if (current) this.state.updateNodeClaim(current);
    this.metrics.claimCreated(claim, reason);
    ctx.log.info('created nodeclaim', {
      NodePool: { name: pool.metadata.name },
      NodeClaim: { name: claim.metadata.name },
      requests: claim.spec.resources?.requests,
      ...(planned.instanceTypes.length > 0 ? { 'instance-types': firstOf(planned.instanceTypes.map(({ name }) => name), 5) } : {}),
    });
    return claim;
  }

  private usablePool({ pool: { nodePool } }: NewNode, ctx: RunContext): NodePool {
    const { name } = nodePool.metadata;
    const pool = ctx.cache.get(NodePool, name);
    if (!pool) throw new PoolUnavailable(`NodePool "${name}" is gone`);
    const used = this.state.poolResources(name);
    for (const [resource, limit] of Object.entries(parseResources(pool.spec.limits))) {
      if ((used[resource] ?? 0) > limit) throw new PoolUnavailable(`NodePool "${name}" has reached its limit of ${resource}: ${pool.spec.limits?.[resource]}`);
    }
    return pool;
  }
}

/** `a, b and 3 other(s)` */
export const firstOf = (names: readonly string[], count: number): string =>
  names.length > count ? `${names.slice(0, count).join(', ')} and ${names.length - count} other(s)` : names.join(', ');
