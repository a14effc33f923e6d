import { expect } from 'chai';
import fc from 'fast-check';
import { duplicateFields } from './duplicate-fields.js';

describe('Duplicate fields', () => {
  for (const [json, paths] of [
    ['{"a":1,"a":2}', ['a']],
    ['{"a":1,"b":{"a":1,"c":[{"d":1},{"d":1,"d":2}]},"b":1}', ['b.c[1].d', 'b']],
    ['{"a":"a","b":["a","a"],"c":"{\\"a\\":1,\\"a\\":2}"}', []],
    ['{"\\u0061":1,"a":2,"a":3}', ['a']],
    ['[{"a":1},{"a":1}]', []],
    ['{"a":{},"b":[],"c":{"a":[[{"x":1,"x":1}]]}}', ['c.a[0][0].x']],
    ['"text"', []],
  ] as const) {
    it(`of ${json} are ${paths.join(', ') || 'none'}`, () => expect(duplicateFields(json)).to.deep.equal(paths));
  }

  it('are found behind megabytes of text', () => {
    expect(duplicateFields(`{"a":"${'x'.repeat(3_000_000)}","b":"${'\\n'.repeat(1_000_000)}","a":1}`)).to.deep.equal(['a']);
  });

  it('are never found in what was written by a machine', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => duplicateFields(JSON.stringify(value)).length === 0));
  });
});
