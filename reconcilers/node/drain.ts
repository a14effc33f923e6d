import type { Pod } from 'karpenter-ts/operator';

const CRITICAL = new Set(['system-cluster-critical', 'system-node-critical']);

const ownedByDaemonSet = (pod: Pod): boolean =>
  pod.metadata.ownerReferences?.some(({ apiVersion, kind }) => apiVersion === 'apps/v1' && kind === 'DaemonSet') ?? false;

/**
 * The pods to ask to leave next: workloads first, then their daemons, then what is critical, then critical daemons. A later group
 * waits until the earlier ones are gone (karpenter-core §3.12).
 */
export function nextToEvict(pods: readonly Pod[]): readonly Pod[] {
  const groups: Pod[][] = [[], [], [], []];
  for (const pod of pods) {
    const critical = CRITICAL.has(pod.spec.priorityClassName ?? '');
    groups[(critical ? 2 : 0) + (ownedByDaemonSet(pod) ? 1 : 0)]?.push(pod);
  }
  return groups.find((group) => group.length > 0) ?? [];
}
