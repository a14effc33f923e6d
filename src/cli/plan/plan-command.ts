import { stopwatch, systemClock } from '../../operator/clock.js';
import type { Decision } from '../../scheduling/decision.js';
import { solve } from '../../scheduling/solve.js';
import { CliError } from '../cli-error.js';
import { CatalogueFiles } from './catalogue-files.js';
import { InputError } from './input-error.js';
import { readInput } from './input-reader.js';
import { planResult, unplaced } from './plan-result.js';
import { pose } from './posed-question.js';
import type { PosedQuestion } from './posed-question.js';
import { questionOf } from './question.js';

export interface PlanFlags {
  offline: string[];
  output: 'json';
  repeat: number;
}

/** `karpenter-ts plan`: where pods would run, asked of the same solver that the operator asks. Returns the exit code. */
export async function planCommand({ offline, repeat }: PlanFlags): Promise<number> {
  const catalogues = new CatalogueFiles();
  let allFit = true;
  for (const path of offline) {
    const { posed, parseMs } = await read(path, catalogues);
    const { decision, solveMs } = solved(posed, repeat);
    allFit &&= unplaced(decision, posed).length === 0;
    process.stdout.write(`${JSON.stringify(planResult(decision, posed, { parseMs, solveMs }))}\n`);
  }
  return allFit ? 0 : 3;
}

async function read(path: string, catalogues: CatalogueFiles): Promise<{ posed: PosedQuestion; parseMs: number }> {
  const elapsed = stopwatch();
  try {
    const posed = pose(await questionOf(await readInput(path), catalogues), () => systemClock().now());
    return { posed, parseMs: elapsed() };
  } catch (error) {
    throw error instanceof InputError ? new CliError(await error.describe(path)) : error;
  }
}

/** The decision, and the median time of as many runs as asked for. */
function solved(posed: PosedQuestion, repeat: number): { decision: Decision; solveMs: number } {
  const times: number[] = [];
  let decision: Decision | undefined;
  for (let run = 0; run < repeat; run += 1) {
    const snapshot = posed.snapshot();
    const elapsed = stopwatch();
    decision = solve(snapshot, posed.pods, posed.options);
    times.push(elapsed());
  }
  times.sort((a, b) => a - b);
  return { decision: decision as Decision, solveMs: ((times[(repeat - 1) >> 1] as number) + (times[repeat >> 1] as number)) / 2 };
}
