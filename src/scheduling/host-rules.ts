import type { ClassTopology } from './topology.js';
import type { TopologyGroup } from './topology-group.js';

/** What the pods of a class and others on their host are to each other. */
export interface HostRules {
  /** Terms that keep the class off hosts with pods that they count. `counted`: whether the class is among those. */
  readonly restricting: readonly { readonly group: TopologyGroup; readonly counted: boolean }[];
  /** Terms of others that count the class. */
  readonly counting: readonly TopologyGroup[];
}

const NO_RULES: HostRules = { restricting: [], counting: [] };

const isAntiAffinity = ({ term: { kind } }: TopologyGroup): boolean => kind === 'pod anti-affinity';

/** How many pods that a term counts may be on the host of a pod that has the term, itself included if it is counted. */
export const mostOnHost = (group: TopologyGroup): number => (isAntiAffinity(group) ? 1 : group.term.maxSkew);

/** Terms that want company are left out: pods with such stay where they are. */
export function hostRulesOf({ restricting, counting }: ClassTopology): HostRules {
  const ofHosts = (group: TopologyGroup): boolean => group.ofHosts && group.term.kind !== 'pod affinity';
  const counted = new Set(counting.map(({ group }) => group).filter(ofHosts));
  const own = restricting.map(({ group }) => group).filter(ofHosts).map((group) => ({ group, counted: counted.has(group) }));
  for (const { group } of own) counted.delete(group);
  return own.length === 0 && counted.size === 0 ? NO_RULES : { restricting: own, counting: [...counted] };
}

/**
 * Pods on one host, as terms about hosts see them. Every pod must be content with all others, whichever of them comes first: preferences
 * that were kept when the pods were placed are to be kept as well, and nobody knows the order in which kube-scheduler binds them.
 */
export class HostLoad {
  private readonly counts: Map<TopologyGroup, number>;
  /** Terms of pods that are here. */
  private readonly present: Set<TopologyGroup>;

  constructor(base?: HostLoad) {
    this.counts = new Map(base?.counts);
    this.present = new Set(base?.present);
  }

  /** How many more pods of a class there may be. */
  roomFor({ restricting, counting }: HostRules): number {
    let room = Number.POSITIVE_INFINITY;
    for (const { group, counted } of restricting) {
      const count = this.counts.get(group) ?? 0;
      if (counted) room = Math.min(room, mostOnHost(group) - count);
      else if (isAntiAffinity(group) ? count > 0 : count > mostOnHost(group)) return 0;
    }
    for (const group of counting) {
      if (!this.present.has(group)) continue;
      if (isAntiAffinity(group)) return 0;
      room = Math.min(room, mostOnHost(group) - (this.counts.get(group) ?? 0));
    }
    return Math.max(0, room);
  }

  add({ restricting, counting }: HostRules, pods: number): void {
    for (const { group, counted } of restricting) {
      this.present.add(group);
      if (counted) this.count(group, pods);
    }
    for (const group of counting) this.count(group, pods);
  }

  private count(group: TopologyGroup, pods: number): void {
    this.counts.set(group, (this.counts.get(group) ?? 0) + pods);
  }
}
