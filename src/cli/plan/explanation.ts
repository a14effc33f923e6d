import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Decision, NewNode } from '../../scheduling/decision.js';
import { cheapestOffering } from './bought-machine.js';
import { counted, dollars, named } from './plan-report.js';
import { podName, unplaced } from './plan-result.js';
import type { PosedQuestion } from './posed-question.js';

/** Alternatives that are shown. */
const SHOWN = 5;

function onNewNode(node: NewNode, index: number): string[] {
  const others = node.pods.length - 1;
  const offers = node.instanceTypes.slice(0, SHOWN + 1).map((type) => cheapestOffering(type, node)).filter((offer) => offer !== undefined);
  const [cheapest, ...next] = offers;
  return [
    `goes to new node ${index + 1} of NodePool ${node.pool.nodePool.metadata.name}${others > 0 ? `, with ${counted(others, 'other pod')}: ${named(node.pods, SHOWN)}` : ''}`,
    `the node must satisfy ${node.requirements.toString()}`,
    ...(cheapest ? [`cheapest of ${counted(node.instanceTypes.length, 'type')} that can carry them: ${cheapest.type.name}, ${cheapest.capacityType} in ${cheapest.zone}, ${dollars(cheapest.price)} USD/hour`] : []),
    ...next.map(({ type, capacityType, zone, price }) => `  then ${type.name}, ${capacityType} in ${zone}, ${dollars(price)} USD/hour`),
  ];
}

/** Lines on where a pod goes and why, or why nowhere; undefined when the decision is not about it. `name` is `namespace/name`. */
export function explain(name: string, decision: Decision, posed: PosedQuestion): string[] | undefined {
  const holds = ({ pods }: { pods: readonly Pod[] }): boolean => pods.some((pod) => podName(pod) === name);
  const index = decision.newNodes.findIndex(holds);
  if (index >= 0) return onNewNode(decision.newNodes[index] as NewNode, index);
  const existing = decision.existingNodes.find(holds);
  if (existing) return [`fits on node ${existing.node.name}, which is there already and costs nothing more`];
  const verdict = decision.unschedulable.find(({ pod }) => podName(pod) === name)?.verdict;
  if (verdict) return ['fits nowhere:', ...verdict.describe()];
  const reason = unplaced(decision, posed).find(({ pod }) => podName(pod) === name)?.reason;
  return reason === undefined ? undefined : ['fits nowhere:', ...reason.split('; ')];
}
