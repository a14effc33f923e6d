import type { ConditionInput } from 'karpenter-ts/api';
import type { Chunks, Unresolved } from './buffer-chunks.js';

/** Where the virtual pods of one buffer went in a plan. */
export interface Placements {
  readonly existing: number;
  readonly onNewNodes: number;
  readonly failed: number;
}

const unprovisioned = (reason: string, message: string): ConditionInput => ({ type: 'Provisioning', status: 'False', reason, message });

/** Whether the room of a buffer is there; undefined when the plan does not say. */
export function provisioningCondition(chunks: Chunks | Unresolved, { existing, onNewNodes, failed }: Placements): ConditionInput | undefined {
  if ('reason' in chunks) return unprovisioned('NotReadyForProvisioning', 'Buffer is not ReadyForProvisioning');
  const { replicas } = chunks;
  if (replicas === 0) return unprovisioned('BufferEmpty', 'Buffer has zero desired replicas');
  if (onNewNodes + failed > 0) {
    return unprovisioned('RequiresNewCapacity', `${onNewNodes}/${replicas} virtual pods required new capacity${failed > 0 ? `, ${failed} failed` : ''}`);
  }
  if (existing < replicas) return undefined;
  return { type: 'Provisioning', status: 'True', reason: 'FitsExistingCapacity', message: `All ${replicas} virtual pods fit on existing capacity` };
}
