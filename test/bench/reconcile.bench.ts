import { ContainerModule } from 'inversify';
import { Subject } from 'rxjs';
import { createApiServer } from '../../src/apiserver/index.js';
import { ConfigMap, OnEvent, Reconciler, Step, createOperator, done, handlerTransport, keyOf, reconcilers, silentLogger, systemClock, token } from '../../src/operator/index.js';
import type { EventSource, Key, Outcome } from '../../src/operator/index.js';

export interface ReconcileBenchmark {
  objects: number;
  /** From an empty cache to every object listed and reconciled once. */
  coldStartMs: number;
  /** Wakes of every object, reconciled by a step that does nothing. */
  reconcilesPerSecond: number;
}

const Wakes = token<EventSource<string>>('bench.Wakes');

export async function reconcileBenchmark({ objects = 10_000, rounds = 5 } = {}): Promise<ReconcileBenchmark> {
  const wakes = new Subject<string>();
  let left = objects;
  let finished: () => void = () => undefined;

  @Reconciler({ for: ConfigMap, name: 'noop', root: false, concurrency: 16 })
  class Noop {
    @OnEvent(Wakes) wake(name: string): Key<ConfigMap>[] { return [keyOf(ConfigMap, name, 'default')]; }

    @Step() nothing(): Outcome {
      if ((left -= 1) === 0) finished();
      return done();
    }
  }

  const server = createApiServer();
  const { storage } = server;
  const names = Array.from({ length: objects }, (_, index) => `object-${index}`);
  for (const name of names) {
    storage.create('configmaps', {
      apiVersion: 'v1', kind: 'ConfigMap', data: { text: 'x'.repeat(500) },
      metadata: { name, namespace: 'default', uid: name, creationTimestamp: '2024-01-01T00:00:00Z', labels: { app: 'bench' } },
    });
  }
  const operator = createOperator({ name: 'bench', transport: handlerTransport(server), clock: systemClock(), logger: silentLogger, ports: false, processMetrics: false });
  operator.use(reconcilers(Noop), new ContainerModule(({ bind }) => {
    bind<EventSource<string>>(Wakes).toConstantValue({ events: wakes });
  }));
  const stop = new AbortController();
  const all = (): Promise<void> => new Promise((resolve) => (finished = resolve));
  // The cluster holds objects of its own too.
  left += storage.list('configmaps').length - objects;
  let started = performance.now();
  const cold = all();
  const running = operator.run({ signal: stop.signal });
  await cold;
  const coldStartMs = Math.round(performance.now() - started);
  started = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    left = objects;
    const awake = all();
    for (const name of names) wakes.next(name);
    await awake;
  }
  const reconcilesPerSecond = Math.round((objects * rounds) / ((performance.now() - started) / 1_000));
  stop.abort();
  await running;
  await server.close();
  return { objects, coldStartMs, reconcilesPerSecond };
}
