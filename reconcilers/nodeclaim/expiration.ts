import { inject } from 'inversify';
import { NodeClaim } from 'karpenter-ts/api';
import { Pod, RBAC, Reconciler, Step, When, done, milliseconds } from 'karpenter-ts/operator';
import type { Outcome, StepContext } from 'karpenter-ts/operator';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { isManagedReference } from '../shared/indexes.js';
import { podsToMove } from '../shared/pods-to-move.js';

/** Deletes claims at the end of their life, whatever the budgets say (karpenter-core §3.5). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'claims that have expired' })
@Reconciler({ for: NodeClaim, name: 'nodeclaim.expiration', root: false, concurrency: 1, jitter: 0, reads: [Pod] })
export class NodeClaimExpiration {
  constructor(@inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics) {}

  @When()
  managed(claim: NodeClaim): boolean {
    return isManagedReference(claim.spec.nodeClassRef) && !claim.metadata.deletionTimestamp;
  }

  @Step()
  async expire(claim: NodeClaim, ctx: StepContext<NodeClaim>): Promise<Outcome> {
    const lifetime = claim.spec.expireAfter;
    if (lifetime === undefined || lifetime === 'Never') return done();
    const remaining = Date.parse(claim.metadata.creationTimestamp) + milliseconds(lifetime) - ctx.now();
    if (remaining > 0) return done().recheck(remaining);
    await ctx.delete(claim);
    ctx.log.info('deleting expired nodeclaim', { expireAfter: lifetime });
    this.metrics.claimDisrupted(claim, 'expired', { pods: podsToMove(claim, ctx) });
    return done();
  }
}
