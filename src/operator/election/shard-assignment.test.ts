import { expect } from 'chai';
import fc from 'fast-check';
import { assignShards } from './shard-assignment.js';
import type { Member } from './shard-assignment.js';

const countsOf = (owners: readonly string[], members: readonly Member[]): number[] => members.map(({ identity }) => owners.filter((owner) => owner === identity).length);
/** What members announce once the plan has been carried out. */
const carriedOut = (owners: readonly string[], members: readonly Member[]): Member[] =>
  members.map(({ identity }) => ({ identity, holds: owners.flatMap((owner, shard) => (owner === identity ? [shard] : [])) }));

const arbitrary = fc.record({
  shards: fc.integer({ min: 1, max: 16 }),
  members: fc.uniqueArray(fc.record({ identity: fc.stringMatching(/^[a-z]{1,4}$/), holds: fc.uniqueArray(fc.nat(20), { maxLength: 8 }) }), { selector: ({ identity }) => identity, minLength: 1, maxLength: 6 }),
});

describe('the plan of who holds which shard', () => {
  it('gives every shard an owner and every member its share, whatever they hold', () => {
    fc.assert(fc.property(arbitrary, ({ shards, members }) => {
      const owners = assignShards(shards, members);
      expect(owners).to.have.length(shards);
      const counts = countsOf(owners, members);
      expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(shards);
      expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1);
    }));
  });

  it('is the same for everybody, in whichever order they heard of the members', () => {
    fc.assert(fc.property(arbitrary, ({ shards, members }) => {
      expect(assignShards(shards, [...members].reverse())).to.deep.equal(assignShards(shards, members));
    }));
  });

  it('changes nothing once it has been carried out', () => {
    fc.assert(fc.property(arbitrary, ({ shards, members }) => {
      const owners = assignShards(shards, members);
      expect(assignShards(shards, carriedOut(owners, members))).to.deep.equal(owners);
    }));
  });

  it('moves no more than its share to a member that joins, and never shard 0', () => {
    fc.assert(fc.property(arbitrary, ({ shards, members }) => {
      const before = assignShards(shards, members);
      const after = assignShards(shards, [...carriedOut(before, members), { identity: 'NEW', holds: [] }]);
      const moved = after.filter((owner, shard) => owner !== before[shard]);
      expect(moved.every((owner) => owner === 'NEW')).to.equal(true);
      expect(moved.length).to.be.at.most(Math.ceil(shards / (members.length + 1)));
      expect(after[0]).to.equal(before[0]);
    }));
  });

  it('is empty without members', () => {
    expect(assignShards(4, [])).to.deep.equal([]);
  });
});
