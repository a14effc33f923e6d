import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Decision } from './decision.js';

/** The decision as it concerns everybody but these pods. New nodes stay, also those that were only for them. */
export function withoutPods(decision: Decision, pods: ReadonlySet<Pod>): Decision {
  if (pods.size === 0) return decision;
  const others = (list: readonly Pod[]): Pod[] => list.filter((pod) => !pods.has(pod));
  return {
    ...decision,
    newNodes: decision.newNodes.map((node) => ({ ...node, pods: others(node.pods) })),
    existingNodes: decision.existingNodes.map(({ node, pods: placed }) => ({ node, pods: others(placed) })).filter(({ pods: left }) => left.length > 0),
    unschedulable: decision.unschedulable.filter(({ pod }) => !pods.has(pod)),
    unfinished: others(decision.unfinished),
  };
}
