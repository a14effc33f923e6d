import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Requirement } from '../../api/requirement.js';
import type { Decision } from '../../scheduling/decision.js';
import type { PosedQuestion } from './posed-question.js';

/** What `plan -o json` prints of one question. */
export interface PlanResult {
  readonly newNodes: readonly {
    readonly nodePool: string;
    readonly pods: readonly string[];
    readonly instanceTypes: readonly string[];
    readonly requirements: readonly Requirement[];
    readonly price: number;
  }[];
  readonly existingNodes: readonly { readonly name: string; readonly pods: readonly string[] }[];
  readonly unschedulable: readonly { readonly pod: string; readonly reason: string }[];
  readonly totalPrice: number;
  readonly lowerBound: number;
  /** How far `totalPrice` may be above the cheapest packing there is: `totalPrice / lowerBound - 1`. */
  readonly gap: number;
  /** Lines about the pod that `--explain` names. */
  readonly explanation?: readonly string[];
  readonly timings: { readonly parseMs: number; readonly solveMs: number };
}

export const podName = ({ metadata }: Pod): string => `${metadata?.namespace ?? 'default'}/${metadata?.name}`;

/** Pods without a node, with the reasons of the solver and those for which the provisioner would not have asked it. */
export function unplaced({ unschedulable, unfinished }: Decision, { ignored }: PosedQuestion): { pod: Pod; reason: string }[] {
  return [...unschedulable.map(({ pod, reason }) => ({ pod, reason })), ...unfinished.map((pod) => ({ pod, reason: 'not decided in time' })), ...ignored];
}

/** A decision in the words of the file format. */
export function planResult(decision: Decision, posed: PosedQuestion, timings: PlanResult['timings']): PlanResult {
  const { lowerBound } = decision;
  return {
    newNodes: decision.newNodes.map(({ pool, pods, instanceTypes, requirements, price }) => ({
      nodePool: pool.nodePool.metadata.name, pods: pods.map(podName), instanceTypes: instanceTypes.map(({ name }) => name), requirements: requirements.toList(), price,
    })),
    existingNodes: decision.existingNodes.map(({ node, pods }) => ({ name: node.name, pods: pods.map(podName) })),
    unschedulable: unplaced(decision, posed).map(({ pod, reason }) => ({ pod: podName(pod), reason })),
    totalPrice: decision.totalPrice,
    lowerBound,
    gap: lowerBound > 0 ? decision.totalPrice / lowerBound - 1 : 0,
    timings,
  };
}

/** A result as JSON text in pieces, of which none is long. */
export function* jsonPieces(result: object): Generator<string> {
  let separator = '{';
  for (const [key, value] of Object.entries(result)) {
    yield `${separator}${JSON.stringify(key)}:`;
    separator = ',';
    if (!Array.isArray(value)) yield JSON.stringify(value);
    else {
      yield '[';
      for (let index = 0; index < value.length; index += 1) yield `${index > 0 ? ',' : ''}${JSON.stringify(value[index])}`;
      yield ']';
    }
  }
  yield separator === '{' ? '{}\n' : '}\n';
}
