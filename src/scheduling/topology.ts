import type { Pod } from 'kubernetes-types/core/v1.js';
import { HOSTNAME_LABEL } from '../api/labels.js';
import type { Taint } from '../api/taints.js';
import { untolerated } from '../api/taints.js';
import { emptyBits, hasBit, isEmpty, membersOf, orBits } from './bits.js';
import type { Bits } from './bits.js';
import type { BoundPods } from './bound-pods.js';
import type { NodeFilter, PodClass } from './pod-class.js';
import type { Pool } from './pool.js';
import type { RequirementSet, RequirementSets } from './requirement-set.js';
import type { Snapshot, SnapshotNode } from './snapshot.js';
import { TopologyGroup } from './topology-group.js';
import type { Allowed, Host } from './topology-group.js';
import { addSelectorKeys, affinityTerm } from './topology-term.js';
import type { TopologyTerm } from './topology-term.js';
import type { ValueSet } from './value-set.js';
import type { KeyVocabulary } from './vocabulary.js';

/** Where a pod class stands towards the groups. */
export interface ClassTopology {
  /** What restricts it: its own terms, and those of pods that keep it away. `allowed`: see {@link TopologyGroup.admits}. */
  readonly restricting: readonly { readonly group: TopologyGroup; readonly selected: boolean; readonly allowed: Allowed }[];
  /** What counts it once it is placed. */
  readonly counting: readonly Entry[];
  /** Equal for classes for which the same hosts have too many pods; undefined for those that {@link Topology.hasTooMany} never refuses. */
  readonly hosts: string | undefined;
}

/** A topology term that leaves no domain. */
export interface TopologyRefusal {
  readonly group: TopologyGroup;
  readonly podDomains: ValueSet | undefined;
  readonly nodeDomains: ValueSet | undefined;
}

/** Pods of a new node that will count in some domain: how many, by the groups that will count them. */
export type Unsettled = Map<TopologyGroup, { readonly filter: NodeFilter | undefined; readonly pods: number }>;

interface Entry {
  readonly group: TopologyGroup;
  /** Decides which nodes take part. */
  readonly filter: NodeFilter | undefined;
}

/** Entries by a label that their selectors require: of thousands only a few can select a pod. */
class SelectingEntries {
  private readonly byAnchor = new Map<string | undefined, { readonly entry: Entry; readonly age: number }[]>();
  private size = 0;

  add(entry: Entry): void {
    const { anchor } = entry.group.term.selector;
    const alike = this.byAnchor.get(anchor);
    const added = { entry, age: this.size };
    if (alike) alike.push(added);
    else this.byAnchor.set(anchor, [added]);
    this.size += 1;
  }

  /** Those that may select pods with the labels, the oldest first. */
  of(labels: Readonly<Record<string, string>>): Entry[] {
    const anchors = [undefined, ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)];
    return anchors.flatMap((anchor) => this.byAnchor.get(anchor) ?? []).sort((a, b) => a.age - b.age).map(({ entry }) => entry);
  }
}

/** All topology groups of a run, and their counts. */
export class Topology {
  private readonly entries = new Map<string, Entry>();
  private readonly inverse = new Map<string, Entry>();
  private readonly counting = new SelectingEntries();
  private readonly repelling = new SelectingEntries();
  private readonly ofClass = new Map<PodClass, ClassTopology>();
  private readonly numbers = new Map<TopologyGroup, number>();
  /** Indexes of nodes by the domain that they are in. */
  private readonly domainNodes = new Map<KeyVocabulary, Map<number, number[]>>();

