import { once } from 'node:events';
import { stopwatch, systemClock } from '../../operator/clock.js';
import type { Decision } from '../../scheduling/decision.js';
import { solve } from '../../scheduling/solve.js';
import { CliError } from '../cli-error.js';
import { CatalogueFiles, readCatalogueFile } from './catalogue-files.js';
import { explain } from './explanation.js';
import { InputError } from './input-error.js';
import { readInput } from './input-reader.js';
import { planReport } from './plan-report.js';
import { jsonPieces, planResult, unplaced } from './plan-result.js';
import { pose } from './posed-question.js';
import type { PosedQuestion } from './posed-question.js';
import { questionOf, unknownOptions } from './question.js';
import type { Question } from './question.js';

export interface PlanFlags {
  offline: string[];
  output: 'text' | 'json';
  repeat: number;
  /** `namespace/name` of a pod. */
  explain?: string;
  catalogue?: string;
  region?: string;
  /** `Name=true,Name=false`; questions have their own. */
  featureGates?: string;
}

/** Where a command writes. */
export interface PlanOutput {
  write(text: string): Promise<void>;
  /** Something that the user should know and that is no answer. */
  note(text: string): void;
}

const REGION = /^[a-z]{2}(-[a-z]+){1,2}-\d$/;

/** Standard output, as fast as its reader takes it and for as long as there is one, and standard error. */
function terminal(): PlanOutput {
  const { stdout, stderr } = process;
  let hasReader = true;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    hasReader = false;
    if (error.code !== 'EPIPE') stderr.write(`karpenter-ts: ${error.message}\n`);
  });
  return {
    async write(text) {
      if (!hasReader || stdout.write(text)) return;
      const written = new AbortController();
      await Promise.race(['drain', 'close'].map((event) => once(stdout, event, { signal: written.signal }).catch(() => undefined)));
      written.abort();
    },
    note: (text) => void stderr.write(`${text}\n`),
  };
}

/** `karpenter-ts plan`: where pods would run, asked of the same solver that the operator asks. Returns the exit code. Throws a {@link CliError}. */
export async function planCommand(flags: PlanFlags, output: PlanOutput = terminal()): Promise<number> {
  const { offline, catalogue, region, repeat } = flags;
  if (catalogue !== undefined && region !== undefined) throw new CliError('--catalogue and --region both say what can be launched: give one of them', 2);
  if (region !== undefined && !REGION.test(region)) throw new CliError(`--region ${region}: it must be the name of an AWS region, such as us-west-2`, 2);
  const catalogues = new CatalogueFiles();
  let allFit = true;
  let explained = flags.explain === undefined;
  for (const path of offline) {
    const elapsed = stopwatch();
    const { question, posed } = await ask(path, flags, catalogues, output);
    const parseMs = elapsed();
    const { decision, solveMs } = solved(posed, repeat);
    const explanation = flags.explain === undefined ? undefined : explain(flags.explain, decision, posed);
    explained ||= explanation !== undefined;
    allFit &&= unplaced(decision, posed).length === 0;
    await print({ question, posed, decision, explanation, timings: { parseMs, solveMs } }, flags, output);
  }
  if (!explained) throw new CliError(`--explain ${flags.explain}: no such pod is to be placed; pods are named namespace/name`, 2);
  return allFit ? 0 : 3;
}

interface Answered {
  readonly question: Question;
  readonly posed: PosedQuestion;
  readonly decision: Decision;
  readonly explanation: readonly string[] | undefined;
  readonly timings: { readonly parseMs: number; readonly solveMs: number };
}

async function print({ question, posed, decision, explanation, timings }: Answered, { explain: pod, output: format }: PlanFlags, output: PlanOutput): Promise<void> {
  if (format === 'json') {
    for (const piece of jsonPieces({ ...planResult(decision, posed, timings), ...(explanation ? { explanation } : {}) })) await output.write(piece);
  } else if (pod === undefined) {
    for (const line of planReport(question.name, decision, posed, timings)) await output.write(line);
  } else if (explanation) await output.write(`${[pod, ...explanation].join('\n  ')}\n`);
}

async function ask(path: string, flags: PlanFlags, catalogues: CatalogueFiles, output: PlanOutput): Promise<{ question: Question; posed: PosedQuestion }> {
  const note = (text: string): void => output.note(text);
  try {
    const question = await read(path, flags, catalogues, note);
    for (const option of unknownOptions(question)) note(`${path}: options.${option} is not known and counts for nothing`);
    return { question, posed: pose(question, () => systemClock().now()) };
  } catch (error) {
    throw error instanceof InputError ? new CliError(await error.describe(path)) : error;
  }
}

async function read(path: string, { catalogue, region, featureGates = '' }: PlanFlags, catalogues: CatalogueFiles, note: (text: string) => void): Promise<Question> {
  const input = await readInput(path);
  for (const place of input.skipped) note(`${place}: no apiVersion and kind: skipped, not a Kubernetes object`);
  if (input.question === undefined && catalogue === undefined && region === undefined) {
    throw new CliError(`${path} holds manifests: say what can be launched with --catalogue FILE, or with --region REGION`, 2);
  }
  const manifests = input.question === undefined || region !== undefined ? await import('./manifest-question.js') : undefined;
  const objects = input.question === undefined ? await manifests?.deployed(input, note) ?? [] : input.objects;
  const types = catalogue !== undefined ? await readCatalogueFile(catalogue, catalogues) : region !== undefined ? await manifests?.offeredIn(region, objects, note) : undefined;
  if (input.question?.has('instanceTypes') && types) note(`${path} says itself what can be launched: --${catalogue === undefined ? 'region' : 'catalogue'} counts for nothing`);
  if (input.question) return questionOf(input, catalogues, types);
  const gates = featureGates === '' ? {} : (await import('../operator-options.js')).namedGates(featureGates);
  return {
    name: path, options: { featureGates: gates }, objects, instanceTypes: types ?? new Map(), pending: undefined,
    state: gates['CapacityBuffer'] ? { virtualPods: (await import('./buffer-pods.js')).bufferPods(objects, note) } : {},
  };
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
