import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { newKind } from '../../src/cli/new/new-kind.js';
import { newOperator } from '../../src/cli/new/new-operator.js';
import { newReconciler } from '../../src/cli/new/new-reconciler.js';
import { manifestsCommand } from '../../src/cli/manifests-command.js';
import { requireProject } from '../../src/cli/project/project.js';
import type { Project } from '../../src/cli/project/project.js';
import { kustomize } from '../support/manifests.js';
import { hasKubectl } from '../support/sandbox-process.js';
import { linkDependencies } from '../support/installed-package.js';

const FLAGS = { version: 'v1alpha1', namespaced: true, force: false };

describe('A new operator', function project() {
  this.timeout(60_000);
  const parent = mkdtempSync(join(tmpdir(), 'karpenter-ts-new-'));
  const folder = join(parent, 'website-operator');
  const said: string[] = [];
  const print = (line: string): void => void said.push(line);
  let ours: Project;
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

  const run = (...command: readonly string[]): Promise<{ code: number | null; output: string }> => new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: join(folder, 'dist'), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); });
    child.on('close', (code) => resolve({ code, output }));
  });
  /** One process for all test files: node --test would start one for each. */
  const test = (): ReturnType<typeof run> => {
    const files = readdirSync(join(folder, 'dist')).filter((name) => name.endsWith('.test.js'));
    writeFileSync(join(folder, 'dist/all.mjs'), files.map((name) => `import './${name}';\n`).join(''));
    return run('all.mjs');
  };

  before(async () => {
    await newOperator(parent, 'website-operator', FLAGS, print);
    ours = await requireProject(join(folder, 'src'));
    await newKind(ours, 'HTTPProbe', { ...FLAGS, namespaced: false, reconciler: true }, print);
    await newReconciler(ours, 'website-tagger', { for: 'Website', force: false }, print);
    await newReconciler(ours, 'job-marker', { for: 'Job', force: false }, print);
    linkDependencies(folder);
    const { code, stdout } = await new Promise<{ code: number | null; stdout: string }>((resolve) => {
      const child = spawn(process.execPath, [join(folder, 'node_modules/typescript/bin/tsc'), '-p', folder]);
      let stdout = '';
      child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
      child.on('close', (code) => resolve({ code, stdout }));
    });
    expect(code, stdout).to.equal(0);
  });
  after(() => rmSync(parent, { recursive: true }));

  it('compiles, and is named as asked for in every file', () => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !/node_modules|dist/.test(entry.parentPath));
    for (const { parentPath, name } of files) {
      expect(`${name}\n${readFileSync(join(parentPath, name), 'utf8')}`, name).to.not.match(/template-|template(kind|target|operator|reconciler)|template\.example|VERSION_OF/i);
    }
    expect(files.map(({ name }) => name)).to.include.members(['.gitignore', '.dockerignore', 'package.json', 'Dockerfile', 'http-probe-reconciler.test.ts', 'website-tagger.ts']);
    expect(said).to.include(`${join(folder, 'src/website.ts')} created`);
  });

  it('passes its tests, and fails them when a reconciler does not work', async () => {
    const { code, output } = await test();
    expect(code, output).to.equal(0);
    expect(output).to.match(/^# pass 12$/m);
    const path = join(folder, 'dist/website-reconciler.js');
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace('data: { message: website.spec.message }', 'data: {}'));
    const broken = await test();
    writeFileSync(path, before);
    expect(broken.code, broken.output).to.equal(1);
    expect(broken.output).to.match(/^# fail 3$/m);
  });

  it('has CRDs, a role with reasons, and a chart with both, out of its code', async () => {
    expect(await manifestsCommand(folder, { out: '', allow: [], check: true }, print)).to.equal(1);
    expect(await manifestsCommand(folder, { out: '', allow: [], check: false }, print)).to.equal(0);
    expect(await manifestsCommand(folder, { out: '', allow: [], check: true }, print)).to.equal(0);
    expect(read('config/crd/kustomization.yaml')).to.include('website.example.com_httpprobes.yaml').and.include('website.example.com_websites.yaml');
    expect(read('config/crd/website.example.com_httpprobes.yaml')).to.include('scope: Cluster');
    expect(read('config/rbac/role.yaml')).to.include('# job-marker: writes an annotation\n- apiGroups:\n    - batch\n');
    expect(read('charts/website-operator/crds/website.example.com_websites.yaml')).to.equal(read('config/crd/website.example.com_websites.yaml'));
    expect(read('config/rbac/role.yaml')).to.include(read('charts/website-operator/files/role.yaml'));
    if (hasKubectl) expect(kustomize(join(folder, 'config/default')).map(({ kind }) => kind)).to.include.members(['CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'ServiceAccount', 'Namespace', 'Deployment', 'Service', 'PodDisruptionBudget']);
  });

  it('stays as it is when the same is asked for again', async () => {
    said.length = 0;
    await newKind(ours, 'HTTPProbe', { ...FLAGS, namespaced: false, reconciler: true }, print);
    await newReconciler(ours, 'job-marker', { for: 'Job', force: false }, print);
    expect(said.filter((line) => line.startsWith(folder) && !line.endsWith(' unchanged'))).to.deep.equal([]);
  });
});
