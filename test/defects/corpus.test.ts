import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';

interface Defect { readonly name: string; readonly file: string; readonly edits: readonly (readonly [string, string])[]; readonly caughtBy: string; readonly title: string }

const defects = JSON.parse(readFileSync('test/defects/defects.json', 'utf8')) as Defect[];

describe('the corpus of defects', () => {
  it('can be seeded into what was built', () => {
    for (const { name, file, edits } of defects) {
      const text = readFileSync(file.endsWith('.js') ? `dist/${file}` : file, 'utf8');
      for (const [from] of edits) expect(text.includes(from), `${name}: ${file} has ${JSON.stringify(from)}`).to.equal(true);
    }
  });

  it('names tests that there are', () => {
    for (const { name, caughtBy, title } of defects) {
      const source = caughtBy.replace(/\.js$/, '.ts');
      expect(existsSync(source), `${name}: ${source}`).to.equal(true);
      expect(readFileSync(source, 'utf8').replaceAll("\\'", "'"), `${name}: ${source}`).to.include(title);
    }
  });

  it('is listed in the documentation, each defect with what catches it', () => {
    const page = readFileSync('docs/testing.md', 'utf8');
    expect(defects.map(({ name }) => name).filter((name) => !page.includes(`| ${name} |`))).to.deep.equal([]);
  });
});
