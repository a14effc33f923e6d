import {
  NODEPOOL_HASH_ANNOTATION, NODEPOOL_HASH_VERSION, NODEPOOL_HASH_VERSION_ANNOTATION, NodeClaim, NodePool, isTrue, nodePoolHash,
} from 'karpenter-ts/api';
import { RBAC, Reconciler, Step, When, done, generationChanged } from 'karpenter-ts/operator';
import type { Outcome, StepContext } from 'karpenter-ts/operator';
import { claimByNodePool, isManagedReference } from '../shared/indexes.js';

/** Stamps pools with the hash that drift compares, and carries claims over to a new version of it (karpenter-core §3.14). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodepools'], verbs: ['patch'], why: 'the hash of a pool' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['patch'], why: 'hashes of an older version' })
@Reconciler({ for: NodePool, name: 'nodepool.hash', root: false, when: generationChanged(), reads: [NodeClaim] })
export class NodePoolHash {
  @When()
  managed(pool: NodePool): boolean {
    return isManagedReference(pool.spec.template.spec.nodeClassRef);
  }

  @Step()
  async stamp(pool: NodePool, ctx: StepContext<NodePool>): Promise<Outcome> {
    const hash = nodePoolHash(pool);
    if (pool.metadata.annotations[NODEPOOL_HASH_VERSION_ANNOTATION] !== NODEPOOL_HASH_VERSION) {
      for (const claim of ctx.cache.list(NodeClaim, { index: claimByNodePool, value: pool.metadata.name })) await this.carryOver(claim, hash, ctx);
    }
    pool.metadata.annotations[NODEPOOL_HASH_ANNOTATION] = hash;
    pool.metadata.annotations[NODEPOOL_HASH_VERSION_ANNOTATION] = NODEPOOL_HASH_VERSION;
    return done();
  }

  /** A drifted claim keeps its old hash, and so stays drifted. */
  private async carryOver(claim: NodeClaim, hash: string, ctx: StepContext<NodePool>): Promise<void> {
    if (claim.metadata.annotations[NODEPOOL_HASH_VERSION_ANNOTATION] === NODEPOOL_HASH_VERSION) return;
    await ctx.patch(claim, ({ metadata: { annotations } }) => {
      annotations[NODEPOOL_HASH_VERSION_ANNOTATION] = NODEPOOL_HASH_VERSION;
      if (!isTrue(claim, 'Drifted')) annotations[NODEPOOL_HASH_ANNOTATION] = hash;
    });
  }
}
