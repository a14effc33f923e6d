import { expect } from 'chai';
import type { StepContext } from '../context.js';
import { Cache } from '../context.js';
import { Reconciler, Step, Watches } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { keyOf } from '../dsl/key.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { ConfigMap, Node, Secret } from '../kinds/core.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import type { CacheScope } from './cache-scope.js';
import { cacheScope } from './cache-scope.js';
import { reconcilers } from './reconcilers.js';

const runs: string[] = [];

@Reconciler({ for: ConfigMap, name: 'maps', root: false, reads: [Node] })
class Maps {
  @Step() step({ metadata, data }: ConfigMap): Outcome {
    runs.push(`${metadata.name} ${Object.keys(data ?? {}).join()}`);
    metadata.labels['seen'] = 'yes';
    return done();
  }
}

describe('a narrower cache', () => {
  let bed: TestBed;
  /** What the maps' requests to the API server asked for. */
  let asked: string[];
  const start = async (...caches: CacheScope[]): Promise<void> => {
    runs.length = 0;
    asked = [];
    bed = await testBed(reconcilers(Maps), { operator: { caches }, intercept: (inner) => ({
      ...inner,
      send: (request) => {
        if (request.method === 'GET' && request.path.includes('configmaps')) asked.push(decodeURIComponent(request.path));
        return inner.send(request);
      },
    }) });
    for (const name of ['web', 'other']) await bed.api.create(ConfigMap, { metadata: { name, labels: { app: name } }, data: { small: 'x', large: 'y'.repeat(100) } });
    await bed.api.create(ConfigMap, { metadata: { name: 'elsewhere', namespace: 'kube-system', labels: { app: 'web' } } });
    await bed.settle();
  };
  const cached = (): readonly ConfigMap[] => bed.operator.container.get<Cache>(Cache).peek.list(ConfigMap);
  afterEach(() => bed.close());

  it('has only what is selected, from the API server on', async () => {
    await start(cacheScope(ConfigMap, { namespace: 'default', labelSelector: 'app=web', fieldSelector: 'metadata.name!=none' }));
    expect(cached().map(({ metadata: { name } }) => name)).to.deep.equal(['web']);
    expect(new Set(runs)).to.deep.equal(new Set(['web small,large']));
    expect(asked.length).to.be.at.least(2);
    for (const path of asked) expect(path).to.match(/^\/api\/v1\/namespaces\/default\/configmaps\?.*labelSelector=app=web/).and.include('fieldSelector=metadata.name!=none');
    await bed.api.patch(ConfigMap, 'web', { metadata: { labels: { app: 'gone' } } });
    await bed.settle();
    expect(cached()).to.deep.equal([]);
  });

  it('keeps of objects what it is told to, and writes take nothing away from the others', async () => {
    await start(cacheScope(ConfigMap, { namespace: 'default', keep: (map) => ({ ...map, data: { small: map.data?.['small'] ?? '' } }) }));
    expect(new Set(runs)).to.include('web small');
    expect(cached().find(({ metadata: { name } }) => name === 'web')).to.deep.include({ data: { small: 'x' } }).and.have.nested.property('metadata.labels.seen', 'yes');
    const stored = await bed.api.get(ConfigMap, 'web');
    expect(stored.metadata.labels['seen']).to.equal('yes');
    expect(Object.keys(stored.data ?? {})).to.have.members(['small', 'large']);
  });

  it('takes an error of what makes objects smaller for one of that object', async () => {
    await start(cacheScope(ConfigMap, { namespace: 'default', keep: (map) => {
      if (map.metadata.name === 'other') throw new Error('cannot be made smaller');
      return map;
    } }));
    expect(cached().map(({ metadata: { name } }) => name)).to.include('web').and.not.include('other');
    expect(bed.logs.some((line) => JSON.stringify(line).includes('cannot be made smaller'))).to.equal(true);
  });

  it('is one that there is, and once', async () => {
    await start();
    const problems = [[cacheScope(Secret, {})], [cacheScope(ConfigMap, {}), cacheScope(ConfigMap, {})], [cacheScope(Node, { namespace: 'default' })]];
    const messages = await Promise.all(problems.map(async (caches) => {
      const failing = await testBed(reconcilers(Maps), { operator: { caches } });
      return failing.start().then(() => '', (error: Error) => error.message);
    }));
    expect(messages).to.deep.equal([
      'caches: Secret is not cached by any reconciler; cached kinds: ConfigMap, Node',
      'caches: ConfigMap has two scopes; a kind has one cache',
      'caches: Node is cluster-scoped, so its cache has no namespace ("default")',
    ]);
  });
});

describe('a watch of metadata alone', () => {
  it('asks for no more, and keeps no more, own writes included', async () => {
    const accepted: string[] = [];
    const found: unknown[] = [];
    @Reconciler({ for: Node, name: 'node.secrets', root: false })
    class Secrets {
      @Watches(Secret, { metadataOnly: true }) nodeOf({ metadata: { name } }: Secret): Key<Node>[] { return [keyOf(Node, name)]; }
      @Step() async step({ metadata: { name } }: Node, ctx: StepContext<Node>): Promise<Outcome> {
        found.push(ctx.cache.get(Secret, name, 'default'));
        await ctx.apply(Secret, { metadata: { name: `${name}-made`, namespace: 'default' }, stringData: { key: 'value' } });
        found.push(ctx.cache.get(Secret, `${name}-made`, 'default'));
        return done();
      }
    }
    const bed = await testBed(reconcilers(Secrets), { findings: 'note', intercept: (inner) => ({
      ...inner,
      send: (request) => {
        if (request.method === 'GET' && request.path.includes('secrets')) accepted.push(String(request.headers['accept']));
        return inner.send(request);
      },
    }) });
    await bed.api.create(Secret, { metadata: { name: 'n' }, stringData: { key: 'value' } });
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.settle();
    expect(found.length).to.be.at.least(2);
    for (const secret of found) expect(secret).to.have.all.keys('apiVersion', 'kind', 'metadata');
    expect(accepted.length).to.be.at.least(2);
    for (const type of accepted) expect(type).to.match(/as=PartialObjectMetadata(List)?\b/);
    await bed.close();
  });
});
