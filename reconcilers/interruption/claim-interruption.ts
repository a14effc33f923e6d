import { inject } from 'inversify';
import type { NodeClaim } from 'karpenter-ts/api';
import type { InterruptionConsequence } from 'karpenter-ts/cloud/aws';
import { Node } from 'karpenter-ts/operator';
import type { RunContext } from 'karpenter-ts/operator';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { nodeByProviderID } from '../shared/indexes.js';
import { podsToMove } from '../shared/pods-to-move.js';

/** What happens to a claim whose instance AWS says is unwell or about to go. */
export class ClaimInterruption {
  constructor(@inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics) {}

  /** An event about the claim and about its node; `occasion` tells repetitions of one occasion from another occasion. */
  say(claim: NodeClaim, { type, reason, message }: InterruptionConsequence['event'], occasion: string, ctx: RunContext): void {
    for (const about of [claim, ...this.nodesOf(claim, ctx)]) {
      const options = { about, dedupe: [about.metadata.uid, occasion] };
      if (type === 'Normal') ctx.events.normal(reason, message, options);
      else ctx.events.warning(reason, message, options);
    }
  }

  /** Deletes the claim, so that its node drains; nothing when that is under way. `kind` is the reason in log and metrics. */
  async drain(claim: NodeClaim, kind: string, occasion: string, ctx: RunContext): Promise<void> {
    if (claim.metadata.deletionTimestamp) return;
    const [node] = this.nodesOf(claim, ctx);
    ctx.log.info('initiating delete from interruption message', { messageKind: kind, NodeClaim: { name: claim.metadata.name }, Node: node && { name: node.metadata.name } });
    await ctx.delete(claim);
    this.say(claim, { type: 'Warning', reason: 'TerminatingOnInterruption', message: 'Interruption triggered termination for the NodeClaim and its Node' }, occasion, ctx);
    this.metrics.claimDisrupted(claim, kind, { pods: podsToMove(claim, ctx) });
  }

  private nodesOf(claim: NodeClaim, ctx: RunContext): readonly Node[] {
    return ctx.cache.list(Node, { index: nodeByProviderID, value: claim.status.providerID });
  }
}
