import { termMatches } from './affinity-terms.js';
import type { AffinityTerm } from './affinity-terms.js';
import { reject } from './filter.js';
import type { FilterPlugin } from './filter.js';
import type { NodeInfo, PodInfo } from './node-info.js';

/** Topology values (`key` and value) where something holds. */
type Domains = Set<string>;

const domainOf = ({ node }: NodeInfo, { topologyKey }: AffinityTerm): string | undefined => {
  const value = node.metadata.labels[topologyKey];
  return value === undefined ? undefined : `${topologyKey}=${value}`;
};

/** Required affinity and anti-affinity of the pod, and required anti-affinity of the pods that are there. */
export const interPodAffinity: FilterPlugin = ({ pod, terms: { affinity, antiAffinity } }, { nodes }) => {
  const repelled: Domains = new Set();
  const avoided: Domains = new Set();
  const attracted: Domains = new Set();
  const matchesAll = (other: PodInfo): boolean => affinity.every((term) => termMatches(term, other.pod));
  for (const info of nodes) {
    for (const other of info.pods.values()) {
      for (const term of other.terms.antiAffinity) if (termMatches(term, pod)) add(repelled, domainOf(info, term));
      for (const term of antiAffinity) if (termMatches(term, other.pod)) add(avoided, domainOf(info, term));
      // A pod helps only when it matches every affinity term.
      if (affinity.length > 0 && matchesAll(other)) for (const term of affinity) add(attracted, domainOf(info, term));
    }
  }
  if (affinity.length === 0 && avoided.size === 0 && repelled.size === 0) return undefined;
  // The first pod of a group that wants to be together may go anywhere that has the labels.
  const first = attracted.size === 0 && affinity.every((term) => termMatches(term, pod));
  return (info) => {
    const without = affinity.some((term) => {
      const domain = domainOf(info, term);
      return domain === undefined || (!first && !attracted.has(domain));
    });
    if (without) return reject('InterPodAffinity', "node(s) didn't match pod affinity rules");
    if (antiAffinity.some((term) => avoided.has(domainOf(info, term) ?? ''))) return reject('InterPodAffinity', "node(s) didn't match pod anti-affinity rules", true);
    if (repelled.size > 0 && Object.entries(info.node.metadata.labels).some(([key, value]) => repelled.has(`${key}=${value}`))) {
      return reject('InterPodAffinity', "node(s) didn't satisfy existing pods anti-affinity rules", true);
    }
    return undefined;
  };
};

function add(domains: Domains, domain: string | undefined): void {
  if (domain !== undefined) domains.add(domain);
}
