// Runs Kubernetes' own end-to-end specs against the sandbox, as the specs of test/real/specs.txt; needs Go and kubectl.
// The first build takes about ten minutes. Closes with "N passed, N failed"; fails when a spec does.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const root = new URL('..', import.meta.url).pathname;
const missing = ['go', 'kubectl'].filter((tool) => spawnSync(tool, tool === 'go' ? ['version'] : ['version', '--client']).error);
if (missing.length > 0) {
  console.log(`SKIPPED: Kubernetes' own specs were NOT run: ${missing.join(' and ')} not found\n0 passed, 0 failed`);
  process.exit(0);
}

const work = mkdtempSync(join(tmpdir(), 'test-e2e-'));
const binary = join(root, 'dist/test/e2e.test');
const report = join(work, 'report.json');
const kubeconfig = join(work, 'kubeconfig');
execFileSync('go', ['test', '-c', '-o', binary, '.'], { cwd: join(root, 'test/real'), stdio: 'inherit' });

const sandbox = spawn(process.execPath, [join(root, 'dist/src/cli/main.js'), 'sandbox', '--no-operator', '--write-kubeconfig', kubeconfig, '--metrics-port', '0'], { stdio: ['ignore', 'ignore', 'inherit'] });
try {
  while (!existsSync(kubeconfig) && sandbox.exitCode === null) await setTimeout(100);
  const focus = readFileSync(join(root, 'test/real/specs.txt'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.replace(/^\^/, ''));
  const suite = spawn(binary, [
    '-test.timeout=60m', `--kubeconfig=${kubeconfig}`, '--provider=skeleton', '--allowed-not-ready-nodes=-1', '--minStartupPods=0', '--kubectl-path=kubectl',
    `--ginkgo.focus=${focus.join('|')}`, '--ginkgo.skip=Slow|Flaky', `--ginkgo.json-report=${report}`,
  ], { stdio: 'inherit' });
  await once(suite, 'exit');
} finally {
  sandbox.kill();
}

const specs = JSON.parse(readFileSync(report, 'utf8')).flatMap(({ SpecReports }) => SpecReports).filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State !== 'skipped');
rmSync(work, { recursive: true });
const failed = specs.filter(({ State }) => State !== 'passed');
for (const { ContainerHierarchyTexts, LeafNodeText } of failed) console.log(`failed: ${[...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ')}`);
console.log(`${specs.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 || specs.length === 0 ? 1 : 0;
