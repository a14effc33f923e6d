import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WorkQueue, seededRandom, systemClock } from '../../src/operator/index.js';

export interface QueueBenchmark {
  keys: number;
  /** An operation is one add, or one take with its done. */
  operationsPerSecond: number;
  fairOperationsPerSecond: number;
}

/** Adds and runs every key, round after round. */
async function operationsPerSecond(keys: number, rounds: number, fairBy?: (key: string) => string): Promise<number> {
  const clock = systemClock();
  const queue = new WorkQueue({ clock, random: seededRandom(1), backoff: { base: 1_000, max: 60_000, jitter: 0 }, ...(fairBy ? { fairBy } : {}) });
  const names = Array.from({ length: keys }, (_, index) => `namespace-${index % 100}/name-${index}`);
  let left = 0;
  let finished: () => void = () => undefined;
  queue.work(16).subscribe(({ key }) => {
    queue.done(key);
    if ((left -= 1) === 0) finished();
  });
  const round = (): Promise<void> => new Promise((resolve) => {
    left = keys;
    finished = resolve;
    for (const name of names) queue.add(name);
  });
  await round();
  const started = performance.now();
  for (let turn = 0; turn < rounds; turn += 1) await round();
  const seconds = (performance.now() - started) / 1_000;
  queue.stop();
  return Math.round((2 * keys * rounds) / seconds);
}

export async function queueBenchmark({ keys = 10_000, rounds = 50 } = {}): Promise<QueueBenchmark> {
  return {
    keys,
    operationsPerSecond: await operationsPerSecond(keys, rounds),
    fairOperationsPerSecond: await operationsPerSecond(keys, rounds, (key) => key.slice(0, key.indexOf('/'))),
  };
}

export interface QueueSoak {
  operations: number;
  /** Bytes that the heap grew by between the first tenth and the end, after collections. */
  heapGrowth: number;
  /** Entries, priorities and runs that are left. */
  left: number;
}

/** A million adds by a hundred tenants in seven priorities, a tenth of the runs failing; what is left in memory when all is done. */
export async function queueSoak({ rounds = 100, adds = 10_000 } = {}): Promise<QueueSoak> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const random = seededRandom(1);
  const queue = new WorkQueue({ clock: systemClock(), random, backoff: { base: 1, max: 8, jitter: 0.2 }, fairBy: (key) => key.slice(0, key.indexOf('/')) });
  let [operations, idle]: [number, () => void] = [0, () => undefined];
  queue.work(16).subscribe(({ key, attempt }) => {
    operations += 1;
    if (attempt < 3 && random.next() < 0.1) queue.retry(key);
    else queue.forget(key);
    queue.done(key);
    if (queue.size === 0) idle();
  });
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  let early = 0;
  for (let round = 0; round < rounds; round += 1) {
    const drained = new Promise<void>((resolve) => (idle = resolve));
    for (let index = 0; index < adds; index += 1, operations += 1) queue.add(`tenant-${index % 100}/name-${round}-${index}`, { priority: (index % 7) - 3, after: index % 5 });
    await drained;
    if (round === rounds / 10) early = heap();
  }
  return { operations, heapGrowth: heap() - early, left: queue.size + queue.depths.size + queue.unfinished().total };
}
