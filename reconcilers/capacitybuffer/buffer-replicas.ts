import { parseResources } from 'karpenter-ts/api';
import type { CapacityBufferSpec, Resources } from 'karpenter-ts/api';

/**
 * How many chunks of the given requests a buffer has: the larger of `replicas` and its percentage of the workload, at most as many as its
 * limits allow; or as many as they allow, if nothing else says how many. Resources that only one side names do not limit. Throws an
 * InvalidQuantity for a limit that is none.
 */
export function bufferReplicas({ replicas, percentage, limits }: Pick<CapacityBufferSpec, 'replicas' | 'percentage' | 'limits'>, requests: Resources, workloadReplicas?: number): number {
  const wanted = [
    ...(replicas === undefined ? [] : [replicas]),
    ...(percentage === undefined || workloadReplicas === undefined ? [] : [Math.ceil((workloadReplicas * percentage) / 100)]),
  ];
  const allowed = Object.entries(parseResources(limits)).flatMap(([name, limit]) => {
    const request = requests[name] ?? 0;
    return request > 0 ? [Math.max(0, Math.floor(limit / request))] : [];
  });
  if (wanted.length === 0) return allowed.length === 0 ? 0 : Math.min(...allowed);
  return Math.min(Math.max(...wanted), ...allowed);
}