  constructor(
    private readonly snapshot: Snapshot,
    private readonly bound: BoundPods,
    private readonly sets: RequirementSets,
    private readonly pools: readonly Pool[],
    private readonly without: ReadonlySet<string>,
    /** Pods of the run that are bound: they are counted where they go, not where they are. */
    private readonly placing: ReadonlySet<Pod>,
  ) {
    for (const alike of bound.repelling.values()) {
      const [{ pod: { metadata, spec } }] = alike as [(typeof alike)[number]];
      const present = alike.filter(({ pod, node }) => !placing.has(pod) && !this.isGone(node));
      if (present.length === 0) continue;
      for (const term of spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const parsed = affinityTerm('pod anti-affinity', term, metadata?.namespace ?? 'default', metadata?.labels ?? {}, snapshot.namespaces);
        const { group } = this.inverseEntry(parsed);
        for (const { node } of present) this.countAtNode(group, node);
      }
    }
  }

  /** Label keys that decide which pods existing pods keep away. */
  static repellingKeys(bound: BoundPods): Set<string> {
    const keys = new Set<string>();
    for (const [first] of bound.repelling.values()) addSelectorKeys(first?.pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [], keys);
    return keys;
  }

  private isGone(node: number): boolean {
    return this.without.has((this.snapshot.nodes[node] as SnapshotNode).name);
  }

  /** Makes the groups of a class that is about to be placed. All classes are added before the first is placed. */
  add(podClass: PodClass): void {
    for (const term of podClass.terms) this.entry(term, podClass);
    for (const term of podClass.repelling) this.inverseEntry(term);
  }

  private entry(term: TopologyTerm, podClass: PodClass): Entry {
    const filter = term.kind === 'topology spread' ? podClass.nodeFilter : undefined;
    const name = nameOf(term, filter);
    let entry = this.entries.get(name);
    if (entry === undefined) {
      entry = { group: this.makeGroup(term), filter };
      this.entries.set(name, entry);
      this.counting.add(entry);
      this.fill(entry);
    }
    return entry;
  }

  private inverseEntry(term: TopologyTerm): Entry {
    const name = nameOf(term, undefined);
    let entry = this.inverse.get(name);
    if (entry === undefined) {
      const group = this.makeGroup(term);
      entry = { group, filter: undefined };
      this.inverse.set(name, entry);
      this.repelling.add(entry);
      this.registerCatalogue(group, () => true);
      this.registerNodes(group, (node) => !this.isGone(node));
    }
    return entry;
  }

  private makeGroup(term: TopologyTerm): TopologyGroup {
    return new TopologyGroup(term, this.sets.vocabulary.key(term.key), term.key === HOSTNAME_LABEL);
  }

  /** Registers the domains that exist or could, and counts the pods that are there. */
  private fill({ group, filter }: Entry): void {
    const { term } = group;
    this.registerCatalogue(group, (taints) => filter === undefined || toleratesNodes(taints, term, filter));
    const known = new Map<number, boolean>();
    const takesPart = (index: number): boolean => {
      let takes = known.get(index);
      if (takes === undefined) {
        const node = this.snapshot.nodes[index] as SnapshotNode;
        takes = node.node !== undefined && !this.isGone(index) && (filter === undefined || nodeTakesPart(node, term, filter));
        known.set(index, takes);
      }
      return takes;
    };
    this.registerNodes(group, takesPart);
    this.bound.each(term, (index, pod) => {
      if (!this.placing.has(pod) && takesPart(index)) this.countAtNode(group, index);
    });
  }

  /** Registers the domains of nodes that take part. Most are in the catalogue already, and are not asked about. */
  private registerNodes(group: TopologyGroup, takesPart: (node: number) => boolean): void {
    if (group.ofHosts) return;
    for (const [domain, nodes] of this.nodesByDomain(group.key)) if (!hasBit(group.known, domain) && nodes.some(takesPart)) group.register(domain);
  }

  private nodesByDomain(key: KeyVocabulary): Map<number, number[]> {
    let byDomain = this.domainNodes.get(key);
    if (byDomain === undefined) {
      byDomain = new Map();
      for (const [index, { labels }] of this.snapshot.nodes.entries()) {
        const label = labels[key.key];
        if (label === undefined) continue;
        const domain = key.number(label);
        const nodes = byDomain.get(domain);
        if (nodes) nodes.push(index);
        else byDomain.set(domain, [index]);
      }
      this.domainNodes.set(key, byDomain);
    }
    return byDomain;
  }

