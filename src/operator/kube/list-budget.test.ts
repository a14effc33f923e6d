import { expect } from 'chai';
import { sleep } from '../clock.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { ListBudget } from './list-budget.js';

describe('the budget of lists', () => {
  const unaborted = (): AbortSignal => new AbortController().signal;

  it('has four places, and gives them in the order of coming', async () => {
    const clock = new VirtualClock(0);
    const budget = new ListBudget(clock);
    const started: string[] = [];
    const list = (name: string) => budget.run(false, unaborted(), async () => {
      started.push(`${name} at ${clock.now() / 1_000}s`);
      await sleep(clock, 1_000);
    });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(list));
    await clock.advance('500ms');
    expect([started.length, budget.waiting]).to.deep.equal([4, 2]);
    await clock.advance('5s');
    await all;
    expect(started.slice(4)).to.deep.equal(['e at 1s', 'f at 1s']);
  });

  it('gives the place of one that failed, and of one that no longer waits, to the next', async () => {
    const clock = new VirtualClock(0);
    const budget = new ListBudget(clock, { concurrent: 1, again: { qps: 1, burst: 1 } });
    const failing = budget.run(false, unaborted(), async () => {
      await sleep(clock, 1_000);
      throw new Error('no list');
    }).catch((error: unknown) => (error as Error).message);
    const gaveUp = new AbortController();
    const impatient = budget.run(false, gaveUp.signal, () => Promise.resolve('listed')).catch((error: unknown) => (error as Error).message);
    const patient = budget.run(false, unaborted(), () => Promise.resolve('listed'));
    await clock.flush();
    gaveUp.abort(new Error('stopped'));
    await clock.advance('1s');
    expect(await Promise.all([failing, impatient, patient])).to.deep.equal(['no list', 'stopped', 'listed']);
    expect(await budget.run(false, unaborted(), () => Promise.resolve('listed'))).to.equal('listed');
  });

  it('lets as many lists again as its rate has', async () => {
    const clock = new VirtualClock(0);
    const budget = new ListBudget(clock);
    const started: number[] = [];
    for (let count = 0; count < 15; count += 1) void budget.run(true, unaborted(), async () => void started.push(clock.now()));
    await clock.advance('3s');
    expect(started).to.deep.equal([...Array<number>(10).fill(0), 500, 1_000, 1_500, 2_000, 2_500]);
  });
});
