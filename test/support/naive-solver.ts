import type { Pod } from 'kubernetes-types/core/v1.js';
import { Requirements } from '../../src/api/requirements.js';
import type { Requirement } from '../../src/api/requirement.js';
import type { InstanceType, Offering } from '../../src/cloud/instance-type.js';
import type { Decision, NewNode, Snapshot, SnapshotPool, SolveOptions } from '../../src/scheduling/index.js';
import { brokenConstraints, termsOf } from './constraint-checker.js';

// Finds a place for one pod by trying all there are, one by one.

/** Where a pod may go: an existing node, or a new one of a pool as a type bought by an offering. */
export interface NaivePlace { readonly node?: string; readonly pool?: string; readonly type?: string; readonly offering?: Offering }

const EMPTY: Decision = { newNodes: [], existingNodes: [], unschedulable: [], unfinished: [], emptyPools: [], totalPrice: 0 } as unknown as Decision;

/** A new node that can come in one way only. */
function pinned(pool: SnapshotPool, pod: Pod, type: InstanceType, offering: Offering, asked: readonly Requirement[]): NewNode {
  const one = { ...type, offerings: [offering] };
  return {
    pool, pods: [pod], requirements: Requirements.of(...pool.nodePool.spec.template.spec.requirements, ...asked, ...offering.requirements),
    instanceTypes: [one], requests: {}, price: offering.price, minValuesRelaxed: true,
  } as unknown as NewNode;
}

/** Every place where the pod breaks no rule. `minValues` is the caller's: it is about several places at once. */
export function naivePlaces(cluster: Snapshot, pod: Pod, options: SolveOptions = {}): NaivePlace[] {
  const places: NaivePlace[] = [];
  const isFine = (decision: Partial<Decision>): boolean => brokenConstraints(cluster, [pod], { ...EMPTY, ...decision }, { ...options, minValuesPolicy: 'BestEffort' }).length === 0;
  for (const node of cluster.nodes) if (isFine({ existingNodes: [{ node, pods: [pod] }] })) places.push({ node: node.name });
  for (const pool of cluster.pools) {
    for (const type of pool.instanceTypes) {
      for (const offering of type.offerings) {
        if (offering.available && termsOf(pod).some((term) => isFine({ newNodes: [pinned(pool, pod, type, offering, term)] }))) places.push({ pool: pool.nodePool.metadata.name, type: type.name, offering });
      }
    }
  }
  return places;
}
