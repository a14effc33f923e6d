import { expect } from 'chai';
import fc from 'fast-check';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { NaiveQueue } from './naive-queue.test-support.js';
import { WorkQueue } from './work-queue.js';

const BACKOFF = { base: 1_000, max: 60_000, jitter: 0 };
/** Three tenants of unequal size. */
const KEYS = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c/1'] as const;
const tenantOf = (key: string): string => key.slice(0, key.indexOf('/'));

/** The queue as it is, and what it did. */
interface Real {
  queue: WorkQueue;
  clock: VirtualClock;
  started: string[];
}

type Command = fc.AsyncCommand<NaiveQueue, Real>;

/** After every command, both have started the same runs in the same order at the same times, and say the same of every key. */
async function agree(model: NaiveQueue, { queue, clock, started }: Real): Promise<void> {
  await clock.settle();
  model.start(clock.now());
  expect(started).to.deep.equal(model.started);
  expect(queue.size).to.equal(model.size);
  expect(Object.fromEntries(queue.depths)).to.deep.equal(model.depths);
  for (const key of KEYS) {
    const { state, priority, failures, due } = queue.inspect(key) ?? {};
    expect({ state, priority, failures, due }, key).to.deep.equal({ state: undefined, priority: undefined, failures: undefined, due: undefined, ...model.inspect(key) });
  }
}

class Add implements Command {
  constructor(private readonly key: string, private readonly options: { priority: number; after: number; despiteBackoff: boolean }) {}
  check = (): boolean => true;
  async run(model: NaiveQueue, real: Real): Promise<void> {
    real.queue.add(this.key, this.options);
    model.add(this.key, this.options, real.clock.now());
    await agree(model, real);
  }
  toString = (): string => `add ${this.key} ${JSON.stringify(this.options)}`;
}

/** Ends the run of some key, with or without an error. */
class Finish implements Command {
  constructor(private readonly which: number, private readonly failed: boolean) {}
  check = (model: Readonly<NaiveQueue>): boolean => model.running.length > 0;
  async run(model: NaiveQueue, real: Real): Promise<void> {
    const key = model.running[this.which % model.running.length] as string;
    if (this.failed) {
      real.queue.retry(key);
      model.retry(key, real.clock.now());
    } else {
      real.queue.forget(key);
      model.forget(key);
    }
    real.queue.done(key);
    model.done(key, real.clock.now());
    await agree(model, real);
  }
  toString = (): string => `finish ${this.which} ${this.failed ? 'with an error' : 'well'}`;
}

class Retry implements Command {
  constructor(private readonly key: string) {}
  check = (): boolean => true;
  async run(model: NaiveQueue, real: Real): Promise<void> {
    real.queue.retry(this.key);
    model.retry(this.key, real.clock.now());
    await agree(model, real);
  }
  toString = (): string => `retry ${this.key}`;
}

class Forget implements Command {
  constructor(private readonly key: string) {}
  check = (): boolean => true;
  async run(model: NaiveQueue, real: Real): Promise<void> {
    real.queue.forget(this.key);
    model.forget(this.key);
    await agree(model, real);
  }
  toString = (): string => `forget ${this.key}`;
}

class Advance implements Command {
  constructor(private readonly by: number) {}
  check = (): boolean => true;
  async run(model: NaiveQueue, real: Real): Promise<void> {
    const { clock } = real;
    for (const end = clock.now() + this.by; clock.now() < end;) {
      await clock.advance(Math.min(model.nextDue(), end) - clock.now());
      model.start(clock.now());
    }
    await agree(model, real);
  }
  toString = (): string => `advance ${this.by}`;
}

const key = fc.constantFrom(...KEYS);
const choices: fc.Arbitrary<Command>[] = [
  fc.record({ priority: fc.integer({ min: -2, max: 2 }), after: fc.constantFrom(0, 0, 5, 500, 3_000), despiteBackoff: fc.constantFrom(false, false, true) })
    .chain((options) => key.map((name) => new Add(name, options))),
  key.map((name) => new Add(name, { priority: 0, after: 0, despiteBackoff: false })),
  fc.record({ which: fc.nat(5), failed: fc.boolean() }).map(({ which, failed }) => new Finish(which, failed)),
  fc.nat(5).map((which) => new Finish(which, false)),
  key.map((name) => new Retry(name)),
  key.map((name) => new Forget(name)),
  fc.constantFrom(1, 100, 1_000, 2_500).map((by) => new Advance(by)),
];
const commands = fc.commands(choices, { maxCommands: 60, size: 'max' });

describe('the work queue beside a naive model of it', () => {
  for (const fairBy of [undefined, tenantOf]) {
    it(`does the same under any sequence of commands, ${fairBy ? 'with tenants that take turns' : 'by priority and age alone'}`, async () => {
      await fc.assert(fc.asyncProperty(commands, fc.integer({ min: 1, max: 3 }), async (sequence, slots) => {
        await fc.asyncModelRun(() => {
          const clock = new VirtualClock(0);
          const queue = new WorkQueue({ clock, random: seededRandom(1), backoff: BACKOFF, ...(fairBy ? { fairBy } : {}) });
          const started: string[] = [];
          queue.work(slots).subscribe((item) => started.push(`${item.key}#${item.attempt}@${clock.now()}`));
          return { model: new NaiveQueue(slots, BACKOFF, fairBy), real: { queue, clock, started } };
        }, sequence);
      }), { numRuns: 150 });
    });
  }
});

