import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import { rejectOnAbort, withDeadline } from './abort.js';
import { VirtualClock } from './testing/virtual-clock.js';

/** What rejects with nobody to hear of it while `work` is done and the loop turns once more: Node ends a process for that. */
async function unheard(work: () => Promise<void>): Promise<unknown[]> {
  const listeners = process.listeners('unhandledRejection');
  const found: unknown[] = [];
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', (reason) => found.push(reason));
  try {
    await work();
    await new Promise(setImmediate);
    return found;
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
}

/** The signals that AbortSignal.any made of this one, those included that are collected long since: Node keeps a reference to each. */
function dependants(signal: AbortSignal): number {
  const found = Object.getOwnPropertySymbols(signal).find(({ description }) => description === 'kDependantSignals');
  return found ? (signal as unknown as Record<symbol, Set<unknown>>)[found]?.size ?? 0 : 0;
}

describe('work that may be aborted', () => {
  it('rejects with the reason of an abort that came before it, and hears what becomes of the work', async () => {
    const aborted = AbortSignal.abort(new Error('enough'));
    const late = async (): Promise<never> => {
      throw new Error('too late to matter');
    };
    expect(await unheard(async () => {
      expect(await rejectOnAbort(late(), aborted).catch((error: unknown) => error)).to.include({ message: 'enough' });
      expect(await withDeadline(new VirtualClock(), 1_000, 'it', aborted, late).catch((error: unknown) => error)).to.include({ message: 'enough' });
    })).to.deep.equal([]);
  });

  it('leaves nothing at a signal that outlives it: a candidate tries every other second, for months', async () => {
    const lasting = new AbortController();
    for (let times = 0; times < 10; times += 1) await withDeadline(new VirtualClock(), 1_000, 'it', lasting.signal, () => Promise.resolve());
    expect(dependants(lasting.signal)).to.equal(0);
    expect(getEventListeners(lasting.signal, 'abort')).to.deep.equal([]);
  });
});
