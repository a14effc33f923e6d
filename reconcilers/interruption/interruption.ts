import { inject } from 'inversify';
import { CAPACITY_TYPE_LABEL, CAPACITY_TYPE_SPOT, INSTANCE_TYPE_LABEL, NodeClaim, ZONE_LABEL } from 'karpenter-ts/api';
import { AWS_LABELS, INTERRUPTION_CONSEQUENCES, TOKENS } from 'karpenter-ts/cloud/aws';
import type { CapacityReservationProvider, Interruption, InterruptionQueue, UnavailableOfferings } from 'karpenter-ts/cloud/aws';
import { Node, Pod, OnEvent, RBAC, Reconciler, Step, done, token } from 'karpenter-ts/operator';
import type { EventSource, Key, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import { claimByInstanceID, instanceIDOf } from '../shared/indexes.js';
import { ClaimInterruption } from './claim-interruption.js';

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
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'claims of instances that are interrupted' })
@Reconciler({ for: NodeClaim, name: 'interruption', root: false, concurrency: 10, when: () => false, reads: [Node, Pod] })
export class InterruptionReconciler {
  constructor(
    @inject(TOKENS.InterruptionQueue) private readonly queue: InterruptionQueue,
    @inject(TOKENS.UnavailableOfferings) private readonly unavailable: UnavailableOfferings,
    @inject(TOKENS.CapacityReservations) private readonly reservations: CapacityReservationProvider,
    @inject(ClaimInterruption) private readonly interruption: ClaimInterruption,
  ) {}

  @OnEvent(Interruptions)
  claimsOf(interruption: Interruption, map: MapContext): Key<NodeClaim>[] {
    const keys = map.keys({ index: claimByInstanceID, value: interruption.instanceID });
    if (keys.length === 0) this.queue.acknowledge(interruption).catch((error: Error) => map.log.error('deleting a message', { error: error.message }));
    return keys;
  }

  @Step({ whileDeleting: true })
  async handle(claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    for (const interruption of this.queue.pending(instanceIDOf(claim) ?? '')) {
      await this.react(claim, interruption, ctx);
      await this.queue.acknowledge(interruption, ctx.signal);
    }
    return done();
  }

  private async react(claim: NodeClaim, { kind, messageID }: Interruption, ctx: Ctx): Promise<void> {
    const { event, drain } = INTERRUPTION_CONSEQUENCES[kind];
    this.interruption.say(ctx.object, event, messageID, ctx);
    if (kind === 'spot_interrupted') this.markUnavailable(claim);
    const reservation = claim.metadata.labels[AWS_LABELS.reservationID];
    if (kind === 'capacity_reservation_interrupted' && reservation) this.reservations.markUnavailable(reservation);
    if (drain) await this.interruption.drain(ctx.object, kind, messageID, ctx);
  }

  /** Another launch of the same kind would be interrupted as well. */
  private markUnavailable({ metadata: { labels } }: NodeClaim): void {
    const { [INSTANCE_TYPE_LABEL]: instanceType, [ZONE_LABEL]: zone, [CAPACITY_TYPE_LABEL]: capacityType } = labels;
    if (instanceType && zone && capacityType === CAPACITY_TYPE_SPOT) this.unavailable.markUnavailable({ instanceType, zone, capacityType });
  }
}
