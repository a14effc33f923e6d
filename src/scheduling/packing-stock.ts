import type { Pod } from 'kubernetes-types/core/v1.js';
import { mostOnHost } from './host-rules.js';
import type { HostRules } from './host-rules.js';
import type { RequirementSet } from './requirement-set.js';
import { addTo } from './resource-vector.js';
import type { ResourceVector } from './resource-vector.js';
import type { TopologyGroup } from './topology-group.js';

/** Sizes of pods that are told apart: each is looked at for every few pods that are packed. */
const MOST_SIZES = 64;

/** Pods that are the same to packing, with what each is worth. */
export interface Item {
  readonly pods: readonly Pod[];
  /** Of the node. */
  readonly requirements: RequirementSet;
  readonly hosts: HostRules;
  readonly vector: ResourceVector;
  /** USD an hour. */
  readonly value: number;
  /** Instance types that a node with one of the pods must be able to be, at least. */
  readonly alternatives: number;
}

/** So many pods of an item, by its index. */
export interface Portion {
  readonly item: number;
  readonly count: number;
}

/** What is left to be packed. */
export class PackingStock {
  /** Pods by item. */
  readonly left: Int32Array;
  /** Items of which pods are left, by about what a pod of them asks for. */
  readonly bySize: readonly number[][];
  /** The least that a pod asks for: by size, then by resource. */
  readonly least: Float64Array;
  /** Of all pods together. */
  readonly totals: Float64Array;
  /** USD an hour, of all pods together. */
  worth = 0;
  private alive: readonly number[];
  /** Hosts that the pods need because terms keep them apart. */
  private readonly hosts = new Map<TopologyGroup, number>();
  private readonly sizeOf: Int32Array;
  /** By item, then by resource. */
  private readonly amounts: Float64Array;

  constructor(readonly items: readonly Item[], private readonly resources: number) {
    this.amounts = new Float64Array(items.length * resources);
    items.forEach(({ vector }, item) => addTo(this.amountsOf(item), vector, 1));
    this.left = Int32Array.from(items, ({ pods }) => pods.length);
    this.totals = new Float64Array(resources);
    this.alive = items.map((_, index) => index);
    this.bySize = sizesOf(items);
    this.sizeOf = new Int32Array(items.length);
    this.least = new Float64Array(this.bySize.length * resources).fill(Number.POSITIVE_INFINITY);
    this.bySize.forEach((members, size) => {
      for (const item of members) {
        this.sizeOf[item] = size;
        const amounts = this.amountsOf(item);
        for (let resource = 0, at = size * resources; resource < resources; resource += 1, at += 1) this.least[at] = Math.min(this.least[at] as number, amounts[resource] as number);
      }
    });
    items.forEach(({ pods }, item) => this.account(item, pods.length));
  }

  get isEmpty(): boolean {
    return this.alive.length === 0;
  }

  /** Items of which pods are left, the first one first. */
  get remaining(): readonly number[] {
    return this.alive;
  }

  /** The most hosts that any term asks for. */
  get hostsNeeded(): number {
    return Math.max(0, ...this.hosts.values());
  }

  /** What a pod of an item asks for, by resource. */
  amountsOf(item: number): Float64Array {
    return this.amounts.subarray(item * this.resources, (item + 1) * this.resources);
  }

  /** The pods that these portions stand for. */
  peek(portions: readonly Portion[]): Pod[] {
    return portions.flatMap(({ item, count }) => {
      const { pods } = this.items[item] as Item;
      const from = pods.length - (this.left[item] as number);
      return pods.slice(from, from + count);
    });
  }

  /** Takes these pods. */
  take(portions: readonly Portion[]): Pod[] {
    const pods = this.peek(portions);
    let isUsedUp = false;
    for (const { item, count } of portions) {
      this.left[item] = (this.left[item] as number) - count;
      this.account(item, -count);
      if ((this.left[item] as number) > 0) continue;
      isUsedUp = true;
      const members = this.bySize[this.sizeOf[item] as number] as number[];
      members.splice(members.indexOf(item), 1);
    }
    if (isUsedUp) this.alive = this.alive.filter((item) => (this.left[item] as number) > 0);
    return pods;
  }

  private account(item: number, pods: number): void {
    const { vector, value, hosts: { restricting } } = this.items[item] as Item;
    addTo(this.totals, vector, pods);
    this.worth += pods * value;
    for (const { group, counted } of restricting) if (counted) this.hosts.set(group, (this.hosts.get(group) ?? 0) + pods / mostOnHost(group));
  }
}

/** Items whose pods ask for the same; or, when those would be many, for about the same. */
function sizesOf(items: readonly Item[]): number[][] {
  for (let step = 1; ; step = step * step * 1.05) {
    const sizes = new Map<string, number[]>();
    const rounded = (amount: number): number => (step === 1 || amount === 0 ? amount : Math.floor(Math.log(amount) / Math.log(step)));
    items.forEach(({ vector: { indexes, amounts } }, index) => {
      const key = `${indexes.join()} ${amounts.map(rounded).join()}`;
      const size = sizes.get(key);
      if (size) size.push(index);
      else sizes.set(key, [index]);
    });
    if (sizes.size <= MOST_SIZES || step > 1e6) return [...sizes.values()];
  }
}
