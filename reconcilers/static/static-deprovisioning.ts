import { inject } from 'inversify';
import { NodeClaim, NodePool } from 'karpenter-ts/api';
import { ClusterState } from 'karpenter-ts/cluster';
import { scaleDown } from 'karpenter-ts/disruption';
import { Node, Pod, RBAC, Reconciler, Step, Watches, When, done, generationChanged, onCreate } from 'karpenter-ts/operator';
import type { Key, Outcome, StepContext } from 'karpenter-ts/operator';
import { isStatic, surplusNodes } from 'karpenter-ts/scheduling';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { isManagedReference } from '../shared/indexes.js';
import { poolOfClaim } from '../shared/node-pools.js';
import { podsToMove } from '../shared/pods-to-move.js';
import { settle } from '../shared/settle.js';
import { listed } from '../state/listed.js';

/** Deletes the NodeClaims that static pools have too many, whatever budgets say; their pods are evicted as ever (karpenter-core §3.16). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'nodes that a static pool has too many' })
@Reconciler({ for: NodePool, name: 'static.deprovisioning', concurrency: 10, root: false, jitter: 0, when: generationChanged(), reads: [Node, Pod] })
export class StaticDeprovisioning {
  constructor(
    @inject(ClusterState) private readonly state: ClusterState,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
  ) {}

  @When()
  static(pool: NodePool): boolean {
    return isManagedReference(pool.spec.template.spec.nodeClassRef) && isStatic(pool) && !pool.metadata.deletionTimestamp;
  }

  @Watches(NodeClaim, { when: onCreate() })
  poolOf(claim: NodeClaim): Key<NodePool>[] {
    return poolOfClaim(claim);
  }

  @Step()
  async deprovision(pool: NodePool, ctx: StepContext<NodePool>): Promise<Outcome> {
    if (!this.state.complete(listed(ctx))) return done().recheck('1s');
    const { nodePools } = this.state;
    const { name } = pool.metadata;
    const surplus = surplusNodes(pool, nodePools.counts(name));
    const claims = surplus === 0 ? [] : nodePools.active(name).flatMap((claim) => ctx.cache.get(NodeClaim, claim) ?? []);
    const chosen = scaleDown(claims, (claim) => this.state.node(claim.metadata.name), surplus, ctx.now());
    await settle('deleting NodeClaims', chosen.map((claim) => this.remove(claim, pool, ctx)));
    return done().recheck('1m');
  }

  private async remove(claim: NodeClaim, pool: NodePool, ctx: StepContext<NodePool>): Promise<void> {
    await ctx.delete(claim);
    ctx.log.info('deleting nodeclaim, nodepool has more nodes than replicas', { NodePool: { name: pool.metadata.name }, NodeClaim: { name: claim.metadata.name }, replicas: pool.spec.replicas });
    this.metrics.claimDisrupted(claim, 'overprovisioned', { pods: podsToMove(claim, ctx) });
  }
}
