import { inject } from 'inversify';
import { EC2NodeClass, NodePool, conditionOf } from 'karpenter-ts/api';
import { Reconciler, Step, Watches, When, done, generationChanged, waiting } from 'karpenter-ts/operator';
import type { Key, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import { isManagedReference, poolByNodeClass } from '../shared/indexes.js';
import { RegistrationHealthReporter } from './registration-health-reporter.js';

/** Starts registration health over when the pool or its node class changed (karpenter-core §3.7). */
@Reconciler({ for: NodePool, name: 'nodepool.registrationhealth', root: false, when: generationChanged() })
export class RegistrationHealthReset {
  constructor(@inject(RegistrationHealthReporter) private readonly health: RegistrationHealthReporter) {}

  @When()
  managed(pool: NodePool): boolean {
    return isManagedReference(pool.spec.template.spec.nodeClassRef);
  }

  @Watches(EC2NodeClass, { when: generationChanged() })
  poolsOf(nodeClass: EC2NodeClass, map: MapContext): Key<NodePool>[] {
    return map.keys({ index: poolByNodeClass, value: nodeClass.metadata.name });
  }

  @Step()
  reset(pool: NodePool, ctx: StepContext<NodePool>): Outcome {
    const nodeClass = ctx.cache.get(EC2NodeClass, pool.spec.template.spec.nodeClassRef.name);
    if (!nodeClass) return done();
    const known = conditionOf(pool, 'NodeRegistrationHealthy');
    const unchanged = known?.observedGeneration === pool.metadata.generation && pool.status.nodeClassObservedGeneration === nodeClass.metadata.generation;
    if (known && unchanged) return done();
    this.health.reset(pool);
    ctx.mark('NodeRegistrationHealthy', waiting('AwaitingReconciliation', 'object is awaiting reconciliation'));
    if (nodeClass.metadata.generation !== undefined) pool.status.nodeClassObservedGeneration = nodeClass.metadata.generation;
    return done();
  }
}
