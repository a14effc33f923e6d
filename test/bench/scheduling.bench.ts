import { solve } from '../../src/scheduling/index.js';
import type { Decision } from '../../src/scheduling/index.js';
import { brokenConstraints } from '../support/constraint-checker.js';
import { optionsOf, snapshotOf } from '../support/workload.js';
import { WORKLOADS } from '../support/workload-list.js';
import type { WorkloadMaker } from '../support/workload-list.js';

export interface SchedulingResult {
  process: 'warm';
  workload: string;
  pods: number;
  /** New ones. */
  nodes: number;
  unschedulable: number;
  /** USD an hour. */
  price: number;
  /** No placement of the pods can be cheaper; undefined when the solver names none. */
  lowerBound?: number;
  /** By how much the price may be above the cheapest possible, as a share of it. */
  gap?: number;
  solveMs: number;
  podsPerSecond: number;
  /** Of the process, before anything is verified. */
  peakRssMiB: number;
}

const RUNS = 5;
/** How much solving makes a process warm, in milliseconds. */
const WARM_UP = 500;

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

interface Solved {
  readonly milliseconds: number;
  readonly decision: Decision;
  readonly pods: number;
  readonly check: () => string[];
}

/** Solves the workload made of new objects, so that nothing but the catalogue is remembered from the last time. */
function solveOnce(make: WorkloadMaker): Solved {
  const workload = make();
  const snapshot = snapshotOf(workload);
  const options = optionsOf(workload);
  const { pods } = workload;
  const startedAt = performance.now();
  const decision = solve(snapshot, pods, options);
  return { milliseconds: performance.now() - startedAt, decision, pods: pods.length, check: () => brokenConstraints(snapshot, pods, decision) };
}

/** The median of five runs in a warm process, and what an independent checker says of the last. Throws when a hard constraint is broken. */
function measure(workload: string, make: WorkloadMaker): SchedulingResult {
  for (let spent = 0; spent < WARM_UP;) spent += solveOnce(make).milliseconds;
  let last = solveOnce(make);
  const times = [last.milliseconds];
  for (; times.length < RUNS; times.push(last.milliseconds)) last = solveOnce(make);
  const milliseconds = median(times);
  const { decision, pods, check } = last;
  const result: SchedulingResult = {
    process: 'warm', workload, pods, nodes: decision.newNodes.length, unschedulable: decision.unschedulable.length, price: rounded(decision.totalPrice, 4),
    ...boundOf(decision), solveMs: rounded(milliseconds, 1), podsPerSecond: Math.round((pods / milliseconds) * 1000), peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  const broken = check();
  if (broken.length > 0) throw new Error(`${workload} breaks ${broken.length} constraints: ${broken.slice(0, 5).join('; ')}`);
  return result;
}

function boundOf({ totalPrice, lowerBound }: Decision & { readonly lowerBound?: number }): Pick<SchedulingResult, 'lowerBound' | 'gap'> {
  if (lowerBound === undefined) return {};
  return { lowerBound: rounded(lowerBound, 4), gap: lowerBound > 0 ? rounded(totalPrice / lowerBound - 1, 4) : 0 };
}

/** `scheduling.<workload>` for every workload. */
export const schedulingBenchmarks: Readonly<Record<string, () => Promise<object>>> = Object.fromEntries(
  Object.entries(WORKLOADS).map(([name, prepare]) => [`scheduling.${name}`, async () => measure(name, await prepare())]));
