import { expect } from 'chai';
import { systemClock } from './clock.js';
import { cooperatively } from './cooperation.js';
import { VirtualClock } from './testing/virtual-clock.js';

describe('work in steps', () => {
  it('gives its result, and everybody else a turn between any two steps', async () => {
    const clock = systemClock();
    const seen: string[] = [];
    let others = true;
    const other = (): void => {
      seen.push('other');
      if (others) clock.schedule(0, other);
    };
    clock.schedule(0, other);
    const result = await cooperatively((function* steps() {
      for (const step of ['first', 'second', 'third']) {
        seen.push(step);
        yield;
      }
      return 42;
    })(), clock);
    others = false;
    expect(result).to.equal(42);
    expect(seen.join(' ')).to.match(/^first (other )+second (other )+third/);
  });

  it('holds virtual time still until it is done', async () => {
    const clock = new VirtualClock();
    const startedAt = clock.now();
    let endedAt: number | undefined;
    void cooperatively((function* steps() {
      for (let step = 0; step < 50; step += 1) yield;
    })(), clock).then(() => (endedAt = clock.now()));
    await clock.advance('1m');
    expect(endedAt).to.equal(startedAt);
  });

  it('ends at a step when it is aborted', async () => {
    const abort = new AbortController();
    let steps = 0;
    const work = cooperatively((function* endless() {
      for (;;) {
        steps += 1;
        if (steps === 3) abort.abort(new Error('enough'));
        yield;
      }
    })(), systemClock(), abort.signal);
    await work.then(() => expect.fail('it should have been aborted'), (error: Error) => expect(error.message).to.equal('enough'));
    expect(steps).to.equal(3);
  });
});
