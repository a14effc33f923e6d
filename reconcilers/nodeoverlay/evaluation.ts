import { inject } from 'inversify';
import { EC2NodeClass, NodeOverlay, NodePool } from 'karpenter-ts/api';
import { CloudProvider, OverlayStore, evaluateOverlays, undecorated } from 'karpenter-ts/cloud';
import type { PoolTypes } from 'karpenter-ts/cloud';
import { ClusterState } from 'karpenter-ts/cluster';
import { Batch, Singleton, Watches, changed, generationChanged } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { REASONABLE_BACKOFF } from '../shared/concurrency.js';
import { managedPools } from '../shared/node-pools.js';

/** Works out which overlays are in use, for all pools at once (karpenter-core §3.15). */
@Singleton({ name: 'nodeoverlay.controller', every: '6h', backoff: REASONABLE_BACKOFF })
export class NodeOverlayEvaluation {
  constructor(
    @inject(CloudProvider) private readonly cloud: CloudProvider,
    @inject(OverlayStore) private readonly store: OverlayStore,
    @inject(ClusterState) private readonly state: ClusterState,
  ) {}

  @Watches(NodeOverlay, { when: generationChanged() })
  onOverlay(): boolean {
    return true;
  }

  @Watches(NodePool, { when: generationChanged() })
  onPool(): boolean {
    return true;
  }

  /** What there is to launch, and to reserve, depends on the status, too. */
  @Watches(EC2NodeClass, { when: changed(({ metadata }) => metadata.generation, ({ status }) => status) })
  onNodeClass(): boolean {
    return true;
  }

  /** Pools whose types are not known are left out; they are why it throws in the end. */
  @Batch({ idle: '100ms', max: '1s' })
  async evaluate(ctx: TickContext): Promise<void> {
    const pools = managedPools(ctx);
    const errors: Error[] = [];
    const known = await Promise.all(pools.map(async (nodePool): Promise<PoolTypes[]> => {
      try {
        return [{ nodePool, instanceTypes: await undecorated(this.cloud).getInstanceTypes(nodePool) }];
      } catch (error) {
        errors.push(new Error(`NodePool "${nodePool.metadata.name}": ${(error as Error).message}`, { cause: error }));
        return [];
      }
    }));
    const evaluation = evaluateOverlays(ctx.cache.list(NodeOverlay), known.flat());
    if (this.store.update(evaluation, pools, known.flat().map(({ nodePool }) => nodePool))) this.state.markUnconsolidated();
    if (errors.length > 0) throw new AggregateError(errors, `listing instance types: ${errors.map(({ message }) => message).join('; ')}`);
  }
}
