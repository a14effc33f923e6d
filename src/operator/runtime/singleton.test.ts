import { expect } from 'chai';
import { ContainerModule } from 'inversify';
import type { TickContext } from '../context.js';
import { Batch, OnEvent, Singleton, Watches } from '../dsl/decorators.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import type { EventSource } from '../dsl/token.js';
import { token } from '../dsl/token.js';
import { ConfigMap } from '../kinds/core.js';
import type { TestBed, TestBedOptions } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

describe('a singleton', () => {
  let bed: TestBed;
  /** Seconds after the start. */
  let ticks: number[];
  const start = async (type: ReconcilerClass, ...modules: (ContainerModule | TestBedOptions)[]): Promise<void> => {
    ticks = [];
    bed = await testBed(reconcilers(type), ...modules);
    await bed.start();
    began = bed.clock.now();
  };
  let began: number;
  const tick = (): void => void ticks.push(Math.round((bed.clock.now() - began) / 100) / 10);
  afterEach(() => bed.close());

  it('waits for its period first when it is not immediate, later by its jitter', async () => {
    @Singleton({ name: 'patient', every: '10s', immediate: false, jitter: 0.5 })
    class Patient { tick(): void { tick(); } }
    await start(Patient, { operator: { jitter: true } });
    await bed.advance('1m');
    expect(ticks.length).to.be.within(4, 6);
    const gaps = ticks.map((at, index) => at - (ticks[index - 1] ?? 0));
    for (const gap of gaps) expect(gap).to.be.within(10, 15.1);
    expect(new Set(gaps).size, 'they differ').to.be.above(1);
  });

  it('has its signal abort at its time limit, which counts as an error', async () => {
    const reasons: string[] = [];
    @Singleton({ name: 'endless', every: '1h', timeout: '30s' })
    class Endless {
      async tick({ signal }: TickContext): Promise<void> {
        tick();
        if (ticks.length > 1) return;
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        reasons.push((signal.reason as Error).message);
        signal.throwIfAborted();
      }
    }
    await start(Endless);
    await bed.advance('40s');
    expect(reasons).to.deep.equal(['the run did not end within 30000 ms']);
    expect(ticks).to.have.length(2);
    expect(await bed.operator.metrics.registry.metrics()).to.include('controller_runtime_reconcile_timeouts_total{controller="endless"} 1');
  });

  it('counts triggers after their debounce, and those that its mapper asks for only', async () => {
    @Singleton({ name: 'debounced' })
    class Debounced {
      @Watches(ConfigMap, { debounce: '5s' }) wanted({ metadata: { name } }: ConfigMap): boolean { return name === 'wanted'; }
      @Batch({ idle: '1s', max: '10s' }) gather(): void { tick(); }
    }
    await start(Debounced);
    for (const name of ['other', 'wanted']) await bed.api.create(ConfigMap, { metadata: { name } } as never);
    await bed.advance('20s');
    expect(ticks).to.deep.equal([6]);
  });

  it('subscribes again to a source that completes, and no more once it has stopped', async () => {
    const Bells = token<EventSource<string>>('test.Bells');
    let subscriptions = 0;
    const bells: EventSource<string> = { events: { subscribe: (observer) => {
      subscriptions += 1;
      observer.next('ding');
      observer.complete();
      return { unsubscribe: () => undefined };
    } } };
    @Singleton({ name: 'listener' })
    class Listener {
      @OnEvent(Bells) heard(): boolean { return true; }
      @Batch({ idle: '0s', max: '0s' }) gather(): void { tick(); }
    }
    await start(Listener, new ContainerModule(({ bind }) => {
      bind<EventSource<string>>(Bells).toConstantValue(bells);
    }));
    await bed.advance('10s');
    expect(subscriptions).to.be.within(8, 11);
    await bed.stop();
    const before = subscriptions;
    await bed.clock.advance(60_000);
    expect(subscriptions).to.equal(before);
  });
});
