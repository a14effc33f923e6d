// All packages under examples/, compiled at once with the tsconfig that they have, and their tests run in one process.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { newOperator } from '../../src/cli/new/new-operator.js';
import { linkDependencies, manifestOf } from '../support/installed-package.js';
import { ROOT } from '../support/sandbox-process.js';

const examples = readdirSync(join(ROOT, 'examples')).sort();

describe('The examples', function all() {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-examples-'));
  const built = join(folder, 'dist');
  const text = (...path: readonly string[]): string => readFileSync(join(ROOT, 'examples', ...path), 'utf8');
  const sourcesOf = (example: string): string[] => readdirSync(join(ROOT, 'examples', example, 'src')).filter((name) => name.endsWith('.ts'));
  const run = (...args: readonly string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

  before(() => {
    for (const example of examples) cpSync(join(ROOT, 'examples', example, 'src'), join(folder, 'src', example), { recursive: true });
    const needed = Object.assign({}, ...examples.map((example) => ({ ...manifestOf(join(ROOT, 'examples', example)).dependencies, ...manifestOf(join(ROOT, 'examples', example)).devDependencies }))) as Record<string, string>;
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies: needed }));
    writeFileSync(join(folder, 'tsconfig.json'), text('web-app', 'tsconfig.json'));
    linkDependencies(folder);
    const { status, stdout } = run(join(folder, 'node_modules/typescript/bin/tsc'), '-p', '.');
    expect(status, stdout).to.equal(0);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('pass their tests', () => {
    const tests = examples.flatMap((example) => sourcesOf(example).filter((name) => name.endsWith('.test.ts')).map((name) => `./${example}/${name.replace(/\.ts$/, '.js')}`));
    mkdirSync(built, { recursive: true });
    writeFileSync(join(built, 'all.mjs'), tests.map((path) => `import '${path}';\n`).join(''));
    const { status, stdout, stderr } = run('--enable-source-maps', join(built, 'all.mjs'));
    expect(status, `${stdout}${stderr}`).to.equal(0);
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1]), stdout).to.be.at.least(30);
  });

  it('are what the tutorial shows', () => {
    const tutorial = readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8');
    const shown = [...tutorial.matchAll(/^(<!-- file: (\S+) -->\n)?```(?:ts|yaml)\n([\s\S]*?)^```$/gm)];
    expect(shown.length).to.be.at.least(10);
    for (const [, marked, path = '', code = ''] of shown) {
      expect(marked, `code without a file:\n${code}`).to.be.a('string');
      expect(readFileSync(join(ROOT, path), 'utf8'), path).to.include(code);
    }
    for (const [, path = ''] of tutorial.matchAll(/\]\(([^)#]+)\)/g)) expect(existsSync(join(ROOT, 'docs', path)), path).to.equal(true);
  });

  it('begin as the tutorial says: with the files of a new operator', async () => {
    const [, name = '', group = ''] = /new operator (\S+) --group (\S+)/.exec(readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8')) ?? [];
    await newOperator(folder, name, { group, version: 'v1alpha1', namespaced: true, force: false }, () => undefined);
    const made = readdirSync(join(folder, name, 'src'));
    expect(made).to.include.members(['main.ts', 'module.ts', 'web-app.ts', 'web-app-reconciler.ts', 'web-app-reconciler.test.ts']);
    expect(existsSync(join(folder, name, 'config/samples/web-app.yaml'))).to.equal(true);
    expect(sourcesOf('web-app').filter((file) => !made.includes(file))).to.deep.equal(['names.ts']);
    for (const file of ['src/main.ts', 'tsconfig.json']) expect(text('web-app', file), file).to.equal(readFileSync(join(folder, name, file), 'utf8'));
    const kindOf = (source: string): string[] => /group: '([^']+)'[\s\S]*?version: '([^']+)'[\s\S]*?kind: '([^']+)'[\s\S]*?scope: '([^']+)'/.exec(source)?.slice(1) ?? [];
    expect(kindOf(text('web-app', 'src/web-app.ts'))).to.deep.equal(kindOf(readFileSync(join(folder, name, 'src/web-app.ts'), 'utf8')));
  });

  for (const example of examples) {
    it(`${example} is a package that can be copied: it depends on what it imports, and its README and samples are of it`, () => {
      const sources = sourcesOf(example).map((name) => text(example, 'src', name));
      const { dependencies, devDependencies } = manifestOf(join(ROOT, 'examples', example));
      const imported = new Set(sources.flatMap((source) => [...source.matchAll(/ from '((?:@[^/']+\/)?[^./'][^/']*)/g)].map(([, name = '']) => name)).filter((name) => !name.startsWith('node:')));
      expect([...imported].sort()).to.deep.equal(Object.keys(dependencies).sort());
      expect(Object.keys(devDependencies).sort()).to.deep.equal(['@types/node', 'typescript']);
      expect(sourcesOf(example).some((name) => name.endsWith('.test.ts')), 'has tests').to.equal(true);
      const linked = [...text(example, 'README.md').matchAll(/\]\(((?!http)[^)]+)\)/g)].map(([, path = '']) => path);
      for (const path of linked) expect(existsSync(join(ROOT, 'examples', example, path)), `README.md links ${path}`).to.equal(true);
      const samples = join(ROOT, 'examples', example, 'config/samples');
      const kinds = sources.join('\n').match(/(?<=@ResourceKind[\s\S]{0,200}kind: ')\w+/g) ?? [];
      const sampled = existsSync(samples) ? readdirSync(samples).flatMap((name) => text(example, 'config/samples', name).match(/(?<=^kind: )\w+/gm) ?? []) : [];
      expect([...new Set(sampled)].sort()).to.deep.equal([...kinds].sort());
    });
  }
});