/** Runs take so long, one at a time; arrivals come twice as fast. */
const SERVICE = 400;

describe('what the work queue guarantees under load', () => {
  const arrival = fc.record({ gap: fc.integer({ min: 0, max: 400 }), priority: fc.integer({ min: -4, max: 4 }) });

  it('starts every key within a bound that follows from what came before it, and the difference of priorities after it', async () => {
    await fc.assert(fc.asyncProperty(fc.array(arrival, { minLength: 40, maxLength: 100 }), async (arrivals) => {
      const clock = new VirtualClock(0);
      const queue = new WorkQueue({ clock, random: seededRandom(1), backoff: BACKOFF });
      const startedAt = new Map<string, number>();
      queue.work(1).subscribe(({ key: name }) => {
        startedAt.set(name, clock.now());
        clock.schedule(SERVICE, () => queue.done(name));
      });
      const keys: { name: string; priority: number; at: number }[] = [];
      for (const [index, { gap, priority }] of arrivals.entries()) {
        await clock.advance(gap);
        keys.push({ name: `k${index}`, priority, at: clock.now() });
        queue.add(`k${index}`, { priority });
      }
      await clock.advance(arrivals.length * SERVICE + 1);
      for (const each of keys) {
        // Only these can be served before it: one point of priority is a second of age.
        const before = keys.filter(({ at, priority }) => at <= each.at + Math.max(0, priority - each.priority) * 1_000).length;
        expect((startedAt.get(each.name) ?? Infinity) - each.at, each.name).to.be.at.most(before * SERVICE);
      }
    }), { numRuns: 60 });
  });

  it('gives tenants with work equal turns, whatever they have more of', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 20, max: 300 }), { minLength: 2, maxLength: 6 }), async (backlogs) => {
      const clock = new VirtualClock(0);
      const queue = new WorkQueue({ clock, random: seededRandom(1), backoff: BACKOFF, fairBy: tenantOf });
      backlogs.forEach((backlog, tenant) => {
        for (let index = 0; index < backlog; index += 1) queue.add(`${tenant}/${index}`);
      });
      const turns = backlogs.map(() => 0);
      const runs = 20 * backlogs.length;
      let left = runs;
      queue.work(1).subscribe(({ key: name }) => {
        if ((left -= 1) < 0) return;
        turns[Number(tenantOf(name))] = (turns[Number(tenantOf(name))] ?? 0) + 1;
        clock.schedule(SERVICE, () => queue.done(name));
      });
      await clock.advance(runs * SERVICE);
      expect(turns).to.deep.equal(backlogs.map(() => 20));
    }), { numRuns: 40 });
  });

  it('is fair to a tenant with one key beside one with a thousand that all come back at once, at every length of run', async () => {
    for (const lasting of [1, 20, 250]) {
      const clock = new VirtualClock(0);
      const queue = new WorkQueue({ clock, random: seededRandom(1), backoff: BACKOFF, fairBy: tenantOf });
      const runs: Record<string, number> = { big: 0, small: 0 };
      queue.work(1).subscribe(({ key: name }) => {
        runs[tenantOf(name)] = (runs[tenantOf(name)] ?? 0) + 1;
        // Every key is wanted again as soon as it has run: the demand is 1000:1 all the time.
        queue.add(name);
        clock.schedule(lasting, () => queue.done(name));
      });
      for (let index = 0; index < 1_000; index += 1) queue.add(`big/${index}`);
      queue.add('small/only');
      await clock.advance(400 * lasting);
      const { big = 0, small = 0 } = runs;
      expect((big + small) ** 2 / (2 * (big ** 2 + small ** 2)), JSON.stringify(runs)).to.be.at.least(0.95);
      queue.stop();
    }
  });

  it('keeps nothing of a hundred thousand operations with failures and tenants, once all is done', async () => {
    const clock = new VirtualClock(0);
    const random = seededRandom(5);
    const queue = new WorkQueue({ clock, random, backoff: BACKOFF, fairBy: tenantOf });
    let operations = 0;
    queue.work(64).subscribe(({ key: name }) => {
      operations += 1;
      if (random.next() < 0.1) queue.retry(name);
      else queue.forget(name);
      queue.done(name);
    });
    for (let round = 0; round < 4; round += 1) {
      for (let index = 0; index < 12_500; index += 1) {
        operations += 1;
        queue.add(`${index % 97}/${index % 5_000}`, { priority: (index % 7) - 3, after: index % 3 === 0 ? index % 1_000 : 0 });
      }
      await clock.advance('2h');
      expect([queue.size, queue.depths.size, clock.timers, queue.unfinished().total], `round ${round}`).to.deep.equal([0, 0, 0, 0]);
    }
    expect(operations).to.be.above(50_000 + 4 * 5_000);
  });
});
