import { expect } from 'chai';
import { VirtualClock } from '../../../operator/testing/virtual-clock.js';
import { logLines, nextLineAfter } from './container-log.js';
import { Heartbeats } from './heartbeats.js';

describe('Heartbeats', () => {
  it('beat for everyone at their own period with one timer', async () => {
    const clock = new VirtualClock();
    const beats: Record<string, number> = { a: 0, b: 0 };
    const heartbeats = new Heartbeats(clock);
    heartbeats.set('a', 10_000, () => (beats['a'] = (beats['a'] ?? 0) + 1));
    await clock.advance('5s');
    heartbeats.set('b', 20_000, () => (beats['b'] = (beats['b'] ?? 0) + 1));
    expect(clock.timers).to.equal(1);
    await clock.advance('60s');
    expect(beats).to.deep.equal({ a: 6, b: 3 });
    heartbeats.delete('a');
    await clock.advance('60s');
    expect(beats).to.deep.equal({ a: 6, b: 6 });
    heartbeats.delete('b');
    expect(clock.timers).to.equal(0);
  });

  it('take in one that is due before all others', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    const heartbeats = new Heartbeats(clock);
    heartbeats.set('slow', 60_000, () => order.push('slow'));
    heartbeats.set('fast', 5_000, () => order.push('fast'));
    await clock.advance('6s');
    expect(order).to.deep.equal(['fast']);
    heartbeats.stop();
  });
});

describe("A container's log", () => {
  const run = { id: 'containerd://1', image: 'web:1', ports: [80], startedAt: 1_000_000 };

  it('is the same whenever and however it is read', () => {
    const until = run.startedAt + 600_000;
    const all = logLines(run, { since: 0, until, limit: 1_000 });
    expect(all.length).to.be.greaterThan(40);
    expect(all.map(({ time }) => time)).to.deep.equal(all.map(({ time }) => time).sort((a, b) => a - b));
    expect(logLines(run, { since: 0, until, limit: 5 })).to.deep.equal(all.slice(-5));
    expect(logLines(run, { since: run.startedAt + 300_000, until, limit: 1_000 })).to.deep.equal(all.filter(({ time }) => time >= run.startedAt + 300_000));
  });

  it('goes on with the line that was announced', () => {
    const moment = run.startedAt + 100_000;
    const next = nextLineAfter(run, moment);
    expect(logLines(run, { since: moment + 1, until: next, limit: 10 }).map(({ time }) => time)).to.deep.equal([next]);
  });

  it('ends with how the container ended', () => {
    const ended = { ...run, endedAt: run.startedAt + 5_000, exitCode: 3 };
    expect(logLines(ended, { since: 0, until: run.startedAt + 60_000, limit: 10 }).at(-1)).to.deep.equal({ time: ended.endedAt, text: 'stopped with exit code 3' });
  });
});
