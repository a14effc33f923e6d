import { expect } from 'chai';
import { parse } from 'yaml';
import { YamlSplitter } from './yaml-splitter.js';
import type { YamlPart } from './yaml-splitter.js';

function parts(text: string, size = 7): YamlPart[] {
  const found: YamlPart[] = [];
  const splitter = new YamlSplitter(new Set(['objects']), (part) => found.push(part));
  for (let at = 0; at < text.length; at += size) splitter.push(text.slice(at, at + size));
  splitter.end();
  return found;
}

describe('YamlSplitter', () => {
  it('takes a stream apart into documents, with the lines on which they begin', () => {
    const text = '# first\na: 1\n---\n---\nb: |\n  text\n  --- not a separator\n... \n--- {c: 3}\n';
    expect(parts(text).map((part) => [part.line, parse(part.text) as unknown])).to.deep.equal([
      [1, { a: 1 }], [4, { b: 'text\n--- not a separator\n' }], [9, { c: 3 }],
    ]);
  });

  it('hands out lists of the given names by element, indented or not', () => {
    for (const indent of ['', '  ', '    ']) {
      const text = `name: x\nobjects:   # many\n\n${indent}# the first\n${indent}- kind: Pod\n${indent}  args:\n${indent}  - one\n${indent}  text: |\n\n${indent}      - not an element\n${indent}-\n${indent}  kind: Node\n\noptions:\n- objects\n`;
      const [first, second, rest] = parts(text);
      expect([first?.key, first?.index, first?.line, parse(first?.text ?? '')]).to.deep.equal(['objects', 0, 5, { kind: 'Pod', args: ['one'], text: '\n- not an element\n' }]);
      expect([second?.key, second?.index, second?.line, parse(second?.text ?? '')]).to.deep.equal(['objects', 1, 11, { kind: 'Node' }]);
      expect(parse(rest?.text ?? '')).to.deep.equal({ name: 'x', objects: null, options: ['objects'] });
      expect(rest?.text.split('\n').indexOf('options:')).to.equal(13);
    }
  });

  it('leaves lists alone that are written in another way, or deeper', () => {
    const [only, ...others] = parts('objects: [{a: 1}]\nspec:\n  objects:\n  - b: 2\n');
    expect(others).to.deep.equal([]);
    expect(parse(only?.text ?? '')).to.deep.equal({ objects: [{ a: 1 }], spec: { objects: [{ b: 2 }] } });
  });
});
