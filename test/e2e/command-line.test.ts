import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { ROOT, SandboxProcess } from '../support/sandbox-process.js';

const CLI = join(ROOT, 'dist/src/cli/main.js');

describe('the command line', function cli() {
  this.timeout(60_000);
  const scratch = new SandboxProcess();
  const run = (...args: string[]) => scratch.run(process.execPath, [CLI, ...args]);
  const file = (name: string, text: string): string => {
    const path = join(scratch.folder, name);
    writeFileSync(path, text);
    return path;
  };

  after(() => scratch.stop());

  it('ends with 0 and one JSON object when a sandbox without work has settled', async () => {
    const { code, stdout } = await run('sandbox', '--until', 'settled', '--metrics-port', '0', '-o', 'json');
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include.keys('apiServerReadyMs', 'settledMs', 'rssMiB', 'pods', 'nodes', 'pricePerHour', 'unschedulable');
  });

  it('ends with 3 and the reason when a pod can have no node', async () => {
    const pod = file('giant.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: giant}\nspec:\n  containers:\n  - {name: a, image: a, resources: {requests: {cpu: 10k}}}\n');
    const { code, stdout } = await run('sandbox', '--apply', join(ROOT, 'config/samples/nodepool.yaml'), pod, '--until', 'settled', '--speed', '30', '--metrics-port', '0', '-o', 'json');
    expect(code).to.equal(3);
    const { unschedulable } = JSON.parse(stdout) as { unschedulable: { pod: string; reason: string }[] };
    expect(unschedulable[0]?.pod).to.equal('default/giant');
    expect(unschedulable[0]?.reason).to.include('default');
  });

  it('applies namespaces and kinds with what needs them, in whatever order they stand', async () => {
    const folder = file('shop.yaml', [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}', 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: one, namespace: shop}',
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}\n  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]',
    ].join('\n---\n'));
    const { code, stdout } = await run('sandbox', '--apply', folder, '--until', 'settled', '--metrics-port', '0');
    expect(code, stdout).to.equal(0);
    expect(stdout).to.include('configmap/settings created\nnamespace/shop created\nwidget.example.com/one created\ncustomresourcedefinition.apiextensions.k8s.io/widgets.example.com created');
  });

  const refusals: [string, () => string[] | Promise<string[]>, number, RegExp][] = [
    ['a missing path', () => ['sandbox', '--apply', 'no/such/file'], 1, /^karpenter-ts: no\/such\/file: no such file or directory$/m],
    ['a file that is not YAML', () => ['sandbox', '--apply', file('bad.yaml', 'a: [1, 2\nb: }')], 1, /bad\.yaml:\d+: not YAML/],
    ['an unknown kind', () => ['sandbox', '--apply', file('kind.yaml', 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}')], 1, /no kind "Widget" is served in version "example.com\/v1"/],
    ['an unknown field, with what was meant', () => ['sandbox', '--apply', file('field.yaml', 'apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: a}\nspec: {template: {spec: {requirements: [], nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: a}}}, disruption: {consolidateAftr: 1m}}')], 1, /field\.yaml: NodePool "a": .*\.spec\.disruption\.consolidateAftr: field not declared in schema \(did you mean "consolidateAfter"/s],
    ['a flag that does not exist', () => ['sandbox', '--aply', 'x'], 2, /unknown option '--aply'/],
    ['a number that is none', () => ['sandbox', '--port', 'high'], 2, /It must be a port number/],
    ['a feature gate that is neither on nor off', () => ['sandbox', '--feature-gates', 'CapacityBuffer=maybe'], 2, /--feature-gates.*a list such as "NodeRepair=true/],
    ['a missing cluster name', () => ['run', '--region', 'us-west-2'], 2, /setting clusterName is ""; it must be the cluster's name/],
    ['a policy that does not exist', () => ['run', '--region', 'us-west-2', '--cluster-name', 'a', '--preference-policy', 'respect'], 2, /setting preference-policy is "respect"; it must be "Respect" or "Ignore"/],
  ];
  for (const [what, args, code, text] of refusals) {
    it(`answers ${what} with one clear line and exit code ${code}`, async () => {
      const result = await run(...(await args()));
      expect(result.stderr).to.match(text);
      expect(result.stderr).to.not.match(/^\s+at /m);
      expect(result.code).to.equal(code);
    });
  }

  it('answers a port in use with one clear line', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { code, stderr } = await run('sandbox', '--port', String(port));
    server.close();
    expect(stderr).to.match(new RegExp(`^karpenter-ts: port ${port} is in use`));
    expect(code).to.equal(1);
  });

  it('says which kubeconfig cannot be read', async () => {
    const child = await scratch.run('sh', ['-c', `KUBECONFIG=${file('kubeconfig-bad', 'nonsense: [')} ${process.execPath} ${CLI} run --region us-west-2 --cluster-name a`]);
    expect(child.stderr).to.match(/^karpenter-ts: .*kubeconfig/);
    expect(child.stderr).to.not.match(/^\s+at /m);
    expect(child.code).to.equal(1);
  });
});
