import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

type Check = (root: string) => string[];
const load = async (file: string): Promise<Record<string, unknown>> => (await import(pathToFileURL(resolve('tools/lint', file)).href)) as Record<string, unknown>;

describe('make lint', () => {
  let checkBans: Check;
  let checkImports: Check;
  let hasTest: (source: string, name: string) => boolean;
  const root = `${mkdtempSync(join(tmpdir(), 'karpenter-ts-lint-'))}/`;
  before(async () => {
    checkBans = (await load('bans.mjs'))['checkBans'] as Check;
    checkImports = (await load('imports.mjs'))['checkImports'] as Check;
    hasTest = (await load('features.mjs'))['hasTest'] as typeof hasTest;
  });
  after(() => rmSync(root, { recursive: true }));

  /** What is wrong with a repository that has this one file. */
  function problems(check: Check, path: string, text: string): string[] {
    for (const room of ['src', 'reconcilers', 'templates', 'test']) {
      rmSync(join(root, room), { recursive: true, force: true });
      mkdirSync(join(root, room));
    }
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    return check(root);
  }

  const ambient: [string, string][] = [
    ['Date.now()', 'an injected Clock'], ['new Date()', 'an injected Clock'], ['performance.now()', 'an injected Clock'], ['setTimeout(f)', 'an injected Clock'],
    ['setImmediate(f)', 'an injected Clock'], ['Math.random()', 'an injected Random'], ['randomUUID()', 'an injected Random'], ['fetch(url)', 'an injected transport'],
  ];
  for (const [call, instead] of ambient) {
    it(`refuses ${call} outside of adapters, but not in comments`, () => {
      const [problem, ...others] = problems(checkBans, 'src/operator/engine/x.ts', `// ${call}\nexport const x = ${call};\n`);
      expect(problem).to.match(/^src\/operator\/engine\/x\.ts:2: .* is ambient/).and.include(instead);
      expect(others).to.deep.equal([]);
      expect(problems(checkBans, 'src/operator/clock.ts', `export const x = ${call};\n`)).to.deep.equal([]);
    });
  }

  const workarounds: [string, string][] = [
    ['isConflict(error)', 'ctx.patch, ctx.delete or ctx.apply'], ['isNotFound(error)', 'ctx.patch, ctx.delete or ctx.apply'], ['isAlreadyExists(error)', 'ctx.patch, ctx.delete or ctx.apply'],
    ['metadata.resourceVersion', 'which lock by it'], ['structuredClone(claim)', 'the draft'], ['isDeepStrictEqual(a, b)', 'the draft'],
  ];
  for (const [code, instead] of workarounds) {
    it(`refuses ${code} in reconcilers, which is the framework's to do`, () => {
      const [problem] = problems(checkBans, 'reconcilers/node/x.ts', `export const x = () => ${code};\n`);
      expect(problem).to.match(/^reconcilers\/node\/x\.ts:1: .* works around the framework/).and.include(instead);
      for (const path of ['reconcilers/node/x.test.ts', 'src/operator/runtime/x.ts']) expect(problems(checkBans, path, `export const x = () => ${code};\n`)).to.deep.equal([]);
    });
  }

  const traps: [string, string][] = [
    ['groupBy', 'a WorkQueue'], ['mergeMap', 'a WorkQueue'], ['exhaustMap', 'a WorkQueue'], ['switchMap', 'a WorkQueue'], ['debounceTime', 'batchWindow'], ['timeout', 'withDeadline'],
  ];
  for (const [operator, instead] of traps) {
    it(`refuses ${operator} of RxJS, which was measured to go wrong`, () => {
      const [problem, ...others] = problems(checkBans, 'src/operator/runtime/x.ts', `import {\n  ${operator}, map,\n} from 'rxjs';\nconst ${operator}s = 1;\n`);
      expect(problem).to.include(`src/operator/runtime/x.ts:2: ${operator} is a trap of RxJS; use ${instead}`);
      expect(others).to.deep.equal([]);
      expect(problems(checkBans, 'src/operator/runtime/x.ts', `import { ${operator} } from './ours.js';\nimport { map } from 'rxjs';\n`)).to.deep.equal([]);
    });
  }

  const layers: [string, string, string, RegExp | undefined][] = [
    ['the engine with RxJS', 'src/operator/engine/x.ts', "import { map } from 'rxjs';", /src\/operator\/engine must not import the package rxjs/],
    ['the engine with the container', 'src/operator/engine/x.ts', "import { inject } from 'inversify';", /must not import the package inversify/],
    ['the DSL with a client', 'src/operator/dsl/x.ts', "import { KubeConfig } from '@kubernetes/client-node';", /must not import the package @kubernetes\/client-node/],
    ['the framework with Karpenter', 'src/operator/runtime/x.ts', "import { NodePool } from '../../api/nodepool.js';", /src\/operator may not import src\/api\/nodepool\.ts/],
    ['the API server with the framework', 'src/apiserver/rest/x.ts', "import type { Clock } from '../../operator/clock.js';", /src\/apiserver may not import src\/operator\/clock\.ts \(types\); it may import nothing of ours/],
    ['reconcilers behind the public entries', 'reconcilers/node/x.ts', "import { Controller } from '../../src/operator/runtime/controller.js';", /reconcilers use the public entries/],
    ['reconcilers with the sandbox', 'reconcilers/node/x.ts', "import { Sandbox } from 'karpenter-ts/sandbox';", /reconcilers may not import src\/sandbox/],
    ['reconcilers by the public entries', 'reconcilers/node/x.ts', "import { Node } from 'karpenter-ts/operator';", undefined],
    ['a file of no room', 'src/elsewhere/x.ts', '', /belongs to no room/],
  ];
  for (const [what, path, text, problem] of layers) {
    it(`${problem ? 'refuses' : 'accepts'} ${what}`, () => {
      const found = problems(checkImports, path, `${text}\n`);
      if (problem) expect(found.join('\n')).to.match(problem);
      else expect(found).to.deep.equal([]);
    });
  }

  it('takes for the proof of a feature what is a test of that name, and nothing else', () => {
    const source = "describe('a group', () => { it(\"a test\", f); it.skip('a skipped one', f); it(`of ${what} and more`, f); it(what, f); });\nconst cases = [['a row', 1]];\n// it would be a comment\n";
    expect(['a group', 'a test', 'of this and more', 'a row', 'a skipped one', 'of this and less', 'a comment', 'another row'].map((name) => hasTest(source, name))).to.deep.equal([true, true, true, true, false, false, false, false]);
  });
});
