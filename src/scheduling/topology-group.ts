import { bitsOf, emptyBits, hasBit, membersOf, setBit } from './bits.js';
import type { Bits } from './bits.js';
import type { TopologyTerm } from './topology-term.js';
import type { ValueSet } from './value-set.js';
import type { KeyVocabulary } from './vocabulary.js';

/** Single machines are the domains of the hostname key; they are numbered: existing nodes first, then new ones. */
export type Host = number;

/** Domains that any of these sets admits; undefined admits all. */
export type Allowed = readonly (ValueSet | undefined)[];

/** Pods that a term selects, counted by domain. Counts only grow while pods are placed. */
export class TopologyGroup {
  /** Changes with every count: while it stands, what was impossible still is. */
  version = 0;
  /** Values that are domains. */
  known: Bits = emptyBits(0);
  private readonly counts: number[] = [];
  private hostCounts = new Int32Array(0);
  private total = 0;
  private readonly allowedDomains = new Map<Allowed, readonly number[]>();

  constructor(
    readonly term: TopologyTerm,
    readonly key: KeyVocabulary,
    /** Whether the domains are single machines. */
    readonly ofHosts: boolean,
  ) {}

  register(domain: number): void {
    if (hasBit(this.known, domain)) return;
    if (domain >= this.known.length * 32) {
      const larger = emptyBits(Math.max(domain + 1, this.known.length * 64));
      larger.set(this.known);
      this.known = larger;
    }
    setBit(this.known, domain);
    this.allowedDomains.clear();
  }

  count(domain: number): void {
    this.register(domain);
    this.counts[domain] = (this.counts[domain] ?? 0) + 1;
    this.total += 1;
    this.version += 1;
  }

  countHost(host: Host): void {
    if (host >= this.hostCounts.length) {
      const larger = new Int32Array(Math.max(host + 1, this.hostCounts.length * 2));
      larger.set(this.hostCounts);
      this.hostCounts = larger;
    }
    this.hostCounts[host] = (this.hostCounts[host] as number) + 1;
    this.total += 1;
    this.version += 1;
  }

  countOf(domain: number): number {
    return this.counts[domain] ?? 0;
  }

  /** Whether a pod may join a host. `selected`: whether the term selects the pod itself. */
  admitsHost(host: Host, selected: boolean, podsWhereAllowed: () => boolean): boolean {
    const count = this.hostCounts[host] ?? 0;
    switch (this.term.kind) {
      case 'topology spread':
        return count + (selected ? 1 : 0) <= this.term.maxSkew;
      case 'pod anti-affinity':
        return count === 0;
      case 'pod affinity':
        return count > 0 || (selected && (this.total === 0 || !podsWhereAllowed()));
    }
  }

  /** Hosts with pods of the term. */
  occupiedHosts(): Host[] {
    const hosts: Host[] = [];
    this.hostCounts.forEach((count, host) => {
      if (count > 0) hosts.push(host);
    });
    return hosts;
  }

  /** Domains that a pod itself allows. */
  private domainsFor(allowed: Allowed): readonly number[] {
    let domains = this.allowedDomains.get(allowed);
    if (domains === undefined) {
      domains = membersOf(this.known).filter((domain) => allowed.some((set) => set?.has(domain) !== false));
      this.allowedDomains.set(allowed, domains);
    }
    return domains;
  }

  /** Whether a pod may join a domain. `allowed`: for a spread, the domains among which it is to be even; else those where the pod may go.
   * `brought`: pods that come into the domain with it. */
  admits(domain: number, allowed: Allowed, selected: boolean, brought = 0): boolean {
    if (!hasBit(this.known, domain)) return false;
    switch (this.term.kind) {
      case 'topology spread':
        return this.countOf(domain) + brought + (selected ? 1 : 0) - this.fewest(allowed, domain, brought) <= this.term.maxSkew;
      case 'pod anti-affinity':
        return this.countOf(domain) === 0 && allowed.some((set) => set?.has(domain) !== false);
      case 'pod affinity':
        return allowed.some((set) => set?.has(domain) !== false) && (this.countOf(domain) > 0 || (selected && this.isFirst(allowed)));
    }
  }

  /** Domains among `possible` that a pod may join; and whether it must settle for one of them. */
  admitted(possible: Bits, allowed: Allowed, selected: boolean, brought = 0): { domains: Bits; pickOne: boolean } {
    const joinable = membersOf(possible).filter((domain) => this.admits(domain, allowed, selected, brought));
    if (this.term.kind !== 'pod affinity') return { domains: bitsOf(joinable), pickOne: this.term.kind === 'topology spread' };
    const occupied = joinable.filter((domain) => this.countOf(domain) > 0);
    return occupied.length > 0 ? { domains: bitsOf(occupied), pickOne: false } : { domains: bitsOf(joinable), pickOne: true };
  }

  /** Whether there is no pod yet to keep company with, where the pod may go. */
  private isFirst(allowed: Allowed): boolean {
    return this.total === 0 || this.domainsFor(allowed).every((domain) => this.countOf(domain) === 0);
  }

  /** The lowest count among the domains once pods were brought into one; 0 when there are fewer of them than the term wants. */
  private fewest(allowed: Allowed, into: number, brought: number): number {
    const domains = this.domainsFor(allowed);
    if (this.term.minDomains !== undefined && domains.length < this.term.minDomains) return 0;
    let fewest = Number.POSITIVE_INFINITY;
    for (const domain of domains) fewest = Math.min(fewest, this.countOf(domain) + (domain === into ? brought : 0));
    return fewest;
  }

  /** `a: 1, b: 0`, by name. */
  describeCounts(hostName: (host: Host) => string): string {
    const entries: [string, number][] = this.ofHosts
      ? this.occupiedHosts().map((host) => [hostName(host), this.hostCounts[host] as number])
      : membersOf(this.known).map((domain) => [this.key.values[domain] as string, this.countOf(domain)]);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name}: ${count}`).join(', ');
  }
}
