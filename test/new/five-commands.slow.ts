import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { ROOT, eventually, fetchAsAdministrator, hasKubectl } from '../support/sandbox-process.js';

interface Website { spec: { message: string }; status?: { conditions?: { type: string; status: string; reason: string }[] } }

/** What a newcomer types, in an empty folder; karpenter-ts comes out of its tarball, the rest from the npm registry, and nothing may be too new for this Node. */
describe('From nothing to an operator in the sandbox, in five commands', function fiveCommands() {
  this.timeout(120_000);
  const empty = mkdtempSync(join(tmpdir(), 'karpenter-ts-five-'));
  const folder = join(empty, 'website-operator');
  const environment: NodeJS.ProcessEnv = { ...process.env, KUBECONFIG: join(folder, '.sandbox/kubeconfig'), METRICS_PORT: '0', HEALTH_PORT: '0' };
  const running = new Set<ChildProcess>();
  let output = '';
  let tarball = '';

  const succeed = (cwd: string, command: string, ...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env: environment });
    expect(status, `${command} ${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
    return stdout;
  };
  const get = async <T>(path: string): Promise<T> => (await (await fetchAsAdministrator(environment['KUBECONFIG'] as string, path)).json()) as T;
  const website = (): Promise<Website> => get<Website>('/apis/website.example.com/v1alpha1/namespaces/default/websites/example');
  const condition = async (): Promise<string> => (await website()).status?.conditions?.map(({ type, status, reason }) => `${type}=${status}/${reason}`).sort().join() ?? 'none';
  const edit = (path: string, from: string, to: string): void => {
    const text = readFileSync(join(folder, path), 'utf8');
    expect(text).to.include(from);
    writeFileSync(join(folder, path), text.replace(from, to));
  };
  const says = (text: string | RegExp): Promise<void> => eventually(`dev says ${text}`, 40_000, async () => (typeof text === 'string' ? output.includes(text) : text.test(output)) || output);

  /** In a group of its own, as a terminal does it: a Ctrl-C comes to all processes of it. */
  const start = (command: string, ...args: readonly string[]): ChildProcess => {
    const child = spawn(command, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(child);
    child.once('exit', () => running.delete(child));
    output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); });
    return child;
  };
  const interrupt = (child: ChildProcess): Promise<unknown> => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    process.kill(-(child.pid as number), 'SIGINT');
    return ended;
  };

  const install = (cwd: string): string => succeed(cwd, 'npm', 'install', '--engine-strict', '--no-audit', '--no-fund', join(empty, tarball));

  before(() => {
    tarball = succeed(ROOT, 'npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', empty).trim();
    install(empty);
  });
  after(async () => {
    await Promise.all([...running].map(interrupt));
    rmSync(empty, { recursive: true, force: true });
  });

  it('1 and 2: npx karpenter-ts new operator website-operator, cd website-operator', () => {
    expect(succeed(empty, 'npx', 'karpenter-ts', 'new', 'operator', 'website-operator')).to.include('Next: cd website-operator, npm install, npm test, npm run dev');
  });

  it('3: npm install', () => void install(folder));

  it('4: npm test', () => {
    expect(succeed(folder, 'npm', 'test')).to.match(/pass 4$/m).and.match(/fail 0$/m);
  });

  it('5: npm run dev', async () => {
    start('npm', 'run', 'dev');
    await says('dev: the operator starts');
    await eventually('the sample is ready', 30_000, async () => {
      const now = await condition();
      return now === 'Published=True/Published,Ready=True/Ready' || `${now}\n${output}`;
    });
    expect(await get<{ data: object }>('/api/v1/namespaces/default/configmaps/website-example')).to.deep.include({ data: { message: 'hello' } });
  });

  it('starts the operator again when a file is saved, with new fields served', async () => {
    edit('src/website-reconciler.ts', 'return met();', "return met('Written', website.spec.author ?? '');");
    edit('src/website.ts', "  declare message: string;\n", "  declare message: string;\n  @Field(s.string().default('somebody')) declare author?: string;\n");
    await says(/error TS\d+[\s\S]*the operator of before goes on/);
    edit('src/website.ts', "s.string().default('somebody')", "s.string().default('somebody').optional()");
    await says('dev: the operator starts again');
    await eventually('the condition has the new reason', 30_000, async () => {
      const now = await condition();
      return now.includes('Published=True/Written') || `${now}\n${output}`;
    });
  });

  it('says what is wrong with a sample, and applies it when it is saved again', async () => {
    edit('config/samples/website.yaml', 'message:', 'mesage:');
    await says(/dev: of config\/samples, nothing was applied:\n.*website\.yaml: Website "example": .*\.spec\.mesage: field not declared in schema/);
    edit('config/samples/website.yaml', 'mesage: hello', 'message: hello again');
    await eventually('the sample says hello again', 30_000, async () => (await website()).spec.message === 'hello again' || output);
  });

  it('says how the operator ended when it ends by itself, and goes on with the next save', async () => {
    edit('src/main.ts', 'const stop', "if (process.env['NEVER'] === undefined) process.exit(7);\nconst stop");
    await says('dev: the operator ended with exit code 7; waiting for a file under src to be saved');
    const before = output.length;
    edit('src/main.ts', "if (process.env['NEVER'] === undefined) process.exit(7);\n", '');
    await eventually('the operator is there again', 40_000, async () => /"message":"started"/.test(output.slice(before)) || output);
  });

  it('runs with the permissions of the generated role: what @RBAC does not say is refused here already', async () => {
    succeed(folder, 'npx', 'karpenter-ts', 'new', 'reconciler', 'marker', '--for', 'Namespace');
    const mark = async (): Promise<string | undefined> => (await get<{ metadata: { annotations?: Record<string, string> } }>('/api/v1/namespaces/default')).metadata.annotations?.['website-operator/seen-by'];
    await eventually('the namespace is marked', 40_000, async () => (await mark()) === 'marker' || output);
    expect(output).to.not.include('forbidden');
    edit('src/marker.ts', "['website-operator/seen-by'] = 'marker'", "['website-operator/seen-by'] = 'somebody'");
    edit('src/marker.ts', /@RBAC.*\n/.exec(readFileSync(join(folder, 'src/marker.ts'), 'utf8'))?.[0] ?? '', '');
    edit('src/marker.ts', 'RBAC, ', '');
    await says(/namespaces \\?"default\\?" is forbidden: User \\?"system:serviceaccount:website-operator:website-operator\\?" cannot patch resource/);
    expect(await mark()).to.equal('marker');
  });

  it('ends at Ctrl-C with the sandbox and the operator', async () => {
    await interrupt([...running][0] as ChildProcess);
    expect(output.trimEnd().split('\n').at(-1)).to.match(/"message":"stopped"/);
    const refused = await get('/version').then(() => 'it answers', (error: Error) => error.message);
    expect(refused).to.equal('fetch failed');
  });

  it('or one by one: npm run sandbox and npm start', async () => {
    start('npx', 'karpenter-ts', 'dev', '--no-operator', '--port', String(await freePort()));
    await says('dev: the cluster is ready');
    const operator = start('npm', 'start');
    await eventually('the sample is ready', 30_000, async () => (await condition()).includes('Ready=True') || (await condition()));
    await interrupt(operator);
    expect(output).to.match(/"message":"stopped"/);
  });

  it('deploys: config/default is complete, and served', function deploys() {
    if (!hasKubectl) {
      console.warn('NOT RUN: kubectl is not on the path; the kustomize tree of a new operator is not applied');
      this.skip();
    }
    expect(existsSync(join(folder, 'config/rbac/role.yaml'))).to.equal(true);
    succeed(folder, 'kubectl', 'apply', '-k', 'config/default');
    expect(succeed(folder, 'kubectl', 'get', 'deployment', 'website-operator', '-n', 'website-operator', '-o', 'jsonpath={.spec.template.spec.serviceAccountName}')).to.equal('website-operator');
    expect(succeed(folder, 'kubectl', 'get', 'clusterrole', 'website-operator', '-o', 'jsonpath={.rules[*].resources}')).to.include('configmaps').and.include('websites/status');
  });

  it('says with npm run check what is not up to date', async () => {
    await Promise.all([...running].map(interrupt));
    succeed(folder, 'npm', 'run', 'check');
    edit('src/website.ts', 'maxLength(1024)', 'maxLength(512)');
    const { status, stdout } = spawnSync('npm', ['run', 'check'], { cwd: folder, encoding: 'utf8', env: environment });
    expect(status).to.equal(1);
    expect(stdout).to.match(/config\/crd\/website\.example\.com_websites\.yaml:\d+: different; run "npm run manifests"/);
  });
});
