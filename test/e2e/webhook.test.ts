import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { writeKubeconfig } from '../../src/cli/kubeconfig.js';
import { karpenterCrds } from '../../src/cli/manifests.js';
import { systemClock, systemRandom } from '../../src/operator/index.js';
import { createSandbox } from '../../src/sandbox/index.js';
import type { EmbeddedSandbox } from '../../src/sandbox/index.js';
import { Kubectl, hasKubectl } from '../conformance/kubectl.js';
import { OperatorProcess } from '../support/operator-process.js';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { sandboxEnvironment } from '../support/sandbox-process.js';

interface Pool { apiVersion: string; spec: { disruption: Record<string, string>; template: { spec: Record<string, unknown> } } }

const OLD_POOL = `
apiVersion: karpenter.sh/v1beta1
kind: NodePool
metadata: { name: old }
spec:
  disruption: { consolidationPolicy: WhenUnderutilized, expireAfter: 720h }
  template:
    spec:
      nodeClassRef: { apiVersion: karpenter.k8s.aws/v1beta1, kind: EC2NodeClass, name: default }
      requirements: [{ key: karpenter.sh/capacity-type, operator: In, values: [spot] }]
`;

describe("Karpenter's conversion webhook", function webhook() {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-'));
  let sandbox: EmbeddedSandbox;
  let kubectl: Kubectl;
  let operator: OperatorProcess | undefined;

  before(async function start() {
    if (!hasKubectl) {
      console.warn('NOT RUN: kubectl is not on the path; conversion through the webhook is left out');
      this.skip();
    }
    const port = await freePort();
    // The API server knows no conversion of ours: it has to ask the operator's service.
    sandbox = await createSandbox({
      clock: systemClock(), random: systemRandom, kinds: [], crds: karpenterCrds(),
      services: ({ namespace, name }) => (namespace === 'karpenter' && name === 'karpenter' ? { host: '127.0.0.1', port } : undefined),
    });
    await writeKubeconfig(join(folder, 'kubeconfig'), sandbox.access);
    kubectl = new Kubectl(join(folder, 'kubeconfig'));
    await kubectl.run(['create', 'namespace', 'karpenter']);
    const refused = await kubectl.fails('apply -f -', OLD_POOL);
    expect(refused).to.contain('conversion webhook for karpenter.sh/v1beta1, Kind=NodePool failed: Post "https://karpenter.karpenter.svc:8443/convert?timeout=30s"');
    const environment = { ...sandboxEnvironment(join(folder, 'kubeconfig'), sandbox.awsUrl), CLUSTER_ENDPOINT: sandbox.apiServerUrl };
    operator = new OperatorProcess({ environment }, '--webhook-port', String(port));
    await operator.logged('serving webhooks with a new certificate');
  });
  after(async () => {
    await operator?.end('SIGTERM');
    await sandbox?.close();
    kubectl?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('stores what kubectl applies in the old version, and shows it in both', async () => {
    expect(await kubectl.ok('apply -f -', OLD_POOL)).to.equal('nodepool.karpenter.sh/old created');
    const read = async (version: string): Promise<Pool> => parse(await kubectl.ok(`get nodepools.${version}.karpenter.sh old -o yaml`)) as Pool;
    const stored = await read('v1');
    expect(stored.spec.disruption['consolidationPolicy']).to.equal('WhenEmptyOrUnderutilized');
    expect(stored.spec.template.spec['expireAfter']).to.equal('720h');
    const old = await read('v1beta1');
    expect(old.apiVersion).to.equal('karpenter.sh/v1beta1');
    expect(old.spec.disruption).to.deep.include({ consolidationPolicy: 'WhenUnderutilized', expireAfter: '720h' });
  });

  it('is trusted by the CRDs because of the authority in the Secret', async () => {
    const authority = await kubectl.ok("get secret karpenter-webhook-certificates -n karpenter -o jsonpath={.data.ca\\.crt}");
    for (const crd of ['nodepools.karpenter.sh', 'nodeclaims.karpenter.sh', 'ec2nodeclasses.karpenter.k8s.aws']) {
      expect(await kubectl.ok(`get crd ${crd} -o jsonpath={.spec.conversion.webhook.clientConfig.caBundle}`)).to.equal(authority);
    }
  });

});
