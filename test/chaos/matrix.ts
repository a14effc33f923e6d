// `make test-chaos`: every way in which a link goes wrong, for three times, with lists in pages and streamed. Prints a JSON object a row, and fails on any problem.
import { CHAOS_SCENARIOS, problemsOf, suffer } from '../support/chaos-scenarios.js';
import { ChaosWorld } from '../support/chaos-world.js';

const problems: string[] = [];
let [rows, blindest] = [0, 0];
for (const streaming of [false, true]) {
  for (const [scenario, { momentary }] of Object.entries(CHAOS_SCENARIOS)) {
    const world = await ChaosWorld.start({ seed: 100 + rows, streaming });
    for (const lasting of momentary ? (['0s'] as const) : (['10s', '65s', '5m'] as const)) {
      const row = await suffer(world, scenario, lasting);
      console.log(JSON.stringify({ chaos: scenario, streaming, ...row, scenario: undefined }));
      problems.push(...problemsOf(row));
      rows += 1;
      blindest = Math.max(blindest, row.blind);
      if (scenario.startsWith('rotated')) break;
    }
    const outcome = await world.close();
    if (outcome !== 'stopped') problems.push(`the operator did not survive ${scenario}: ${String(outcome)}`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`${rows} faults, ${problems.length} problems; blind for ${blindest.toFixed(1)} s at most`);
process.exitCode = problems.length > 0 ? 1 : 0;
