import { expect } from 'chai';
import { VirtualClock } from '../../../operator/testing/virtual-clock.js';
import { testPod } from '../testing/objects.js';
import { PodInfo } from './node-info.js';
import { SchedulingQueue } from './scheduling-queue.js';

describe('The scheduling queue', () => {
  let clock: VirtualClock;
  let queue: SchedulingQueue;
  let wakes: number;
  const put = (name: string, priority = 0): void => queue.put(new PodInfo(testPod(name, { spec: { priority } })));
  const next = (): string | undefined => queue.next()?.info.pod.metadata.name;

  beforeEach(() => {
    clock = new VirtualClock();
    wakes = 0;
    queue = new SchedulingQueue(clock, () => (wakes += 1));
  });

  it('gives out the most important pod first, and the oldest of equals', () => {
    put('a');
    put('urgent', 10);
    put('b');
    expect([next(), next(), next(), next()]).to.deep.equal(['urgent', 'a', 'b', undefined]);
  });

  it('keeps a pod at rest until something that helps it happens, and its backoff is over', async () => {
    put('a');
    const entry = queue.next();
    expect(entry).not.to.equal(undefined);
    if (!entry) return;
    queue.rest(entry, new Set(['NodeAffinity']));
    queue.stir(({ rejectedBy }) => rejectedBy.has('InterPodAffinity'));
    await clock.advance('1m');
    expect(next()).to.equal(undefined);
    queue.stir(({ rejectedBy }) => rejectedBy.has('NodeAffinity'));
    expect(next()).to.equal('a');
  });

  it('backs off longer with each attempt, up to ten seconds', async () => {
    put('a');
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const entry = queue.next();
      if (!entry) throw new Error('the queue is empty');
      queue.rest(entry, new Set());
      const since = clock.now();
      const before = wakes;
      queue.stir(() => true);
      await clock.advanceUntil(() => wakes > before, { step: '500ms' });
      waits.push(clock.now() - since);
    }
    expect(waits).to.deep.equal([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('tries a pod again after five minutes even if nothing happens', async () => {
    put('a');
    const entry = queue.next();
    if (entry) queue.rest(entry, new Set());
    await clock.advance('301s');
    expect(next()).to.equal('a');
  });

  it('forgets a pod that is gone, and leaves no timer behind', async () => {
    put('a');
    const entry = queue.next();
    if (entry) queue.retry(entry);
    queue.remove('uid-a');
    await clock.advance('1m');
    expect(next()).to.equal(undefined);
    queue.stop();
    expect(clock.timers).to.equal(0);
  });
});
