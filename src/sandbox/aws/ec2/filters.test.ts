import { expect } from 'chai';
import fc from 'fast-check';
import { Parameters } from '../protocol/parameters.js';
import { applyFilters, attributes } from './filters.js';

const matches = (pattern: string, text: string): boolean => {
  const input = Parameters.parse(new URLSearchParams([['Filter.1.Name', 'name'], ['Filter.1.Value.1', pattern]]).toString());
  return applyFilters(input, [text], (value) => attributes({ name: () => value })).length === 1;
};

describe('a filter', () => {
  it('takes wildcards, and a backslash to mean them literally', () => {
    expect(matches('m5.*', 'm5.large')).to.equal(true);
    expect(matches('m5.*', 'm5alarge')).to.equal(false);
    expect(matches('us-west-2?', 'us-west-2a')).to.equal(true);
    expect(matches('us-west-2?', 'us-west-2')).to.equal(false);
    expect(matches('*large', 'm5.large\n')).to.equal(false);
    expect(matches('a\\*b', 'a*b')).to.equal(true);
    expect(matches('a\\*b', 'axb')).to.equal(false);
  });

  it('without wildcards matches the same text and nothing else', () => {
    const plain = fc.string({ minLength: 1 }).filter((text) => !/[*?\\]/.test(text));
    fc.assert(fc.property(plain, plain, (one, other) => {
      expect(matches(one, one)).to.equal(true);
      expect(matches(one, other)).to.equal(one === other);
      expect(matches(`*${one}*`, `${other}${one}${other}`)).to.equal(true);
    }));
  });
});
