import { expect } from 'chai';
import fc from 'fast-check';
import { duplicateFields, duplicateKeys } from './duplicate-fields.js';

const repeated = (json: string): string[] => duplicateFields(json).problems.map(({ text }) => /"(.*)"/.exec(text)![1]!);

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
    it(`of ${json} are ${paths.join(', ') || 'none'}`, () => expect(repeated(json)).to.deep.equal(paths));
  }

  it('are found behind megabytes of text', () => {
    expect(repeated(`{"a":"${'x'.repeat(3_000_000)}","b":"${'\\n'.repeat(1_000_000)}","a":1}`)).to.deep.equal(['a']);
  });

  it('are never found in what was written by a machine', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => repeated(JSON.stringify(value)).length === 0));
  });

  it('of YAML are told with their lines', () => {
    expect(duplicateKeys('a: 1\nb:\n  c: 1\n  c: 2\na: 2\n').problems.map(({ text }) => text)).to.deep.equal(['yaml: unmarshal errors:\n  line 5: key "a" already set in map\n  line 4: key "c" already set in map']);
    expect(duplicateKeys('a: 1\nb: {c: 1}\nd: {c: 1}\n').problems).to.deep.equal([]);
  });
});
