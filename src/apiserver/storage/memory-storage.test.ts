import { expect } from 'chai';
import { ManualClock } from '../testing/test-cluster.js';
import { CompactedError, MemoryStorage } from './memory-storage.js';

const MINUTE = 60_000;

describe('MemoryStorage', () => {
  it('lists what was there within the last five minutes, and forgets it within ten, as etcd compacted every five', async () => {
    const clock = new ManualClock();
    const storage = new MemoryStorage(clock);
    const names = (revision: number): string[] => storage.rangeAt('things', revision).slice(0, 9).map(({ metadata }) => metadata.name!);
    const add = (name: string): number => Number(storage.create('things', { apiVersion: 'v1', kind: 'Thing', metadata: { name } }).metadata.resourceVersion);
    await clock.advance(MINUTE);
    const first = add('a');
    await clock.advance(5 * MINUTE);
    const second = add('b');
    expect(names(first)).to.deep.equal(['a']);
    await clock.advance(5 * MINUTE);
    expect(() => names(first - 1)).to.throw(CompactedError);
    expect(names(first)).to.deep.equal(['a']);
    await clock.advance(10 * MINUTE);
    expect(() => names(first)).to.throw(CompactedError);
    expect(names(second)).to.deep.equal(['a', 'b']);
  });
});
