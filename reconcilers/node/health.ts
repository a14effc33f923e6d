import { inject } from 'inversify';
import { NODECLASS_LABEL, NODEPOOL_LABEL, NodeClaim, NodePool, TERMINATION_TIMESTAMP_ANNOTATION } from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import { Metrics, Node, Pod, RBAC, Reconciler, Step, When, changed, done, index, timestamp } from 'karpenter-ts/operator';
import type { Outcome, StepContext } from 'karpenter-ts/operator';
import { snakeCase } from '../metrics/snake-case.js';
import { KarpenterMetrics, claimLabels } from '../metrics/karpenter-metrics.js';
import { REASONABLE_BACKOFF, scaled } from '../shared/concurrency.js';
import { claimByProviderID } from '../shared/indexes.js';
import { podsToMove } from '../shared/pods-to-move.js';

type Ctx = StepContext<Node>;
type NodeCondition = NonNullable<Node['status']['conditions']>[number];

const nodeByPool = index(Node, 'nodePool', (node) => [node.metadata.labels[NODEPOOL_LABEL]]);

/** Up to this share of a pool may be unhealthy, rounded up; beyond it something else is wrong than the nodes. */
const ALLOWED_UNHEALTHY = 0.2;
const RETRY = '5m';

interface Ailment {
  readonly condition: NodeCondition;
  /** Until when it is tolerated, in milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Replaces nodes that have been unhealthy, in the provider's sense, for longer than it tolerates: by force, as a drain would wait for a
 * kubelet that no longer answers (karpenter-core §3.13; feature gate NodeRepair).
 */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['patch'], why: 'claims of sick nodes are not drained for long' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'claims of sick nodes' })
@Reconciler({
  for: Node,
  name: 'node.health',
  root: false,
  concurrency: scaled(10, 1000),
  backoff: REASONABLE_BACKOFF,
  jitter: 0,
  reads: [NodeClaim, NodePool, Pod],
  when: changed((node) => node.status.conditions?.map(({ type, status, lastTransitionTime }) => [type, status, lastTransitionTime])),
})
export class NodeHealth {
  private readonly repaired;

  constructor(
    @inject(CloudProvider) private readonly cloud: CloudProvider,
    @inject(KarpenterMetrics) private readonly disruptions: KarpenterMetrics,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.repaired = metrics.counter({
      name: 'karpenter_nodeclaims_unhealthy_disrupted_total', help: 'NodeClaims replaced because their node was unhealthy, by condition.', labelNames: ['condition', 'nodepool', 'capacity_type', 'image_id'],
    });
  }

  @When()
  managed({ metadata }: Node): boolean {
    return metadata.labels[NODECLASS_LABEL] !== undefined;
  }

  @Step({ whileDeleting: true })
  async repair(node: Node, ctx: Ctx): Promise<Outcome> {
    const claims = node.spec.providerID ? ctx.cache.list(NodeClaim, { index: claimByProviderID, value: node.spec.providerID }) : [];
    const [claim] = claims;
    const ailment = this.ailmentOf(node);
    if (!claim || claims.length > 1 || !ailment) return done();
    if (ctx.now() < ailment.until) return done().recheck(ailment.until - ctx.now());
    const blocked = this.blockedBy(claim, ctx);
    if (blocked) {
      this.tell(blocked, node, claim, ctx);
      return done().recheck(RETRY);
    }
    await this.replace(claim, ailment.condition, ctx);
    return done();
  }

  /** What the node suffers from according to the provider; of several things that which is tolerated no longer first. */
  private ailmentOf({ status }: Node): Ailment | undefined {
    let worst: Ailment | undefined;
    for (const { conditionType, conditionStatus, toleration } of this.cloud.repairPolicies()) {
      const condition = status.conditions?.find(({ type, status: value }) => type === conditionType && value === conditionStatus);
      if (!condition) continue;
      const until = Date.parse(String(condition.lastTransitionTime)) + toleration;
      if (!worst || until < worst.until) worst = { condition, until };
    }
    return worst;
  }

  /** Why nothing is replaced now: too many of the pool's nodes, or of the cluster's for claims without a pool, are unhealthy. */
  private blockedBy(claim: NodeClaim, ctx: Ctx): string | undefined {
    const pool = claim.metadata.labels[NODEPOOL_LABEL];
    // While others are in the way it looks again by itself; once they are not, what becomes of them is nothing to this node.
    const nodes = pool === undefined ? ctx.cache.peek.list(Node) : ctx.cache.peek.list(Node, { index: nodeByPool, value: pool });
    const unhealthy = nodes.filter((each) => this.ailmentOf(each)).length;
    if (unhealthy <= Math.ceil(nodes.length * ALLOWED_UNHEALTHY)) return undefined;
    return `more than ${ALLOWED_UNHEALTHY * 100}% nodes are unhealthy in the ${pool === undefined ? 'cluster' : 'nodepool'}`;
  }

  private tell(reason: string, node: Node, claim: NodeClaim, ctx: Ctx): void {
    const pool = ctx.cache.get(NodePool, claim.metadata.labels[NODEPOOL_LABEL] ?? '');
    for (const about of [node, claim, ...(pool ? [pool] : [])]) ctx.events.warning('NodeRepairBlocked', reason, { about, dedupe: [about.metadata.uid], dedupeFor: '15m' });
  }

  private async replace(claim: NodeClaim, { type }: NodeCondition, ctx: Ctx): Promise<void> {
    const deadline = Date.parse(claim.metadata.annotations[TERMINATION_TIMESTAMP_ANNOTATION] ?? '');
    if (!(deadline < ctx.now())) {
      await ctx.patch(claim, ({ metadata: { annotations } }) => {
        annotations[TERMINATION_TIMESTAMP_ANNOTATION] = timestamp(ctx.now());
      });
      ctx.log.info('annotated nodeclaim', { NodeClaim: { name: claim.metadata.name }, [TERMINATION_TIMESTAMP_ANNOTATION]: timestamp(ctx.now()) });
    }
    if (claim.metadata.deletionTimestamp) return;
    await ctx.delete(claim);
    ctx.log.info('deleting unhealthy node', { NodeClaim: { name: claim.metadata.name }, condition: type });
    this.disruptions.claimDisrupted(claim, 'unhealthy', { pods: podsToMove(claim, ctx) });
    this.repaired.inc({ condition: snakeCase(type), ...claimLabels(claim, 'nodepool', 'capacity_type'), image_id: claim.status.imageID ?? '' });
  }
}
