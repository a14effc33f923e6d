import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../support/sandbox-process.js';

const CLI = join(ROOT, 'dist/src/cli/main.js');

interface Finished { code: number | null; stdout: string; stderr: string }

/** Runs `karpenter-ts plan`; `limit` closes its standard output after so many characters. */
const plan = (args: readonly string[], limit = Infinity, nodeArgs: readonly string[] = []): Promise<Finished> => new Promise((resolve) => {
  const child = spawn(process.execPath, [...nodeArgs, CLI, 'plan', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => {
    output.stdout += data.toString();
    if (output.stdout.length > limit) child.stdout.destroy();
  });
  child.stderr.on('data', (data: Buffer) => { output.stderr += data.toString(); });
  child.on('close', (code) => resolve({ code, ...output }));
});

describe('karpenter-ts plan', function command() {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'plan-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const isIn = (key: string, value: string): object => ({ key, operator: 'In', values: [value] });
  /** A question about pods of so many millicores. */
  const question = (name: string, pods: readonly number[]): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify({
      instanceTypes: { '*': [{
        name: 'box', capacity: { cpu: '4', memory: '16Gi', pods: '110' }, requirements: [isIn('node.kubernetes.io/instance-type', 'box')],
        offerings: [{ price: 0.1, requirements: [isIn('karpenter.sh/capacity-type', 'spot'), isIn('topology.kubernetes.io/zone', 'a')] }],
      }] },
      objects: [
        { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'default' }, spec: { template: { spec: { requirements: [], nodeClassRef: { group: 'g', kind: 'K', name: 'n' } } } } },
        ...pods.map((cpu, index) => ({
          apiVersion: 'v1', kind: 'Pod', metadata: { name: `web-${index}`, namespace: 'default', uid: `00000000-0000-0000-0000-${String(index).padStart(12, '0')}`, labels: { app: `web-${index % 50}` } },
          spec: { containers: [{ name: 'main', image: 'registry.example.com/shop/web:1.0.0', resources: { requests: { cpu: `${cpu}m`, memory: '128Mi' } } }] },
          status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no nodes are available' }] },
        })),
      ],
    }));
    return path;
  };

  it('ends with 0 when everything fits, 3 when something does not, 2 for a wrong command line, 1 for an input that cannot be read', async () => {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '{"objects": [}');
    const [fits, half, usage, flag, unreadable] = await Promise.all([
      plan(['--offline', question('fits.json', [100, 200]), '-o', 'json']),
      plan(['--offline', question('half.json', [100, 9_000])]),
      plan([]),
      plan(['--offline', 'x', '--repeat', '0']),
      plan(['--offline', broken]),
    ]);
    expect(fits.code).to.equal(0);
    expect((JSON.parse(fits.stdout) as { newNodes: object[] }).newNodes).to.have.length(1);
    expect(half.code).to.equal(3);
    expect(half.stdout).to.include('1 pod with no place to run: default/web-1');
    expect([usage.code, usage.stderr]).to.deep.equal([2, "error: required option '--offline <path...>' not specified\n"]);
    expect([flag.code, flag.stderr]).to.satisfy(([code, text]: [number, string]) => code === 2 && text.includes('whole number above 0'));
    expect([unreadable.code, unreadable.stderr]).to.deep.equal([1, `karpenter-ts: ${broken}:1:14: not JSON: "}" closes nothing here\n`]);
  });

  it('reads standard input', async () => {
    const child = spawn(process.execPath, [CLI, 'plan', '--offline', '-'], { stdio: [openSync(question('stdin.json', [100]), 'r'), 'pipe', 'inherit'] });
    const piped = spawn('sh', ['-c', `cat ${question('piped.json', [100, 9_000])} | ${process.execPath} ${CLI} plan --offline -`], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [first, second] = await Promise.all([child, piped].map((each) => new Promise((resolve) => { each.on('close', resolve); each.stdout?.resume(); })));
    expect([first, second]).to.deep.equal([0, 3]);
  });

  it('ends quietly when nobody reads on', async () => {
    const { stderr, stdout } = await plan(['--offline', question('many.json', Array.from({ length: 3_000 }, () => 3_500))], 1_000);
    expect(stdout.length).to.be.greaterThan(1_000);
    expect(stderr).to.equal('');
  });

  it('loads neither the AWS SDK nor the API server nor a YAML parser to answer a question in JSON', async () => {
    const hook = join(folder, 'loads.mjs');
    writeFileSync(hook, "export async function resolve(specifier, context, next) { const found = await next(specifier, context); console.error('load', found.url); return found; }");
    const register = `data:text/javascript,${encodeURIComponent(`import { register } from 'node:module'; register(${JSON.stringify(`file://${hook}`)})`)}`;
    const { stderr } = await plan(['--offline', question('light.json', [100])], Infinity, ['--import', register]);
    expect(stderr).to.include('src/cli/plan/plan-command.js');
    expect(stderr).to.not.match(/@aws-sdk|@kubernetes|node_modules\/yaml|rxjs|inversify|src\/apiserver/);
  });
});
