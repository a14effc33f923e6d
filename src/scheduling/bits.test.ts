import { expect } from 'chai';
import fc from 'fast-check';
import { andBits, bitsOf, countBits, firstBit, fullBits, hasBit, isEmpty, membersOf, orBits, withoutBits } from './bits.js';

const members = fc.uniqueArray(fc.nat({ max: 130 })).map((list) => list.sort((a, b) => a - b));

describe('bits', () => {
  it('behave as sets of integers', () => {
    fc.assert(fc.property(members, members, fc.nat({ max: 200 }), (a, b, probe) => {
      const [left, right] = [bitsOf(a), bitsOf(b)];
      expect(membersOf(left)).to.deep.equal(a);
      expect(membersOf(andBits(left, right))).to.deep.equal(a.filter((each) => b.includes(each)));
      expect(membersOf(orBits(left, right))).to.deep.equal([...new Set([...a, ...b])].sort((x, y) => x - y));
      expect(membersOf(withoutBits(left, right))).to.deep.equal(a.filter((each) => !b.includes(each)));
      expect(hasBit(left, probe)).to.equal(a.includes(probe));
      expect(countBits(left)).to.equal(a.length);
      expect(firstBit(left)).to.equal(a[0]);
      expect(isEmpty(left)).to.equal(a.length === 0);
    }));
  });

  it('are full up to a size, and not beyond', () => {
    for (const size of [0, 1, 31, 32, 33, 64, 700]) expect(countBits(fullBits(size))).to.equal(size);
  });
});
