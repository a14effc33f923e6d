import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { markdownFiles } from '../support/markdown-files.js';

/** As GitHub makes them of headings. */
const anchorOf = (heading: string): string => heading.trim().toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
const anchorsOf = (text: string): Set<string> => new Set([...text.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading)));

/** Links of a page that lead nowhere. */
function broken(page: string): string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```.*?^```/gms, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    if (!existsSync(file)) return true;
    return anchor !== undefined && file.endsWith('.md') && !anchorsOf(readFileSync(file, 'utf8')).has(anchor);
  });
}

describe('The links of the documentation', () => {
  it('lead somewhere', () => {
    const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdownFiles('docs').filter((page) => !page.includes('reference/api')), ...markdownFiles('examples'), ...markdownFiles('test')];
    expect(pages.flatMap((page) => broken(page).map((target) => `${page}: ${target}`))).to.deep.equal([]);
  });
});
