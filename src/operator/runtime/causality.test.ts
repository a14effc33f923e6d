import { expect } from 'chai';
import { ContainerModule } from 'inversify';
import { Subject } from 'rxjs';
import type { KeyReport } from '../causality/recorder.js';
import type { StepContext, TickContext } from '../context.js';
import { Batch, Condition, Deadline, Finalizer, OnEvent, Owns, Reconciler, Singleton, Step, Watches } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { keyOf } from '../dsl/key.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { done, held, met, released, unmet, waiting } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import type { EventSource } from '../dsl/token.js';
import { token } from '../dsl/token.js';
import type { Duration } from '../duration.js';
import { ConfigMap, Node } from '../kinds/core.js';
import { seededRandom } from '../random.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

class BoatSpec {
  @Field(s.string().describe('Where it lies'))
  declare harbour: string;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Boat', scope: 'Namespaced', spec: () => BoatSpec, status: () => s.object({}) })
class Boat extends Resource<BoatSpec, object, 'Moored' | 'Rigged'> {}

const Tides = token<EventSource<string>>('test.Tides');

/** What the steps do next; each takes one. */
const script: { moor: () => Outcome; rig: () => Outcome; sink: () => Release; look: () => Duration | undefined } = { moor: met, rig: met, sink: released, look: () => undefined };

@Reconciler({ for: Boat, name: 'boat', backoff: { base: '1s', max: '1m', jitter: 0 }, jitter: 0 })
@Owns(ConfigMap)
class Sailor {
  @Watches(Node) boatsOf(node: Node): Key<Boat>[] { return [keyOf(Boat, node.metadata.name, 'default')]; }
  @OnEvent(Tides) onTide(boat: string): Key<Boat>[] { return [keyOf(Boat, boat, 'default')]; }

  @Condition('Moored', { every: '5m' })
  moored(): Outcome { return script.moor(); }

  @Condition('Rigged', { dependsOn: ['Moored'] })
  async rigged(boat: Boat, ctx: StepContext<Boat>): Promise<Outcome> {
    await ctx.apply(ConfigMap, { metadata: { name: boat.metadata.name, namespace: 'default' }, data: { harbour: boat.spec.harbour } });
    return script.rig();
  }

  @Deadline('Moored', '10m')
  adrift(): Outcome { return unmet('Adrift', 'nobody moored it'); }

