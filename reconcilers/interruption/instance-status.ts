import { inject } from 'inversify';
import { NodeClaim, TERMINATION_TIMESTAMP_ANNOTATION } from 'karpenter-ts/api';
import { TOKENS } from 'karpenter-ts/cloud/aws';
import type { ImpairedInstance, InstanceStatusProvider, InterruptionConsequence } from 'karpenter-ts/cloud/aws';
import { Metrics, Node, Pod, RBAC, Singleton, timestamp } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { claimByInstanceID } from '../shared/indexes.js';
import { ClaimInterruption } from './claim-interruption.js';

const UNHEALTHY: InterruptionConsequence['event'] = { type: 'Warning', reason: 'InstanceUnhealthy', message: 'An unhealthy warning was triggered for the instance' };

/** Whether a drain would wait for an instance that no longer answers. */
const CATEGORIES: Readonly<Record<ImpairedInstance['category'], { kind: string; forceful: boolean }>> = {
  InstanceStatus: { kind: 'instance_status', forceful: true },
  SystemStatus: { kind: 'system_status', forceful: true },
  EventStatus: { kind: 'event_status', forceful: false },
};

/** Ends nodes whose instance fails EC2's status checks, and drains those that EC2 plans to stop; needs no queue (karpenter-aws §4.6). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['patch'], why: 'claims of broken instances are not drained for long' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'claims of broken instances' })
@Singleton({ name: 'interruption.instancestatus', every: '1m', reads: [NodeClaim, Node, Pod] })
export class InstanceStatusInterruption {
  private readonly unhealthy;
  /** Instance and category of everything that the last poll found. */
  private known: ReadonlySet<string> = new Set();

  constructor(
    @inject(TOKENS.InstanceStatus) private readonly statuses: InstanceStatusProvider,
    @inject(ClaimInterruption) private readonly interruption: ClaimInterruption,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.unhealthy = metrics.counter({ name: 'karpenter_interruption_instance_status_unhealthy_total', help: 'Instances that became unhealthy, by what is wrong.', labelNames: ['category'] });
  }

  async tick(ctx: TickContext): Promise<void> {
    if (!this.statuses.enabled) return;
    const impaired = await this.statuses.list(ctx.signal);
    if (!this.statuses.enabled) {
      ctx.log.error('not authorized to call ec2:DescribeInstanceStatus, instance status is not watched until the next start');
      return;
    }
    const found = new Set<string>();
    for (const { instanceID, category } of impaired) {
      for (const claim of ctx.cache.list(NodeClaim, { index: claimByInstanceID, value: instanceID })) {
        const occasion = `${instanceID}/${category}`;
        found.add(occasion);
        if (!this.known.has(occasion)) {
          this.unhealthy.inc({ category });
          this.interruption.say(claim, UNHEALTHY, occasion, ctx);
        }
        await this.react(claim, category, occasion, ctx);
      }
    }
    this.known = found;
  }

  /** A termination deadline of now skips the drain that pod disruption budgets could hold up, and the wait for volumes. */
  private async react(claim: NodeClaim, category: ImpairedInstance['category'], occasion: string, ctx: TickContext): Promise<void> {
    const { kind, forceful } = CATEGORIES[category];
    if (forceful && claim.metadata.annotations[TERMINATION_TIMESTAMP_ANNOTATION] === undefined) {
      await ctx.patch(claim, ({ metadata: { annotations } }) => {
        annotations[TERMINATION_TIMESTAMP_ANNOTATION] ??= timestamp(ctx.now());
      });
    }
    await this.interruption.drain(claim, kind, occasion, ctx);
  }
}
