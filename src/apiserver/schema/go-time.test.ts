import { expect } from 'chai';
import { parseGoTime } from './go-time.js';

describe('Times of the API', () => {
  const shown = (text: string, micro = false): string => {
    const time = parseGoTime(text, micro);
    return typeof time === 'string' ? time : `${new Date(time.seconds).toISOString().slice(0, 19)}.${time.microseconds}`;
  };

  for (const [text, micro, expected] of [
    ['2024-01-02T03:04:05Z', false, '2024-01-02T03:04:05.000000'],
    ['2024-01-02T03:04:05.5+02:00', false, '2024-01-02T01:04:05.500000'],
    ['2024-01-02T3:04:05Z', false, '2024-01-02T03:04:05.000000'],
    ['2024-02-29T00:00:00.123456-00:30', true, '2024-02-29T00:30:00.123456'],
  ] as const) {
    it(`read ${text}`, () => expect(shown(text, micro)).to.equal(expected));
  }

  for (const [text, micro, problem] of [
    ['2023-02-29T00:00:00Z', false, 'parsing time "2023-02-29T00:00:00Z": day out of range'],
    ['2024-01-02T03:04:60Z', false, 'parsing time "2024-01-02T03:04:60Z": second out of range'],
    ['2024-01-02T03:04:05Zulu', false, 'parsing time "2024-01-02T03:04:05Zulu": extra text: "ulu"'],
    ['2024-01-02T03:04:05.12Z', true, 'parsing time "2024-01-02T03:04:05.12Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".12Z" as ".000000"'],
    ['2024-01-02T03:04:05+0200', false, 'parsing time "2024-01-02T03:04:05+0200" as "2006-01-02T15:04:05Z07:00": cannot parse "+0200" as "Z07:00"'],
  ] as const) {
    it(`refuse ${text}`, () => expect(shown(text, micro)).to.equal(problem));
  }
});
