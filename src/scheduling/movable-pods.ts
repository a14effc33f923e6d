import type { DraftNode } from './draft-node.js';
import type { NodeFilter, PodClass } from './pod-class.js';
import type { RequirementSet } from './requirement-set.js';
import { admitsNewHost } from './topology.js';
import type { ClassTopology, Topology } from './topology.js';
import type { TopologyGroup } from './topology-group.js';

/** What a class asks of the other pods on its host, and counts as for them. */
export interface HostRules {
  readonly restricting: readonly { readonly group: TopologyGroup; readonly selected: boolean }[];
  readonly counting: readonly TopologyGroup[];
}

const NO_RULES: HostRules = { restricting: [], counting: [] };

/** How many pods of a term that keeps its own pods apart one host takes. */
export const mostOnHost = ({ term: { kind, maxSkew } }: TopologyGroup): number => (kind === 'pod anti-affinity' ? 1 : maxSkew);

/** How many more pods of a class a host takes on which so many are counted by each group. */
export function roomOnHost({ restricting, counting }: HostRules, counts: ReadonlyMap<TopologyGroup, number>): number {
  let room = Number.POSITIVE_INFINITY;
  for (const { group, selected } of restricting) {
    const left = mostOnHost(group) - (counts.get(group) ?? 0);
    room = Math.min(room, selected ? left : left > (group.term.kind === 'pod anti-affinity' ? 0 : -1) ? Number.POSITIVE_INFINITY : 0);
  }
  for (const group of counting) if (group.term.kind === 'topology spread') room = Math.min(room, group.term.maxSkew - (counts.get(group) ?? 0));
  return Math.max(0, room);
}

export function countOnHost({ counting }: HostRules, pods: number, counts: Map<TopologyGroup, number>): void {
  for (const group of counting) counts.set(group, (counts.get(group) ?? 0) + pods);
}

export const hostRulesOf = ({ restricting, counting }: ClassTopology): HostRules => {
  const own = restricting.filter(({ group }) => group.ofHosts);
  const counted = counting.filter(({ group }) => group.ofHosts).map(({ group }) => group);
  return own.length === 0 && counted.length === 0 ? NO_RULES : { restricting: own, counting: counted };
};

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
