import { StatusError } from '../../apiserver/index.js';
import type { LogOptions, PodLogs } from '../../apiserver/index.js';
import type { Clock } from '../../operator/clock.js';
import { sleep } from '../../operator/clock.js';
import { logLines, nextLineAfter } from './kubelet/container-log.js';
import type { LoggedRun } from './kubelet/container-log.js';
import type { Pod } from './model/kinds.js';
import type { LogLine, LogSource } from './sandbox-cluster.js';

/** Lines that are shown of a container that has written for ever. */
const MOST_LINES = 2_000;

export interface PodLogsOptions {
  clock: Clock;
  pod(namespace: string, name: string): Pod | undefined;
  /** Runs of a pod's container, the latest last. */
  runs(pod: Pod, container: string): readonly LoggedRun[];
  foreign(namespace: string, name: string): LogSource | undefined;
}

const aborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

const written = ({ time, text }: LogLine, { timestamps }: LogOptions): string =>
  `${timestamps ? `${new Date(time).toISOString().replace('Z', '000000Z')} ` : ''}${text}\n`;

/** Ends a stream after a number of bytes. */
async function* limited(chunks: AsyncIterable<string>, limit: number | undefined): AsyncGenerator<string> {
  let rest = limit ?? Infinity;
  for await (const chunk of chunks) {
    if (rest <= 0) return;
    yield rest >= Buffer.byteLength(chunk) ? chunk : Buffer.from(chunk).subarray(0, rest).toString();
    rest -= Buffer.byteLength(chunk);
  }
}

/** Answers `kubectl logs` as the kubelets of the cluster would. */
export function createPodLogs(options: PodLogsOptions): PodLogs {
  const { clock } = options;

  async function* foreignLog(source: LogSource, request: LogOptions, signal: AbortSignal | undefined): AsyncGenerator<string> {
    const since = request.sinceSeconds === undefined ? 0 : clock.now() - request.sinceSeconds * 1_000;
    const waiting: LogLine[] = [];
    let wake: () => void = () => undefined;
    const unsubscribe = source.subscribe((line) => {
      waiting.push(line);
      wake();
    });
    signal?.addEventListener('abort', () => wake(), { once: true });
    try {
      const recent = source.lines().filter(({ time }) => time >= since);
      for (const line of request.tailLines === undefined ? recent : recent.slice(Math.max(0, recent.length - request.tailLines))) yield written(line, request);
      while (request.follow && !aborted(signal)) {
        for (const line of waiting.splice(0)) yield written(line, request);
        if (waiting.length === 0 && !aborted(signal)) await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      unsubscribe();
    }
  }

  async function* containerLog(run: LoggedRun, request: LogOptions, signal: AbortSignal | undefined): AsyncGenerator<string> {
    const since = request.sinceSeconds === undefined ? 0 : clock.now() - request.sinceSeconds * 1_000;
    let shown = clock.now();
    for (const line of logLines(run, { since, until: shown, limit: Math.min(request.tailLines ?? MOST_LINES, MOST_LINES) })) yield written(line, request);
    while (request.follow && run.endedAt === undefined && !aborted(signal)) {
      try {
        await sleep(clock, nextLineAfter(run, shown) - clock.now(), signal);
      } catch {
        return;
      }
      const until = clock.now();
      for (const line of logLines(run, { since: shown + 1, until, limit: MOST_LINES })) yield written(line, request);
      shown = until;
    }
  }

  return (namespace, name, container, request, signal) => {
    const foreign = options.foreign(namespace, name);
    if (foreign) return limited(foreignLog(foreign, request, signal), request.limitBytes);
    const pod = options.pod(namespace, name);
    const runs = pod ? options.runs(pod, container) : [];
    const run = request.previous ? runs.at(-2) : runs.at(-1);
    if (!run) {
      throw new StatusError(400, 'BadRequest', request.previous
        ? `previous terminated container "${container}" in pod "${name}" not found`
        : `container "${container}" in pod "${name}" is waiting to start: ContainerCreating`);
    }
    return limited(containerLog(run, request, signal), request.limitBytes);
  };
}
