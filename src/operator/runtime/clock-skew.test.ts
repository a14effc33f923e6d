import { expect } from 'chai';
import type { Logger } from '../logger.js';
import { ClockSkew } from './clock-skew.js';
import { Metrics } from './metrics.js';

const T = Date.parse('2026-01-01T00:00:00Z');

describe('the difference between clocks', () => {
  const told: string[] = [];
  const log = { info: (message: string) => void told.push(message), warn: (message: string, { by }: { by: string }) => void told.push(`${message}: ${by}`) } as unknown as Logger;
  const metrics = new Metrics();
  const skew = new ClockSkew(log, metrics);
  const seconds = async (): Promise<number> => Number(/^operator_clock_skew_seconds (.*)$/m.exec(await metrics.registry.metrics())?.[1]);

  it('is what answers prove, slow ones and dates without fractions of a second included', async () => {
    skew.observe(T, T + 900, T + 950);
    expect(await seconds(), 'the server rounds down').to.equal(0);
    skew.observe(T + 20_000, T, T + 30_000);
    expect(await seconds(), 'it may have answered at any time in between').to.equal(0);
    skew.observe(T, T + 61_000, T + 61_500);
    expect(await seconds()).to.equal(60);
    skew.observe(T, T - 3_600_500, T - 3_600_000);
    expect(await seconds()).to.equal(-3_600);
    skew.observe(NaN, T, T);
    expect(await seconds(), 'no date at all').to.equal(-3_600);
  });

  it('is told when it begins, turns, and ends, once each', () => {
    for (let times = 0; times < 3; times += 1) skew.observe(T, T, T);
    expect(told).to.deep.equal(['the clock differs from the API server\'s: 1m ahead', 'the clock differs from the API server\'s: 1h behind', 'the clock agrees with the API server\'s again']);
  });
});
