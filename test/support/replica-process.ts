import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { LeaderElectionOptions } from '../../src/operator/index.js';

/** Short, so that a test need not wait; every relation between them is that of the defaults. */
export const SHORT_TIMES = { leaseDuration: 2_000, renewDeadline: 1_600, retryPeriod: 100, stallLimit: 1_500 } as const;

/** A replica (failover-replica.ts) as a process of its own, which can be stopped, blocked and killed. */
export class ReplicaProcess {
  output = '';
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  private readonly child: ChildProcess;
  private readonly listeners = new Set<() => void>();

  constructor(readonly identity: string, server: string, options: { warmup?: boolean; leaderElection?: LeaderElectionOptions } = {}) {
    const election: LeaderElectionOptions = { ...SHORT_TIMES, lease: 'lead', namespace: 'default', identity, ...options.leaderElection };
    this.child = spawn(process.execPath, [new URL('./failover-replica.js', import.meta.url).pathname, JSON.stringify({ server, ...options, leaderElection: election })], { stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
        for (const look of this.listeners) look();
      });
    }
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(signal ?? code)));
  }

  /** Resolves when it has logged the message. */
  logged(message: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.output.includes(`"message":"${message}"`)) return;
        this.listeners.delete(look);
        resolve();
      };
      this.listeners.add(look);
      look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Blocks its main loop for so many milliseconds. */
  block(milliseconds: number): void {
    this.child.stdin?.write(`block ${milliseconds}\n`);
  }
}
