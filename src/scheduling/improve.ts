import type { DraftNode } from './draft-node.js';
import type { PlannedNode } from './finish.js';
import { Machines } from './machines.js';
import { PodKinds } from './pod-kinds.js';
import type { PodValues } from './pod-values.js';
import type { Pool } from './pool.js';
import { Repacking } from './repack.js';
import type { PackedNode, Packing } from './repack.js';
import type { Run } from './run.js';
import { TakenApart } from './taken-apart.js';
import { WorkBudget } from './work-budget.js';
import { withinLimits } from './within-limits.js';

/** Machines that are tried for every node that is filled. */
const OFFERS = 48;
/** Kinds of pods that are packed together; more would take more time than they save. */
const MOST_KINDS = 4_096;
/** Looks at a kind of pod or machine; a million take about 20 ms. */
const LEAST_WORK = 2_000_000;
const WORK_PER_POD = 2_000;
/** What it takes to see what a pod is to packing. */
const WORK_PER_LOOK = 100;
/** USD an hour that a node must save to be worth having one more: its addresses, images and part of the control plane's load. */
const NODE_CHARGE = 0.005;
/** The same while machines are chosen: with more, there are fewer nodes, and less is left over on the last of them. */
const SEARCH_CHARGE = 0.02;
/** With so few pods the true charge is tried as well: whole machines count for more than what is left over. */
const FEW_PODS = 500;
/** A saving below this share of the price is none. */
const WORTHWHILE = 1e-6;

/**
 * Packs the pods of each pool's new nodes again, by price, and takes the result where it is cheaper. What each pod needs, and what topology
 * constraints see of the pods, stays: see `movableTo`. No pod comes to a node that can be fewer instance types than the one that it was
 * on. Pools whose nodes have to be many-sided (minValues) or hold reservations are left as they are; and so is what was not looked at
 * before the work that the number of pods allows was done, or before the deadline.
 */
export function* improve(drafts: readonly DraftNode[], values: PodValues, run: Run, isLate?: () => boolean): Generator<undefined, PlannedNode[]> {
  const improved: PlannedNode[] = [];
  const budget = new WorkBudget(LEAST_WORK + WORK_PER_POD * drafts.reduce((count, { pods }) => count + pods.length, 0), isLate);
  for (const pool of run.pools) {
    const own = drafts.filter((draft) => draft.pool === pool);
    improved.push(...(own.length > 0 && pool.template.withMinValues.length === 0 && !pool.hasReservations ? yield* improvePool(pool, own, values, run, budget) : own));
  }
  return improved;
}

function* improvePool(pool: Pool, drafts: readonly DraftNode[], values: PodValues, run: Run, budget: WorkBudget): Generator<undefined, readonly PlannedNode[]> {
  const kinds = new PodKinds(run, values);
  const machines = new Machines(pool, run.resources);
  const offers = values.bestOffers(pool, OFFERS, SEARCH_CHARGE);
  const untouched: DraftNode[] = [];
  const packed: PackedNode[] = [];
  for (const drafted of yield* striped(drafts, kinds, budget)) {
    const part = new TakenApart(pool, run, kinds);
    for (const draft of drafted) {
      if (budget.isPauseDue()) yield;
      part.add(draft);
      budget.spend(WORK_PER_LOOK * draft.pods.length);
    }
    const items = part.sorted();
    let packing: Packing | undefined;
    for (const charge of items.reduce((count, { pods }) => count + pods.length, 0) > FEW_PODS ? [SEARCH_CHARGE] : [SEARCH_CHARGE, NODE_CHARGE]) {
      const next = budget.isSpent ? undefined : yield* new Repacking(machines, items, offers, budget, charge).run(part.kept, part.price * (1 - WORTHWHILE));
      if (next !== undefined && (packing === undefined || costOf(next) < costOf(packing))) packing = next;
    }
    if (packing !== undefined && costOf(packing) < part.price + NODE_CHARGE * part.count) {
      untouched.push(...part.untouched);
      packed.push(...packing.nodes);
    } else untouched.push(...drafted);
  }
  return withinLimits(pool, untouched, packed, run.remainingLimits(pool)) ?? drafts;
}

const costOf = ({ nodes, price }: Packing): number => price + NODE_CHARGE * nodes.length;

/** Parts of the nodes that have few enough kinds of pods, each with some of the first and some of the last ones: those differ in size. */
function* striped(drafts: readonly DraftNode[], kinds: PodKinds, budget: WorkBudget): Generator<undefined, DraftNode[][]> {
  const different = new Set<string>();
  for (const { classes } of drafts) {
    if (budget.isPauseDue()) yield;
    for (const podClass of classes) different.add(kinds.of(podClass).name);
    budget.spend(WORK_PER_LOOK * classes.length);
  }
  const parts = Math.min(drafts.length, Math.ceil(different.size / MOST_KINDS));
  return Array.from({ length: parts }, (_, part) => drafts.filter((_draft, index) => index % parts === part));
}