  private countAtNode(group: TopologyGroup, node: number): void {
    if (group.ofHosts) {
      group.countHost(node);
      return;
    }
    const label = (this.snapshot.nodes[node] as SnapshotNode).labels[group.key.key];
    if (label !== undefined) group.count(group.key.number(label));
  }

  private registerCatalogue(group: TopologyGroup, admitsTaints: (taints: readonly Taint[]) => boolean): void {
    if (group.ofHosts) return;
    for (const pool of this.pools) {
      if (!admitsTaints(pool.taints)) continue;
      for (const domain of membersOf(domainsOf(pool, group.key))) group.register(domain);
    }
  }

  of(podClass: PodClass): ClassTopology {
    let topology = this.ofClass.get(podClass);
    if (topology === undefined) {
      topology = this.relate(podClass);
      this.ofClass.set(podClass, topology);
    }
    return topology;
  }

  private relate(podClass: PodClass): ClassTopology {
    const { labels, shape: { namespace } } = podClass;
    const selects = ({ term }: TopologyGroup): boolean => term.namespaces.includes(namespace) && term.selector.matches(labels);
    const own = podClass.terms.map((term) => this.entry(term, podClass).group);
    const repelled = this.repelling.of(labels).map(({ group }) => group).filter(selects);
    const { nodeFilter: { anyTerm }, strict } = podClass;
    const allowedBy = ({ term, key }: TopologyGroup): Allowed => (term.kind !== 'topology spread' ? [strict.requirements.get(key)]
      : term.honorAffinity ? anyTerm.map(({ requirements }) => requirements.get(key)) : [undefined]);
    const restricting = [...new Set([...own, ...repelled])].map((group) => ({ group, selected: selects(group), allowed: allowedBy(group) }))
      .sort((a, b) => Number(a.group.term.kind === 'topology spread') - Number(b.group.term.kind === 'topology spread'));
    const repelling = podClass.repelling.map((term) => this.inverseEntry(term));
    const hosts = restricting.filter(({ group: { ofHosts, term } }) => ofHosts && term.kind !== 'pod affinity').map(({ group, selected }) => `${this.numberOf(group)}${selected ? '+' : ''}`);
    return { restricting, hosts: hosts.length > 0 ? hosts.join(' ') : undefined, counting: [...this.counting.of(labels).filter(({ group }) => selects(group)), ...repelling] };
  }

  /** Tells groups apart. */
  numberOf(group: TopologyGroup): number {
    const number = this.numbers.get(group) ?? this.numbers.size;
    this.numbers.set(group, number);
    return number;
  }

  /** Whether some host that the class's hostname requirement allows has pods of the group. */
  private hasPodsWhereAllowed(group: TopologyGroup, { strict: { hostname } }: PodClass): boolean {
    for (const host of group.occupiedHosts()) {
      const node = this.snapshot.nodes[host];
      if (hostname === undefined || (node === undefined ? admitsNewHost(hostname) : hostname.hasText(hostnameOf(node)))) return true;
    }
    return false;
  }

  /** Changes with every count that can let a class in where it was refused; what is refused otherwise stays so. */
  versionFor(podClass: PodClass): number {
    let version = 0;
    for (const { group } of this.of(podClass).restricting) {
      if (group.term.kind === 'pod affinity' || (group.term.kind === 'topology spread' && !group.ofHosts)) version += group.version;
    }
    return version;
  }

  /** Whether a host has too many pods for the class already. Hosts only fill up: it stays so. */
  hasTooMany(podClass: PodClass, host: Host): boolean {
    for (const { group, selected } of this.of(podClass).restricting) {
      if (group.ofHosts && group.term.kind !== 'pod affinity' && !group.admitsHost(host, selected, () => false)) return true;
    }
    return false;
  }

