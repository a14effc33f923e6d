// `make bench`: every benchmark in turn, one JSON object a line. Nothing is asserted; numbers are for comparing runs on one machine.
import { provisioningBenchmark } from './provisioning.bench.js';
import { queueBenchmark } from './queue.bench.js';
import { reconcileBenchmark } from './reconcile.bench.js';
import * as sandbox from './sandbox.bench.js';
import * as scheduling from './scheduling.bench.js';

const benchmarks: Readonly<Record<string, () => Promise<object>>> = {
  queue: queueBenchmark,
  reconcile: reconcileBenchmark,
  ...Object.fromEntries(Object.entries(scheduling).map(([name, run]) => [`scheduling.${name}`, run])),
  provisioning: provisioningBenchmark,
  ...Object.fromEntries(Object.entries(sandbox).map(([name, run]) => [`sandbox.${name}`, run])),
};

/** Names on the command line choose benchmarks by their beginning; all run without one. */
const chosen = process.argv.slice(2);
for (const [name, run] of Object.entries(benchmarks)) {
  if (chosen.length > 0 && !chosen.some((prefix) => name.startsWith(prefix))) continue;
  const result = await run();
  for (const row of Array.isArray(result) ? (result as object[]) : [result]) console.log(JSON.stringify({ benchmark: name, ...row }));
}
