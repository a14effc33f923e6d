import { emptyBits, hasBit, isEmpty, membersOf, setBit } from './bits.js';
import type { Bits } from './bits.js';
import type { TopologyTerm } from './topology-term.js';
import type { ValueSet } from './value-set.js';
import type { KeyVocabulary } from './vocabulary.js';

/** Single machines are the domains of the hostname key; they are numbered: existing nodes first, then new ones. */
export type Host = number;

/** Pods that a term selects, counted by domain. Counts only grow while pods are placed. */
export class TopologyGroup {
  /** Changes with every count: while it stands, what was impossible still is. */
  version = 0;
  private readonly counts: number[] = [];
  private readonly hostCounts = new Map<Host, number>();
  private total = 0;
  /** Values that are domains. */
  known: Bits = emptyBits(0);

  constructor(
    readonly term: TopologyTerm,
    readonly key: KeyVocabulary,
    /** Whether the term's pods keep others away, rather than being kept away. */
    readonly inverse: boolean,
    readonly ofHosts: boolean,
  ) {}

  register(domain: number): void {
    if (domain >= this.known.length * 32) {
      const larger = emptyBits(Math.max(domain + 1, this.known.length * 64));
      larger.set(this.known);
      this.known = larger;
    }
    setBit(this.known, domain);
  }

  count(domain: number, by = 1): void {
    this.register(domain);
    this.counts[domain] = (this.counts[domain] ?? 0) + by;
    this.total += by;
    this.version += 1;
  }

  countHost(host: Host, by = 1): void {
    this.hostCounts.set(host, (this.hostCounts.get(host) ?? 0) + by);
    this.total += by;
    this.version += 1;
  }

  countOf(domain: number): number {
    return this.counts[domain] ?? 0;
  }

  /** Whether a pod may join a host. `allowed`: what the pod asks of hostnames. `selected`: whether the term selects the pod itself. */
  admitsHost(host: Host, selected: boolean, allowsHostsWithPods: () => boolean): boolean {
    const count = this.hostCounts.get(host) ?? 0;
    switch (this.term.kind) {
      case 'topology spread':
        return count + (selected ? 1 : 0) <= this.term.maxSkew;
      case 'pod anti-affinity':
        return count === 0;
      case 'pod affinity':
        return count > 0 || (selected && (this.total === 0 || !allowsHostsWithPods()));
    }
  }

  /** Hosts with pods of the term. */
  occupiedHosts(): Iterable<Host> {
    return this.hostCounts.keys();
  }

  /** Domains among `possible` that a pod may join. `allowed`: what the pod itself asks of the key; undefined for anything. */
  admitted(possible: Bits, allowed: ValueSet | undefined, selected: boolean): { domains: Bits; pickOne: boolean } {
    const own = allowed === undefined ? this.known : allowed.among(this.known);
    switch (this.term.kind) {
      case 'topology spread': {
        const limit = this.term.maxSkew + this.fewest(own) - (selected ? 1 : 0);
        return { domains: this.filter(possible, (domain) => hasBit(this.known, domain) && this.countOf(domain) <= limit), pickOne: true };
      }
      case 'pod anti-affinity':
        return { domains: this.filter(possible, (domain) => hasBit(own, domain) && this.countOf(domain) === 0), pickOne: false };
      case 'pod affinity': {
        const joined = this.filter(possible, (domain) => hasBit(own, domain) && this.countOf(domain) > 0);
        if (!isEmpty(joined)) return { domains: joined, pickOne: false };
        const isFirst = selected && (this.total === 0 || membersOf(own).every((domain) => this.countOf(domain) === 0));
        return { domains: isFirst ? this.filter(possible, (domain) => hasBit(own, domain)) : emptyBits(0), pickOne: true };
      }
    }
  }

  /** The lowest count among the pod's domains; 0 when there are fewer of them than the term wants. */
  private fewest(own: Bits): number {
    const members = membersOf(own);
    if (this.term.minDomains !== undefined && members.length < this.term.minDomains) return 0;
    return Math.min(...members.map((domain) => this.countOf(domain)));
  }

  private filter(bits: Bits, keep: (domain: number) => boolean): Bits {
    const kept = emptyBits(bits.length * 32);
    for (const domain of membersOf(bits)) if (keep(domain)) setBit(kept, domain);
    return kept;
  }

  /** `a: 1, b: 0`, by name; hosts as their number. */
  describeCounts(hostName: (host: Host) => string): string {
    const entries: [string, number][] = this.ofHosts
      ? [...this.hostCounts].map(([host, count]) => [hostName(host), count])
      : membersOf(this.known).map((domain) => [this.key.values[domain] as string, this.countOf(domain)]);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name}: ${count}`).join(', ');
  }
}