  /** Why an existing node is out of the question for a class; undefined when it is not. */
  refusalOfNode(podClass: PodClass, node: SnapshotNode, host: Host): TopologyGroup | undefined {
    for (const { group, selected, allowed } of this.of(podClass).restricting) {
      if (group.ofHosts) {
        if (!group.admitsHost(host, selected, () => this.hasPodsWhereAllowed(group, podClass))) return group;
        continue;
      }
      const label = node.labels[group.key.key];
      if (label === undefined) return group;
      if (!group.admits(group.key.number(label), allowed, selected)) return group;
    }
    return undefined;
  }

  /**
   * What a new node with `requirements` must narrow its labels to so that the class may join: alternatives, the most even spread
   * first; or the term that leaves nothing. `unsettled`: what the node would bring into the domain.
   */
  narrow(podClass: PodClass, requirements: RequirementSet, host: Host, unsettled: Unsettled): ValueSet[][] | TopologyRefusal {
    const byKey = new Map<KeyVocabulary, { domains: Bits; pickOne: TopologyGroup | undefined }>();
    for (const { group, selected, allowed } of this.of(podClass).restricting) {
      const podDomains = group.ofHosts ? podClass.strict.hostname : podClass.strict.requirements.get(group.key);
      const nodeDomains = group.ofHosts ? undefined : requirements.get(group.key);
      if (group.ofHosts) {
        if (!group.admitsHost(host, selected, () => this.hasPodsWhereAllowed(group, podClass))) return { group, podDomains, nodeDomains };
        continue;
      }
      const before = byKey.get(group.key);
      if (nodeDomains?.single !== undefined && before === undefined) {
        if (!group.admits(nodeDomains.single, allowed, selected, unsettled.get(group)?.pods)) return { group, podDomains, nodeDomains };
        continue;
      }
      const possible = before?.domains ?? (nodeDomains === undefined ? group.known : nodeDomains.among(group.known));
      const { domains, pickOne } = group.admitted(possible, allowed, selected, unsettled.get(group)?.pods);
      if (isEmpty(domains) || (nodeDomains === undefined && !this.sets.wellKnown.has(group.key.key))) return { group, podDomains, nodeDomains };
      byKey.set(group.key, { domains, pickOne: before?.pickOne ?? (pickOne ? group : undefined) });
    }
    let alternatives: ValueSet[][] = [[]];
    for (const [key, { domains, pickOne }] of byKey) {
      const options = pickOne === undefined
        ? [this.sets.values.make(key, false, domains, undefined, undefined, undefined)]
        : membersOf(domains).sort((a, b) => pickOne.countOf(a) - pickOne.countOf(b) || ((key.values[a] as string) < (key.values[b] as string) ? -1 : 1))
            .map((domain) => this.sets.values.one(key, domain));
      alternatives = alternatives.flatMap((left) => options.map((option) => [...left, option]));
    }
    return alternatives;
  }

  /** Domains of a key that other pods leave to the class now; undefined when none of its terms is about the key. */
  admittedDomains(podClass: PodClass, key: KeyVocabulary): Bits | undefined {
    let domains: Bits | undefined;
    for (const { group, selected, allowed } of this.of(podClass).restricting) {
      if (group.key !== key || group.ofHosts) continue;
      domains = group.admitted(domains ?? group.known, allowed, selected).domains;
    }
    return domains;
  }

  /** Counts a pod that was placed on an existing node. */
  recordOnNode(podClass: PodClass, node: SnapshotNode, host: Host): void {
    for (const { group, filter } of this.of(podClass).counting) {
      if (filter !== undefined && !nodeTakesPart(node, group.term, filter)) continue;
      const label = node.labels[group.key.key];
      if (group.ofHosts) group.countHost(host);
      else if (label !== undefined) group.count(group.key.number(label));
    }
  }

