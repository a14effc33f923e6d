// Runs Kubernetes' own end-to-end specs against the sandbox, those of test/real/specs.txt without nodes and those of
// test/real/specs-on-nodes.txt with two; needs Go and kubectl.
//
//   SPECS=specs-on make test-e2e    one of the lists, by part of its name
//   FOCUS=REGEXP make test-e2e      others than those listed; PROCS (2) is how many run at once
//
// The first build takes about ten minutes. Closes with "N passed, N failed"; fails when a spec does.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const root = new URL('..', import.meta.url).pathname;
const missing = ['go', 'kubectl'].filter((tool) => spawnSync(tool, tool === 'go' ? ['version'] : ['version', '--client']).error);
if (missing.length > 0) {
  console.log(`SKIPPED: Kubernetes' own specs were NOT run: ${missing.join(' and ')} not found\n0 passed, 0 failed`);
  process.exit(0);
}

const module = join(root, 'test/real');
const [binary, ginkgo] = [join(root, 'dist/test/e2e.test'), join(root, 'dist/test/ginkgo')];
const since = statSync(join(module, 'go.sum')).mtimeMs;
const build = (path, ...args) => {
  if (!existsSync(path) || statSync(path).mtimeMs < since) execFileSync('go', [...args.slice(0, -1), '-o', path, args.at(-1)], { cwd: module, stdio: 'inherit' });
};
build(binary, 'test', '-c', 'k8s.io/kubernetes/test/e2e');
build(ginkgo, 'build', 'github.com/onsi/ginkgo/v2/ginkgo');

// Ginkgo matches names behind that of the suite.
const patterns = (file) => {
  const lines = readFileSync(join(module, file), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { focus: lines.filter((line) => !line.startsWith('!')).map((line) => line.replace(/^\^/, '')).join('|'), skip: lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1)).join('|') };
};

/** Starts a sandbox, runs the specs that a file lists on it, and returns ginkgo's reports of them. */
async function run({ specs, sandbox: flags, ready = [] }) {
  const work = mkdtempSync(join(tmpdir(), 'test-e2e-'));
  const kubeconfig = join(work, 'kubeconfig');
  const sandbox = spawn(process.execPath, [join(root, 'dist/src/cli/main.js'), 'sandbox', ...flags, '--write-kubeconfig', kubeconfig, '--metrics-port', '0'], { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    while (!existsSync(kubeconfig) && sandbox.exitCode === null) await setTimeout(100);
    for (const command of ready) execFileSync('kubectl', ['--kubeconfig', kubeconfig, ...command], { stdio: 'inherit' });
    const { focus, skip } = patterns(specs);
    const suite = spawn(ginkgo, [
      `--procs=${process.env.PROCS ?? 2}`, '--timeout=60m', '--silence-skips', `--focus=${process.env.FOCUS ?? focus}`, `--skip=${skip}`, `--output-dir=${work}`, '--json-report=report.json', binary, '--',
      `--kubeconfig=${kubeconfig}`, '--kubectl-path=kubectl', '--provider=skeleton', '--num-nodes=0', '--allowed-not-ready-nodes=-1', '--minStartupPods=0',
      '--node-schedulable-timeout=1s', '--system-pods-startup-timeout=1s', '--kube-api-content-type=application/json',
    ], { stdio: 'inherit' });
    await once(suite, 'exit');
    return JSON.parse(readFileSync(join(work, 'report.json'), 'utf8')).flatMap(({ SpecReports }) => SpecReports);
  } finally {
    sandbox.kill();
    rmSync(work, { recursive: true });
  }
}

const SUITES = [
  { specs: 'specs.txt', sandbox: ['--no-operator'] },
  { specs: 'specs-on-nodes.txt', sandbox: ['--boot-delay', '1s', '--apply', join(module, 'nodes.yaml')], ready: [['wait', '--for=create', 'deployment/anchor', '--timeout=60s'], ['rollout', 'status', 'deployment/anchor', '--timeout=60s']] },
];
const reports = [];
for (const suite of SUITES.filter(({ specs }) => specs.includes(process.env.SPECS ?? ''))) reports.push(...(await run(suite)));

const specs = reports.filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State !== 'skipped');
const failed = specs.filter(({ State }) => State !== 'passed');
for (const { ContainerHierarchyTexts, LeafNodeText } of failed) console.log(`failed: ${[...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ')}`);
console.log(`${specs.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 || specs.length === 0 ? 1 : 0;
