import { expect } from 'chai';
import fc from 'fast-check';
import type { Ranked, Ready } from './ready.js';
import { FairReady, RankedReady } from './ready.js';

type Entry = Ranked & { name: number };

const entries = (priorities: fc.Arbitrary<number>) =>
  fc.array(fc.record({ priority: priorities, enqueuedAt: fc.nat(50), tenant: fc.constantFrom('a', 'b', 'c') }), { minLength: 1, maxLength: 30 })
    .map((list) => list.map((entry, index): Entry => ({ ...entry, name: index, sequence: index, heapIndex: -1 })));

/** What `ahead` says of each entry, and where it then comes out. */
function places(ready: Ready<Entry>, list: readonly Entry[]): { said: number[]; came: number[] } {
  for (const entry of list) ready.push(entry);
  const said = list.map((entry) => ready.ahead(entry));
  const order = list.map(() => ready.pop()?.name);
  return { said, came: list.map(({ name }) => order.indexOf(name)) };
}

describe('The place of a key that is ready', () => {
  it('is where it comes out, by priority and age', () => {
    fc.assert(fc.property(entries(fc.integer({ min: -2, max: 2 })), (list) => {
      const { said, came } = places(new RankedReady(), list);
      expect(said).to.deep.equal(came);
    }));
  });

  it('is where it comes out when tenants take turns', () => {
    fc.assert(fc.property(entries(fc.constant(0)), (list) => {
      const { said, came } = places(new FairReady(), list);
      expect(said).to.deep.equal(came);
    }));
  });
});
