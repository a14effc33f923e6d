import { NODECLASS_LABEL, NodeClaim } from 'karpenter-ts/api';
import { Node, Reconciler, Step, Watches, When, done } from 'karpenter-ts/operator';
import type { Key, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import { REASONABLE_BACKOFF, scaled } from '../shared/concurrency.js';
import { claimByProviderID, isManagedReference, nodeByProviderID } from '../shared/indexes.js';

/** Gives claims of older versions the label of their node class (karpenter-core §3.11). */
@Reconciler({ for: NodeClaim, name: 'nodeclaim.hydration', root: false, settles: true, concurrency: scaled(1000, 5000), backoff: REASONABLE_BACKOFF })
export class NodeClaimHydration {
  @When()
  managed(claim: NodeClaim): boolean {
    return isManagedReference(claim.spec.nodeClassRef);
  }

  @Step({ whileDeleting: true })
  label(claim: NodeClaim): Outcome {
    claim.metadata.labels[NODECLASS_LABEL] ??= claim.spec.nodeClassRef.name;
    return done();
  }
}

/** The same for nodes. */
@Reconciler({ for: Node, name: 'node.hydration', root: false, settles: true, concurrency: scaled(1000, 5000), backoff: REASONABLE_BACKOFF })
export class NodeHydration {
  @Watches(NodeClaim)
  nodesOf(claim: NodeClaim, map: MapContext): Key<Node>[] {
    return map.keys({ index: nodeByProviderID, value: claim.status.providerID });
  }

  @Step({ whileDeleting: true })
  label(node: Node, ctx: StepContext<Node>): Outcome {
    if (!node.spec.providerID || node.metadata.labels[NODECLASS_LABEL] !== undefined) return done();
    const [claim] = ctx.cache.list(NodeClaim, { index: claimByProviderID, value: node.spec.providerID });
    if (claim && isManagedReference(claim.spec.nodeClassRef)) node.metadata.labels[NODECLASS_LABEL] = claim.spec.nodeClassRef.name;
    return done();
  }
}
