import { inject } from 'inversify';
import { NodeClaim, isTrue } from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import { Node, Pod, RBAC, Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { isManagedReference, nodeByProviderID } from '../shared/indexes.js';
import { podsToMove } from '../shared/pods-to-move.js';

/** Deletes claims whose instance is gone (karpenter-core §3.9). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'claims whose instance is gone' })
@Singleton({ name: 'nodeclaim.garbagecollection', every: '2m', reads: [NodeClaim, Node, Pod] })
export class NodeClaimGarbageCollection {
  constructor(
    @inject(CloudProvider) private readonly cloud: CloudProvider,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
  ) {}

  async tick(ctx: TickContext): Promise<void> {
    const claims = ctx.cache.list(NodeClaim).filter((claim) => isManagedReference(claim.spec.nodeClassRef) && isTrue(claim, 'Registered') && !claim.metadata.deletionTimestamp);
    const alive = new Set((await this.cloud.list({ signal: ctx.signal })).filter(({ deletionTimestamp }) => !deletionTimestamp).map(({ providerID }) => providerID));
    for (const claim of claims) {
      if (alive.has(claim.status.providerID ?? '') || kubeletAlive(claim, ctx)) continue;
      await ctx.delete(claim);
      ctx.log.info('garbage collecting nodeclaim with no cloudprovider representation', { NodeClaim: { name: claim.metadata.name }, 'provider-id': claim.status.providerID });
      this.metrics.claimDisrupted(claim, 'garbage_collected', { pods: podsToMove(claim, ctx) });
    }
  }
}

/** A node whose kubelet still reports is believed over the provider's list. */
const kubeletAlive = (claim: NodeClaim, ctx: TickContext): boolean =>
  ctx.cache.list(Node, { index: nodeByProviderID, value: claim.status.providerID })
    .some((node) => node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'));
