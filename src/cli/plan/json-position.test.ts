import { expect } from 'chai';
import fc from 'fast-check';
import { JsonSyntaxError, jsonPosition } from './json-position.js';

describe('jsonPosition', () => {
  it('finds the value at a path, or the deepest one on the way', () => {
    const text = '{"a": [1, {"b c": "x"}], "d": {}}';
    const at = (...path: (string | number)[]): string => text.slice(jsonPosition(text, path)).slice(0, 3);
    expect(at('a', 1, 'b c')).to.equal('"x"');
    expect(at('a', 0)).to.equal('1, ');
    expect(at('d', 'nothing')).to.equal('{}}');
    expect(at()).to.equal('{"a');
  });

  it('accepts what JSON.parse accepts, and nothing else', () => {
    const mutated = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', ']', '"', ':', '1', '-', '\\', 'null', '\n'))
      .map(([text, at, piece]) => text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + 1));
    fc.assert(fc.property(mutated, (text) => {
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      if (parses) jsonPosition(text, []);
      else expect(() => jsonPosition(text, [])).to.throw(JsonSyntaxError);
    }), { numRuns: 500 });
  });
});
