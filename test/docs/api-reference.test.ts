import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import * as operator from '../../src/operator/index.js';
import * as testing from '../../src/operator/testing/index.js';

const ENTRIES: readonly (readonly [string, object])[] = [['operator', operator], ['operator.testing', testing]];

describe('The API reference', () => {
  for (const [page, entry] of ENTRIES) {
    it(`has every export of ${page}`, () => {
      const text = readFileSync(`docs/reference/api/${page}.md`, 'utf8');
      const headings = new Set([...text.matchAll(/^### (?:`abstract` )?([\w\\]+)/gm)].map(([, name]) => name?.replaceAll('\\', '')));
      const missing = Object.keys(entry).filter((name) => !headings.has(name));
      expect(missing, '`make docs` writes them').to.deep.equal([]);
    });
  }
});
