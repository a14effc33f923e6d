import { expect } from 'chai';
import fc from 'fast-check';
import { parseToml, renderToml, TomlError } from './toml.js';

describe('TOML', () => {
  it('reads tables, dotted and quoted keys, lists over lines, all strings, numbers and comments', () => {
    expect(parseToml(`
      # a comment
      a.b = 1 # another
      "quoted key" = 'lite\\ral'
      basic = "tab\\t \\u00e9 \\"q\\""
      long = """
first \\
   second
third"""
      raw = '''
as \\ is'''
      flags = [ true, false,
        # inside
        ["x", 'y'], ]
      inline = { k = "v", "d.e" = [1, -2, +3, 1_000] }
      [t."u.v"]
      w = 0
      [[list]]
      n = 1
      [[list]]
      n = 2
      [list.inner]
      deep = true
    `)).to.deep.equal({
      a: { b: 1 }, 'quoted key': 'lite\\ral', basic: 'tab\t é "q"', long: 'first second\nthird', raw: 'as \\ is', flags: [true, false, ['x', 'y']],
      inline: { k: 'v', 'd.e': [1, -2, 3, 1000] }, t: { 'u.v': { w: 0 } }, list: [{ n: 1 }, { n: 2, inner: { deep: true } }],
    });
  });

  it('keeps dates, floats and odd integers as they were written', () => {
    const text = 'date = 1979-05-27T07:32:00Z\nfloat = 1.50\nhex = 0xDEADBEEF\nhuge = 9007199254740993\n';
    expect(renderToml(parseToml(text))).to.equal(text);
  });

  for (const [text, line] of [['a = ', 1], ['a', 1], ['\na = yes', 2], ['a = 1\na = 2', 2], ['[a]\n[a]', 2], ['a = [1', 1], ['a = "x', 1], ['a = 1 b = 2', 1], ['a = 1\n[a.b]', 2], ['[[a]]\n[a', 2]] as const) {
    it(`refuses ${JSON.stringify(text)} at line ${line}`, () => {
      expect(() => parseToml(text)).to.throw(TomlError).with.property('line', line);
    });
  }

  it('does not reach prototypes', () => {
    const table = parseToml('[__proto__]\npolluted = true\n[constructor]\nx = 1');
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
    expect(Object.keys(table)).to.have.members(['__proto__', 'constructor']);
  });

  it('reads back whatever it writes', () => {
    const key = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== '__proto__');
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.oneof(fc.string(), fc.integer()), { minLength: 1 }));
    const { tree } = fc.letrec<{ tree: Record<string, unknown>; node: unknown }>((tie) => ({
      tree: fc.dictionary(key, tie('node'), { minKeys: 1, maxKeys: 4 }),
      node: fc.oneof({ depthSize: 'small' }, leaf, tie('tree'), fc.array(fc.dictionary(key, leaf, { minKeys: 1, maxKeys: 3 }), { minLength: 1, maxLength: 3 })),
    }));
    fc.assert(fc.property(tree, (value) => { expect(parseToml(renderToml(value))).to.deep.equal({ ...value }); }), { numRuns: 300 });
  });
});
