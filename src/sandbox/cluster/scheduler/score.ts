import { untolerated } from '../../../api/taints.js';
import { matchesTerm } from '../model/selectors.js';
import { termMatches } from './affinity-terms.js';
import type { ClusterView } from './filter.js';
import type { NodeInfo, PodInfo } from './node-info.js';
import { spreads } from './topology-spread.js';

/** Scores of the nodes in their order; larger is better, on any scale. */
type Scorer = (pod: PodInfo, nodes: readonly NodeInfo[], view: ClusterView) => number[] | undefined;

/** The share of cpu and memory that would be left. */
const leastAllocated: Scorer = ({ requests }, nodes) => {
  const names = ['cpu', 'memory'];
  return nodes.map(({ allocatable, requested }) => {
    const shares = names.map((name) => {
      const total = allocatable[name] ?? 0;
      return total === 0 ? 0 : Math.max(0, total - (requested[name] ?? 0) - (requests[name] ?? 0)) / total;
    });
    return shares.reduce((sum, share) => sum + share, 0) / names.length;
  });
};

const preferredTaints: Scorer = ({ pod }, nodes) => {
  const tolerations = pod.spec.tolerations ?? [];
  return nodes.map(({ node }) => {
    const soft = (node.spec.taints ?? []).filter(({ effect }) => effect === 'PreferNoSchedule');
    return -soft.filter((taint) => untolerated([taint], tolerations)).length;
  });
};

const preferredNodeAffinity: Scorer = ({ pod }, nodes) => {
  const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
  if (!preferred) return undefined;
  return nodes.map(({ node }) => preferred.reduce((sum, { preference, weight }) => sum + (matchesTerm(preference, node) ? weight : 0), 0));
};

const preferredPodAffinity: Scorer = ({ pod, terms }, nodes, view) => {
  const perDomain = new Map<string, number>();
  const weigh = (info: NodeInfo, key: string, weight: number): void => {
    const value = info.node.metadata.labels[key];
    if (value !== undefined) perDomain.set(`${key}=${value}`, (perDomain.get(`${key}=${value}`) ?? 0) + weight);
  };
  for (const info of view.nodes) {
    for (const other of info.pods.values()) {
      for (const term of terms.preferred) if (termMatches(term, other.pod)) weigh(info, term.topologyKey, term.weight);
      // Preferences of the pods that are there, and their hard affinity at weight 1, pull on the newcomer too.
      for (const term of other.terms.preferred) if (termMatches(term, pod)) weigh(info, term.topologyKey, term.weight);
      for (const term of other.terms.affinity) if (termMatches(term, pod)) weigh(info, term.topologyKey, 1);
    }
  }
  if (perDomain.size === 0) return undefined;
  return nodes.map(({ node }) => Object.entries(node.metadata.labels).reduce((sum, [key, value]) => sum + (perDomain.get(`${key}=${value}`) ?? 0), 0));
};

const softTopologySpread: Scorer = ({ pod }, nodes, view) => {
  const constraints = spreads(pod, view.nodes, 'ScheduleAnyway');
  if (constraints.length === 0) return undefined;
  return nodes.map(({ node }) => -constraints.reduce((sum, { key, counts, maxSkew }) => {
    const value = node.metadata.labels[key];
    // Rarer topologies weigh more, as kube-scheduler does with the logarithm of their number.
    return sum + (value === undefined ? view.nodes.length : (counts.get(value) ?? 0)) * Math.log(counts.size + 2) + (maxSkew - 1);
  }, 0));
};

/** kube-scheduler's default weights. */
const SCORERS: readonly (readonly [Scorer, number])[] = [
  [leastAllocated, 1], [preferredTaints, 3], [preferredNodeAffinity, 2], [preferredPodAffinity, 2], [softTopologySpread, 2],
];

/** The nodes with the best score; each scorer is stretched to 0…100 over the candidates first. */
export function bestNodes(pod: PodInfo, nodes: readonly NodeInfo[], view: ClusterView): NodeInfo[] {
  if (nodes.length <= 1) return [...nodes];
  const totals = nodes.map(() => 0);
  for (const [scorer, weight] of SCORERS) {
    const scores = scorer(pod, nodes, view);
    if (!scores) continue;
    const lowest = scorer === leastAllocated ? 0 : Math.min(...scores);
    const range = scorer === leastAllocated ? 1 : Math.max(...scores) - lowest;
    if (range === 0) continue;
    for (const [index, score] of scores.entries()) totals[index] = (totals[index] as number) + Math.floor((100 * (score - lowest)) / range) * weight;
  }
  const best = Math.max(...totals);
  return nodes.filter((_, index) => totals[index] === best);
}
