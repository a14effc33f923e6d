import { EC2NodeClass, NodePool, conditionOf, nodePoolProblems } from 'karpenter-ts/api';
import { Condition, Reconciler, Watches, When, met, unmet } from 'karpenter-ts/operator';
import type { Key, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import { isManagedReference, poolByNodeClass } from '../shared/indexes.js';

type Ctx = StepContext<NodePool>;

/** Says whether nodes may be made from a NodePool (karpenter-core §1.5, §1.9). */
@Reconciler({ for: NodePool, name: 'nodepool.readiness', concurrency: 10, settles: true, transitionEvents: 'normal' })
export class NodePoolStatusReconciler {
  @When()
  managed(pool: NodePool): boolean {
    return isManagedReference(pool.spec.template.spec.nodeClassRef);
  }

  @Watches(EC2NodeClass)
  poolsOf(nodeClass: EC2NodeClass, map: MapContext): Key<NodePool>[] {
    return map.keys({ index: poolByNodeClass, value: nodeClass.metadata.name });
  }

  @Condition('ValidationSucceeded')
  validate(pool: NodePool): Outcome {
    const problems = nodePoolProblems(pool);
    return problems.length === 0 ? met() : unmet('NodePoolValidationFailed', problems.join('; '));
  }

  @Condition('NodeClassReady')
  nodeClassReady(pool: NodePool, ctx: Ctx): Outcome {
    const nodeClass = ctx.cache.get(EC2NodeClass, pool.spec.template.spec.nodeClassRef.name);
    if (!nodeClass) return unmet('NodeClassNotFound', 'NodeClass not found on cluster');
    if (nodeClass.metadata.deletionTimestamp) return unmet('NodeClassTerminating', 'NodeClass is Terminating');
    const ready = conditionOf(nodeClass, 'Ready');
    if (!ready || ready.status === 'Unknown') return unmet('NodeClassReadinessUnknown', 'Node Class Readiness Unknown');
    return ready.status === 'True' ? met() : unmet(ready.reason, ready.message);
  }
}
