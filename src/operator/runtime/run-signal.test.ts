import { expect } from 'chai';
import { VirtualClock } from '../testing/virtual-clock.js';
import { runSignal } from './run-signal.js';

describe('the signal of a run', () => {
  it('may have as many listeners as the run has requests, without a warning of a leak', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    try {
      const limited = runSignal(new VirtualClock(), new AbortController().signal, 1_000);
      for (let request = 0; request < 20; request += 1) limited.signal.addEventListener('abort', () => undefined);
      limited.end();
      await new Promise(setImmediate);
      expect(warnings).to.deep.equal([]);
    } finally {
      process.off('warning', note);
    }
  });
});
