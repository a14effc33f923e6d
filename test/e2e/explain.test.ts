import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Explanation } from '../../src/operator/index.js';
import { CLI, SandboxProcess, eventually } from '../support/sandbox-process.js';

const NODE_CLASS = {
  apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata: { name: 'broken' },
  spec: { amiSelectorTerms: [{ alias: 'al2023@latest' }], role: 'KarpenterNodeRole-my-cluster', subnetSelectorTerms: [{ tags: { nobody: 'has-this' } }], securityGroupSelectorTerms: [{ tags: { 'kubernetes.io/cluster/my-cluster': 'owned' } }] },
};

describe('explain in the sandbox', function explaining() {
  this.timeout(60_000);
  const sandbox = new SandboxProcess();
  const explain = (...args: string[]) => sandbox.run(process.execPath, [CLI, 'explain', ...args]);
  before(async () => {
    const file = join(sandbox.folder, 'broken.json');
    writeFileSync(file, JSON.stringify(NODE_CLASS));
    await sandbox.start('--apply', file, '--speed', '20');
  });
  after(() => sandbox.stop());

  it('needs nothing but the name of what is stuck', async () => {
    await eventually('what is the matter', 30_000, async () => {
      const { stdout, stderr } = await explain('ec2nodeclass/broken');
      return stdout.includes('- SubnetsReady is False since') || stdout + stderr;
    });
    const { code, stdout } = await explain('ec2nc', 'broken', '-o', 'json');
    expect(code).to.equal(0);
    const { findings, next, conditions } = JSON.parse(stdout) as Explanation;
    expect(findings.join('; ')).to.match(/SubnetsReady is False since .* \(SubnetsNotFound\): SubnetSelector did not match any Subnets; ValidationSucceeded waits for SubnetsReady/);
    expect(next?.reconciler).to.equal('nodeclass');
    expect(conditions.find(({ type }) => type === 'SubnetsReady')?.blocks).to.have.members(['ValidationSucceeded', 'Ready']);
  });

  it('says what it does not know', async () => {
    expect(await explain('nodepool/none')).to.deep.equal({ code: 1, stdout: '', stderr: 'karpenter-ts: there is no NodePool "none"\n' });
    const unknown = await explain('widget/a');
    expect([unknown.code, unknown.stderr]).to.deep.equal([2, unknown.stderr.match(/^karpenter-ts: "widget" is no kind that this operator has to do with; it knows .*nodeclaims.*\n$/)?.[0]]);
    expect((await explain('nodepool')).code).to.equal(2);
  });
});
