import type { Pod } from 'kubernetes-types/core/v1.js';
import { inject } from 'inversify';
import { CapacityBuffer } from 'karpenter-ts/api';
import { ClusterState, virtualPods } from 'karpenter-ts/cluster';
import { Cache } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import type { Decision } from 'karpenter-ts/scheduling';
import { Settings } from '../settings.js';
import { transition } from '../shared/transitions.js';
import { bufferChunks } from './buffer-chunks.js';
import type { Chunks, Unresolved } from './buffer-chunks.js';
import { provisioningCondition } from './provisioning-condition.js';
import type { Placements } from './provisioning-condition.js';

/** A buffer with the pods that stand for its room. */
export interface BufferRoom {
  readonly buffer: CapacityBuffer;
  readonly chunks: Chunks | Unresolved;
  readonly pods: readonly Pod[];
}

/** The part of a plan that buffers care about. */
export type Plan = Pick<Decision, 'existingNodes' | 'newNodes' | 'unschedulable'>;

/** A plan for no pods. */
export const NOTHING_PLANNED: Plan = { existingNodes: [], newNodes: [], unschedulable: [] };

/** Capacity buffers as those who plan see them: pods to plan for. Without the gate CapacityBuffer there are none. */
export class CapacityBuffers {
  constructor(
    @inject(Settings) private readonly settings: Settings,
    @inject(Cache) private readonly cache: Cache,
    @inject(ClusterState) private readonly state: ClusterState,
  ) {}

  /** Every buffer as it is now; read from templates and workloads each time, so that nothing has to be rebuilt after a restart. */
  rooms(): BufferRoom[] {
    if (!this.settings.featureGates.capacityBuffer) return [];
    return this.cache.list(CapacityBuffer).filter(({ metadata }) => !metadata.deletionTimestamp).map((buffer) => {
      const chunks = bufferChunks(buffer, this.cache);
      return { buffer, chunks, pods: 'reason' in chunks ? [] : virtualPods(buffer, chunks.template, chunks.replicas) };
    });
  }

  /** Remembers which nodes hold room, and says on each buffer whether it has its own. */
  async record(rooms: readonly BufferRoom[], plan: Plan, ctx: TickContext): Promise<void> {
    if (!this.settings.featureGates.capacityBuffer) return;
    const virtual = new Set(rooms.flatMap(({ pods }) => pods));
    const countsByMachine = plan.existingNodes.map(({ node, pods }): [string, number] => [node.providerID, pods.filter((pod) => virtual.has(pod)).length]);
    this.state.holdBufferPods(new Map(countsByMachine.filter(([, count]) => count > 0)));
    const found = places(plan);
    await Promise.all(rooms.map(async ({ buffer, chunks, pods }) => {
      const condition = provisioningCondition(chunks, placements(pods, found));
      if (!condition) return;
      try {
        await transition(buffer, condition, ctx);
      } catch (error) {
        ctx.log.error('could not say whether a capacity buffer is provisioned', { CapacityBuffer: { namespace: buffer.metadata.namespace, name: buffer.metadata.name }, error: (error as Error).message });
      }
    }));
  }
}

function places({ existingNodes, newNodes, unschedulable }: Plan): Map<Pod, keyof Placements> {
  return new Map([
    ...existingNodes.flatMap(({ pods }) => pods.map((pod) => [pod, 'existing'] as const)),
    ...newNodes.flatMap(({ pods }) => pods.map((pod) => [pod, 'onNewNodes'] as const)),
    ...unschedulable.map(({ pod }) => [pod, 'failed'] as const),
  ]);
}

function placements(pods: readonly Pod[], found: ReadonlyMap<Pod, keyof Placements>): Placements {
  const counts = { existing: 0, onNewNodes: 0, failed: 0 };
  for (const pod of pods) {
    const place = found.get(pod);
    if (place) counts[place] += 1;
  }
  return counts;
}
