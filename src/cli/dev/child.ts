import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { rejectOnAbort, systemClock } from '../../operator/index.js';

/** How long a process has to end by itself, in milliseconds. */
const GRACE = 10_000;

/** How a process ended: its exit code, or the signal that ended it. */
export type Ending = number | NodeJS.Signals;

/**
 * A process that `dev` started, with all that it starts itself: in a group of its own, so that a Ctrl-C of the terminal comes to it by us, and
 * once. It does not outlive us.
 */
export class Child {
  readonly #process: ChildProcess;
  /** Rejects when the command cannot be started. */
  readonly ended: Promise<Ending>;

  constructor(command: string, args: readonly string[], options: Pick<SpawnOptions, 'cwd' | 'env' | 'stdio'>) {
    this.#process = spawn(command, args, { ...options, detached: true });
    const kill = (): void => this.#signal('SIGKILL');
    process.once('exit', kill);
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('close', (code, signal) => {
        process.off('exit', kill);
        resolve(signal ?? code ?? 1);
      });
    });
    this.ended.catch(() => undefined);
  }

  /** Everything that it writes to standard output and standard error, as it comes; both have to be piped. */
  read(listener: (text: string) => void): this {
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream?.setEncoding('utf8').on('data', listener);
    return this;
  }

  get isRunning(): boolean {
    return this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#signal('SIGTERM');
    const late = systemClock().schedule(GRACE, () => this.#signal('SIGKILL'));
    await this.ended;
    late.cancel();
  }

  #signal(signal: NodeJS.Signals): void {
    // The group's number is the process's: with it alone, it is known that nobody else has that number by now.
    if (this.isRunning) process.kill(-(this.#process.pid as number), signal);
  }
}

/** Runs a command to its end. Rejects when it cannot be started, and when the signal aborts: it has ended then, too. */
export async function finished(command: string, args: readonly string[], options: Pick<SpawnOptions, 'cwd' | 'env'>, signal: AbortSignal): Promise<{ ending: Ending; output: string }> {
  let output = '';
  const child = new Child(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }).read((text) => { output += text; });
  try {
    const ending = await rejectOnAbort(child.ended, signal);
    return { ending, output };
  } finally {
    await child.stop();
  }
}
