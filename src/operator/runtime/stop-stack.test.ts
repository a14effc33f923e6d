import { expect } from 'chai';
import type { Logger } from '../logger.js';
import { silentLogger } from '../logger.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { StopStack } from './stop-stack.js';

describe('the stop of an operator', () => {
  it('takes what was started last first, one after the other, within one time for all', async () => {
    const clock = new VirtualClock(0);
    const told: string[] = [];
    const errors: string[] = [];
    const log: Logger = { ...silentLogger, error: (_message, { what, error } = {}) => void errors.push(`${String(what)}: ${(error as Error).message}`) };
    const stack = new StopStack(clock, log);
    stack.push('first', () => void told.push(`first ${clock.now()}`));
    stack.push('fails', () => { throw new Error('no'); });
    stack.push('hangs', () => new Promise(() => undefined));
    stack.push('slow', () => new Promise<void>((resolve) => {
      clock.schedule(4_000, () => {
        told.push(`slow ${clock.now()}`);
        resolve();
      });
    }));
    const stopped = stack.stop(10_000);
    await clock.advance(9_999);
    expect(told).to.deep.equal(['slow 4000']);
    await clock.advance(1);
    await stopped;
    expect(told).to.deep.equal(['slow 4000', 'first 10000']);
    expect(errors).to.deep.equal(['hangs: stopping hangs did not end within 6000 ms', 'fails: no']);
  });

  it('takes as long as it may, also when the wall clock is set back meanwhile', async () => {
    const clock = new VirtualClock();
    let setBack = 0;
    const set = { now: () => clock.now() - setBack, monotonic: () => clock.monotonic(), schedule: clock.schedule.bind(clock) };
    const stack = new StopStack(set, silentLogger);
    for (const name of ['below', 'above']) stack.push(name, () => new Promise(() => undefined));
    let stopped = false;
    const stopping = stack.stop(30_000).then(() => (stopped = true));
    setBack = 3_600_000;
    await clock.advance('31s');
    expect(stopped).to.equal(true);
    await stopping;
  });
});
