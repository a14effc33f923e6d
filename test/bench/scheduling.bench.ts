import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { solve } from '../../src/scheduling/index.js';
import type { Decision } from '../../src/scheduling/index.js';
import { brokenConstraints } from '../support/constraint-checker.js';
import { caseFileOf, clusterOf, optionsOf } from '../support/workload.js';
import type { Workload } from '../support/workload.js';
import { WORKLOADS } from '../support/workload-list.js';

export interface SchedulingResult {
  process: 'warm';
  workload: string;
  pods: number;
  /** New ones. */
  nodes: number;
  unschedulable: number;
  /** USD an hour. */
  price: number;
  /** No placement of the pods can be cheaper. */
  lowerBound: number;
  /** By how much the price is above that, as a share of it; the cheapest possible is somewhere between. */
  gap?: number;
  solveMs: number;
  podsPerSecond: number;
  /** Of the process, before anything is verified. */
  peakRssMiB: number;
}

export interface ColdResult {
  process: 'cold';
  workload: string;
  pods: number;
  /** From starting `karpenter-ts plan --offline FILE -o json` to its end. */
  totalMs: number;
  parseMs: number;
  solveMs: number;
  peakRssMiB: number;
}

const RUNS = 5;
/** How much solving makes a process warm, in milliseconds. */
const WARM_UP = 500;
const CLI = new URL('../../src/cli/main.js', import.meta.url).pathname;
/** Makes a process say how much memory it used at most. */
const REPORT_MEMORY = `data:text/javascript,${encodeURIComponent("import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS)))")}`;

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

interface Solved {
  readonly milliseconds: number;
  readonly decision: Decision;
  readonly pods: number;
  readonly check: () => string[];
}

/** Asks the solver again and again about new pods for the same cluster, as an operator does. */
function asker(workload: Workload): () => Solved {
  const snapshotOf = clusterOf(workload);
  const options = optionsOf(workload);
  return () => {
    const [snapshot, pods] = [snapshotOf(), workload.pods()];
    const startedAt = performance.now();
    const decision = solve(snapshot, pods, options);
    return { milliseconds: performance.now() - startedAt, decision, pods: pods.length, check: () => brokenConstraints(snapshot, pods, decision, options) };
  };
}

/** The median of five runs in a warm process, and what an independent checker says of the last. Throws when a hard constraint is broken. */
function measure(name: string, workload: Workload): SchedulingResult {
  const ask = asker(workload);
  for (let spent = 0; spent < WARM_UP;) spent += ask().milliseconds;
  const times = Array.from({ length: RUNS - 1 }, () => ask().milliseconds);
  const last = ask();
  times.push(last.milliseconds);
  const milliseconds = median(times);
  const { decision, pods, check } = last;
  const result: SchedulingResult = {
    process: 'warm', workload: name, pods, nodes: decision.newNodes.length, unschedulable: decision.unschedulable.length, price: rounded(decision.totalPrice, 4),
    ...boundOf(decision), solveMs: rounded(milliseconds, 1), podsPerSecond: Math.round((pods / milliseconds) * 1000), peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  const broken = check();
  if (broken.length > 0) throw new Error(`${name} breaks ${broken.length} constraints: ${broken.slice(0, 5).join('; ')}`);
  return result;
}

function boundOf({ totalPrice, lowerBound }: Decision): Pick<SchedulingResult, 'lowerBound' | 'gap'> {
  return { lowerBound: rounded(lowerBound, 4), ...(lowerBound > 0 ? { gap: rounded(totalPrice / lowerBound - 1, 4) } : {}) };
}

type Timings = Pick<ColdResult, 'totalMs' | 'parseMs' | 'solveMs' | 'peakRssMiB'>;

async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** One process that reads the file, solves it and prints the plan. */
async function plan(file: string): Promise<Timings> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', REPORT_MEMORY, CLI, 'plan', '--offline', file, '-o', 'json'], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  const closed = once(child, 'close');
  const [output, memory] = await Promise.all([text(child.stdout as Readable), text(child.stdio[3] as Readable)]);
  const [code] = await closed;
  const totalMs = performance.now() - startedAt;
  if (code !== 0 && code !== 3) throw new Error(`plan ended with ${code}`);
  const { timings } = JSON.parse(output) as { timings: { parseMs: number; solveMs: number } };
  return { totalMs: Math.round(totalMs), parseMs: timings.parseMs, solveMs: timings.solveMs, peakRssMiB: Math.round(Number(memory) / 1024) };
}

/** The median of five processes. */
async function measureCold(name: string, workload: Workload): Promise<ColdResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const file = join(folder, 'case.json');
    await writeFile(file, caseFileOf(name, workload));
    const runs: Timings[] = [];
    for (let run = 0; run < RUNS; run += 1) runs.push(await plan(file));
    const typical = (key: keyof Timings): number => median(runs.map((each) => each[key]));
    return {
      process: 'cold', workload: name, pods: workload.pods().length, totalMs: typical('totalMs'), parseMs: typical('parseMs'), solveMs: typical('solveMs'), peakRssMiB: typical('peakRssMiB'),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** For each workload `scheduling.<workload>`, in this process, and `scheduling.<workload>.cold`, each run in a process of its own. */
export const schedulingBenchmarks: Readonly<Record<string, () => Promise<object>>> = Object.fromEntries(
  Object.entries(WORKLOADS).flatMap(([name, prepare]) => [
    [`scheduling.${name}`, async () => measure(name, await prepare())],
    [`scheduling.${name}.cold`, async () => measureCold(name, await prepare())],
  ]));
