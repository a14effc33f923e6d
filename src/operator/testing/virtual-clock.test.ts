import { expect } from 'chai';
import { sleep } from '../clock.js';
import { VirtualClock } from './virtual-clock.js';

describe('the virtual clock', () => {
  it('fires timers in the order of their times, each after what came before has come to rest', async () => {
    const clock = new VirtualClock(0);
    const order: string[] = [];
    clock.schedule(20, () => order.push(`b@${clock.now()}`));
    clock.schedule(10, () => {
      order.push(`a@${clock.now()}`);
      void Promise.resolve().then(() => Promise.resolve()).then(() => {
        order.push(`after a@${clock.now()}`);
        clock.schedule(5, () => order.push(`c@${clock.now()}`));
      });
    });
    clock.schedule(20, () => order.push('b2'));
    await clock.advance(30);
    expect(order).to.deep.equal(['a@10', 'after a@10', 'c@15', 'b@20', 'b2']);
    expect(clock.now()).to.equal(30);
  });

  it('stands still while it settles, and forgets cancelled timers', async () => {
    const clock = new VirtualClock(0);
    let fired = 0;
    clock.schedule(0, () => clock.schedule(0, () => (fired += 1)));
    clock.schedule(5, () => (fired += 10)).cancel();
    clock.schedule(1, () => (fired += 100));
    await clock.settle();
    expect([fired, clock.now(), clock.timers]).to.deep.equal([1, 0, 1]);
  });

  it('drives sleeps, and lets an abort end one at once', async () => {
    const clock = new VirtualClock(0);
    const stop = new AbortController();
    const first = sleep(clock, 60_000);
    const second = sleep(clock, 60_000, stop.signal).catch((error: unknown) => error);
    stop.abort(new Error('enough'));
    expect(await second).to.include({ message: 'enough' });
    await clock.advance('1m');
    await first;
    expect(clock.timers).to.equal(0);
  });

  it('advances until a condition holds, and says which did not', async () => {
    const clock = new VirtualClock(0);
    let done = false;
    clock.schedule(90_000, () => (done = true));
    await clock.advanceUntil(() => done, { step: '10s' });
    expect(clock.now()).to.equal(90_000);
    const error = await clock.advanceUntil(() => clock.now() < 0, { limit: '1m' }).catch((cause: unknown) => cause);
    expect((error as Error).message).to.match(/did not come true within 1m of virtual time: .*clock\.now\(\) < 0/);
  });
});
