import { expect } from 'chai';
import { parse } from 'yaml';
import { SandboxProcess, hasKubectl } from '../support/sandbox-process.js';

interface Loose { apiVersion: string; spec: Record<string, never> & { disruption: Record<string, string>; template: { spec: Record<string, unknown> }; amiFamily?: string } }

describe('kinds in their old version', function versions() {
  this.timeout(60_000);
  const sandbox = new SandboxProcess();
  const read = async (resource: string) => parse(await sandbox.kubectl('get', resource, 'default', '-o', 'yaml')) as Loose;

  before(async function start() {
    if (!hasKubectl) {
      console.warn('NOT RUN: kubectl is not on the path; reading kinds in an old version with it is left out');
      this.skip();
    }
    await sandbox.start('--no-operator', '--apply', 'config/samples/nodepool.yaml');
    await sandbox.kubectl('wait', '--for=create', 'nodepool/default', '--timeout=20s');
  });
  after(() => sandbox.stop());

  it('a NodePool stored as v1 is shown by kubectl as v1beta1', async () => {
    const { apiVersion, spec } = await read('nodepools.v1beta1.karpenter.sh');
    expect(apiVersion).to.equal('karpenter.sh/v1beta1');
    expect(spec.disruption).to.include({ consolidationPolicy: 'WhenUnderutilized', expireAfter: '720h', consolidateAfter: '1m' });
    expect(spec.template.spec['nodeClassRef']).to.deep.equal({ apiVersion: 'karpenter.k8s.aws/v1beta1', kind: 'EC2NodeClass', name: 'default' });
    expect(spec.template.spec).not.to.have.property('expireAfter');
    expect((await read('nodepools.v1.karpenter.sh')).spec.disruption).to.include({ consolidationPolicy: 'WhenEmptyOrUnderutilized' });
  });

  it('an EC2NodeClass stored as v1 is shown by kubectl as v1beta1', async () => {
    const { apiVersion, spec } = await read('ec2nodeclasses.v1beta1.karpenter.k8s.aws');
    expect(apiVersion).to.equal('karpenter.k8s.aws/v1beta1');
    expect(spec.amiFamily).to.equal('AL2023');
  });

  it('kubectl says that the old version is deprecated, and which one is not', async () => {
    const { code, stderr } = await sandbox.run('kubectl', ['get', 'nodepools.v1beta1.karpenter.sh']);
    expect(code).to.equal(0);
    expect(stderr).to.include('Warning: karpenter.sh/v1beta1 NodePool is deprecated; use karpenter.sh/v1 NodePool');
  });

  it('a change that kubectl makes in the old version is stored in the new one', async () => {
    await sandbox.kubectl('patch', 'nodepools.v1beta1.karpenter.sh', 'default', '--type=merge', '-p', '{"spec":{"disruption":{"expireAfter":"24h"}}}');
    expect((await read('nodepools.v1.karpenter.sh')).spec.template.spec['expireAfter']).to.equal('24h');
  });
});
