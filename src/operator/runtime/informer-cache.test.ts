import { expect } from 'chai';
import type { StepContext, TickContext } from '../context.js';
import { Cache } from '../context.js';
import { Reconciler, Singleton, Step } from '../dsl/decorators.js';
import { index } from '../dsl/key.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { ConfigMap, Node, Secret } from '../kinds/core.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

const byApp = index(ConfigMap, 'app', ({ metadata }) => [metadata.labels['app']]);

@Reconciler({ for: ConfigMap, name: 'maps', root: false })
class Maps {
  @Step() step(): Outcome { return done(); }
}

describe('the cache of an operator', () => {
  let bed: TestBed;
  let cache: Cache;
  beforeEach(async () => {
    bed = await testBed(reconcilers(Maps));
    for (const [name, namespace, app] of [['a', 'default', 'web'], ['b', 'default', 'db'], ['a', 'kube-public', 'web']] as const) {
      await bed.api.create(ConfigMap, { metadata: { name, namespace, labels: { app, from: namespace } } });
    }
    await bed.settle();
    cache = bed.operator.container.get<Cache>(Cache);
  });
  afterEach(() => bed.close());
  const told = (maps: readonly ConfigMap[]): string[] => maps.filter(({ metadata: { labels } }) => labels['app']).map(({ metadata: { namespace, name } }) => `${namespace}/${name}`).sort();

  it('finds by name, namespace and index', () => {
    expect(cache.get(ConfigMap, 'a', 'kube-public')?.metadata.labels).to.deep.equal({ app: 'web', from: 'kube-public' });
    expect(cache.get(ConfigMap, 'b', 'kube-public')).to.equal(undefined);
    expect(told(cache.list(ConfigMap))).to.deep.equal(['default/a', 'default/b', 'kube-public/a']);
    expect(told(cache.list(ConfigMap, { namespace: 'default' }))).to.deep.equal(['default/a', 'default/b']);
    expect(told(cache.list(ConfigMap, { index: byApp, value: 'web' }))).to.deep.equal(['default/a', 'kube-public/a']);
    expect(told(cache.list(ConfigMap, { index: byApp, value: 'web', namespace: 'kube-public' }))).to.deep.equal(['kube-public/a']);
    expect(cache.list(ConfigMap, { index: byApp, value: undefined })).to.deep.equal([]);
  });

  it('hands out what nobody can change, in a test bed', () => {
    const map = cache.get(ConfigMap, 'a', 'default') as ConfigMap;
    expect(() => (map.metadata.labels['app'] = 'mine')).to.throw(TypeError);
    expect(() => (map.metadata.name = 'mine')).to.throw(TypeError);
  });

  it('asks the server when it is told to, also for what it does not hold', async () => {
    await bed.api.create(Secret, { metadata: { name: 's', labels: { app: 'web' } } });
    expect((await cache.live.get(Secret, 's', 'default'))?.metadata.name).to.equal('s');
    expect(await cache.live.get(Secret, 'none', 'default')).to.equal(undefined);
    expect((await cache.live.list(Secret, { namespace: 'default', labelSelector: 'app=web' })).map(({ metadata }) => metadata.name)).to.deep.equal(['s']);
    expect(await cache.live.list(Secret, { namespace: 'kube-public' })).to.deep.equal([]);
  });

  it('tells what is there, and then every change with what was before it', async () => {
    const changes: string[] = [];
    const subscription = cache.changes(ConfigMap).subscribe({
      next: ({ type, object, old }) => {
        if (object.metadata.labels['app']) changes.push(`${type} ${object.metadata.namespace}/${object.metadata.name} ${old?.metadata.labels['app'] ?? '-'}→${object.metadata.labels['app']}`);
      },
      error: () => undefined,
      complete: () => undefined,
    });
    expect(changes.splice(0).sort()).to.deep.equal(['added default/a -→web', 'added default/b -→db', 'added kube-public/a -→web']);
    await bed.api.patch(ConfigMap, 'b', { metadata: { labels: { app: 'cache' } } });
    await bed.api.delete(ConfigMap, 'b');
    await bed.settle();
    expect(changes.splice(0)).to.deep.equal(['updated default/b db→cache', 'deleted default/b -→cache']);
    subscription.unsubscribe();
    await bed.api.delete(ConfigMap, 'a');
    await bed.settle();
    expect(changes).to.deep.equal([]);
  });
});

describe('a read straight from the API server', () => {
  it('ends with its run: an operator that stops waits for no answer', async () => {
    const ended: string[] = [];
    @Reconciler({ for: Node, name: 'live', root: false })
    class Live {
      @Step() async step(_node: Node, ctx: StepContext<Node>): Promise<Outcome> {
        await ctx.cache.live.get(ConfigMap, 'm', 'default').catch((error: unknown) => ended.push((error as Error).message));
        return done();
      }
    }
    @Singleton({ name: 'live-ticks', every: '1h' })
    class LiveTicks {
      async tick(ctx: TickContext): Promise<void> {
        await ctx.cache.live.list(ConfigMap, { namespace: 'default' }).catch((error: unknown) => ended.push((error as Error).message));
      }
    }
    const bed = await testBed(reconcilers(Live, LiveTicks), {
      intercept: (inner) => ({
        ...inner,
        send: (request) => (request.path.includes('/configmaps') ? new Promise((_, reject) => request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error))) : inner.send(request)),
      }),
    });
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.settle();
    const before = bed.clock.now();
    await bed.stop();
    expect(ended).to.deep.equal(['the operator stops', 'the operator stops']);
    expect(bed.clock.now()).to.equal(before);
    await bed.close();
  });
});

describe('a read of the cache', () => {
  it('of a kind without namespaces does not look at the namespace of whoever reads', async () => {
    const found: unknown[] = [];
    @Reconciler({ for: Node, name: 'generous', root: false })
    class Generous {
      @Step() step({ metadata: { name } }: Node, ctx: StepContext<Node>): Outcome {
        found.push(ctx.cache.get(Node, name, 'default')?.metadata.name);
        return done();
      }
    }
    const bed = await testBed(reconcilers(Generous));
    try {
      await bed.api.create(Node, { metadata: { name: 'n' } } as never);
      await bed.settle();
      expect(found).to.deep.equal(['n']);
    } finally {
      await bed.close();
    }
  });
});
