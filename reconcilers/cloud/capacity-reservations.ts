import { inject } from 'inversify';
import { CAPACITY_TYPE_LABEL, CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, NodeClaim, REGISTERED_LABEL } from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import { AWS_LABELS, TOKENS } from 'karpenter-ts/cloud/aws';
import type { AwsSettings, CapacityReservationProvider } from 'karpenter-ts/cloud/aws';
import { Node, RBAC, Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { claimByProviderID, isManagedReference, nodeByProviderID } from '../shared/indexes.js';

const RESERVATION_LABELS = [AWS_LABELS.reservationID, AWS_LABELS.reservationType, AWS_LABELS.reservationInterruptible];

const isReserved = ({ metadata: { labels } }: NodeClaim | Node): boolean => labels[CAPACITY_TYPE_LABEL] === CAPACITY_TYPE_RESERVED;

/** Calls instances on demand, on claim and node, once their reservation has ended; never the other way (karpenter-aws §4.8). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['patch'], why: 'claims whose reservation has ended' })
@RBAC({ groups: [''], resources: ['nodes'], verbs: ['patch'], why: 'nodes whose reservation has ended' })
@Singleton({ name: 'capacityreservation.capacitytype', every: '1m', reads: [NodeClaim, Node] })
export class CapacityTypeDemotion {
  constructor(@inject(CloudProvider) private readonly cloud: CloudProvider) {}

  async tick(ctx: TickContext): Promise<void> {
    if (!ctx.cache.list(NodeClaim).some(isReserved) && !ctx.cache.list(Node).some(isReserved)) return;
    for (const { providerID, labels } of await this.cloud.list({ signal: ctx.signal })) {
      if (labels[CAPACITY_TYPE_LABEL] !== CAPACITY_TYPE_ON_DEMAND) continue;
      for (const claim of ctx.cache.list(NodeClaim, { index: claimByProviderID, value: providerID })) {
        const nodes = ctx.cache.list(Node, { index: nodeByProviderID, value: providerID })
          .filter(({ metadata }) => metadata.labels[REGISTERED_LABEL] === 'true' && !metadata.deletionTimestamp);
        for (const object of [claim, ...nodes]) if (isReserved(object)) await this.demote(object, ctx);
      }
    }
  }

  private async demote(object: NodeClaim | Node, ctx: TickContext): Promise<void> {
    await ctx.patch(object, ({ metadata: { labels } }) => {
      labels[CAPACITY_TYPE_LABEL] = CAPACITY_TYPE_ON_DEMAND;
      for (const label of RESERVATION_LABELS) delete labels[label];
    });
    ctx.log.info('updated capacity type of an instance whose reservation has ended', { [object.kind]: { name: object.metadata.name }, 'capacity-type': CAPACITY_TYPE_ON_DEMAND });
  }
}

/** Deletes claims in capacity blocks that are about to end, before EC2 reclaims their instances (karpenter-aws §4.8). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'claims in capacity blocks that end' })
@Singleton({ name: 'capacityreservation.expiration', every: '1m', reads: [NodeClaim] })
export class CapacityBlockExpiration {
  constructor(
    @inject(TOKENS.CapacityReservations) private readonly reservations: CapacityReservationProvider,
    @inject(TOKENS.Settings) private readonly settings: AwsSettings,
  ) {}

  async tick(ctx: TickContext): Promise<void> {
    if (!this.settings.reservedCapacity) return;
    const claims = ctx.cache.list(NodeClaim).filter(({ metadata, spec }) => isManagedReference(spec.nodeClassRef) && metadata.labels[AWS_LABELS.reservationID] && !metadata.deletionTimestamp);
    for (const id of new Set(claims.map(({ metadata }) => metadata.labels[AWS_LABELS.reservationID] as string))) {
      if ((await this.reservations.get(id, ctx.signal))?.state !== 'expiring') continue;
      for (const claim of claims.filter(({ metadata }) => metadata.labels[AWS_LABELS.reservationID] === id)) {
        ctx.log.info('initiating delete for capacity block expiration', { NodeClaim: { name: claim.metadata.name }, 'capacity-reservation-id': id });
        await ctx.delete(claim);
      }
    }
  }
}
