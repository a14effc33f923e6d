import { expect } from 'chai';
import { inject } from 'inversify';
import { sleep } from '../clock.js';
import type { StepContext } from '../context.js';
import { Condition, Finalizer, Owns, RBAC, Reconciler, Singleton } from '../dsl/decorators.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { met, released } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import type { TickContext } from '../context.js';
import { ConfigMap } from '../kinds/core.js';
import { handlerTransport } from '../kube/handler-transport.js';
import type { KubeRequest, KubeTransport } from '../kube/transport.js';
import { silentLogger } from '../logger.js';
import { seededRandom } from '../random.js';
import { createOperator } from '../runtime/operator.js';
import type { Operator } from '../runtime/operator.js';
import { reconcilers } from '../runtime/reconcilers.js';
import { TestBed } from '../testing/test-bed.js';
import { compareWrites, replay } from '../testing/replay.js';
import { clusterLogLine, readClusterLog } from './cluster-log.js';
import { ExternalCalls } from './external-calls.js';
import { Shadow } from './shadow.js';
import type { ShadowOptions } from './shadow.js';
import type { ShadowDifference, WouldBeWrite } from './would-be-write.js';

class SiteSpec {
  @Field(s.int().default(1).describe('How many pages'))
  declare pages: number;
}

class SiteStatus {
  @Field(s.int().optional().describe('How many pages there are'))
  declare published?: number;
  @Field(s.string().optional().describe('What the registrar calls it'))
  declare domain?: string;
}

@ResourceKind({ group: 'sites.example.com', version: 'v1', kind: 'Site', scope: 'Namespaced', spec: () => SiteSpec, status: () => SiteStatus })
class Site extends Resource<SiteSpec, SiteStatus, 'Published' | 'Named'> {}

const FINALIZER = 'sites.example.com/cleanup';

/** What of the two versions differs, if anything. */
interface Version {
  title?: string;
  published?: (pages: number) => number;
  stamps?: boolean;
  registers?: boolean;
  sweeps?: boolean;
  mayDelete?: boolean;
  children?: (pages: number) => Record<string, string>;
}

/** A version of the operator: pages in a ConfigMap, a count in the status. */
function version({ title = 'Welcome', published = (pages) => pages, stamps = false, registers = false, sweeps = false, mayDelete = false, children }: Version = {}): ReconcilerClass[] {
  @Owns(ConfigMap)
  @Reconciler({ for: Site, name: 'site.publisher' })
  class Publisher {
    constructor(@inject(ExternalCalls) private readonly external: ExternalCalls) {}

    @Condition('Published')
    async publish(site: Site, ctx: StepContext<Site>): Promise<Outcome> {
      const { name, namespace } = site.metadata;
      await ctx.apply(ConfigMap, { metadata: { name, namespace: namespace as string }, data: { title, pages: String(site.spec.pages) } });
      if (stamps) site.metadata.annotations['sites.example.com/stamp'] = 'v2';
      site.status.published = published(site.spec.pages);
      if (children && ctx.cache.peek.list(ConfigMap, { namespace }).length < 2) await ctx.create(ConfigMap, { metadata: { generateName: `${name}-page-`, namespace: namespace as string }, data: children(site.spec.pages) });
      return met();
    }

    @Condition('Named')
    async register(site: Site): Promise<Outcome> {
      if (registers) site.status.domain ??= await this.external.make('DNS', 'Register', () => Promise.resolve(`${site.metadata.name}.example.com`));
      return met();
    }

    @Finalizer(FINALIZER)
    cleanUp(): Release {
      return released();
    }
  }

  @Singleton({ name: 'site.sweeper', every: '10s', reads: [Site, ConfigMap] })
  class Sweeper {
    async tick(ctx: TickContext): Promise<void> {
      if (!sweeps) return;
      for (const site of ctx.cache.peek.list(Site)) if (site.metadata.labels['old'] === 'true' && !site.metadata.deletionTimestamp) await ctx.delete(site);
    }
  }
  if (sweeps || mayDelete) RBAC({ groups: ['sites.example.com'], resources: ['sites'], verbs: ['delete'], why: 'old sites go' })(Sweeper);
  return [Publisher, Sweeper];
}

/** A running version and the shadow of another one, in one cluster, with the requests of each. */
class World {
  readonly requests: KubeRequest[] = [];
  readonly writes: WouldBeWrite[] = [];
  readonly live: ShadowDifference[] = [];
  shadow!: Shadow;
  operator!: Operator;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  private constructor(readonly bed: TestBed) {}

  static async of(running: Version, shadowed: Version | undefined, options: ShadowOptions & { first?: 'running' | 'shadow'; slow?: number } = {}): Promise<World> {
    const bed = await TestBed.of([reconcilers(...version(running))], { operator: { name: 'sites' } });
    const world = new World(bed);
    const { first = 'running' } = options;
    if (first === 'running') await bed.settle();
    if (shadowed) await world.start(shadowed, options);
    await bed.settle();
    return world;
  }

