import type { Pod } from 'kubernetes-types/core/v1.js';
import type { DraftNode } from './draft-node.js';
import type { PlannedNode } from './finish.js';
import { countOnHost, hostRulesOf, movableTo } from './movable-pods.js';
import type { HostRules } from './movable-pods.js';
import type { PodClass } from './pod-class.js';
import type { PodValues } from './pod-values.js';
import type { Pool } from './pool.js';
import { Budget, Repacking } from './repack.js';
import type { Item, Kept } from './repack.js';
import { addTo, resourceVector } from './resource-vector.js';
import type { ResourceVector } from './resource-vector.js';
import type { Run } from './run.js';
import type { TopologyGroup } from './topology-group.js';

/** Machines that are tried for every node that is filled. */
const OFFERS = 48;
/** Kinds of pods that are packed together; more would take more time than they save. */
const MOST_KINDS = 512;
/** Looks at a kind of pod or machine; a million take about 20 ms. */
const LEAST_WORK = 2_000_000;
const WORK_PER_POD = 2_000;
/** USD an hour that a node must save to be worth having one more: its addresses, images and part of the control plane's load. */
const NODE_CHARGE = 0.005;
/** A saving below this share of the price is none. */
const WORTHWHILE = 1e-6;

/**
 * Packs the pods of each pool's new nodes again, by price, and takes the result where it is cheaper. What each pod needs, and what topology
 * constraints see of the pods, stays: see {@link movableTo}. Pools whose nodes have to be many-sided (minValues) or hold reservations
 * are left as they are.
 */
export function* improve(drafts: readonly DraftNode[], values: PodValues, run: Run): Generator<undefined, PlannedNode[]> {
  const improved: PlannedNode[] = [];
  const budget = new Budget(LEAST_WORK + WORK_PER_POD * drafts.reduce((count, { pods }) => count + pods.length, 0));
  for (const pool of run.pools) {
    const own = drafts.filter((draft) => draft.pool === pool);
    improved.push(...(own.length > 0 && pool.template.withMinValues.length === 0 && !pool.hasReservations ? yield* improvePool(pool, own, values, run, budget) : own));
  }
  return improved;
}

function* improvePool(pool: Pool, drafts: readonly DraftNode[], values: PodValues, run: Run, budget: Budget): Generator<undefined, readonly PlannedNode[]> {
  const offers = values.bestOffers(pool, OFFERS, NODE_CHARGE);
  const nodes: PlannedNode[] = [];
  const kinds = new PodKinds(run);
  for (const drafted of striped(drafts, kinds)) {
    yield;
    const part = new Part(pool, values, run, kinds, drafted);
    const packing = new Repacking(pool, part.sorted(), offers, run.resources, budget, NODE_CHARGE);
    const packed = yield* packing.run(part.kept, part.price * (1 - WORTHWHILE), part.price + NODE_CHARGE * part.count);
    nodes.push(...(packed === undefined ? drafted : [...part.untouched, ...packed]));
  }
  return isWithinLimits(pool, nodes, run) ? nodes : drafts;
}

/** Parts of the nodes that have few enough kinds of pods, each with some of the first and some of the last ones: those differ in size. */
function striped(drafts: readonly DraftNode[], kinds: PodKinds): DraftNode[][] {
  const different = new Set(drafts.flatMap(({ classes }) => classes.map((podClass) => kinds.of(podClass).name))).size;
  const parts = Math.min(drafts.length, Math.ceil(different / MOST_KINDS));
  return Array.from({ length: parts }, (_, part) => drafts.filter((_draft, index) => index % parts === part));
}

/** What packing sees of classes of pods: many of them are the same to it. */
class PodKinds {
  private readonly known = new Map<PodClass, { readonly name: string; readonly vector: ResourceVector; readonly hosts: HostRules }>();

  constructor(private readonly run: Run) {}

  of(podClass: PodClass): { readonly name: string; readonly vector: ResourceVector; readonly hosts: HostRules } {
    let kind = this.known.get(podClass);
    if (kind === undefined) {
      const vector = resourceVector(podClass.shape.requests, this.run.resources);
      const { topology } = this.run;
      const hosts = hostRulesOf(topology.of(podClass));
      const rules = [...hosts.restricting.map(({ group, selected }) => `${topology.numberOf(group)}${selected ? '+' : '-'}`), ...hosts.counting.map((group) => topology.numberOf(group))];
      kind = { name: [podClass.node.requirements.id, ...vector.indexes, ...vector.amounts, ...rules].join(), vector, hosts };
      this.known.set(podClass, kind);
    }
    return kind;
  }
}

/** Some of a pool's nodes, taken apart. */
class Part {
  readonly untouched: DraftNode[] = [];
  readonly kept: Kept[] = [];
  readonly items = new Map<string, Item>();
  /** USD an hour. */
  price = 0;
  /** Nodes that are taken apart. */
  count = 0;

  constructor(private readonly pool: Pool, private readonly values: PodValues, private readonly run: Run, private readonly kinds: PodKinds, drafts: readonly DraftNode[]) {
    for (const draft of drafts) this.add(draft);
  }

  sorted(): Item[] {
    return [...this.items.values()].sort((a, b) => b.value - a.value);
  }

  private add(draft: DraftNode): void {
    if (draft.hasPorts) {
      this.untouched.push(draft);
      return;
    }
    this.price += this.pool.cheapest(draft.rows, draft.requirements);
    this.count += 1;
    const { topology, resources } = this.run;
    const totals = new Float64Array(resources.length);
    const counts = new Map<TopologyGroup, number>();
    const staying: Pod[] = [];
    draft.pods.forEach((pod, index) => {
      const podClass = draft.classes[index] as PodClass;
      const { name, vector, hosts } = this.kinds.of(podClass);
      const requirements = movableTo(podClass, draft, topology);
      if (requirements === undefined) {
        addTo(totals, vector, 1);
        countOnHost(hosts, 1, counts);
        staying.push(pod);
        return;
      }
      const key = `${name} ${requirements.id}`;
      const item = this.items.get(key);
      if (item) item.pods.push(pod);
      else this.items.set(key, { requirements, hosts, vector, pods: [pod], value: this.values.of(podClass.origin) });
    });
    if (staying.length > 0) this.kept.push({ requirements: draft.requirements, totals, counts, pods: staying });
  }
}

/** Whether the pool may have all of these nodes, each counted as the largest that it may become. */
function isWithinLimits(pool: Pool, nodes: readonly PlannedNode[], run: Run): boolean {
  const remaining = run.remainingLimits(pool);
  return Object.entries(remaining).every(([resource, amount]) =>
    nodes.reduce((used, { rows }) => used + (resource === 'nodes' ? 1 : pool.largestCapacity(rows, resource)), 0) <= amount);
}
