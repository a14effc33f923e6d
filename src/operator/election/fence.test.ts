import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import type { Clock } from '../clock.js';
import { systemClock } from '../clock.js';
import { Fence, momentOf } from './fence.js';
import { HEARTBEAT_BYTES, Heartbeat, StallWatch } from './heartbeat.js';

/** Both clocks, each set as the test likes. */
class TwoClocks implements Clock {
  wall = 1_000_000;
  mono = 50;
  now(): number { return this.wall; }
  monotonic(): number { return this.mono; }
  schedule(): never { throw new Error('a fence waits for nothing'); }
  pass(milliseconds: number): void {
    this.wall += milliseconds;
    this.mono += milliseconds;
  }
}

describe('the fence before writes', () => {
  let clock: TwoClocks;
  let fence: Fence;
  beforeEach(() => {
    clock = new TwoClocks();
    fence = new Fence(clock, 10_000);
  });

  it('is closed before the first renewal, open until the limit after it, and closed from then on', () => {
    expect(fence.open).to.equal(false);
    expect(fence.age).to.equal(Infinity);
    fence.renewed(momentOf(clock));
    clock.pass(9_999);
    expect(fence.open).to.equal(true);
    expect(fence.age).to.equal(9_999);
    clock.pass(1);
    expect(fence.open).to.equal(false);
  });

  it('counts from before the renewal was sent', () => {
    const began = momentOf(clock);
    clock.pass(4_000);
    fence.renewed(began);
    expect(fence.age).to.equal(4_000);
  });

  it('is not held open by a wall clock that is set back, and closed by one that jumps: the machine may have slept', () => {
    fence.renewed(momentOf(clock));
    clock.wall -= 3_600_000;
    clock.mono += 10_000;
    expect(fence.open).to.equal(false);
    fence.renewed(momentOf(clock));
    clock.wall += 10_000;
    expect(fence.open).to.equal(false);
    fence.renewed(momentOf(clock));
    expect(fence.open).to.equal(true);
  });

  it('closes at once', () => {
    fence.renewed(momentOf(clock));
    fence.close();
    expect(fence.open).to.equal(false);
  });

  it('is the same for all threads that share its memory, whose monotonic clocks agree', async () => {
    const memory = new SharedArrayBuffer(Fence.BYTES + 8);
    const real = systemClock();
    const here = new Fence(real, 60_000, memory, 8);
    const before = real.monotonic();
    const there = `
      const { workerData, parentPort } = require('node:worker_threads');
      import(workerData.fence).then(async ({ Fence, momentOf }) => {
        const { systemClock } = await import(workerData.clock);
        const clock = systemClock();
        new Fence(clock, 60_000, workerData.memory, 8).renewed(momentOf(clock));
        parentPort.postMessage(clock.monotonic());
      });`;
    const worker = new Worker(there, { eval: true, execArgv: [], workerData: { memory, fence: new URL('./fence.js', import.meta.url).href, clock: new URL('../clock.js', import.meta.url).href } });
    const then = await new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expect(then).to.be.within(before, real.monotonic());
    expect(here.open).to.equal(true);
    expect(here.age).to.be.within(0, real.monotonic() - before);
    await worker.terminate();
  });
});

describe('a thread that watches the main loop', () => {
  it('counts the time without a beat', () => {
    const heart = { count: 0, excused: false };
    const watch = new StallWatch(heart, 1_000);
    expect([0, 1_000, 2_000].map((now) => watch.look(now))).to.deep.equal([0, 1_000, 2_000]);
    heart.count = 1;
    expect([3_000, 4_000].map((now) => watch.look(now))).to.deep.equal([0, 1_000]);
  });

  it('does not count the time for which the loop is excused', async () => {
    const memory = new SharedArrayBuffer(HEARTBEAT_BYTES);
    const loop = new Heartbeat(memory);
    const watch = new StallWatch(new Heartbeat(memory), 1_000);
    watch.look(0);
    await loop.excuse(async () => {
      expect([1_000, 2_000].map((now) => watch.look(now))).to.deep.equal([0, 0]);
    });
    expect([3_000, 4_000].map((now) => watch.look(now))).to.deep.equal([1_000, 2_000]);
  });

  it('does not count the time in which it was stopped itself', () => {
    const watch = new StallWatch({ count: 0, excused: false }, 1_000);
    watch.look(0);
    expect(watch.look(3_600_000)).to.equal(2_000);
  });
});
