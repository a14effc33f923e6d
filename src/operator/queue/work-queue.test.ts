import { expect } from 'chai';
import fc from 'fast-check';
import type { Subscription } from 'rxjs';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import type { Item, WorkQueueOptions } from './work-queue.js';
import { WorkQueue } from './work-queue.js';

function setUp(options: Partial<WorkQueueOptions> = {}): { clock: VirtualClock; queue: WorkQueue } {
  const clock = new VirtualClock(0);
  const queue = new WorkQueue({ clock, random: seededRandom(1), backoff: { base: 1_000, max: 60_000, jitter: 0 }, ...options });
  return { clock, queue };
}

/** Records what is started; runs end when the test says so, or after `lasting` ms of the clock's time. */
function worker(queue: WorkQueue, clock: VirtualClock, slots: number, lasting?: number): { started: Item[]; keys: () => string[]; subscription: Subscription } {
  const started: Item[] = [];
  const subscription = queue.work(slots).subscribe((item) => {
    started.push(item);
    if (lasting !== undefined) clock.schedule(lasting, () => queue.done(item.key));
  });
  return { started, keys: () => started.map(({ key }) => key), subscription };
}

describe('the work queue', () => {
  it('runs a key once however often it was added before', async () => {
    const { clock, queue } = setUp();
    for (let times = 0; times < 500; times += 1) queue.add('a');
    const { keys } = worker(queue, clock, 10, 0);
    await clock.advance('1s');
    expect(keys()).to.deep.equal(['a']);
  });

  it('runs a key once more when it was added while it ran, however often', async () => {
    const { clock, queue } = setUp();
    const { keys } = worker(queue, clock, 10);
    queue.add('a');
    await clock.flush();
    for (let times = 0; times < 500; times += 1) queue.add('a');
    await clock.flush();
    expect(keys()).to.deep.equal(['a']);
    queue.done('a');
    await clock.flush();
    expect(keys()).to.deep.equal(['a', 'a']);
    queue.done('a');
    await clock.advance('1h');
    expect(keys()).to.deep.equal(['a', 'a']);
    expect(queue.size).to.equal(0);
  });

  it('emits no more than the slots that are free, and every key in the end', async () => {
    const { clock, queue } = setUp();
    for (let index = 0; index < 50; index += 1) queue.add(`k${index}`);
    const { keys } = worker(queue, clock, 10);
    await clock.flush();
    expect(keys()).to.have.length(10);
    for (let index = 0; index < 50; index += 1) {
      queue.done(`k${index}`);
      await clock.flush();
    }
    expect(new Set(keys()).size).to.equal(50);
  });

  it('keeps nothing of a hundred thousand keys that were run', async () => {
    const { clock, queue } = setUp();
    worker(queue, clock, 1_000, 0);
    for (let index = 0; index < 100_000; index += 1) queue.add(`k${index}`);
    await clock.advance('10s');
    expect(queue.size).to.equal(0);
    expect(queue.depths.size).to.equal(0);
    expect(clock.timers).to.equal(0);
  });

  it('cuts a backoff only for a wish that says so', async () => {
    const { clock, queue } = setUp();
    const { started } = worker(queue, clock, 10);
    queue.add('a');
    await clock.flush();
    for (let failures = 0; failures < 7; failures += 1) queue.retry('a');
    queue.add('a', { after: 5_000 });
    queue.done('a');
    await clock.advance('6s');
    expect(started).to.have.length(1);
    queue.add('a', { after: 4_000, despiteBackoff: true });
    await clock.advance('3999ms');
    expect(started).to.have.length(1);
    await clock.advance('1ms');
    expect(started).to.have.length(2);
  });

  it('runs a delayed key at the earliest time that was asked for, and only once', async () => {
    const { clock, queue } = setUp();
    const { keys } = worker(queue, clock, 1, 0);
    queue.add('a', { after: 10_000 });
    queue.add('a', { after: 3_000 });
    queue.add('a', { after: 7_000 });
    await clock.advance('2999ms');
    expect(keys()).to.deep.equal([]);
    await clock.advance('1ms');
    expect(keys()).to.deep.equal(['a']);
    await clock.advance('1m');
    expect(keys()).to.deep.equal(['a']);
  });

  it('prefers higher priorities, and the older of equal ones', async () => {
    const { clock, queue } = setUp();
    queue.add('low', { priority: -100 });
    queue.add('first');
    queue.add('second');
    queue.add('high', { priority: 10 });
    queue.add('second', { priority: 20 });
    const { keys } = worker(queue, clock, 1, 0);
    await clock.advance('1s');
    expect(keys()).to.deep.equal(['second', 'high', 'first', 'low']);
  });

  it('keeps the highest of several priorities, while a key waits and while it runs', async () => {
    const { clock, queue } = setUp();
    const { keys } = worker(queue, clock, 1);
    queue.add('running');
    await clock.flush();
    queue.add('running', { priority: 5 });
    queue.add('running', { priority: -5 });
    queue.add('other', { priority: 1 });
    queue.add('waiting', { priority: 3, after: 10 });
    queue.add('waiting', { priority: -3, after: 20 });
    await clock.advance(10);
    for (const expected of ['running', 'waiting', 'other']) {
      queue.done(keys().at(-1) as string);
      await clock.flush();
      expect(keys().at(-1)).to.equal(expected);
    }
  });

  it('lets fresh events neither prolong nor cut short a backoff, nor use it up', async () => {
    const { clock, queue } = setUp();
    const { started } = worker(queue, clock, 1);
    queue.add('a');
    await clock.flush();
    for (let failure = 1; failure <= 3; failure += 1) {
      queue.retry('a');
      queue.add('a');
      queue.done('a');
      const delay = 1_000 * 2 ** (failure - 1);
      for (let chatter = 0; chatter < 10; chatter += 1) {
        queue.add('a');
        await clock.advance(delay / 10 - (chatter === 9 ? 1 : 0));
      }
      expect(started, `before failure ${failure} is waited out`).to.have.length(failure);
      await clock.advance(1);
      expect(started.at(-1)).to.include({ key: 'a', attempt: failure });
    }
    expect(started).to.have.length(4);
  });

  it('ends a backoff when the key is forgotten, as for a changed object', async () => {
    const { clock, queue } = setUp();
    const { started } = worker(queue, clock, 1);
    queue.add('a');
    await clock.flush();
    queue.retry('a');
    queue.done('a');
    queue.forget('a');
    queue.add('a');
    await clock.flush();
    expect(started.map(({ attempt }) => attempt)).to.deep.equal([0, 0]);
  });

  it('spreads backoffs by jitter within its bounds', async () => {
    const { clock, queue } = setUp({ backoff: { base: 1_000, max: 60_000, jitter: 0.2 } });
    const due = Array.from({ length: 200 }, (_, index) => {
      queue.retry(`k${index}`);
      return queue.inspect(`k${index}`)?.due ?? 0;
    });
    expect(Math.min(...due)).to.be.within(1_000, 1_020);
    expect(Math.max(...due)).to.be.within(1_180, 1_200);
    await clock.flush();
  });

  it('does not starve the first list under a stream of fresh events (controller-runtime#3496)', async () => {
    const { clock, queue } = setUp();
    const { keys } = worker(queue, clock, 1, 10);
    queue.add('initial', { priority: -100 });
    let fresh = 0;
    // Twice as much work comes in as the one worker can do: without aging, the initial key would wait for ever.
    const feed = (): void => {
      queue.add(`fresh${(fresh += 1)}`);
      if (fresh < 100_000) clock.schedule(5, feed);
    };
    feed();
    await clock.advanceUntil(() => keys().includes('initial'), { step: '10s', limit: '10m' });
    // 100 points are 100 seconds of age: ahead of it are the keys of the first 100 s, at 10 ms each 200 s of work.
    expect(clock.now()).to.be.within(190_000, 215_000);
  });

  it('gives two tenants with a thousand keys and with one equal turns', async () => {
    const { clock, queue } = setUp({ fairBy: (key) => key.split('/')[0] });
    for (let index = 0; index < 1_000; index += 1) queue.add(`big/${index}`);
    const { keys } = worker(queue, clock, 1, 10);
    const runs = { big: 0, small: 0 };
    for (let turn = 0; turn < 100; turn += 1) {
      queue.add('small/only');
      await clock.advance(20);
    }
    for (const key of keys()) runs[key.split('/')[0] as 'big' | 'small'] += 1;
    const jain = (runs.big + runs.small) ** 2 / (2 * (runs.big ** 2 + runs.small ** 2));
    expect(jain).to.be.at.least(0.95);
  });

  it('starts no more runs than its rate allows', async () => {
    const { clock, queue } = setUp({ rate: { qps: 10, burst: 5 } });
    const { keys } = worker(queue, clock, 100, 0);
    for (let index = 0; index < 100; index += 1) queue.add(`k${index}`);
    await clock.flush();
    expect(keys()).to.have.length(5);
    await clock.advance('2s');
    expect(keys()).to.have.length(25);
  });

  it('starts nothing after it was stopped, and lets what runs end', async () => {
    const { clock, queue } = setUp();
    const { keys } = worker(queue, clock, 1);
    queue.add('a');
    await clock.flush();
    queue.add('b');
    queue.retry('c');
    queue.stop();
    queue.add('d');
    queue.done('a');
    await clock.advance('1h');
    expect(keys()).to.deep.equal(['a']);
    expect(queue.size).to.equal(0);
    expect(clock.timers).to.equal(0);
  });

  it('lets timers and sockets have their turn between bursts of short runs', async () => {
    const { clock, queue } = setUp();
    let runs = 0;
    queue.work(1).subscribe(({ key }) => {
      runs += 1;
      queueMicrotask(() => queue.done(key));
    });
    for (let index = 0; index < 10_000; index += 1) queue.add(`k${index}`);
    let seen = 0;
    clock.schedule(0, () => (seen = runs));
    await clock.settle();
    expect(seen).to.be.within(1, 5_000);
    expect(runs).to.equal(10_000);
  });

  it('keeps nobody waiting for longer because the clock was set back by an hour', async () => {
    const clock = new VirtualClock(0);
    let skew = 0;
    const skewed = new WorkQueue({
      clock: { now: () => clock.now() + skew, monotonic: () => clock.monotonic(), schedule: (delay, callback) => clock.schedule(delay, callback) },
      random: seededRandom(1), backoff: { base: 1_000, max: 60_000, jitter: 0 }, rate: { qps: 10, burst: 1 },
    });
    const { keys } = worker(skewed, clock, 10, 0);
    skewed.add('now');
    await clock.flush();
    skewed.add('soon', { after: 2_000 });
    skewed.add('later', { after: 5_000 });
    skew = -3_600_000;
    await clock.advance('1s');
    skewed.add('fresh');
    await clock.advance('2s');
    expect(keys()).to.deep.equal(['now', 'fresh', 'soon']);
    await clock.advance('2s');
    expect(keys()).to.deep.equal(['now', 'fresh', 'soon', 'later']);
  });

  it('refuses the end of a run that has not begun', () => {
    const { queue } = setUp();
    expect(() => queue.done('a')).to.throw('done("a"): the key is not in the queue, not running');
  });

  it('agrees with a naive model under any sequence of operations', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const operation = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key, priority: fc.integer({ min: -2, max: 2 }), after: fc.constantFrom(0, 0, 5, 500, 3_000) }),
      fc.record({ do: fc.constant('finish' as const), key, as: fc.constantFrom('success' as const, 'failure' as const) }),
      fc.record({ do: fc.constant('advance' as const), by: fc.constantFrom(1, 100, 1_000, 2_500) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (operations, slots) => {
        const { clock, queue } = setUp();
        const real: string[] = [];
        queue.work(slots).subscribe((item) => real.push(`${item.key}#${item.attempt}@${clock.now()}`));
        const model = new NaiveQueue(slots);
        for (const step of operations) {
          if (step.do === 'add') {
            queue.add(step.key, step);
            model.add(step.key, step.priority, step.after, clock.now());
          } else if (step.do === 'finish') {
            if (!model.running.has(step.key)) continue;
            if (step.as === 'failure') queue.retry(step.key);
            else queue.forget(step.key);
            queue.done(step.key);
            model.finish(step.key, step.as === 'failure', clock.now());
          } else {
            for (let end = clock.now() + step.by; clock.now() < end; model.start(clock.now())) {
              const next = model.nextDue(clock.now());
              await clock.advance(Math.min(next, end) - clock.now());
            }
          }
          await clock.settle();
          model.start(clock.now());
          expect(real).to.deep.equal(model.started);
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

/** The queue's contract in the simplest terms: a list of wishes, searched anew each time. */
class NaiveQueue {
  readonly started: string[] = [];
  readonly running = new Map<string, { priority: number; due: number; order: number } | undefined>();
  readonly #wanted = new Map<string, { priority: number; due: number; order: number }>();
  readonly #failures = new Map<string, number>();
  readonly #notBefore = new Map<string, number>();
  #order = 0;

  constructor(private readonly slots: number) {}

  add(key: string, priority: number, after: number, now: number): void {
    const due = now + after;
    if (this.running.has(key)) {
      const next = this.running.get(key);
      this.running.set(key, next ? { ...next, priority: Math.max(next.priority, priority), due: Math.min(next.due, due) } : { priority, due, order: 0 });
      return;
    }
    const wish = this.#wanted.get(key);
    if (!wish) this.#wanted.set(key, { priority, due, order: (this.#order += 1) });
    else {
      wish.priority = Math.max(wish.priority, priority);
      const earlier = Math.max(Math.min(wish.due, due), this.#notBefore.get(key) ?? 0);
      if (wish.due > now && earlier !== wish.due) Object.assign(wish, { due: earlier, order: (this.#order += 1) });
    }
  }

  finish(key: string, failed: boolean, now: number): void {
    let next = this.running.get(key);
    this.running.delete(key);
    this.#failures.set(key, failed ? (this.#failures.get(key) ?? 0) + 1 : 0);
    this.#notBefore.set(key, failed ? now + 1_000 * 2 ** ((this.#failures.get(key) as number) - 1) : 0);
    if (failed) next = { priority: Math.max(next?.priority ?? 0, 0), due: this.#notBefore.get(key) as number, order: 0 };
    if (next) this.#wanted.set(key, { ...next, order: (this.#order += 1) });
  }

  nextDue(now: number): number {
    return Math.min(...[...this.#wanted.values()].map(({ due }) => due).filter((due) => due > now));
  }

  start(now: number): void {
    while (this.running.size < this.slots) {
      const rank = ({ due, priority }: { due: number; priority: number }): number => due - priority * 1_000;
      const [next] = [...this.#wanted].filter(([, { due }]) => due <= now).sort(([, a], [, b]) => rank(a) - rank(b) || a.order - b.order);
      if (!next) return;
      this.#wanted.delete(next[0]);
      this.running.set(next[0], undefined);
      this.started.push(`${next[0]}#${this.#failures.get(next[0]) ?? 0}@${now}`);
    }
  }
}
