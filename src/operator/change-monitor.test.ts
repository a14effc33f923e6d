import { expect } from 'chai';
import { ChangeMonitor } from './change-monitor.js';
import { VirtualClock } from './testing/virtual-clock.js';

describe('the change monitor', () => {
  it('notices a value that is new, different, or long ago, once', async () => {
    const clock = new VirtualClock();
    const monitor = new ChangeMonitor(clock);
    expect([monitor.changed('pool', ['a']), monitor.changed('pool', ['a']), monitor.changed('pool', ['a', 'b']), monitor.changed('other', ['a'])])
      .to.deep.equal([true, false, true, true]);
    await clock.advance('24h');
    expect([monitor.changed('pool', ['a', 'b']), monitor.changed('pool', ['a', 'b'])]).to.deep.equal([true, false]);
  });
});
