import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { WebSocket } from 'undici';
import { CLI } from './sandbox-process.js';
import type { SandboxProcess } from './sandbox-process.js';

/** One line of the operator's log. */
export interface LogLine {
  level: string;
  message: string;
  [field: string]: unknown;
}

/** `karpenter-ts run` against a sandbox, as a process that can be killed. */
export class OperatorProcess {
  readonly lines: LogLine[] = [];
  private readonly child: ChildProcess;
  private readonly listeners = new Set<() => void>();
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  private errors = '';

  constructor(sandbox: Pick<SandboxProcess, 'environment'>, ...flags: readonly string[]) {
    this.child = spawn(process.execPath, [
      CLI, 'run', '--cluster-name', 'my-cluster', '--interruption-queue', 'Karpenter-my-cluster', '--metrics-port', '0', '--health-probe-port', '0', '--webhook-port', '0', ...flags,
    ], { env: sandbox.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr?.on('data', (chunk: Buffer) => { this.errors += chunk.toString(); });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as LogLine);
      this.wake();
    });
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        resolve(signal ?? code);
        this.wake();
      });
    });
  }

  /** Resolves when a line with the message is logged; rejects when the process ends before. */
  logged(message: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.lines.some((line) => line.message === message)) resolve();
        else if (this.child.exitCode !== null || this.child.signalCode !== null) reject(new Error(`the operator ended before it logged "${message}":\n${this.tail}`));
        else return;
        this.listeners.delete(look);
      };
      this.listeners.add(look);
      look();
    });
  }

  /** Sends the signal; resolves with the exit code, or with the signal that ended the process. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    this.signal(signal);
    return this.ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Stops the main loop for so many milliseconds, as a computation would. Needs a process with `--inspect` in NODE_OPTIONS. */
  async block(milliseconds: number): Promise<void> {
    const [, url] = /Debugger listening on (ws:\S+)/.exec(this.errors) ?? [];
    if (!url) throw new Error('the process has no inspector: start it with NODE_OPTIONS=--inspect=127.0.0.1:0');
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`cannot reach ${url}`)));
    });
    const expression = `setTimeout(() => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${milliseconds}); })`;
    socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
    await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
    socket.close();
  }

  /** The end of what it said, for a failure's message. */
  get tail(): string {
    return `${this.errors}${this.lines.slice(-20).map((line) => JSON.stringify(line)).join('\n')}`;
  }

  private wake(): void {
    for (const listener of this.listeners) listener();
  }
}
