// `make bench`: every benchmark in turn, each in a process of its own, one JSON object a line. Nothing is asserted; numbers are for comparing runs on one machine.
import { spawnSync } from 'node:child_process';
import { provisioningBenchmark } from './provisioning.bench.js';
import { queueBenchmark } from './queue.bench.js';
import { reconcileBenchmark } from './reconcile.bench.js';
import * as sandbox from './sandbox.bench.js';
import { schedulingBenchmarks } from './scheduling.bench.js';

const benchmarks: Readonly<Record<string, () => Promise<object>>> = {
  queue: queueBenchmark,
  reconcile: reconcileBenchmark,
  ...schedulingBenchmarks,
  provisioning: provisioningBenchmark,
  ...Object.fromEntries(Object.entries(sandbox).map(([name, run]) => [`sandbox.${name}`, run])),
};

/** `--only NAME` runs one benchmark here; other names choose benchmarks by their beginning, and all run without one. */
const [first, ...others] = process.argv.slice(2);
if (first === '--only') {
  const [name = ''] = others;
  const result = await benchmarks[name]?.();
  for (const row of Array.isArray(result) ? (result as object[]) : [result]) console.log(JSON.stringify({ benchmark: name, ...row }));
} else {
  const chosen = Object.keys(benchmarks).filter((name) => first === undefined || [first, ...others].some((prefix) => name.startsWith(prefix)));
  for (const name of chosen) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, process.argv[1] as string, '--only', name], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
