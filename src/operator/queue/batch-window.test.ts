import { expect } from 'chai';
import { Subject } from 'rxjs';
import { VirtualClock } from '../testing/virtual-clock.js';
import { batchWindow } from './batch-window.js';

function setUp(): { clock: VirtualClock; source: Subject<number>; batches: { at: number; values: number[] }[]; ended: string[]; unsubscribe: () => void } {
  const clock = new VirtualClock(0);
  const source = new Subject<number>();
  const batches: { at: number; values: number[] }[] = [];
  const ended: string[] = [];
  const subscription = source.pipe(batchWindow(1_000, 10_000, clock)).subscribe({
    next: (values) => batches.push({ at: clock.now(), values }),
    error: () => ended.push('error'),
    complete: () => ended.push('complete'),
  });
  return { clock, source, batches, ended, unsubscribe: () => subscription.unsubscribe() };
}

describe('the batch window', () => {
  it('closes when the source has been idle', async () => {
    const { clock, source, batches } = setUp();
    source.next(1);
    await clock.advance(900);
    source.next(2);
    await clock.advance(5_000);
    source.next(3);
    await clock.advance(5_000);
    expect(batches).to.deep.equal([{ at: 1_900, values: [1, 2] }, { at: 6_900, values: [3] }]);
  });

  it('closes at its limit under a source that never rests', async () => {
    const { clock, source, batches } = setUp();
    for (let at = 0; at < 30_000; at += 500) {
      source.next(at);
      await clock.advance(500);
    }
    expect(batches.map(({ at }) => at)).to.deep.equal([10_000, 20_000, 30_000]);
    expect(batches.flatMap(({ values }) => values)).to.have.length(60);
  });

  it('emits what it gathered when the source completes, and drops it when it fails', () => {
    const complete = setUp();
    complete.source.next(1);
    complete.source.complete();
    expect(complete.batches.map(({ values }) => values)).to.deep.equal([[1]]);
    expect(complete.ended).to.deep.equal(['complete']);
    const failing = setUp();
    failing.source.next(1);
    failing.source.error(new Error('gone'));
    expect(failing.batches).to.deep.equal([]);
    expect(failing.clock.timers).to.equal(0);
  });

  it('is not extended by what is in it already', async () => {
    const clock = new VirtualClock(0);
    const source = new Subject<string>();
    const batches: { at: number; values: string[] }[] = [];
    source.pipe(batchWindow(1_000, 10_000, clock, (value) => value)).subscribe((values) => batches.push({ at: clock.now(), values }));
    for (let at = 0; at < 3_000; at += 500) {
      source.next('same');
      await clock.advance(500);
    }
    expect(batches.map(({ at }) => at)).to.deep.equal([1_000, 2_000, 3_000]);
    expect(batches[0]?.values).to.deep.equal(['same', 'same']);
  });

  it('leaves no timer behind when it is unsubscribed', () => {
    const { clock, source, unsubscribe } = setUp();
    source.next(1);
    unsubscribe();
    expect(clock.timers).to.equal(0);
    expect(source.observed).to.equal(false);
  });
});
