import { inject } from 'inversify';
import { NodeClaim, NodePool, conditionOf } from 'karpenter-ts/api';
import { ClusterState } from 'karpenter-ts/cluster';
import { Node, RBAC, Reconciler, Step, Watches, When, changed, done } from 'karpenter-ts/operator';
import type { Key, Outcome, StepContext } from 'karpenter-ts/operator';
import { isStatic, missingNodes, nodeLimit, staticNode } from 'karpenter-ts/scheduling';
import { NodeClaimCreator } from '../provisioning/nodeclaim-creator.js';
import { isManagedReference } from '../shared/indexes.js';
import { isLaunchable, poolOfClaim } from '../shared/node-pools.js';
import { settle } from '../shared/settle.js';
import { listed } from '../state/listed.js';

/** Creates the NodeClaims that static pools are short of, within `limits.nodes` (karpenter-core §3.16). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['create'], why: 'nodes of static pools' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodepools/finalizers'], verbs: ['update'], why: 'owners of claims that hold up their deletion' })
@Reconciler({
  for: NodePool, name: 'static.provisioning', concurrency: 10, root: false, jitter: 0, reads: [Node],
  when: changed((pool) => pool.metadata.generation, (pool) => pool.metadata.deletionTimestamp, (pool) => conditionOf(pool, 'Ready')?.status),
})
export class StaticProvisioning {
  constructor(
    @inject(ClusterState) private readonly state: ClusterState,
    @inject(NodeClaimCreator) private readonly creator: NodeClaimCreator,
  ) {}

  @When()
  launchable(pool: NodePool): boolean {
    return isManagedReference(pool.spec.template.spec.nodeClassRef) && isStatic(pool) && isLaunchable(pool);
  }

  /**
   * The pool of a claim that goes, once it begins to and once it is gone. Not for one that was never launched: where there is no capacity
   * claims would come and go as fast as the API lets them, so that the next try comes with the next look.
   */
  @Watches(NodeClaim, { when: ({ type, object, old }) => type === 'deleted' || (object.metadata.deletionTimestamp !== undefined && old?.metadata.deletionTimestamp === undefined) })
  poolOf(claim: NodeClaim): Key<NodePool>[] {
    return claim.status.providerID ? poolOfClaim(claim) : [];
  }

  @Step()
  async provision(pool: NodePool, ctx: StepContext<NodePool>): Promise<Outcome> {
    if (!this.state.complete(listed(ctx))) return done().recheck('1s');
    const { nodePools } = this.state;
    const { name } = pool.metadata;
    const missing = missingNodes(pool, nodePools.counts(name));
    if (missing === 0) return done().recheck('1m');
    const granted = nodePools.reserve(name, missing, nodeLimit(pool));
    if (granted === 0) {
      ctx.log.info('nodepool node limit reached', { NodePool: { name }, limit: pool.spec.limits?.['nodes'], missing });
      return done().recheck('30s');
    }
    await settle('creating NodeClaims', Array.from({ length: granted }, () => this.create(pool, ctx)));
    return done().recheck('1m');
  }

  private async create(nodePool: NodePool, ctx: StepContext<NodePool>): Promise<void> {
    try {
      await this.creator.create(staticNode({ nodePool, instanceTypes: [] }), 'provisioned', ctx);
    } finally {
      this.state.nodePools.release(nodePool.metadata.name);
    }
  }
}
