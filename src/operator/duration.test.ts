import { expect } from 'chai';
import { formatDuration, milliseconds, parseDuration } from './duration.js';

describe('durations', () => {
  it('read Go notation and write it back', () => {
    expect(milliseconds('1h30m')).to.equal(5_400_000);
    expect(milliseconds('1.5s')).to.equal(1_500);
    expect(formatDuration(3_600_000)).to.equal('1h0m0s');
    expect(parseDuration('1d')).to.equal(undefined);
    expect(() => milliseconds('soon')).to.throw('"soon" is not a duration');
    // What is computed from a time that is not there: a timer for it would fire at once, or never.
    expect(() => milliseconds(NaN)).to.throw(RangeError, '"NaN" is not a duration');
  });
});
