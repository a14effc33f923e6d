import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Requirement } from '../../src/api/requirement.js';
import { Requirements } from '../../src/api/requirements.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import type { Decision, Snapshot, SnapshotNode } from '../../src/scheduling/index.js';

/** What a planner answered, in the output format of `karpenter-ts plan -o json`. Go writes null for empty lists. */
export interface PlanAnswer {
  newNodes: { nodePool: string; pods: string[]; instanceTypes: string[]; requirements: Requirement[]; price: number }[] | null;
  existingNodes: { name: string; pods: string[] }[] | null;
  unschedulable: { pod: string; reason: string }[] | null;
}

/** Set by Karpenter for its simulation; no node of a claim carries them. */
const SIMULATED = ['karpenter.sh/registered', 'karpenter.sh/initialized'];

/** The answer as a decision about the snapshot and the pods, so that it can be checked like our own. */
export function decisionOf(answer: PlanAnswer, { pools, nodes }: Snapshot, pods: readonly Pod[]): Decision {
  const podNamed = new Map(pods.map((pod) => [`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod]));
  const nodeNamed = new Map(nodes.map((node) => [node.name, node]));
  const podsOf = (names: readonly string[]): Pod[] => names.map((name) => podNamed.get(name) as Pod);
  const newNodes = (answer.newNodes ?? []).map(({ nodePool, requirements, instanceTypes, price, pods: names }) => {
    const pool = pools.find((each) => each.nodePool.metadata.name === nodePool) as Snapshot['pools'][number];
    const typeNamed = new Map(pool.instanceTypes.map((type) => [type.name, type]));
    return {
      pool, price, pods: podsOf(names), requests: {}, minValuesRelaxed: false, instanceTypes: instanceTypes.map((name) => typeNamed.get(name) as InstanceType),
      requirements: Requirements.of(...requirements.filter(({ key }) => !SIMULATED.includes(key))),
    };
  });
  return {
    newNodes,
    existingNodes: (answer.existingNodes ?? []).map(({ name, pods: names }) => ({ node: nodeNamed.get(name) as SnapshotNode, pods: podsOf(names) })),
    unschedulable: (answer.unschedulable ?? []).map(({ pod, reason }) => ({ pod: podNamed.get(pod) as Pod, deferred: false, reason })),
    unfinished: [],
    emptyPools: [],
    lowerBound: 0,
    totalPrice: newNodes.reduce((total, { price }) => total + price, 0),
  };
}
