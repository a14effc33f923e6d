import { expect } from 'chai';
import { ContainerModule, inject } from 'inversify';
import { Subject } from 'rxjs';
import { Clock } from '../clock.js';
import type { MapContext, StepContext, TickContext } from '../context.js';
import { Cache } from '../context.js';
import { Batch, Finalizer, OnEvent, Owns, Reconciler, Singleton, Step, Watches } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { index, keyOf } from '../dsl/key.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { done, held } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import type { EventSource } from '../dsl/token.js';
import { token } from '../dsl/token.js';
import { ConfigMap, Node } from '../kinds/core.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

@Singleton({ name: 'reader', every: '1000h', reads: [ConfigMap] })
class Reader { tick(): void {} }

const byNode = index(Node, 'map', (node) => [node.metadata.labels['map']]);

describe('tracked reads', () => {
  let bed: TestBed;
  afterEach(() => bed.close());

  /** What a bed with this reconciler finds when there are two nodes and two maps. */
  async function findingsOf(...classes: ReconcilerClass[]): Promise<string[]> {
    bed = await testBed(reconcilers(...classes, Reader), { findings: 'note', kinds: [ConfigMap, Node] });
    for (const name of ['m', 'other']) await bed.api.create(ConfigMap, { metadata: { name } } as never);
    await bed.api.create(Node, { metadata: { name: 'n', labels: { map: 'm' } } } as never);
    await bed.api.create(Node, { metadata: { name: 'bystander' } } as never);
    await bed.advance('1m');
    return bed.findings;
  }
  const metric = async (name: string): Promise<string[]> => (await bed.operator.metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

  it('are reported when no watch covers the kind, in words that say what to do', async () => {
    @Reconciler({ for: Node, name: 'deaf', root: false })
    class Deaf {
      @Step() step(node: Node, ctx: StepContext<Node>): Outcome {
        ctx.cache.get(ConfigMap, node.metadata.labels['map'] ?? '', 'default');
        return done();
      }
    }
    expect(await findingsOf(Deaf)).to.have.members([
      'deaf read ConfigMap default/m for n, and nothing would wake it when that changes: add @Watches(ConfigMap) with a mapper that returns this key, ask for a recheck, declare it (reads: [ConfigMap]), or read it by cache.peek',
      'deaf read ConfigMap for bystander, and nothing would wake it when that changes: add @Watches(ConfigMap) with a mapper that returns this key, ask for a recheck, declare it (reads: [ConfigMap]), or read it by cache.peek',
    ]);
    expect(await metric('operator_untracked_reads_total')).to.deep.equal(['operator_untracked_reads_total{controller="deaf",kind="ConfigMap"} 2']);
    expect(bed.logs.filter(({ message }) => message === 'a cached read is not tracked')).to.have.length(1);
  });

  it('are reported when the watch\'s mapper does not lead from the object to the key', async () => {
    @Reconciler({ for: Node, name: 'hard-of-hearing', root: false })
    class HardOfHearing {
      @Watches(ConfigMap)
      nodesOf({ metadata: { name } }: ConfigMap, map: MapContext): Key<Node>[] { return map.keys({ index: byNode, value: name }); }

      @Step() step(_node: Node, ctx: StepContext<Node>): Outcome {
        ctx.cache.list(ConfigMap);
        return done();
      }
    }
    const findings = await findingsOf(HardOfHearing);
    expect(findings.map((text) => text.slice(0, text.indexOf(', and')))).to.have.members([
      'hard-of-hearing read ConfigMap default/other for n', 'hard-of-hearing read ConfigMap default/m for bystander',
    ]);
  });

  it('make the next settle or advance throw, unless they are only to be noted', async () => {
    @Reconciler({ for: Node, name: 'deaf', root: false })
    class Deaf {
      @Step() step(_node: Node, ctx: StepContext<Node>): Outcome {
        ctx.cache.list(Node);
        return done();
      }
    }
    bed = await testBed(reconcilers(Deaf));
    for (const name of ['a', 'b']) await bed.api.create(Node, { metadata: { name } } as never);
    const error: unknown = await bed.settle().catch((cause: unknown) => cause);
    expect(error).to.include({ name: 'BedFinding' });
    expect((error as Error).message).to.match(/^deaf read Node b for a, and nothing would wake it/);
  });

  it('are those of services, too, while a run calls them', async () => {
    class Maps {
      readonly names: string[] = [];
      constructor(@inject(Cache) private readonly cache: Cache, @inject(Clock) private readonly clock: Clock) {}

      count(): number {
        this.clock.schedule(1_000, () => this.names.push(...this.cache.list(ConfigMap).map(({ metadata }) => metadata.name)));
        return this.cache.list(ConfigMap).length;
      }
    }
    @Reconciler({ for: Node, name: 'delegates', root: false })
    class Delegates {
      constructor(@inject(Maps) private readonly maps: Maps) {}

      @Step() step(node: Node): Outcome {
        node.metadata.labels['maps'] = String(this.maps.count());
        return done();
      }
    }
    @Reconciler({ for: Node, name: 'declares', root: false, reads: [ConfigMap] })
    class Declares extends Delegates {}
    const maps = new ContainerModule(({ bind }) => void bind(Maps).toSelf().inSingletonScope());
    bed = await testBed(reconcilers(Delegates, Declares), maps, { findings: 'note', kinds: [ConfigMap] });
    await bed.api.create(ConfigMap, { metadata: { name: 'm' } } as never);
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.advance('1m');
    expect(bed.findings.map((text) => text.slice(0, text.indexOf(', and')))).to.deep.equal(['delegates read ConfigMap default/m for n']);
    expect(bed.operator.container.get(Maps).names, 'read later, for nobody').to.include('m');
    expect(bed.operator.container.get<Cache>(Cache).list(Node)).to.have.length(1);
  });

  it('are fine when a watch, an owner, a recheck, a period, a declaration or a peek covers them', async () => {
    @Reconciler({ for: Node, name: 'watches', root: false })
    class Watcher {
      @Watches(ConfigMap)
      nodesOf({ metadata: { name } }: ConfigMap, map: MapContext): Key<Node>[] { return map.keys({ index: byNode, value: name }); }

      @Step() step(node: Node, ctx: StepContext<Node>): Outcome {
        ctx.cache.get(Node, node.metadata.name);
        ctx.cache.get(ConfigMap, node.metadata.labels['map'] ?? '', 'default');
        return done();
      }
    }
    @Reconciler({ for: Node, name: 'owns', root: false })
    @Owns(ConfigMap)
    class Owner {
      @Step() async step({ metadata: { name } }: Node, ctx: StepContext<Node>): Promise<Outcome> {
        await ctx.apply(ConfigMap, { metadata: { name: `of-${name}`, namespace: 'default' } } as never);
        ctx.cache.get(ConfigMap, `of-${name}`, 'default');
        return done();
      }
    }
    @Reconciler({ for: Node, name: 'rechecks', root: false })
    class Rechecker {
      @Step() step(_node: Node, ctx: StepContext<Node>): Outcome {
        ctx.cache.list(ConfigMap);
        return done().recheck('1h');
      }
    }
    @Reconciler({ for: Node, name: 'polls', root: false })
    class Poller {
      @Step({ every: '1h' }) step(_node: Node, ctx: StepContext<Node>): Outcome {
        ctx.cache.list(ConfigMap);
        return done();
      }
    }
    @Reconciler({ for: Node, name: 'declares', root: false, reads: [ConfigMap] })
    class Declarer {
      @Step() step(_node: Node, ctx: StepContext<Node>): Outcome {
        ctx.cache.list(ConfigMap);
        return done();
      }
    }
    @Reconciler({ for: Node, name: 'peeks', root: false })
    class Peeker {
      @Step() step(_node: Node, ctx: StepContext<Node>): Outcome {
        ctx.cache.peek.list(ConfigMap);
        return done();
      }
    }
    @Singleton({ name: 'ticks' })
    class Ticker {
      @Watches(Node) wanted(): boolean { return true; }
      @Batch({ idle: '1s', max: '5s' }) tick(ctx: TickContext): void { ctx.cache.list(Node); }
    }
    expect(await findingsOf(Watcher, Owner, Rechecker, Poller, Declarer, Peeker, Ticker)).to.deep.equal([]);
  });
});

describe('echoes of a key\'s own writes', () => {
  let bed: TestBed;
  let runs = 0;
  const Kicks = token<EventSource<string>>('test.Kicks');
  const kicks = new Subject<string>();
  afterEach(() => bed.close());
  beforeEach(() => (runs = 0));

  class Counts {
    @OnEvent(Kicks) kicked(name: string): Key<Node>[] { return [keyOf(Node, name)]; }

    @Step() step(node: Node, ctx: StepContext<Node>): Outcome {
      runs += 1;
      const maps = ctx.cache.list(ConfigMap).length;
      node.metadata.labels['maps'] = String(maps);
      return done();
    }
  }
  /** As in production, where nobody observes. */
  async function start(type: ReconcilerClass, tests = {}): Promise<void> {
    bed = await testBed(reconcilers(type), new ContainerModule(({ bind }) => {
      bind<EventSource<string>>(Kicks).toConstantValue({ events: kicks });
    }), { operator: tests });
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.settle();
  }
  const skipped = async (): Promise<number> => Number(/operator_skipped_runs_total\{controller="counts"\} (\d+)/.exec(await bed.operator.metrics.registry.metrics())?.[1]);

  @Reconciler({ for: Node, name: 'counts', root: false, settles: true, reads: [ConfigMap] })
  class Settles extends Counts {}

  it('wake nobody when one run is enough, and everything else does', async () => {
    await start(Settles, { tests: undefined });
    expect([runs, await skipped()]).to.deep.equal([1, 1]);
    expect(bed.operator.inspect('counts', 'n')).to.deep.include({ active: undefined, queue: undefined });
    kicks.next('n');
    await bed.settle();
    expect([runs, await skipped()]).to.deep.equal([2, 1]);
    await bed.api.patch(Node, 'n', { metadata: { labels: { maps: 'wrong' } } });
    await bed.settle();
    expect([runs, await skipped()]).to.deep.equal([3, 2]);
    expect((await bed.api.get(Node, 'n')).metadata.labels['maps']).to.equal('0');
  });

  it('are looked at when something else that was read has changed', async () => {
    await start(Settles, { tests: undefined });
    await bed.api.create(ConfigMap, { metadata: { name: 'm' } } as never);
    await bed.settle();
    expect(runs).to.equal(1);
    kicks.next('n');
    await bed.settle();
    expect([runs, await skipped()]).to.deep.equal([2, 2]);
    expect((await bed.api.get(Node, 'n')).metadata.labels['maps']).to.equal('1');
  });

  it('are looked at once by a reconciler that does not promise to settle', async () => {
    @Reconciler({ for: Node, name: 'counts', root: false, reads: [ConfigMap] })
    class Careful extends Counts {}
    await start(Careful, { tests: undefined });
    expect([runs, await skipped()]).to.deep.equal([2, 0]);
  });

  it('leave the look standing that was asked for', async () => {
    const at: number[] = [];
    @Reconciler({ for: Node, name: 'counts', root: false, settles: true, jitter: 0 })
    class Looks {
      @Step() step(node: Node, ctx: StepContext<Node>): Outcome {
        at.push(ctx.now());
        node.metadata.labels['looked'] = 'yes';
        return done().recheck('30s');
      }
    }
    await start(Looks, { tests: undefined });
    expect(await skipped()).to.equal(1);
    await bed.advance('61s');
    expect(at.map((time) => time - (at[0] as number))).to.deep.equal([0, 30_000, 60_000]);
  });

  it('are no echoes when others wrote in between, or when the run deleted its own object', async () => {
    const finalized: string[] = [];
    @Reconciler({ for: Node, name: 'counts', root: false, settles: true })
    class Mortal {
      @Step() async step(node: Node, ctx: StepContext<Node>): Promise<Outcome> {
        await ctx.delete(node);
        // Written on top of the deletion, which this run has not seen.
        node.metadata.labels['last'] = 'words';
        return done();
      }

      @Finalizer('example.com/mortal') finalize({ metadata: { labels } }: Node): Release {
        finalized.push(String(labels['last']));
        return held('for ever');
      }
    }
    for (const tests of [{}, { tests: undefined }]) {
      await start(Mortal, tests);
      expect(finalized.splice(0)[0]).to.equal('words');
      if (!('tests' in tests)) await bed.close();
    }
  });

  it('are run all the same in a test bed, which fails when that asks for a look', async () => {
    @Reconciler({ for: Node, name: 'counts', root: false, settles: true })
    class Undecided {
      @Step() step(node: Node): Outcome {
        const decided = node.metadata.labels['seen'] !== undefined;
        node.metadata.labels['seen'] = 'yes';
        return decided ? done().recheck('1m') : done();
      }
    }
    const error: unknown = await start(Undecided).catch((cause: unknown) => cause);
    expect((error as Error).message).to.include('had more to do (ask for a look (recheck of step))');
  });

  it('are run all the same in a test bed, which fails when that writes', async () => {
    @Reconciler({ for: Node, name: 'counts', root: false, settles: true })
    class Restless {
      @Step() step(node: Node): Outcome {
        node.metadata.labels['count'] = String(Math.min(3, Number(node.metadata.labels['count'] ?? 0) + 1));
        return done();
      }
    }
    const error: unknown = await start(Restless).catch((cause: unknown) => cause);
    expect((error as Error).message).to.equal('counts ran for n on nothing but what its last run had left, and had more to do (patch Node n metadata.labels): production skips such runs, so one run has to be enough');
  });
});
