import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Agent, fetch } from 'undici';
import type { SandboxResult } from '../../src/cli/sandbox-command.js';

const CLI = new URL('../../src/cli/main.js', import.meta.url).pathname;
const ROOT = new URL('../../../', import.meta.url).pathname;

export interface ColdStart {
  /** From starting the process to an API server that answers. */
  coldStartMs: number;
}

export interface GuideRun {
  speed: number;
  /** From the command to the guide's pods running, in wall-clock time. */
  settledMs: number;
  /** Of the whole process, with everything of the guide in place. */
  rssMiB: number;
  podsRunning: number;
  podsPending: number;
}

const sandbox = (...flags: readonly string[]): ReturnType<typeof spawn> =>
  spawn(process.execPath, [CLI, 'sandbox', '--metrics-port', '0', ...flags], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });

const ended = (child: ReturnType<typeof spawn>): Promise<void> => new Promise((resolve) => child.once('close', () => resolve()));

/** Only whether it answers is asked, so nobody has to trust its certificate. */
const anyone = new Agent({ connect: { rejectUnauthorized: false } });

async function coldStartOnce(): Promise<number> {
  const startedAt = performance.now();
  const child = sandbox();
  const closed = ended(child);
  let milliseconds = Number.NaN;
  try {
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const url = /^API server (\S+) /.exec(line)?.[1];
      if (url === undefined) continue;
      const { ok } = await fetch(`${url}/readyz`, { dispatcher: anyone });
      if (ok) milliseconds = performance.now() - startedAt;
      break;
    }
  } finally {
    child.kill('SIGINT');
    await closed;
  }
  return Math.round(milliseconds);
}

/** The median of five processes. */
export const coldStart = async (): Promise<ColdStart> => {
  const runs: number[] = [];
  for (let run = 0; run < 5; run += 1) runs.push(await coldStartOnce());
  return { coldStartMs: runs.sort((a, b) => a - b)[2] as number };
};

async function guide(speed: number): Promise<GuideRun> {
  const child = sandbox('--apply', 'config/samples/guide', '--until', 'settled', '--timeout', '300s', '--speed', String(speed), '-o', 'json');
  const closed = ended(child);
  let output = '';
  for await (const chunk of child.stdout as NodeJS.ReadableStream) output += String(chunk);
  await closed;
  const { settledMs, rssMiB, pods } = JSON.parse(output) as SandboxResult;
  return { speed, settledMs, rssMiB, podsRunning: pods.running, podsPending: pods.pending };
}

export const guideFast = (): Promise<GuideRun> => guide(60);
export const guideAtRealSpeed = (): Promise<GuideRun> => guide(1);
