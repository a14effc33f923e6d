import { Ledger } from '../support/ledger.js';
import { ReplicaProcess } from '../support/replica-process.js';

export interface FailoverBenchmark {
  /** How the leader ended: handing its lease back, killed, or with a main loop that hangs. */
  ends: 'SIGTERM' | 'SIGKILL' | 'hangs';
  /** Whether the other replica had filled its caches before. */
  warm: boolean;
  /** Objects in its caches. */
  objects: number;
  leaseDurationSeconds: number;
  /** From the end (of the leader, or of its last turn) to the first write of the other, as the API server stored it. */
  failoverSeconds: number;
}

/** The defaults. */
const TIMES = { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000, stallLimit: 15_000 };

async function failover(ends: FailoverBenchmark['ends'], warm: boolean, objects: number): Promise<FailoverBenchmark> {
  const ledger = await new Ledger().open();
  await ledger.fill(objects);
  const start = (identity: string): ReplicaProcess => new ReplicaProcess(identity, ledger.url, { warmup: warm, leaderElection: TIMES });
  const leader = start('leader');
  await ledger.writtenBy('leader');
  const other = start('other');
  await other.logged('standing by');
  const began = performance.now();
  if (ends === 'hangs') leader.block(600_000);
  else leader.signal(ends);
  await ledger.writtenBy('other');
  const seconds = (performance.now() - began) / 1_000;
  for (const replica of [leader, other]) replica.signal('SIGKILL');
  await Promise.all([leader.ended, other.ended]);
  await ledger.close();
  return { ends, warm, objects, leaseDurationSeconds: TIMES.leaseDuration / 1_000, failoverSeconds: Math.round(seconds * 100) / 100 };
}

/** How long nobody writes when a leader ends; with default times. */
export async function failoverBenchmark({ objects = 20_000 } = {}): Promise<FailoverBenchmark[]> {
  const results: FailoverBenchmark[] = [];
  for (const ends of ['SIGTERM', 'SIGKILL', 'hangs'] as const) for (const warm of [true, false]) results.push(await failover(ends, warm, objects));
  return results;
}