  async start(shadowed: Version, { slow = 0, ...options }: ShadowOptions & { slow?: number }): Promise<void> {
    const { bed } = this;
    this.shadow = new Shadow({ observer: { wouldWrite: (write) => this.writes.push(write), differs: (difference) => this.live.push(difference) }, ...options });
    const inner = handlerTransport(bed.server);
    const server: KubeTransport = {
      send: async (request) => {
        this.requests.push(request);
        const response = await inner.send(request);
        return slow > 0 && request.path.includes('watch=true') ? { ...response, body: late(response.body, bed, slow) } : response;
      },
      close: () => inner.close(),
    };
    this.operator = createOperator({ name: 'sites', transport: server, clock: bed.clock, random: seededRandom(7), logger: silentLogger, freeze: true, processMetrics: false, cpus: 1, shadow: this.shadow });
    this.operator.use(reconcilers(...version(shadowed)));
    this.#running = this.operator.run({ signal: this.#stop.signal });
    this.#running.catch(() => undefined);
    await bed.clock.settle();
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the test ends'));
    await this.bed.clock.settle();
    await this.#running;
    await this.bed.close();
    expect(this.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`), 'writes that got through').to.deep.equal([]);
  }
}

/** A watch that shows everything so many milliseconds late. */
async function* late(body: AsyncIterable<Uint8Array | string>, { clock }: TestBed, by: number): AsyncGenerator<Uint8Array | string> {
  for await (const piece of body) {
    await sleep(clock, by);
    yield piece;
  }
}

const site = (name: string, pages = 3, labels = {}) => ({ metadata: { name, namespace: 'default', labels }, spec: { pages } });

describe('A shadow', () => {
  let world: World;
  const run = async (running: Version, shadowed: Version, options?: Parameters<typeof World.of>[2]): Promise<World> => (world = await World.of(running, shadowed, options));
  afterEach(() => world.close());

  it('agrees with its own version about everything, and writes nothing', async () => {
    await run({}, {});
    await world.bed.api.create(Site, site('a'));
    await world.bed.advance('2m');
    await world.bed.api.patch(Site, { name: 'a', namespace: 'default' }, { spec: { pages: 5 } });
    await world.bed.advance('2m');
    await world.bed.api.delete(Site, { name: 'a', namespace: 'default' });
    await world.bed.advance('2m');
    const { differences, writes } = world.shadow.report();
    expect(differences).to.deep.equal([]);
    expect(writes.would).to.be.greaterThan(4);
    expect(writes).to.deep.equal({ would: writes.would, agreed: writes.would, overtaken: 0, undecided: 0 });
  });

  const agreed = (): void => {
    const { differences, writes } = world.shadow.report();
    expect(differences).to.deep.equal([]);
    expect(writes.would).to.be.greaterThan(0);
    expect(writes).to.deep.equal({ would: writes.would, agreed: writes.would, overtaken: 0, undecided: 0 });
  };

  it('agrees although it comes second each time', async () => {
    await run({ sweeps: true }, { sweeps: true }, { slow: 700 });
    await world.bed.api.create(Site, site('a'));
    await world.bed.advance('2m');
    await world.bed.api.patch(Site, { name: 'a', namespace: 'default' }, { spec: { pages: 5 } });
    await world.bed.advance('2m');
    await world.bed.api.patch(Site, { name: 'a', namespace: 'default' }, { metadata: { labels: { old: 'true' } } });
    await world.bed.advance('2m');
    expect(await world.bed.api.list(Site)).to.deep.equal([]);
    agreed();
  });

  it('tells the one step that another version does otherwise: what, where, who, and why', async () => {
    await run({}, { title: 'Hello' });
    await world.bed.api.create(Site, site('a'));
    await world.bed.advance('2m');
    const { differences } = world.shadow.report();
    expect(differences.map(({ verdict, verb, object, fields }) => ({ verdict, verb, object, fields }))).to.deep.equal([
      { verdict: 'differs', verb: 'apply', object: 'ConfigMap default/a', fields: [{ field: 'data.title', shadow: 'Hello', running: 'Welcome' }] },
    ]);
    expect(differences[0]?.by).to.deep.include({ reconciler: 'site.publisher', key: 'default/a', step: 'publish' });
    expect(differences[0]?.by?.triggers.map(({ source }) => source)).to.include('Site default/a');
    expect(world.live).to.deep.equal(differences);
  });

  const verdicts = (): string[] => world.shadow.report().differences.map(({ verdict, verb, object, fields, times }) =>
    `${verdict} ${verb} ${object} ${fields.map(({ field, shadow, running }) => `${field}=${JSON.stringify(shadow)}/${JSON.stringify(running)}`).join(' ')} ×${times}`);

  it('tells what only the new version would write, once, and goes on as if it had', async () => {
    await run({}, { stamps: true });
    await world.bed.api.create(Site, site('a'));
    await world.bed.advance('10m');
    expect(verdicts()).to.deep.equal(['only-shadow patch Site default/a metadata.annotations[sites.example.com/stamp]="v2"/undefined ×1']);
    await world.bed.api.patch(Site, { name: 'a', namespace: 'default' }, { spec: { pages: 5 } });
    await world.bed.advance('10m');
    expect(verdicts()).to.have.length(1);
  });

  it('tells what only the running version writes', async () => {
    await run({ stamps: true }, {});
    await world.bed.api.create(Site, site('a'));
    await world.bed.advance('10m');
    expect(verdicts()).to.deep.equal(['only-running patch Site default/a metadata.annotations[sites.example.com/stamp]=undefined/"v2" ×1']);
    expect(world.shadow.report().differences[0]?.manager).to.equal('site.publisher');
  });

  it('tells values that differ, of either side that came first', async () => {
    for (const slow of [0, 700]) {
      await run({}, { published: (pages) => pages + 1 }, { slow });
      await world.bed.api.create(Site, site('a'));
      await world.bed.advance('10m');
      expect(verdicts(), `${slow} ms behind`).to.deep.equal(['differs patch Site default/a status.published=4/3 ×1']);
      if (slow === 0) await world.close();
    }
  });

  it('tells deletions that only one of them asks for', async () => {
    await run({}, { sweeps: true });
    await world.bed.api.create(Site, site('a', 3, { old: 'true' }));
    await world.bed.advance('1m');
    expect(verdicts()).to.deep.equal(['only-shadow delete Site default/a (deleted)=true/undefined ×1']);
    await world.close();
    await run({ sweeps: true }, { mayDelete: true });
    await world.bed.api.create(Site, site('a', 3, { old: 'true' }));
    await world.bed.advance('1m');
    expect(verdicts()).to.deep.equal(['only-running delete Site default/a (deleted)=undefined/true ×1']);
  });

  it('knows objects again whose names the server chose, and tells what of them differs', async () => {
    for (const slow of [0, 700]) {
      const children = (pages: number): Record<string, string> => ({ count: String(pages) });
      await run({ children }, { children }, { slow });
      await world.bed.api.create(Site, site('a'));
      await world.bed.advance('3m');
      expect(verdicts(), `${slow} ms behind`).to.deep.equal([]);
      await world.close();
      await run({ children }, { children: (pages) => ({ count: String(pages), more: 'yes' }) }, { slow });
      await world.bed.api.create(Site, site('a'));
      await world.bed.advance('3m');
      expect(verdicts(), `${slow} ms behind`).to.deep.equal(['differs create ConfigMap default/a-page-* data.more="yes"/undefined ×1']);
      if (slow === 0) await world.close();
    }
  });

  it('makes no call outside of Kubernetes, and takes over what follows from it', async () => {
    await run({ registers: true }, { registers: true });
    await world.bed.api.create(Site, site('a'));
    await world.bed.advance('3m');
    const { differences, withheld, unknowable } = world.shadow.report();
    expect(differences).to.deep.equal([]);
    expect(withheld.map(({ system, operation, by }) => [system, operation, by?.reconciler, by?.key, by?.step])).to.deep.equal([['DNS', 'Register', 'site.publisher', 'default/a', 'register']]);
    expect(unknowable).to.be.greaterThan(0);
    expect(world.operator.inspect('site.publisher', 'default/a')?.runs.at(-1)?.result.outcome).to.equal('success');
  });

  it('records a log that another version can be played to, in virtual time and without a server: the difference is the one step, and nothing is written', async () => {
    const log: string[] = [];
    await run({}, {}, { record: (entry) => void log.push(clusterLogLine(entry)) });
    for (const name of ['a', 'b']) await world.bed.api.create(Site, site(name));
    await world.bed.advance('1m');
    await world.bed.api.patch(Site, { name: 'a', namespace: 'default' }, { spec: { pages: 5 } });
    await world.bed.advance('1m');
    await world.bed.api.delete(Site, { name: 'b', namespace: 'default' });
    await world.bed.advance('1m');
    const entries = readClusterLog(log.join(''));
    const [before, after] = [await replay(entries, [reconcilers(...version({}))], { name: 'sites' }), await replay(entries, [reconcilers(...version({ published: (pages) => pages * 2 }))], { name: 'sites' })];
    expect([before.refused, after.refused]).to.deep.equal([[], []]);
    expect(before.report.differences).to.deep.equal([]);
    expect(before.report.writes.agreed).to.be.greaterThan(4);
    expect(new Set(after.report.differences.flatMap(({ verdict, object, fields }) => fields.map(({ field, shadow, running }) => `${verdict} ${object} ${field} ${String(shadow)}/${String(running)}`)))).to.deep.equal(new Set([
      'differs Site default/a status.published 6/3', 'differs Site default/b status.published 6/3', 'differs Site default/a status.published 10/5',
    ]));
    const { onlyFirst, onlySecond, both } = compareWrites(before.writes, after.writes);
    expect(both).to.be.greaterThan(2);
    for (const writes of [onlyFirst, onlySecond]) expect(new Set(writes.map(({ object, by }) => `${by?.reconciler} ${object}`))).to.deep.equal(new Set(['site.publisher Site default/a', 'site.publisher Site default/b']));
  });

  it('takes no lease, serves nothing, and asks nothing but questions', async () => {
    await run({}, {});
    expect(world.operator.ports).to.equal(undefined);
    expect(world.operator.leading).to.equal(true);
    expect(world.requests.map(({ method }) => method)).to.not.be.empty;
  });
});
