import { inject } from 'inversify';
import { NodeOverlay } from 'karpenter-ts/api';
import { OverlayStore } from 'karpenter-ts/cloud';
import { Condition, OnEvent, Reconciler, done, met, token, unmet } from 'karpenter-ts/operator';
import type { EventSource, Key, MapContext, Outcome } from 'karpenter-ts/operator';

/** Wakes whoever goes by the evaluation of overlays; never while the feature gate is off. */
export const OverlayEvaluations = token<EventSource<void>>('karpenter.OverlayEvaluations');

/** Says of each overlay whether it is in use (karpenter-core §1.11). */
@Reconciler({ for: NodeOverlay, name: 'nodeoverlay.status' })
export class NodeOverlayStatusReconciler {
  constructor(@inject(OverlayStore) private readonly store: OverlayStore) {}

  @OnEvent(OverlayEvaluations)
  everyOverlay(_event: void, map: MapContext): Key<NodeOverlay>[] {
    return map.all(NodeOverlay);
  }

  @Condition('ValidationSucceeded')
  validate(overlay: NodeOverlay): Outcome {
    const verdict = this.store.verdictOf(overlay);
    // The evaluation that is to come wakes this again.
    if (verdict === undefined) return done();
    return verdict === 'accepted' ? met() : unmet(verdict.reason, verdict.message);
  }
}
