import { inject } from 'inversify';
import { CAPACITY_TYPE_LABEL, CAPACITY_TYPE_SPOT, INSTANCE_TYPE_LABEL, NodeClaim, ZONE_LABEL } from 'karpenter-ts/api';
import { INTERRUPTION_CONSEQUENCES, TOKENS } from 'karpenter-ts/cloud/aws';
import type { Interruption, InterruptionQueue, UnavailableOfferings } from 'karpenter-ts/cloud/aws';
import { Node, OnEvent, Reconciler, Step, done, token } from 'karpenter-ts/operator';
import type { EventSource, Key, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { claimByInstanceID, instanceIDOf, nodeByProviderID } from '../shared/indexes.js';

type Ctx = StepContext<NodeClaim>;

/** The queue as a source of wake-ups; the unacknowledged message is the level that a restart finds again. */
export class InterruptionSource implements EventSource<Interruption> {
  readonly events;

  constructor(@inject(TOKENS.InterruptionQueue) queue: InterruptionQueue) {
    this.events = queue.interruptions$;
  }
}

export const Interruptions = token<EventSource<Interruption>>('karpenter.Interruptions');

/** Drains nodes whose instance is about to go (karpenter-aws §4.5). */
@Reconciler({ for: NodeClaim, name: 'interruption', root: false, concurrency: 10, when: () => false, reads: [Node] })
export class InterruptionReconciler {
  constructor(
    @inject(TOKENS.InterruptionQueue) private readonly queue: InterruptionQueue,
    @inject(TOKENS.UnavailableOfferings) private readonly unavailable: UnavailableOfferings,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
  ) {}

  @OnEvent(Interruptions)
  claimsOf(interruption: Interruption, map: MapContext): Key<NodeClaim>[] {
    const keys = map.keys({ index: claimByInstanceID, value: interruption.instanceID });
    if (keys.length === 0) this.queue.acknowledge(interruption).catch((error: Error) => map.log.error('deleting a message', { error: error.message }));
    return keys;
  }

  @Step()
  async handle(claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    for (const interruption of this.queue.pending(instanceIDOf(claim) ?? '')) {
      await this.react(claim, interruption, ctx);
      await this.queue.acknowledge(interruption, ctx.signal);
    }
    return done();
  }

  private async react(claim: NodeClaim, { kind, messageID }: Interruption, ctx: Ctx): Promise<void> {
    const [node] = ctx.cache.list(Node, { index: nodeByProviderID, value: claim.status.providerID });
    const say = (type: 'Normal' | 'Warning', reason: string, message: string): void => {
      for (const about of node ? [ctx.object, node] : [ctx.object]) {
        const options = { about, dedupe: [about.metadata.uid, messageID] };
        if (type === 'Normal') ctx.events.normal(reason, message, options);
        else ctx.events.warning(reason, message, options);
      }
    };
    const { event, drain } = INTERRUPTION_CONSEQUENCES[kind];
    say(event.type, event.reason, event.message);
    if (kind === 'spot_interrupted') this.markUnavailable(claim);
    if (!drain || claim.metadata.deletionTimestamp) return;
    ctx.log.info('initiating delete from interruption message', { messageKind: kind, NodeClaim: { name: claim.metadata.name }, Node: node && { name: node.metadata.name } });
    await ctx.delete(claim);
    say('Warning', 'TerminatingOnInterruption', 'Interruption triggered termination for the NodeClaim and its Node');
    this.metrics.claimDisrupted(claim, kind);
  }

  /** Another launch of the same kind would be interrupted as well. */
  private markUnavailable({ metadata: { labels } }: NodeClaim): void {
    const { [INSTANCE_TYPE_LABEL]: instanceType, [ZONE_LABEL]: zone, [CAPACITY_TYPE_LABEL]: capacityType } = labels;
    if (instanceType && zone && capacityType === CAPACITY_TYPE_SPOT) this.unavailable.markUnavailable({ instanceType, zone, capacityType });
  }
}
