import type { WriteStream } from 'node:fs';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { KubeConfig } from '@kubernetes/client-node';
import { Shadow, clusterLogLine, createLogger, createOperator, differenceLine, roughly, shadowReportText, sleep, systemClock, systemRandom } from '../../operator/index.js';
import type { Clock, Operator, ShadowObserver } from '../../operator/index.js';
import { CliError } from '../cli-error.js';
import { certificateAuthorityOf, loadKubeconfig } from '../kubeconfig.js';
import { loadModules } from '../project/load-modules.js';
import { findProject } from '../project/project.js';
import type { Project } from '../project/project.js';
import { replayCommand } from './replay-command.js';
import { shadowRole } from './shadow-role.js';

export interface ShadowFlags {
  kubeconfig?: string;
  context?: string;
  /** Milliseconds; until a signal unless given. */
  for?: number;
  /** Milliseconds. */
  window: number;
  manager: string[];
  /** Where to write the log of the cluster. */
  record?: string;
  /** A log to replay, in the place of a cluster. */
  replay?: string;
  /** Only print the role. */
  role: boolean;
  output: 'text' | 'json';
  logLevel?: string;
  [operatorFlag: string]: unknown;
}

/** Milliseconds that the caches may take to fill. */
const READY_WITHIN = 60_000;

/** Until a signal. */
const FOREVER = 365 * 86_400_000;

/** What could not be found out is no difference: it has an exit code of its own. */
const failed = (message: string): CliError => new CliError(message, 2);

/**
 * `karpenter-ts shadow`: the operator of this version (of the project that the folder is in, or else Karpenter) beside the one that is at work, with reads
 * only. Resolves to 0 when nothing differs, and to 1 when something does; rejects with a {@link CliError} of exit code 2 when that cannot be found out.
 */
export async function shadowCommand(folder: string, flags: ShadowFlags, print: (text: string) => void, signal: AbortSignal): Promise<number> {
  const project = await findProject(folder);
  if (flags.role) {
    print(await shadowRole(project));
    return 0;
  }
  if (flags.replay !== undefined) return replayCommand(project, flags.replay, flags, print);
  // What is scheduled beyond the end must not put it off; what waits for the end must.
  const [clock, wall] = [systemClock({ background: true }), systemClock()];
  const kubeconfig = await loadKubeconfig({ file: flags.kubeconfig, context: flags.context }).catch((error: Error) => { throw failed(error.message); });
  const log = flags.record === undefined ? undefined : await openLog(flags.record);
  let ended = false;
  const shadow = new Shadow({
    window: flags.window, managers: flags.manager,
    ...(flags.output === 'text' ? { observer: liveLines((line) => ended || print(line), clock) } : {}),
    ...(log ? { record: (entry) => void log.write(clusterLogLine(entry)) } : {}),
  });
  const operator = await operatorOf(project, flags, kubeconfig, shadow, clock);
  const stop = new AbortController();
  const running = operator.run({ signal: AbortSignal.any([stop.signal, signal]) });
  running.catch(() => undefined);
  try {
    await ready(operator, running, shadow, wall, signal);
    if (flags.output === 'text') print(`shadow of ${kubeconfig.getCurrentCluster()?.server ?? 'the cluster'}: reads only; ${flags.for === undefined ? 'Ctrl-C ends it' : `for ${roughly(flags.for)}`}\n`);
    await Promise.race([running, sleep(wall, flags.for ?? FOREVER, AbortSignal.any([signal, stop.signal])).catch(() => undefined)]);
    const report = shadow.report();
    ended = true;
    if (flags.output === 'text') print('\n');
    print(flags.output === 'json' ? `${JSON.stringify({ ...report, problems: shadow.problems }, null, 2)}\n` : `${shadow.problems.map((problem) => `not compared: ${problem}\n`).join('')}${shadowReportText(report)}`);
    return report.differences.length > 0 ? 1 : 0;
  } finally {
    stop.abort(new Error('the shadow ends'));
    await running.catch(() => undefined);
    if (log) await closed(log);
  }
}

/** Waits until the reconcilers are at work. */
async function ready(operator: Operator, running: Promise<void>, shadow: Shadow, clock: Clock, signal: AbortSignal): Promise<void> {
  const waited = new AbortController();
  const late = sleep(clock, READY_WITHIN, AbortSignal.any([signal, waited.signal])).then(() => 'late' as const, () => 'aborted' as const);
  const outcome = await Promise.race([operator.ready(), running, late]).catch((error: Error) => { throw failed(error.message); });
  waited.abort();
  if (outcome === undefined && !signal.aborted) return;
  const problems = shadow.problems.length > 0 ? `: ${shadow.problems.join('; ')}` : '';
  throw failed(`${outcome === 'late' ? `the shadow cannot see the cluster after ${READY_WITHIN / 1_000}s` : 'ended before the shadow had seen the cluster'}${problems}. It needs get, list and watch on all that the operator reads: "karpenter-ts shadow --role" prints them`);
}

async function operatorOf(project: Project | undefined, flags: ShadowFlags, kubeconfig: KubeConfig, shadow: Shadow, clock: Clock): Promise<Operator> {
  const level = flags.logLevel ?? 'error';
  if (!['debug', 'info', 'error'].includes(level)) throw failed(`log-level is "${level}"; it must be "debug", "info" or "error"`);
  const logger = createLogger({ clock, level: level as 'debug' | 'info' | 'error', write: (line) => void process.stderr.write(`${line}\n`) });
  const shared = { clock, random: systemRandom, logger, kubeconfig, processMetrics: false, shutdownTimeout: 5_000, shadow };
  if (project) return createOperator({ ...shared, name: project.name }).use(...await loadModules(project));
  const [{ karpenter }, { operatorOptions }] = [await import('../karpenter.js'), await import('../operator-options.js')];
  let options: ReturnType<typeof operatorOptions>;
  try {
    options = operatorOptions({ ...flags, interruptionQueue: '' }, process.env);
  } catch (error) {
    throw failed((error as Error).message);
  }
  return karpenter(options, { ...shared, caBundle: await certificateAuthorityOf(kubeconfig), ports: false });
}

function liveLines(print: (text: string) => unknown, clock: Clock): ShadowObserver {
  const time = (): string => new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'UTC' }).format(clock.now());
  const told = new Set<string>();
  return {
    differs: (difference) => print(`${time()} ${differenceLine(difference)}\n`),
    withheld: ({ system, operation, by }) => {
      const call = `${system} ${operation}${by ? ` (${by.reconciler})` : ''}`;
      if (told.has(call)) return;
      told.add(call);
      print(`${time()} not called: ${call}${by ? `, for ${by.key} and whatever comes after it` : ''}\n`);
    },
  };
}

async function openLog(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path, { mode: 0o600 });
  try {
    await once(stream, 'open');
  } catch (error) {
    throw failed(`cannot write the log to ${path}: ${(error as Error).message}`);
  }
  return stream;
}

async function closed(stream: WriteStream): Promise<void> {
  stream.end();
  await once(stream, 'close');
}
