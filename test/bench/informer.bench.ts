import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ConfigMap, Informer, ListBudget, Reconciler, Step, done, seededRandom, systemClock } from '../../src/operator/index.js';
import type { Operator, Outcome } from '../../src/operator/index.js';
import { POD, STAMP } from './bench-objects.js';
import type { BenchProcess } from './bench-client.js';
import { benchOperator, benchServer, clientOf, onEach } from './bench-client.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const residentMiB = (): number => process.memoryUsage().rss / 2 ** 20;
const heapMiB = (): number => {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Runs an operator until `work` is over. */
async function during<R>(operator: Operator, work: () => Promise<R>): Promise<R> {
  const stop = new AbortController();
  const running = operator.run({ signal: stop.signal });
  await Promise.race([operator.ready(), running]);
  try {
    return await work();
  } finally {
    stop.abort(new Error('over'));
    await running;
  }
}

/** From nothing to a complete cache of 50,000 pods of 3 KB: one process that does nothing else, over HTTP. */
async function sync(server: BenchProcess, pods = 50_000): Promise<object> {
  await server.ask({ do: 'fill', pods });
  const once = async (streaming: boolean): Promise<{ ms: number; rssGrowthMiB: number; heapGrowthMiB: number }> => {
    const stop = new AbortController();
    const [heap, rss] = [heapMiB(), residentMiB()];
    const clock = systemClock();
    const informer = new Informer(POD, clientOf(server), { clock, random: seededRandom(1), shared: { budget: new ListBudget(clock), streaming } });
    const begun = performance.now();
    const running = informer.run(stop.signal);
    await informer.whenSynced();
    const ms = performance.now() - begun;
    const grown = residentMiB() - rss;
    if (informer.store.size !== pods) throw new Error(`${informer.store.size} of ${pods} pods`);
    const row = { ms: Math.round(ms), rssGrowthMiB: Math.round(grown), heapGrowthMiB: Math.round(heapMiB() - heap) };
    stop.abort(new Error('over'));
    await running;
    return row;
  };
  const { ms, ...memory } = await once(false);
  return { pods, syncMs: ms, ...memory, againMs: (await once(false)).ms, streamedMs: (await once(true)).ms };
}

/** 5,000 changes a second of 5,000 objects for ten seconds: from the moment of each change to the run of the reconciler that sees it. */
async function events(server: BenchProcess, { rate = 5_000, seconds = 10, objects = 5_000 } = {}): Promise<object> {
  await server.ask({ do: 'fill', configMaps: objects });
  const latencies: number[] = [];

  @Reconciler({ for: ConfigMap, name: 'noop', root: false })
  class Noop {
    @Step() seen({ metadata }: ConfigMap): Outcome {
      const at = metadata.annotations[STAMP];
      if (at) latencies.push(Number(process.hrtime.bigint() / 1_000n) / 1_000 - Number(at));
      return done();
    }
  }
  return during(benchOperator(server, { reconcilers: [Noop] }), async () => {
    const cpu = process.cpuUsage();
    const achieved = (await server.ask({ do: 'events', rate, count: rate * seconds, objects })) as number;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { user, system } = process.cpuUsage(cpu);
    const sorted = Float64Array.from(latencies).sort();
    const quantile = (q: number): number => rounded(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);
    return { eventsPerSecond: achieved, runs: sorted.length, p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: quantile(1), cpuPerEventUs: Math.round((user + system) / (rate * seconds)) };
  });
}

/** A million changes of a thousand objects as fast as they come, and what they leave behind. */
async function soak({ count = 1_000_000, objects = 1_000, samples = 5 } = {}): Promise<object> {
  const server = await benchServer('embedded');
  await server.ask({ do: 'fill', configMaps: objects });
  let runs = 0;

  @Reconciler({ for: ConfigMap, name: 'noop', root: false })
  class Noop {
    @Step() seen(): Outcome {
      runs += 1;
      return done();
    }
  }
  try {
    return await during(benchOperator(server, { reconcilers: [Noop] }), async () => {
      const begun = performance.now();
      const heap: number[] = [];
      for (let sample = 0; sample <= samples; sample += 1) {
        if (sample > 0) await server.ask({ do: 'events', rate: 0, count: count / samples, objects });
        await new Promise((resolve) => setTimeout(resolve, 500));
        heap.push(rounded(heapMiB()));
      }
      const [, first = 0] = heap;
      return {
        events: count, runs, eventsPerSecond: Math.round(count / ((performance.now() - begun) / 1_000)), heapMiB: heap,
        bytesPerEvent: rounded((((heap.at(-1) ?? 0) - first) * 2 ** 20) / (count * (1 - 1 / samples)), 2), rssMiB: Math.round(residentMiB()),
      };
    });
  } finally {
    await server.stop();
  }
}

/** What caches and the runs that they wake cost: `sync` and `events` on each server, `soak` on the embedded one. */
export const informerBenchmarks: Readonly<Record<string, () => Promise<object>>> = { ...onEach('informer.sync', sync), ...onEach('informer.events', events), 'informer.soak': soak };
