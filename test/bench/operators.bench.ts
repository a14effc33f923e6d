import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchProcess } from './bench-client.js';
import { onEach } from './bench-client.js';

/** What an operator took, in a process of its own. Times are from its start, CPU is its own. */
interface OperatorRun {
  /** Until its cache was complete. */
  syncedMs: number;
  /** Until it had nothing left to do. */
  finishedMs: number;
  cpuMs: number;
  rssGrowthMiB: number;
  runs: number;
}

const run = promisify(execFile);
const OURS = new URL('./operator-run.js', import.meta.url).pathname;

/**
 * The same two operators, ours and (where `BENCH_PEER` names the program built from peers/operator) controller-runtime's, one after the other against the same
 * server with the same objects: one looks at 50,000 pods and does nothing, one writes the status of 10,000 custom resources.
 */
async function operators(server: BenchProcess, { pods = 50_000, gadgets = 10_000 } = {}): Promise<object> {
  const peer = process.env['BENCH_PEER'];
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const file = join(folder, 'kubeconfig');
  const measured = async (command: string, args: readonly string[]): Promise<OperatorRun> => JSON.parse((await run(command, args)).stdout) as OperatorRun;
  const both = async (mode: 'pods' | 'gadgets', count: number): Promise<{ karpenterTs: OperatorRun; controllerRuntime?: OperatorRun }> => {
    await server.ask({ do: 'fill', [mode]: count });
    const karpenterTs = await measured(process.execPath, [OURS, file, mode, String(count)]);
    if (!peer) return { karpenterTs };
    if (mode === 'gadgets') await server.ask({ do: 'change', gadgets: count });
    return { karpenterTs, controllerRuntime: await measured(peer, ['-kubeconfig', file, '-mode', mode, '-count', String(count)]) };
  };
  try {
    await writeFile(file, server.kubeconfig);
    return { pods: await both('pods', pods), gadgets: await both('gadgets', gadgets) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const operatorsBenchmarks = onEach('operators', operators);