  @Finalizer('toys.example.com/sink')
  sink(): Release { return script.sink(); }
}

/** Only watches what the other one writes. */
@Reconciler({ for: Node, name: 'gull', root: false })
class Gull {
  @Step() fly(): Outcome { return done(); }
  @Watches(Boat) nodeOf(boat: Boat): Key<Node>[] { return [keyOf(Node, boat.metadata.name)]; }
}

@Singleton({ name: 'lighthouse', every: '30s' })
class Lighthouse {
  tick(): Duration | undefined { return script.look(); }
}

@Singleton({ name: 'harbour', backoff: { base: '1s', max: '1m', jitter: 0 } })
class Harbour {
  @Watches(Boat) onBoat(): boolean { return true; }
  @Batch({ idle: '1s', max: '10s' }) count(ctx: TickContext): void { if (ctx.cache.list(Boat).length > 2) throw new Error('too many boats'); }
}

describe('Every run', () => {
  const tides = new Subject<string>();
  let bed: TestBed;
  beforeEach(async () => {
    Object.assign(script, { moor: met, rig: met, sink: released, look: () => undefined });
    bed = await testBed(reconcilers(Sailor, Gull, Lighthouse, Harbour), new ContainerModule(({ bind }) => { bind(Tides).toConstantValue({ events: tides }); }));
  });
  afterEach(() => bed.close());

  const launch = async (name = 'a'): Promise<void> => {
    await bed.api.create(Boat, { metadata: { name }, spec: { harbour: 'Kiel' } });
    await bed.settle();
  };
  const report = (reconciler = 'boat', key = 'default/a'): KeyReport => bed.operator.inspect(reconciler, key) as KeyReport;
  const last = (reconciler?: string, key?: string): KeyReport['runs'][number] => report(reconciler, key).runs.at(-1) as KeyReport['runs'][number];
  const causes = ({ triggers }: KeyReport['runs'][number]): string[] => triggers.map(({ cause, source }) => `${cause} ${source}`);

  it('says which change of which object woke it, and which run of ours wrote that', async () => {
    await bed.settle();
    await launch();
    const [first] = report().runs;
    expect(first?.triggers[0]).to.deep.include({ cause: 'object', source: 'Boat default/a' });
    expect(first?.triggers[0]?.seen).to.deep.equal({ uid: (await bed.api.get(Boat, 'a')).metadata.uid, resourceVersion: first?.resourceVersion, deleted: false });
    expect(first?.triggers[0]?.by, 'a user did').to.equal(undefined);
    expect(first?.writes.map(({ verb, object, subresource = '', fields }) => `${verb} ${object} ${subresource} ${fields.join()}`)).to.deep.equal([
      'patch Boat default/a  metadata.finalizers', 'apply ConfigMap default/a  ', 'patch Boat default/a status status.conditions',
    ]);
    const resourceVersion = first?.writes.at(-1)?.resourceVersion;
    const echo = last('gull', 'a').triggers.find(({ seen }) => seen?.resourceVersion === resourceVersion);
    expect(echo?.by).to.deep.equal({ controller: 'boat', key: 'default/a', at: first?.writes.at(-1)?.at });
  });

  it('says which source outside the cluster woke it, and which owned object', async () => {
    await launch();
    tides.next('a');
    await bed.settle();
    expect(causes(last())).to.deep.equal(['event test.Tides']);
    await bed.api.patch(ConfigMap, 'a', { data: { harbour: 'Lübeck' } });
    await bed.settle();
    expect(report().runs.flatMap(causes)).to.include('watch ConfigMap default/a');
  });

  it('says which look it asked for: a recheck, a period, a deadline', async () => {
    script.moor = () => waiting('NoBerth', 'all berths are taken').recheck('30s');
    await launch();
    expect(report().pending.map(({ cause, source, at }) => [cause, source, at - bed.clock.now()])).to.deep.equal([['requeue', 'recheck of Moored (NoBerth)', 30_000]]);
    await bed.advance('30s');
    expect(causes(last())).to.deep.equal(['requeue recheck of Moored (NoBerth)']);
    script.moor = () => waiting('NoBerth', 'all berths are taken');
    await bed.advance('30s');
    expect(report().pending.map(({ source }) => source)).to.deep.equal(['look at Moored every 5m']);
    await bed.advance('8m');
    expect(report().pending.map(({ source }) => source)).to.deep.equal(['deadline of Moored']);
    script.moor = met;
    await bed.advance('2m');
    expect(report().runs.flatMap(causes)).to.include('requeue deadline of Moored');
  });

  it('says which error it tries again after, and when; the deadline stands beside it', async () => {
    script.moor = () => { throw new Error('RequestLimitExceeded'); };
    await launch();
    expect(report().queue).to.deep.include({ state: 'waiting', failures: 1, backoffUntil: bed.clock.now() + 1_000, due: bed.clock.now() + 1_000 });
    expect(report().pending.filter(({ cause }) => cause !== 'object').map(({ cause, source, at }) => [cause, source, at - bed.clock.now()]).slice(0, 2)).to.deep.equal([
      ['backoff', 'RequestLimitExceeded', 1_000], ['deadline', 'deadline of Moored', 600_000],
    ]);
    await bed.advance('4m');
    expect(last()).to.deep.include({ attempt: 8 });
    expect(last().result.error?.message).to.equal('RequestLimitExceeded');
    expect(causes(last())).to.include('backoff RequestLimitExceeded');
  });

  it('says what holds a finalizer, and is remembered when the object is gone', async () => {
    await launch();
    script.sink = () => held('the crew is aboard', '20s');
    await bed.api.delete(Boat, 'a');
    await bed.settle();
    expect(report().pending.map(({ source }) => source)).to.deep.equal(['recheck of finalizer toys.example.com/sink (the crew is aboard)']);
    expect(last().result.steps.at(-1)).to.deep.include({ name: 'sink', result: 'held', reason: 'the crew is aboard' });
    script.sink = released;
    await bed.advance('20s');
    expect(await bed.api.find(Boat, 'a')).to.equal(undefined);
    expect(last().result.outcome).to.equal('gone');
    expect(report().runs.map(({ result: { steps } }) => steps.at(-1)?.result)).to.include('released');
  });

  it('of a singleton is for its period, for what it asked, or for the window that closed', async () => {
    await bed.settle();
    expect(causes(last('lighthouse'))).to.deep.equal(['requeue the operator started']);
    script.look = () => '7s';
    await bed.advance('30s');
    expect(causes(last('lighthouse'))).to.deep.equal(['requeue tick every 30s']);
    expect(report('lighthouse').pending.map(({ source }) => source)).to.deep.equal(['tick asked to be called again after 7s']);
    await launch();
    await bed.advance('2s');
    expect(causes(last('harbour')).slice(0, 1)).to.deep.equal(['watch Boat default/a']);
    await launch('b');
    await launch('c');
    await bed.advance('1500ms');
    expect(report('harbour').queue?.failures).to.equal(1);
    expect(report('harbour').pending.map(({ cause, source }) => `${cause} ${source}`)).to.deep.equal(['backoff too many boats']);
  });

  it('has a reason, and so has every look that is ahead, whatever happens', async () => {
    const random = seededRandom(7);
    const outcome = (): Outcome => {
      const pick = random.next();
      if (pick < 0.2) throw new Error('no wind');
      const made = pick < 0.5 ? met() : pick < 0.7 ? unmet('Rotten') : waiting('Tide');
      return random.next() < 0.5 ? made.recheck(`${1 + Math.floor(random.next() * 90)}s`) : made;
    };
    Object.assign(script, {
      moor: outcome, rig: outcome,
      sink: () => (random.next() < 0.5 ? released() : held('aground', random.next() < 0.5 ? '5s' : undefined)),
      look: () => (random.next() < 0.5 ? '3s' : undefined),
    });
    const names = ['a', 'b', 'c', 'd'];
    const keys: [string, string][] = [...names.flatMap((name): [string, string][] => [['boat', `default/${name}`], ['gull', name]]), ['lighthouse', ''], ['harbour', '']];
    let runs = 0;
    const check = (): void => {
      for (const [reconciler, key] of keys) {
        const { queue, pending, runs: recorded } = report(reconciler, key);
        for (const run of recorded) {
          runs += 1;
          expect(run.triggers, `${reconciler} ${key}`).to.not.be.empty;
          for (const { cause, source, at } of run.triggers) expect([cause !== undefined, source.length > 0, at <= run.startedAt], `${reconciler} ${key}`).to.deep.equal([true, true, true]);
          if (run.result.requeueAfter !== undefined) expect(run.result.requeueReason).to.match(/\S/);
          if (run.result.deadlineAfter !== undefined) expect(run.result.deadlineReason).to.match(/\S/);
        }
        if (queue) expect(pending.some(({ at }) => at <= (queue.due ?? Infinity)), `what ${reconciler} ${key} waits for`).to.equal(true);
      }
    };
    for (let round = 0; round < 25; round += 1) {
      const name = names[Math.floor(random.next() * names.length)] as string;
      const [existing, act] = [await bed.api.find(Boat, name), random.next()];
      if (!existing) await bed.api.create(Boat, { metadata: { name }, spec: { harbour: 'Kiel' } });
      else if (act < 0.3) await bed.api.patch(Boat, name, { spec: { harbour: `H${round}` } });
      else if (act < 0.5) await bed.api.delete(Boat, name);
      else tides.next(name);
      await bed.advance(`${Math.floor(random.next() * 20)}s`);
      check();
    }
    expect(runs).to.be.above(400);
  });
});
