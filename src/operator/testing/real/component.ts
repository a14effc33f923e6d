import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import type { Clock } from '../../clock.js';
import { sleep } from '../../clock.js';

/** How long a component may take until it is ready, in milliseconds. */
const READY_WITHIN = 60_000;
const POLL = 50;

/** A program of a control plane. It ends with this process, however that ends. */
export class Component {
  readonly process: ChildProcess;

  /** Starts it; what it prints is appended to the log file. */
  constructor(readonly name: string, program: string, args: readonly string[], private readonly logFile: string, private readonly clock: Clock) {
    const log = openSync(logFile, 'a');
    // A watcher reads a pipe that nobody writes to, and at its end, when the last one who holds it is gone, kills the program.
    this.process = spawn('sh', ['-c', '(read -r _; kill -9 $$) <&3 >/dev/null 2>&1 & exec "$@" 3<&-', 'sh', program, ...args], { stdio: ['ignore', log, log, 'pipe'] });
    closeSync(log);
    this.process.once('exit', () => (this.process.stdio[3] as { destroy(): void }).destroy());
  }

  /** What it has printed. */
  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Resolves when a GET is answered with 200; rejects, with what was printed last, when the program ends before or takes longer than a minute. */
  async ready(url: string, token?: string): Promise<void> {
    const deadline = this.clock.monotonic() + READY_WITHIN;
    const failure = (what: string): Error => new Error(`${this.name} ${what}; it logged last:\n${this.log.split('\n').slice(-15).join('\n')}`);
    while (!(await answers(url, token))) {
      if (this.ended) throw failure(`ended with ${this.process.exitCode ?? this.process.signalCode} before it was ready`);
      if (this.clock.monotonic() > deadline) throw failure(`was not ready within ${READY_WITHIN / 1_000} s`);
      await sleep(this.clock, POLL);
    }
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    await new Promise((resolve) => {
      this.process.once('exit', resolve);
      this.process.kill('SIGKILL');
    });
  }
}

/** Whether a GET is answered with 200; certificates are not looked at, since the one that vouches may not be there yet. */
const answers = (url: string, token: string | undefined): Promise<boolean> => new Promise((resolve) => {
  const options = { agent: false, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } } as const;
  const asking = url.startsWith('http:') ? httpGet(url, options) : httpsGet(url, { ...options, rejectUnauthorized: false });
  asking.on('response', (response) => resolve(response.resume().statusCode === 200)).on('error', () => resolve(false));
});
