import type { TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import { untolerated } from '../../../api/taints.js';
import type { Pod } from '../model/kinds.js';
import { matchesNodeAffinity, selects } from '../model/selectors.js';
import { foldLabelKeys } from './affinity-terms.js';
import { reject } from './filter.js';
import type { FilterPlugin } from './filter.js';
import type { NodeInfo } from './node-info.js';

/** A constraint with `matchLabelKeys` folded in and its counts by topology value. */
export interface Spread {
  key: string;
  maxSkew: number;
  minDomains: number;
  selector: LabelSelector | undefined;
  /** Matching pods by the value of the topology label, over the nodes that count. */
  counts: Map<string, number>;
}

const spreadsBy = ({ metadata }: Pod, selector: LabelSelector | undefined) => (other: Pod): boolean =>
  other.metadata.namespace === metadata.namespace && other.metadata.deletionTimestamp === undefined && selects(selector, other.metadata.labels);

const constraintsOf = (pod: Pod, action: string): TopologySpreadConstraint[] =>
  (pod.spec.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action);

/** Whether a node's pods and topology value count for a constraint, by its node inclusion policies. */
function counts(constraint: TopologySpreadConstraint, pod: Pod, { node }: NodeInfo): boolean {
  if ((constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor' && !matchesNodeAffinity(pod.spec, node)) return false;
  const taints = (node.spec.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  return constraint.nodeTaintsPolicy !== 'Honor' || untolerated(taints, pod.spec.tolerations ?? []) === undefined;
}

/** A pod's constraints of one `whenUnsatisfiable` with the pods counted. Only nodes with all topology labels count. */
export function spreads(pod: Pod, nodes: readonly NodeInfo[], action: 'DoNotSchedule' | 'ScheduleAnyway'): Spread[] {
  const constraints = constraintsOf(pod, action);
  const keyed = nodes.filter(({ node }) => constraints.every(({ topologyKey }) => node.metadata.labels[topologyKey] !== undefined));
  return constraints.map((constraint) => {
    const selector = foldLabelKeys(constraint.labelSelector, pod, constraint.matchLabelKeys);
    const matching = spreadsBy(pod, selector);
    const perValue = new Map<string, number>();
    for (const info of keyed) {
      if (!counts(constraint, pod, info)) continue;
      const value = info.node.metadata.labels[constraint.topologyKey] as string;
      let found = perValue.get(value) ?? 0;
      for (const other of info.pods.values()) if (matching(other.pod)) found += 1;
      perValue.set(value, found);
    }
    return { key: constraint.topologyKey, maxSkew: constraint.maxSkew, minDomains: constraint.minDomains ?? 1, selector, counts: perValue };
  });
}

/** Hard constraints: no topology value may be more than maxSkew pods ahead of the emptiest. */
export const podTopologySpread: FilterPlugin = ({ pod }, { nodes }) => {
  const constraints = spreads(pod, nodes, 'DoNotSchedule');
  if (constraints.length === 0) return undefined;
  const limits = constraints.map(({ key, maxSkew, minDomains, selector, counts }) => ({
    key,
    counts,
    // Fewer values than minDomains: the missing ones count as empty.
    highest: maxSkew + (counts.size < minDomains ? 0 : Math.min(...counts.values())) - (selects(selector, pod.metadata.labels) ? 1 : 0),
  }));
  return ({ node }) => {
    for (const { key, counts, highest } of limits) {
      const value = node.metadata.labels[key];
      if (value === undefined) return reject('PodTopologySpread', "node(s) didn't match pod topology spread constraints (missing required label)");
      if ((counts.get(value) ?? 0) > highest) return reject('PodTopologySpread', "node(s) didn't match pod topology spread constraints", true);
    }
    return undefined;
  };
};
