import { expect } from 'chai';
import fc from 'fast-check';
import { parseDoubled } from './doubled-fields.js';

describe('A JSON text with fields that stand twice', () => {
  for (const [json, value] of [
    ['{"a":{"b":1},"a":{"c":2}}', { a: { b: 1, c: 2 } }],
    ['{"a":[{"b":1,"c":2},3],"a":[{"b":4}]}', { a: [{ b: 4, c: 2 }] }],
    ['{"a":[1],"a":[2,3]}', { a: [2, 3] }],
    ['{"a":{"b":1},"a":null,"a":{"c":2}}', { a: { c: 2 } }],
    ['{"a":{"b":{"c":1}},"a":{"b":{"d":2}},"a":{"e":"}"}}', { a: { b: { c: 1, d: 2 }, e: '}' } }],
  ] as const) {
    it(`${json} is read as Go does`, () => expect(parseDoubled(json)).to.deep.equal(value));
  }

  it('is read as any other where nothing does', () => {
    fc.assert(fc.property(fc.json(), fc.nat(3), (json, space) => {
      const text = JSON.stringify(JSON.parse(json), undefined, space);
      expect(parseDoubled(text)).to.deep.equal(JSON.parse(text));
    }));
  });
});
