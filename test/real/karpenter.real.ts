import { expect } from 'chai';
import { interruptionSuite } from '../e2e/interruption-suite.js';
import { lifecycleSuite } from '../e2e/lifecycle-suite.js';
import { guideSuite } from '../guide/guide-suite.js';
import { disruptionSuite } from './disruption-suite.js';
import { AuditLog } from '../support/audit-log.js';
import type { OperatorProcess } from '../support/operator-process.js';
import { RealCluster } from '../support/real-cluster.js';
import { eventually } from '../support/sandbox-process.js';

describe('Karpenter on a real control plane', function real() {
  this.timeout(600_000);
  const cluster = new RealCluster();
  const audit = new AuditLog(cluster.folder);
  let operator: OperatorProcess | undefined;

  // With the plugin that looks at who lets an owner's deletion wait.
  before(() => cluster.startPlane('--enable-admission-plugins=OwnerReferencesPermissionEnforcement', ...audit.flags));
  after(async function stop() {
    if (this.test?.parent?.tests.some(({ state }) => state === 'failed')) console.error(operator?.tail);
    await operator?.end('SIGTERM');
    await cluster.stop();
  });

  it('is installed by kubectl apply -k without errors and warnings', async () => {
    expect(await cluster.install()).to.equal('');
  });

  it('gets machines and a cloud, and keeps the scheduler and the controllers of the control plane', async () => {
    await cluster.attach();
    expect(cluster.output).to.include("of the cluster's controllers run here: cloud-node-controller, ebs-csi-provisioner, ebs-csi-attacher\n");
    await eventually('its pod runs on the node for the cluster\'s own', 60_000, async () => {
      const phase = await cluster.kubectl('get', 'pods', '-n', 'karpenter', '-l', 'app.kubernetes.io/name=karpenter', '-o', 'jsonpath={.items[*].status.phase}');
      return phase === 'Running' || phase;
    });
  });

  it('works with the permissions of its service account', async () => {
    operator = await cluster.operator();
    await operator.logged('elected');
    await operator.logged('serving webhooks with a new certificate');
  });

  describe('and the guide', () => guideSuite(cluster));
  describe('and interruptions', () => interruptionSuite(cluster));
  describe('and disruption', () => disruptionSuite(cluster));
  describe('and the life of a cluster', () => lifecycleSuite(cluster));

  describe('in the end', () => {
    it('was never refused anything', () => {
      expect(audit.writes().length).to.be.above(100);
      expect(audit.refusals()).to.deep.equal([]);
    });

    it('met no error that it did not expect', () => {
      // Pools are applied before their classes and deleted while pods wait, budgets are there to be met, and a message is none.
      const expected = /ignoring nodepool, not ready|EvictionBlocked|NodePool .* is gone|the body is not JSON/;
      expect(operator?.lines.filter((line) => line.level === 'ERROR' && !expected.test(JSON.stringify(line)))).to.deep.equal([]);
    });
  });
});
