import { expect } from 'chai';
import { age, humanDuration } from './age.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('Ages', () => {
  for (const [duration, text] of [
    [-5 * SECOND, '<invalid>'],
    [-SECOND, '0s'],
    [0, '0s'],
    [119 * SECOND, '119s'],
    [2 * MINUTE, '2m'],
    [5 * MINUTE + 30 * SECOND, '5m30s'],
    [10 * MINUTE + 30 * SECOND, '10m'],
    [179 * MINUTE, '179m'],
    [3 * HOUR + 20 * MINUTE, '3h20m'],
    [8 * HOUR, '8h'],
    [47 * HOUR, '47h'],
    [2 * DAY + 4 * HOUR, '2d4h'],
    [8 * DAY, '8d'],
    [729 * DAY, '729d'],
    [740 * DAY, '2y10d'],
    [3000 * DAY, '8y'],
  ] as const) {
    it(`shows ${duration} ms as ${text}`, () => expect(humanDuration(duration)).to.equal(text));
  }

  it('are unknown without a time', () => expect([age(undefined, 0), age('nonsense', 0)]).to.deep.equal(['<unknown>', '<unknown>']));
});
