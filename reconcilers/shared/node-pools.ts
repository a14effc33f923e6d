import { NODEPOOL_LABEL, NodePool, conditionOf } from 'karpenter-ts/api';
import type { NodeClaim } from 'karpenter-ts/api';
import { UnevaluatedNodePool } from 'karpenter-ts/cloud';
import type { CloudProvider, InstanceType } from 'karpenter-ts/cloud';
import { keyOf } from 'karpenter-ts/operator';
import type { Key, TickContext } from 'karpenter-ts/operator';
import { isStatic } from 'karpenter-ts/scheduling';
import type { SnapshotPool } from 'karpenter-ts/scheduling';
import { isManagedReference } from './indexes.js';

/** Pools of ours. */
export const managedPools = (ctx: Pick<TickContext, 'cache'>): NodePool[] =>
  ctx.cache.list(NodePool).filter((pool) => isManagedReference(pool.spec.template.spec.nodeClassRef));

/** The pool that a claim belongs to, if any. */
export function poolOfClaim({ metadata: { labels } }: NodeClaim): Key<NodePool>[] {
  const pool = labels[NODEPOOL_LABEL];
  return pool === undefined ? [] : [keyOf(NodePool, pool)];
}

/** Whether new nodes may be made from a pool now. */
export const isLaunchable = (pool: NodePool): boolean => conditionOf(pool, 'Ready')?.status === 'True' && !pool.metadata.deletionTimestamp;

/** Whether nodes may be made from a pool now because pods need them. */
export const mayLaunch = (pool: NodePool): boolean => isLaunchable(pool) && !isStatic(pool);

/** Pools with what the cloud can launch for them; one whose types cannot be had is left out and logged. */
export async function poolsWithTypes(pools: readonly NodePool[], cloud: CloudProvider, ctx: Pick<TickContext, 'log'>): Promise<SnapshotPool[]> {
  const lists = await Promise.all(pools.map(async (pool): Promise<readonly InstanceType[]> => {
    try {
      return await cloud.getInstanceTypes(pool);
    } catch (error) {
      const fields = { NodePool: { name: pool.metadata.name }, error: (error as Error).message };
      if (error instanceof UnevaluatedNodePool) ctx.log.debug('skipping, awaiting the evaluation of node overlays', fields);
      else ctx.log.error('skipping, unable to resolve instance types', fields);
      return [];
    }
  }));
  return pools.flatMap((nodePool, position) => {
    const instanceTypes = lists[position] ?? [];
    return instanceTypes.length > 0 ? [{ nodePool, instanceTypes }] : [];
  });
}
