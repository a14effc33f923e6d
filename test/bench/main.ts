// `make bench`: every benchmark in turn, each in a process of its own, one JSON object a line. Nothing is asserted; numbers are for comparing runs on one machine.
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { brokenConstraints } from '../support/constraint-checker.js';
import { caseFileOf, clusterOf, optionsOf } from '../support/workload.js';
import { WORKLOADS } from '../support/workload-list.js';
import { decisionOf } from './plan-answer.js';
import type { PlanAnswer } from './plan-answer.js';
import { echoBenchmark } from './echo.bench.js';
import { failoverBenchmark } from './failover.bench.js';
import { informerBenchmarks } from './informer.bench.js';
import { operatorsBenchmarks } from './operators.bench.js';
import { provisioningBenchmark } from './provisioning.bench.js';
import { queueBenchmark, queueSoak } from './queue.bench.js';
import { reconcileBenchmark } from './reconcile.bench.js';
import * as sandbox from './sandbox.bench.js';
import { schedulingBenchmarks } from './scheduling.bench.js';

const benchmarks: Readonly<Record<string, () => Promise<object>>> = {
  queue: queueBenchmark,
  'queue.soak': queueSoak,
  failover: failoverBenchmark,
  reconcile: reconcileBenchmark,
  echoes: echoBenchmark,
  ...informerBenchmarks,
  ...operatorsBenchmarks,
  ...schedulingBenchmarks,
  provisioning: provisioningBenchmark,
  ...Object.fromEntries(Object.entries(sandbox).map(([name, run]) => [`sandbox.${name}`, run])),
};

/**
 * `--only NAME` runs one benchmark here; `--case WORKLOAD FILE` writes a workload down for others, and `--check WORKLOAD FILE` says
 * which constraints somebody's answer breaks; other names choose benchmarks by their first words, and all run without one.
 */
const [first, ...others] = process.argv.slice(2);
const begins = (name: string, words: string): boolean => name.startsWith(words) && !/^\w/.test(name.slice(words.length));
if (first === '--only') {
  const [name = ''] = others;
  const result = await benchmarks[name]?.();
  for (const row of Array.isArray(result) ? (result as object[]) : [result]) console.log(JSON.stringify({ benchmark: name, ...row }));
} else if (first === '--case') {
  const [workload = '', file = ''] = others;
  const made = await WORKLOADS[workload]?.();
  if (made) await writeFile(file, caseFileOf(workload, made));
} else if (first === '--check') {
  const [workload = '', file = ''] = others;
  const made = await WORKLOADS[workload]?.();
  if (made) {
    const [snapshot, pods] = [clusterOf(made)(), made.pods()];
    const answer = JSON.parse(await readFile(file, 'utf8')) as PlanAnswer;
    console.log(JSON.stringify(brokenConstraints(snapshot, pods, decisionOf(answer, snapshot, pods), optionsOf(made))));
  }
} else {
  const chosen = Object.keys(benchmarks).filter((name) => first === undefined || [first, ...others].some((words) => begins(name, words)));
  for (const name of chosen) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, process.argv[1] as string, '--only', name], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
