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
