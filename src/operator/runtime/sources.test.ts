import { expect } from 'chai';
import { Container } from 'inversify';
import { getEventListeners } from 'node:events';
import type { StepContext } from '../context.js';
import { Subject } from 'rxjs';
import { OnEvent, Owns, Reconciler, Step, Watches } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { keyOf } from '../dsl/key.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import type { EventSource } from '../dsl/token.js';
import { token } from '../dsl/token.js';
import { ConfigMap, Node } from '../kinds/core.js';
import { silentLogger } from '../logger.js';
import { seededRandom } from '../random.js';
import type { TestBed, TestBedOptions } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { provide, reconcilers } from './reconcilers.js';
import { subscribe } from './sources.js';

const Clicks = token<EventSource<string>>('test.SourceOfClicks');

describe('what wakes keys', () => {
  let bed: TestBed;
  const runs: string[] = [];
  const node = (name: string): Promise<Node> => bed.api.create(Node, { metadata: { name } } as never);
  const start = async (type: ReconcilerClass, options: TestBedOptions = {}): Promise<void> => {
    runs.length = 0;
    bed = await testBed(reconcilers(type), { findings: 'note', ...options });
  };
  afterEach(() => bed.close());

  it('is more urgent when it is news than when it was there at the start (controller-runtime#3496)', async () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    @Reconciler({ for: Node, name: 'gated', root: false, concurrency: 1 })
    class Gated {
      @Step()
      async step({ metadata: { name } }: Node): Promise<Outcome> {
        runs.push(name);
        if (name === 'gate') await opened;
        return done();
      }
    }
    await start(Gated);
    for (const name of ['gate', 'old-1', 'old-2']) await node(name);
    await bed.settle();
    expect(runs).to.deep.equal(['gate']);
    await node('fresh');
    await bed.settle();
    open();
    await bed.settle();
    expect(runs).to.deep.equal(['gate', 'fresh', 'old-1', 'old-2']);
  });

  it('is a source of events, and nothing that is none', async () => {
    const events = token<EventSource<string>>('test.events');
    @Reconciler({ for: Node, name: 'listener', root: false })
    class Listener {
      @OnEvent(events) heard(name: string): Key<Node>[] { return [keyOf(Node, name)]; }
      @Step() step(): Outcome { return done(); }
    }
    bed = await testBed(reconcilers(Listener), provide(events, new Subject<string>() as never));
    const refused = await bed.settle().then(() => 'it starts', (error: Error) => error.message);
    expect(refused).to.equal('@OnEvent(test.events) on heard: what is bound under the token has no "events" to subscribe to; an EventSource is { events: Observable }');
  });

  it('is an owned object only of an owner of the kind, the group included', async () => {
    @Reconciler({ for: Node, name: 'owner', root: false })
    @Owns(ConfigMap)
    class Owner {
      @Step() step({ metadata: { name } }: Node): Outcome {
        runs.push(name);
        return done();
      }
    }
    await start(Owner, { apiServer: { garbageCollection: false } });
    const { metadata: { uid } } = await node('a');
    await bed.settle();
    runs.length = 0;
    const owned = (name: string, apiVersion: string) => bed.api.create(ConfigMap, { metadata: { name, ownerReferences: [{ apiVersion, kind: 'Node', name: 'a', uid, controller: true }] } } as never);
    await owned('of-another-group', 'toys.example.com/v1');
    await bed.settle();
    expect(runs).to.deep.equal([]);
    await owned('ours', 'v1');
    await bed.settle();
    expect(runs).to.deep.equal(['a']);
  });

  it('is no key that could name nothing: with a namespace for a kind that has none, or without', async () => {
    @Reconciler({ for: ConfigMap, name: 'lost', root: false, when: () => false })
    class Lost {
      @Watches(Node) mapsOf({ metadata: { name } }: Node): Key<ConfigMap>[] { return [keyOf(ConfigMap, name)]; }
      @Step() step(): Outcome { return done(); }
    }
    await start(Lost);
    await node('a');
    await bed.settle();
    expect(bed.logs.map(({ error }) => error)).to.include('a mapper of lost returned the key "a", which is of no ConfigMap: the kind has namespaces; keyOf(ConfigMap, name, namespace)');
  });

  it('costs no listener of the operator\'s signal for every time that a source was subscribed to again', async () => {
    const stop = new AbortController();
    const clock = new VirtualClock();
    const container = new Container();
    let subscriptions = 0;
    let ended = 0;
    container.bind<EventSource<string>>(Clicks).toConstantValue({ events: { subscribe: (observer) => {
      subscriptions += 1;
      if (subscriptions === 6) throw new Error('no connection');
      if (subscriptions % 2 === 0) observer.error?.(new Error('not yet'));
      else if (subscriptions < 9) clock.schedule(1, () => observer.complete?.());
      return { unsubscribe: () => void (ended += 1) };
    } } });
    const source = { instance: {}, map: {} as never, log: silentLogger, wake: () => undefined };
    subscribe({ clock, random: seededRandom(1) } as never, container, { source: Clicks, method: 'none' }, source, stop.signal);
    await clock.advance('10m');
    expect(subscriptions).to.equal(9);
    expect(getEventListeners(stop.signal, 'abort')).to.have.length(1);
    stop.abort();
    expect(ended).to.equal(1);
  });

  it('is nothing that a patch of another object ran into: it is made again on what others wrote', async () => {
    @Reconciler({ for: Node, name: 'patches', root: false, reads: [ConfigMap] })
    class Patches {
      @Step() async step({ metadata: { name } }: Node, ctx: StepContext<Node>): Promise<Outcome> {
        runs.push(name);
        const map = ctx.cache.get(ConfigMap, 'm', 'default');
        if (map) await ctx.patch(map, ({ metadata }) => void (metadata.labels['ours'] = `after-${metadata.labels['theirs'] ?? 'nothing'}`));
        return done();
      }
    }
    let others = 0;
    await start(Patches, { intercept: (inner) => ({
      ...inner,
      send: async (request) => {
        if (request.method === 'PATCH' && request.path.includes('/configmaps/') && (others += 1) <= 2) await bed.api.patch(ConfigMap, 'm', { metadata: { labels: { theirs: String(others) } } });
        return inner.send(request);
      },
    }) });
    await bed.api.create(ConfigMap, { metadata: { name: 'm' } } as never);
    await node('n');
    await bed.advance('1s');
    expect((await bed.api.get(ConfigMap, 'm')).metadata.labels).to.include({ theirs: '2', ours: 'after-2' });
    expect(runs).to.deep.equal(['n']);
  });
});
