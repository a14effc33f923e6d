import { expect } from 'chai';
import { suggestion } from './suggestion.js';

describe('Suggestions', () => {
  for (const [written, candidates, meant] of [
    ['kmsKeyId', ['kmsKeyID', 'encrypted'], 'kmsKeyID'],
    ['limitz', ['limits', 'weight'], 'limits'],
    ['imagee', ['image', 'imagePullPolicy'], 'image'],
    ['metadta', ['metadata', 'spec'], 'metadata'],
    ['consolidate-after', ['consolidateAfter', 'budgets'], 'consolidateAfter'],
    ['reuqirements', ['requirements', 'resources'], 'requirements'],
    ['foo', ['spec', 'status'], undefined],
    ['x', [], undefined],
  ] as const) {
    it(`takes ${written} for ${meant ?? 'nothing that is there'}`, () => expect(suggestion(written, candidates)).to.equal(meant));
  }
});
