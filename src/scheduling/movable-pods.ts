import type { DraftNode } from './draft-node.js';
import type { NodeFilter, PodClass } from './pod-class.js';
import type { RequirementSet } from './requirement-set.js';
import { admitsNewHost } from './topology.js';
import type { Topology } from './topology.js';

/**
 * What another new node of the pool must be for the pods of a class on a planned node to be there as well, such that every count by
 * zone, or by whatever label, stays as it is. Undefined when they must stay: others keep them company, their domain is open, or
 * moving them would change who counts them.
 */
export function movableTo(podClass: PodClass, { requirements }: DraftNode, topology: Topology): RequirementSet | undefined {
  const { node, volumes } = podClass;
  const [volume] = volumes;
  if (node.hostname !== undefined || volumes.length !== 1 || volume === undefined || (volume.hostname !== undefined && !admitsNewHost(volume.hostname))) return undefined;
  const relations = topology.of(podClass);
  let pinned = node.requirements.merge(volume.requirements);
  for (const { group, filter } of [...relations.restricting.map(({ group: each }) => ({ group: each, filter: undefined })), ...relations.counting]) {
    if (group.ofHosts) {
      if (group.term.kind === 'pod affinity') return undefined;
      continue;
    }
    const set = requirements.get(group.key);
    if (set?.single === undefined) return undefined;
    if (filter !== undefined && group.term.honorAffinity && !asksForNoMore(filter, podClass)) return undefined;
    pinned = pinned.narrow(set);
  }
  return pinned;
}

/** Whether every node that can have the class takes part in what the filter counts. */
const asksForNoMore = ({ anyTerm }: NodeFilter, { nodeFilter }: PodClass): boolean => anyTerm.some(({ requirements, hostname }) => hostname === undefined
  && (requirements.sets.length === 0 || nodeFilter.anyTerm.every((own) => own.requirements === requirements)));
