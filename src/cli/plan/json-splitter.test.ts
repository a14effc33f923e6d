import { expect } from 'chai';
import fc from 'fast-check';
import { JsonSplitter, JsonStructureError } from './json-splitter.js';

/** Puts a text together again from its parts, handed over in chunks of a size. */
function reassembled(text: string, size: number): unknown {
  const result: Record<string, unknown> = {};
  const splitter = new JsonSplitter(new Set(['objects']), ({ key, index, bytes }) => {
    const value = JSON.parse(bytes.toString()) as unknown;
    if (index === undefined) result[key] = value;
    else (result[key] as unknown[] | undefined ?? (result[key] = []) as unknown[])[index] = value;
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
  splitter.end();
  return result;
}

describe('JsonSplitter', () => {
  it('takes any object apart without a loss, however its text is cut', () => {
    const value = fc.record({ name: fc.string(), objects: fc.array(fc.jsonValue(), { minLength: 1, maxLength: 5 }), other: fc.jsonValue() });
    fc.assert(fc.property(value, fc.integer({ min: 1, max: 40 }), fc.constantFrom(undefined, 2), (object, size, indent) => {
      expect(reassembled(JSON.stringify(object, undefined, indent), size)).to.deep.equal(JSON.parse(JSON.stringify(object)));
    }));
  });

  it('takes empty objects and lists, and a byte order mark', () => {
    expect(reassembled('\uFEFF { "objects" : [ ], "a": {} } \n', 100)).to.deep.equal({ a: {} });
    expect(reassembled('{}', 100)).to.deep.equal({});
  });

  it('says where parts begin', () => {
    const places: string[] = [];
    const splitter = new JsonSplitter(new Set(['objects']), ({ key, index, line, column }) => places.push(`${key}[${index}] ${line}:${column}`));
    splitter.push(Buffer.from('{\n  "objects": [\n    1,\n    '));
    splitter.push(Buffer.from('{"a": 2}],\n"b": 3}'));
    splitter.end();
    expect(places).to.deep.equal(['objects[0] 3:5', 'objects[1] 4:5', 'b[undefined] 5:6']);
  });

  const broken: [string, string, string][] = [
    ['a text that is no object', '[1]', '1:1 a JSON object'],
    ['an object without an end', '{"a": 1', '1:8 the file ends'],
    ['an array that closes nothing', '{"a": 1]', '1:8 "]" closes nothing'],
    ['an element list that is closed as an object', '{"objects": [1}', '1:15 "}" closes nothing'],
    ['a comma without a value', '{"a":, "b": 1}', '1:6 a value'],
    ['a comma at the end', '{"a": 1,}', '1:9 a key'],
    ['a comma at the end of a list', '{"objects": [1,]}', '1:16 a value'],
    ['a key without quotes', '{a: 1}', '1:3 a is no key'],
    ['a key without a value', '{"a"}', '1:2 ":" and a value'],
    ['more after the end', '{}\n 1', '2:2 there is more text'],
    ['two lists without a comma', '{"objects": [] "a": 1}', '1:16 "," or "}"'],
  ];
  for (const [what, text, problem] of broken) {
    it(`refuses ${what}`, () => {
      let caught: unknown;
      try {
        reassembled(text, 3);
      } catch (error) {
        caught = error;
      }
      expect(caught).to.be.instanceOf(JsonStructureError);
      const { line, column, message } = caught as JsonStructureError;
      expect(`${line}:${column} ${message}`).to.include(problem);
    });
  }
});
