import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { Applier, textOf } from '../../src/cli/apply.js';
import { ContainerLog } from '../../src/cli/container-log.js';
import { explainCommand } from '../../src/cli/explain/explain-command.js';
import { karpenter } from '../../src/cli/karpenter.js';
import { readManifests } from '../../src/cli/manifest-files.js';
import { karpenterCrds, karpenterKinds } from '../../src/cli/manifests.js';
import { operatorOptions } from '../../src/cli/operator-options.js';
import { KubeClient, silentLogger, systemClock, systemRandom } from '../../src/operator/index.js';
import type { KindRef, Operator } from '../../src/operator/index.js';
import { createSandbox } from '../../src/sandbox/index.js';
import type { EmbeddedSandbox } from '../../src/sandbox/index.js';

const ACCOUNT: KindRef = { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };
const bindingOf = (scope: 'Cluster' | '', user: string): object => ({
  metadata: { name: user }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: `${scope}Role`, name: 'karpenter-explainer' }, subjects: [{ kind: 'ServiceAccount', name: user, namespace: 'karpenter' }],
});

describe('karpenter-ts explain, of an operator in the cluster', function explainThroughProxy() {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'explain-'));
  const clock = systemClock();
  const stop = new AbortController();
  const environment = { XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'], POD_NAME: process.env['POD_NAME'] };
  let sandbox: EmbeddedSandbox;
  let administrator: KubeClient;
  let operator: Operator;
  let running: Promise<void>;

  /** A kubeconfig with the token of a service account of the namespace karpenter. */
  async function kubeconfigOf(name: string): Promise<KubeConfig> {
    const answer = await sandbox.transport.send({ method: 'POST', path: `/api/v1/namespaces/karpenter/serviceaccounts/${name}/token`, headers: { 'content-type': 'application/json' }, body: '{"spec":{}}' });
    const { status } = JSON.parse(await textOf(answer)) as { status: { token: string } };
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromClusterAndUser({ name: 'sandbox', server: sandbox.access.server, caData: sandbox.access.certificateAuthority, skipTLSVerify: false }, { name, token: status.token });
    return kubeconfig;
  }
  async function explain(user: string): Promise<string> {
    const kubeconfig = join(folder, user);
    writeFileSync(kubeconfig, (await kubeconfigOf(user)).exportConfig());
    let printed = '';
    const flags = { output: 'text', kubeconfig, leaderElectionNamespace: 'karpenter', leaderElectionName: 'karpenter-leader-election', debugPort: 8000 } as const;
    await explainCommand(['nodepool/default'], flags, (text) => (printed += text));
    return printed;
  }
  const refusal = (user: string): Promise<string> => explain(user).then((text) => `printed ${text}`, (error: Error) => error.message);

  before(async () => {
    // Nobody is found by a file, and the lease names the pod.
    process.env['XDG_RUNTIME_DIR'] = folder;
    process.env['POD_NAME'] = 'karpenter-7d9c';
    sandbox = await createSandbox({ clock, random: systemRandom, kinds: karpenterKinds(), crds: karpenterCrds() });
    administrator = new KubeClient(sandbox.transport, { clock, random: systemRandom });
    await sandbox.cluster.addForeignPod({
      namespace: 'karpenter', name: 'karpenter-7d9c', labels: {}, container: 'controller', image: 'karpenter-ts', log: new ContainerLog(clock), ports: { 'http-explain': { containerPort: 8000, listening: () => operator.debugPort } },
    });
    const { manifests } = await readManifests(['config/rbac', ...['explain_role', 'explainer_role', 'explainer_proxy_role'].map((name) => `config/explain/${name}.yaml`), 'config/samples/nodepool.yaml']);
    await new Applier(sandbox.transport, () => undefined).apply(manifests.filter(({ object: { kind } }) => kind !== 'Kustomization'));
    for (const name of ['ann', 'bob']) await administrator.create(ACCOUNT, { metadata: { name, namespace: 'karpenter' } });
    const options = operatorOptions({ clusterName: 'my-cluster', region: 'us-west-2', clusterEndpoint: sandbox.apiServerUrl, leaderElectionNamespace: 'karpenter', disableWebhook: true }, {});
    operator = karpenter({ ...options, aws: { ...options.aws, endpoint: sandbox.awsUrl } }, {
      clock, random: systemRandom, logger: silentLogger, kubeconfig: await kubeconfigOf('karpenter'), caBundle: '', aws: { credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' } },
      ports: false, processMetrics: false, shutdownTimeout: 1_500, debug: { host: '0.0.0.0', port: 0, folder: join(folder, 'elsewhere') },
    });
    running = operator.run({ signal: stop.signal });
    await operator.ready();
  });
  after(async () => {
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    stop.abort(new Error('over'));
    await running;
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('needs both roles of config/explain', async () => {
    const role: Omit<KindRef, 'kind' | 'plural' | 'namespaced'> = { group: 'rbac.authorization.k8s.io', version: 'v1' };
    expect(await refusal('ann')).to.match(/^the lease karpenter\/karpenter-leader-election cannot be read: .*forbidden/);
    await administrator.create({ ...role, kind: 'RoleBinding', plural: 'rolebindings', namespaced: true }, bindingOf('', 'ann'), { namespace: 'karpenter' });
    expect(await refusal('ann')).to.contain('user "system:serviceaccount:karpenter:ann" may not get /debug/explain');
    await administrator.create({ ...role, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false }, bindingOf('Cluster', 'ann'));
    expect(await explain('ann')).to.match(/^NodePool default \(karpenter\.sh\/v1, generation \d+/);
    expect(await refusal('bob')).to.contain('cannot be read');
  });
});
