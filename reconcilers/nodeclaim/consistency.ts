import { NodeClaim, formatResource, isTrue, parseResources } from 'karpenter-ts/api';
import { Node, Reconciler, Step, Watches, When, done, met, unmet } from 'karpenter-ts/operator';
import type { Key, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import { scaled } from '../shared/concurrency.js';
import { claimByProviderID, isManagedReference, nodeByProviderID } from '../shared/indexes.js';
import { Recently } from '../shared/recently.js';

const PERIOD = 10 * 60_000;
/** A node may have this much less than its claim was promised. */
const TOLERANCE = 0.9;

/** Notices nodes that came up smaller than promised (karpenter-core §3.8). */
@Reconciler({ for: NodeClaim, name: 'nodeclaim.consistency', root: false, settles: true, transitionEvents: 'normal', concurrency: scaled(10, 1000) })
export class NodeClaimConsistency {
  /** When each claim was last checked, by uid. */
  private readonly checked = new Recently(PERIOD);

  @When()
  managed(claim: NodeClaim): boolean {
    return isManagedReference(claim.spec.nodeClassRef) && !claim.metadata.deletionTimestamp;
  }

  @Watches(Node)
  claimsOf(node: Node, map: MapContext): Key<NodeClaim>[] {
    return map.keys({ index: claimByProviderID, value: node.spec.providerID });
  }

  @Step()
  check(claim: NodeClaim, ctx: StepContext<NodeClaim>): Outcome {
    const { uid } = claim.metadata;
    const wait = this.checked.remaining(uid, ctx.now());
    if (wait > 0) return done().recheck(wait);
    const nodes = ctx.cache.list(Node, { index: nodeByProviderID, value: claim.status.providerID });
    const [node] = nodes;
    if (!node || nodes.length > 1 || !isTrue(claim, 'Initialized')) return done();
    this.checked.note(uid, ctx.now());
    const problems = shapeProblems(claim, node);
    for (const problem of problems) {
      ctx.log.info('consistency error', { error: problem });
      ctx.events.warning('FailedConsistencyCheck', problem, { dedupe: [uid, problem] });
    }
    ctx.mark('ConsistentStateFound', problems.length === 0 ? met() : unmet('ConsistencyCheckFailed', 'Consistency Check Failed'));
    return done().recheck(PERIOD);
  }
}

function shapeProblems(claim: NodeClaim, node: Node): string[] {
  const expected = parseResources(claim.status.capacity);
  const found = parseResources(node.status.capacity);
  const requested = parseResources(claim.spec.resources?.requests);
  return Object.keys(requested).flatMap((name) => {
    const [want, have] = [expected[name] ?? 0, found[name] ?? 0];
    if (!requested[name] || want === 0 || have >= want * TOLERANCE) return [];
    return [`expected ${formatResource(name, want)} of resource ${name}, but found ${formatResource(name, have)} (${((have / want) * 100).toFixed(1)}% of expected)`];
  });
}
