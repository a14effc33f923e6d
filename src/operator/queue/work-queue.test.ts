import { expect } from 'chai';
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
    const [lasting, gap, behind] = [10, 5, 100];
    const { clock, queue } = setUp();
    const { keys } = worker(queue, clock, 1, lasting);
    queue.add('initial', { priority: -behind });
    let fresh = 0;
    // Twice as much work comes in as the one worker can do: without aging, the initial key would wait for ever.
    const feed = (): void => {
      queue.add(`fresh${(fresh += 1)}`);
      if (fresh < 100_000) clock.schedule(gap, feed);
    };
    feed();
    // One point is one second of age: ahead of it are the keys of the first 100 s.
    const bound = ((behind * 1_000) / gap + 1) * lasting;
    await clock.advance(bound - 1_000);
    expect(keys()).not.to.include('initial');
    await clock.advance(1_000 + lasting);
    expect(keys()).to.include('initial');
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
});
