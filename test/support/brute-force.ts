import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import type { Snapshot, SnapshotNode } from '../../src/scheduling/index.js';
import { bought, isFine, waysOf } from './naive-solver.js';
import type { Way } from './naive-solver.js';

const alone = (pod: Pod): Pod => {
  const { topologySpreadConstraints: _, affinity, ...spec } = pod.spec as PodSpec;
  return { ...pod, spec: { ...spec, ...(affinity?.nodeAffinity ? { affinity: { nodeAffinity: affinity.nodeAffinity } } : {}) } };
};

/**
 * The lowest price, USD an hour, of any new nodes that together with the existing ones carry all of the pods and break no rule; `atMost` when
 * there is none below it. Looks at every way to divide the pods up and to buy the nodes: for a handful of pods and types.
 */
export function cheapestPacking(cluster: Snapshot, pods: readonly Pod[], atMost: number): number {
  const ways = waysOf(cluster).sort((a, b) => a.offering.price - b.offering.price);
  const known = new Map<string, readonly Way[]>();
  /** Ways to buy one node for pods, as far as the node alone is concerned, the cheapest first. */
  const waysFor = (group: readonly number[]): readonly Way[] => {
    const key = group.join();
    const all = known.get(key) ?? ways.filter((way) => {
      const together = group.map((index) => alone(pods[index] as Pod));
      return isFine(cluster, together, { newNodes: [bought(way, together)] });
    });
    known.set(key, all);
    return all;
  };
  const priceOf = (group: readonly number[]): number => waysFor(group)[0]?.offering.price ?? Number.POSITIVE_INFINITY;
  let best = atMost;

  const buy = (groups: readonly (readonly number[])[], onNodes: ReadonlyMap<SnapshotNode, readonly number[]>, chosen: readonly Way[], price: number): void => {
    const rest = groups.slice(chosen.length);
    if (price + rest.reduce((sum, group) => sum + priceOf(group), 0) >= best) return;
    if (rest.length > 0) return waysFor(rest[0] as readonly number[]).forEach((way) => buy(groups, onNodes, [...chosen, way], price + way.offering.price));
    const list = (indexes: readonly number[]): Pod[] => indexes.map((index) => pods[index] as Pod);
    const decision = {
      newNodes: groups.map((group, index) => bought(chosen[index] as Way, list(group))), existingNodes: [...onNodes].map(([node, indexes]) => ({ node, pods: list(indexes) })), totalPrice: price,
    };
    if (isFine(cluster, pods, decision)) best = price;
  };

  const divide = (next: number, groups: readonly (readonly number[])[], onNodes: ReadonlyMap<SnapshotNode, readonly number[]>): void => {
    if (groups.reduce((sum, group) => sum + priceOf(group), 0) >= best) return;
    if (next === pods.length) return buy(groups, onNodes, [], 0);
    for (const node of cluster.nodes) divide(next + 1, groups, new Map([...onNodes, [node, [...(onNodes.get(node) ?? []), next]]]));
    groups.forEach((group, at) => divide(next + 1, groups.with(at, [...group, next]), onNodes));
    divide(next + 1, [...groups, [next]], onNodes);
  };
  divide(0, [], new Map());
  return best;
}