  /**
   * Counts a pod that was placed on a new node: in its domain, or among `unsettled` until that is certain; for anti-affinity in all that it
   * may become.
   */
  recordOnNewNode(podClass: PodClass, requirements: RequirementSet, taints: readonly Taint[], host: Host, unsettled: Unsettled): void {
    for (const { group, filter } of this.of(podClass).counting) {
      if (filter !== undefined && !newNodeTakesPart(requirements, taints, group.term, filter)) continue;
      if (group.ofHosts) {
        group.countHost(host);
        continue;
      }
      const set = requirements.get(group.key);
      if (group.term.kind === 'pod anti-affinity') {
        for (const domain of membersOf(set === undefined ? group.known : set.complement ? set.among(group.known) : set.bits)) group.count(domain);
      } else if (set?.single !== undefined) {
        group.count(set.single);
      } else {
        unsettled.set(group, { filter, pods: (unsettled.get(group)?.pods ?? 0) + 1 });
      }
    }
  }

  /** Counts those pods of a new node for which it has become certain where they are. */
  settle(unsettled: Unsettled, requirements: RequirementSet, taints: readonly Taint[]): void {
    for (const [group, { filter, pods }] of unsettled) {
      const domain = requirements.get(group.key)?.single;
      if (domain === undefined) continue;
      unsettled.delete(group);
      if (filter === undefined || newNodeTakesPart(requirements, taints, group.term, filter)) for (let pod = 0; pod < pods; pod += 1) group.count(domain);
    }
  }
}

export const hostnameOf = ({ labels, name }: SnapshotNode): string => labels[HOSTNAME_LABEL] ?? name;

/** A new node's hostname is not known: only what any name satisfies is met. */
export const admitsNewHost = (hostname: ValueSet): boolean => hostname.complement && hostname.gte === undefined && hostname.lte === undefined;

const nameOf = (term: TopologyTerm, filter: NodeFilter | undefined): string => JSON.stringify([
  term.kind, term.key, term.namespaces, term.selector.name, term.maxSkew, term.minDomains, term.honorAffinity, term.honorTaints,
  filter !== undefined && term.honorAffinity ? filter.anyTerm.map(({ requirements, hostname }) => [requirements.id, hostname?.id]) : null,
  filter !== undefined && term.honorTaints ? filter.tolerations : null,
]);

/** Whether taints leave nodes in a spread; as in Kubernetes, preferences against pods do not take any out. */
const toleratesNodes = (taints: readonly Taint[], term: TopologyTerm, filter: NodeFilter): boolean =>
  !term.honorTaints || untolerated(taints.filter(({ effect }) => effect !== 'PreferNoSchedule'), filter.tolerations) === undefined;

function nodeTakesPart(node: SnapshotNode, term: TopologyTerm, filter: NodeFilter): boolean {
  const hostname = hostnameOf(node);
  return toleratesNodes(node.taints, term, filter)
    && (!term.honorAffinity || filter.anyTerm.some((any) =>
      any.requirements.conflictOfLabels(node.labels, hostname) === undefined && any.hostname?.hasText(hostname) !== false));
}

const newNodeTakesPart = (requirements: RequirementSet, taints: readonly Taint[], term: TopologyTerm, filter: NodeFilter): boolean =>
  toleratesNodes(taints, term, filter)
  && (!term.honorAffinity || filter.anyTerm.some((any) => requirements.admits(any.requirements)));

/** Pools do not change, and outlive runs. */
const poolDomains = new WeakMap<Pool, Map<KeyVocabulary, Bits>>();

/** Values that nodes of a pool can have for a key. */
function domainsOf(pool: Pool, key: KeyVocabulary): Bits {
  const known = poolDomains.get(pool) ?? new Map<KeyVocabulary, Bits>();
  poolDomains.set(pool, known);
  let domains = known.get(key);
  if (domains === undefined) known.set(key, domains = findDomains(pool, key));
  return domains;
}

function findDomains(pool: Pool, key: KeyVocabulary): Bits {
  const ofPool = pool.template.get(key);
  let domains = ofPool === undefined || ofPool.complement ? emptyBits(0) : ofPool.bits;
  for (const requirements of pool.typeRequirements) {
    const ofType = requirements.get(key);
    const both = ofType === undefined ? ofPool : ofPool === undefined ? ofType : ofPool.intersect(ofType);
    if (both !== undefined && !both.complement) domains = orBits(domains, both.bits);
  }
  return domains;
}
