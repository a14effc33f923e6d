import { spawn } from 'node:child_process';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Node } from '../../src/operator/index.js';
import { installTarball, linkDependencies, manifestOf } from '../support/installed-package.js';
import { ROOT, SandboxProcess, eventually } from '../support/sandbox-process.js';

describe('examples/node-labeler, with karpenter-ts from its tarball', function example() {
  this.timeout(120_000);
  const sandbox = new SandboxProcess();
  const home = join(sandbox.folder, 'node-labeler');
  const installed = join(home, 'node_modules/karpenter-ts');

  before(() => {
    cpSync(join(ROOT, 'examples/node-labeler'), home, { recursive: true, filter: (path) => !/\/(node_modules|dist)$/.test(path) });
    installTarball(home);
    linkDependencies(home, { installed: true });
    expect(Object.keys(manifestOf(home).dependencies)).to.deep.equal(['karpenter-ts']);
    const modules = Object.keys(manifestOf(installed).exports).filter((name) => name !== './package.json');
    writeFileSync(join(home, 'src/every-export.ts'), modules.map((name, index) => `export * as module${index} from 'karpenter-ts${name.slice(1)}';\n`).join(''));
  });

  after(() => sandbox.stop());

  it('has everything that package.json exports, the CRDs, and nothing that only its authors need', () => {
    const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name).replace(installed, '.'));
    for (const entry of Object.values(manifestOf(installed).exports)) {
      for (const path of typeof entry === 'string' ? [entry] : Object.values(entry)) expect(files, path).to.include(path);
    }
    for (const plural of ['karpenter.sh_nodepools', 'karpenter.sh_nodeclaims', 'karpenter.k8s.aws_ec2nodeclasses']) expect(files).to.include(`./crds/${plural}.yaml`);
    const forUsers = /^\.\/(?:package\.json|README\.md|LICENSE|(?:crds|config|templates)\/.+|dist\/(?:src|reconcilers)\/.+\.(?:js|d\.ts|js\.map|json|br))$/;
    expect(files.filter((path) => !forUsers.test(path) || (path.includes('.test') && !path.startsWith('./templates/')))).to.deep.equal([]);
  });

  const tsc = (...options: string[]) => sandbox.run(process.execPath, [join(home, 'node_modules/typescript/bin/tsc'), '-p', home, ...options]);

  it('compiles with a tsconfig of its own, and with it every export', async () => {
    const { code, stdout } = await tsc();
    expect(code, stdout).to.equal(0);
  });

  it('compiles as bundlers resolve modules, too, with declarations that hold', async () => {
    const { stdout } = await tsc('--noEmit', '--module', 'esnext', '--moduleResolution', 'bundler', '--skipLibCheck', 'false');
    // Declarations of other packages may have their own mistakes.
    expect(stdout.split('\n').filter((line) => /^src\/|\/node-labeler\//.test(line))).to.deep.equal([]);
  });

  it('labels the nodes of a sandbox, and ends well', async () => {
    await sandbox.start('--speed', '30', '--apply', 'config/samples/guide');
    const labeler = spawn(process.execPath, [join(home, 'dist/index.js')], { cwd: home, env: sandbox.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [labeler.stdout, labeler.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); });
    const ended = new Promise<number | null>((resolve) => labeler.once('exit', resolve));
    await eventually('every node of a NodePool has its family', 60_000, async () => {
      const { items } = await sandbox.get<{ items: Node[] }>('/api/v1/nodes?labelSelector=karpenter.sh%2Fnodepool');
      const families = items.map(({ metadata }) => metadata.labels['acme.io/family'] ?? 'none').sort();
      return /^[cm]5 r5 t3$/.test(families.join(' ')) || `families: ${families.join(' ')}\n${output}`;
    });
    labeler.kill('SIGTERM');
    expect(await ended, output).to.equal(0);
  });
});
