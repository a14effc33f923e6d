import { inject } from 'inversify';
import {
  CAPACITY_TYPE_LABEL, CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, EC2NodeClass, INSTANCE_TYPE_LABEL, NODEPOOL_HASH_ANNOTATION, NODEPOOL_HASH_VERSION_ANNOTATION,
  NODEPOOL_LABEL, NodeClaim, NodePool, Requirements, conditionOf, isTrue,
} from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import { Reconciler, Step, Watches, When, changed, done, milliseconds, met, parseDuration } from 'karpenter-ts/operator';
import type { Key, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import { scaled } from '../shared/concurrency.js';
import { claimByNodeClass, claimByNodePool, isManagedReference } from '../shared/indexes.js';
import { Recently } from '../shared/recently.js';

type Ctx = StepContext<NodeClaim>;

const DRIFT_RECHECK = '5m';
/** A type that is missing from the provider's list is not looked up anew for this long. */
const TYPE_CHECK = 30 * 60_000;
const TYPE_CHECK_AGE = 60 * 60_000;
const RESERVATION_LABELS = ['karpenter.k8s.aws/capacity-reservation-id', 'karpenter.k8s.aws/capacity-reservation-type'];

/** Keeps the conditions Drifted and Consolidatable of NodeClaims (karpenter-core §3.4). */
@Reconciler({ for: NodeClaim, name: 'nodeclaim.disruption', concurrency: scaled(10, 1000), root: false, transitionEvents: 'normal', jitter: 0 })
export class NodeClaimDisruption {
  /** When each claim's type was last seen in the provider's list, by uid. */
  private readonly typeSeen = new Recently(TYPE_CHECK);

  constructor(@inject(CloudProvider) private readonly cloud: CloudProvider) {}

  @When()
  managed(claim: NodeClaim): boolean {
    return isManagedReference(claim.spec.nodeClassRef) && !claim.metadata.deletionTimestamp;
  }

  @Watches(NodePool, { when: changed((pool) => pool.metadata.generation, (pool) => pool.metadata.annotations) })
  claimsOfPool(pool: NodePool, map: MapContext): Key<NodeClaim>[] {
    return map.keys({ index: claimByNodePool, value: pool.metadata.name });
  }

  @Watches(EC2NodeClass, { when: changed((nodeClass) => nodeClass.metadata.annotations, (nodeClass) => nodeClass.status) })
  claimsOfClass(nodeClass: EC2NodeClass, map: MapContext): Key<NodeClaim>[] {
    return map.keys({ index: claimByNodeClass, value: nodeClass.metadata.name });
  }

  @Step()
  async drifted(claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    const pool = ctx.cache.get(NodePool, claim.metadata.labels[NODEPOOL_LABEL] ?? '');
    if (!pool) return done();
    if (!isTrue(claim, 'Launched')) {
      ctx.clear('Drifted');
      return done();
    }
    const reason = await this.driftOf(claim, pool, ctx.now());
    if (reason) ctx.mark('Drifted', met(reason, reason));
    else ctx.clear('Drifted');
    return done().recheck(DRIFT_RECHECK);
  }

  @Step()
  consolidatable(claim: NodeClaim, ctx: Ctx): Outcome {
    const pool = ctx.cache.get(NodePool, claim.metadata.labels[NODEPOOL_LABEL] ?? '');
    if (!pool || pool.spec.replicas !== undefined) return done();
    const after = pool.spec.disruption?.consolidateAfter ?? '0s';
    const initialized = conditionOf(claim, 'Initialized');
    if (after === 'Never' || initialized?.status !== 'True') {
      ctx.clear('Consolidatable');
      return done();
    }
    const quietSince = Date.parse(claim.status.lastPodEventTime ?? initialized.lastTransitionTime);
    const remaining = quietSince + milliseconds(after) - ctx.now();
    if (parseDuration(after) !== 0 && remaining > 0) {
      ctx.clear('Consolidatable');
      return done().recheck(remaining);
    }
    ctx.mark('Consolidatable', met());
    return done();
  }

  private async driftOf(claim: NodeClaim, pool: NodePool, now: number): Promise<string | undefined> {
    if (hashDrifted(claim, pool)) return 'NodePoolDrifted';
    const required = Requirements.of(...pool.spec.template.spec.requirements);
    if (!Requirements.fromLabels(claim.metadata.labels).compatible(required, new Set())) return 'RequirementsDrifted';
    if (await this.typeGone(claim, pool, now)) return 'InstanceTypeNotFound';
    return this.cloud.isDrifted(claim);
  }

  private async typeGone(claim: NodeClaim, pool: NodePool, now: number): Promise<boolean> {
    const { uid, creationTimestamp, labels } = claim.metadata;
    if (now - Date.parse(creationTimestamp) < TYPE_CHECK_AGE || this.typeSeen.remaining(uid, now) > 0) return false;
    const type = (await this.cloud.getInstanceTypes(pool)).find(({ name }) => name === labels[INSTANCE_TYPE_LABEL]);
    const launched = launchedRequirements(labels);
    if (!type?.offerings.some((offering) => launched.compatible(Requirements.of(...offering.requirements)))) return true;
    this.typeSeen.note(uid, now);
    return false;
  }
}

function hashDrifted(claim: NodeClaim, pool: NodePool): boolean {
  const [ours, theirs] = [claim.metadata.annotations, pool.metadata.annotations];
  const versions = [ours[NODEPOOL_HASH_VERSION_ANNOTATION], theirs[NODEPOOL_HASH_VERSION_ANNOTATION]];
  const hashes = [ours[NODEPOOL_HASH_ANNOTATION], theirs[NODEPOOL_HASH_ANNOTATION]];
  return versions[0] !== undefined && versions[0] === versions[1] && hashes.every((hash) => hash !== undefined) && hashes[0] !== hashes[1];
}

/** What the claim's labels say of its offering; a reservation that ended leaves an on-demand machine. */
function launchedRequirements(labels: Record<string, string>): Requirements {
  const launched = Requirements.fromLabels(labels);
  if (labels[CAPACITY_TYPE_LABEL] !== CAPACITY_TYPE_RESERVED) return launched;
  const widened = Requirements.of({ key: CAPACITY_TYPE_LABEL, operator: 'In', values: [CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_ON_DEMAND] });
  return launched.without(CAPACITY_TYPE_LABEL, ...RESERVATION_LABELS).intersect(widened);
}
