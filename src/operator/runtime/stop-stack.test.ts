import { expect } from 'chai';
import { silentLogger } from '../logger.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { StopStack } from './stop-stack.js';

describe('the stop of an operator', () => {
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
