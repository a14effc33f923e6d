import { expect } from 'chai';
import { seededRandom } from '../../../operator/random.js';
import { VirtualClock } from '../../../operator/testing/virtual-clock.js';
import { KeyedWorker } from './keyed-worker.js';

describe('A keyed worker', () => {
  let clock: VirtualClock;
  const reports: string[] = [];
  const worker = (process: (key: string) => Promise<number | undefined>): KeyedWorker =>
    new KeyedWorker({ clock, random: seededRandom(1), process, report: (message) => reports.push(message), name: 'test' });

  beforeEach(() => {
    clock = new VirtualClock();
    reports.length = 0;
  });

  it('answers many calls for a key in one go, and runs again for those that come meanwhile', async () => {
    let runs = 0;
    let finish: () => void = () => undefined;
    const subject = worker(async () => {
      runs += 1;
      await new Promise<void>((resolve) => (finish = resolve));
      return undefined;
    });
    for (let call = 0; call < 5; call += 1) subject.enqueue('a');
    await clock.flush();
    expect(runs).to.equal(1);
    subject.enqueue('a');
    await clock.flush();
    expect(runs).to.equal(1);
    finish();
    await clock.flush();
    expect(runs).to.equal(2);
  });

  it('tries a failed key again, later each time, and says so', async () => {
    const times: number[] = [];
    const started = clock.now();
    const subject = worker(async () => {
      times.push(clock.now() - started);
      if (times.length < 4) throw new Error('not yet');
      return undefined;
    });
    subject.enqueue('a');
    await clock.advance('10s');
    const gaps = times.slice(1).map((time, index) => time - (times[index] as number));
    expect(gaps).to.have.length(3);
    expect(gaps[0]).to.be.within(50, 65);
    expect(gaps[1]).to.be.within(100, 130);
    expect(gaps[2]).to.be.within(200, 260);
    expect(reports).to.have.length(3);
  });

  it('looks again when it was asked to, at the earliest of several times', async () => {
    let runs = 0;
    const subject = worker(() => Promise.resolve((runs += 1) === 1 ? 5_000 : undefined));
    subject.enqueue('a');
    await clock.flush();
    subject.enqueueAfter('a', 60_000);
    await clock.advance('6s');
    expect(runs).to.equal(2);
    expect(clock.timers).to.equal(0);
  });

  it('does nothing more when it is stopped', async () => {
    let runs = 0;
    const subject = worker(() => Promise.resolve((runs += 1)));
    subject.enqueueAfter('a', 1_000);
    subject.enqueue('b');
    subject.stop();
    await clock.advance('1m');
    expect(runs).to.equal(0);
  });
});
