import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { markdownFiles } from '../support/markdown-files.js';

/** Inside the package, so that `karpenter-ts/…` means what it means to those who installed it. */
const WORK = 'dist/docs-code';

/**
 * The TypeScript of a page: its blocks are one module, but for those whose first line is a comment that names a file. Blocks under
 * `<!-- file: … -->` are parts of an example, which is compiled elsewhere.
 */
function modulesOf(page: string): Map<string, string> {
  const modules = new Map<string, string>();
  for (const [, code = ''] of readFileSync(page, 'utf8').matchAll(/(?<!-->\n)^```ts\n(.*?)^```/gms)) {
    const name = /^\/\/ (?:src\/)?([\w-]+\.ts)\b/.exec(code)?.[1] ?? 'page.ts';
    modules.set(name, `${modules.get(name) ?? ''}${code}\n`);
  }
  return modules;
}

describe('The code in the documentation', () => {
  it('compiles', () => {
    rmSync(WORK, { recursive: true, force: true });
    const files: string[] = [];
    for (const page of ['README.md', ...markdownFiles('docs').filter((path) => !/^docs.(decisions|reference)/.test(path))]) {
      for (const [name, code] of modulesOf(page)) {
        const file = join(WORK, page.replace(/\.md$/, ''), name);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `${code}export {};\n`);
        files.push(file);
      }
    }
    expect(files).not.to.deep.equal([]);
    const tsconfig = { extends: '../../tsconfig.json', compilerOptions: { noEmit: true, incremental: false, rootDir: '../..' }, include: ['.', '../../src/**/*.d.ts'], exclude: [] };
    writeFileSync(join(WORK, 'tsconfig.json'), JSON.stringify(tsconfig));
    const { stdout, status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', WORK], { encoding: 'utf8' });
    expect(stdout).to.equal('');
    expect(status).to.equal(0);
  });
});
