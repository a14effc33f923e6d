import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { AwsBed } from '../../test/support/aws-bed.js';
import { InstanceStatusInterruption } from './instance-status.js';

const TERMINATION = 'karpenter.sh/nodeclaim-termination-timestamp';

describe('instance status', () => {
  let aws: AwsBed;
  const health = (id: string) => aws.provider.aws.account.instances.get(id).health;
  const read = (name: string) => aws.bed.api.get(NodeClaim, name);

  beforeEach(async () => {
    aws = await AwsBed.of([InstanceStatusInterruption]);
    await aws.nodeClass();
  });
  afterEach(() => aws.close());

  for (const [check, category, kind] of [['instanceImpairedSince', 'InstanceStatus', 'instance_status'], ['systemImpairedSince', 'SystemStatus', 'system_status']] as const) {
    it(`ends a node by force once its ${category} check has failed for two minutes`, async () => {
      const { claim, node, instanceID } = await aws.launch();
      health(instanceID)[check] = aws.bed.clock.now();
      await aws.bed.advance('119s');
      expect((await read(claim.metadata.name)).metadata.deletionTimestamp).to.equal(undefined);
      await aws.bed.advance('61s');
      const { metadata } = await read(claim.metadata.name);
      expect(metadata.deletionTimestamp).to.be.a('string');
      expect(metadata.annotations[TERMINATION]).to.equal(metadata.deletionTimestamp);
      for (const about of [claim, node]) {
        expect(await aws.bed.events(about)).to.have.members([
          'Warning InstanceUnhealthy: An unhealthy warning was triggered for the instance',
          'Warning TerminatingOnInterruption: Interruption triggered termination for the NodeClaim and its Node',
        ]);
      }
      expect(await aws.metric('karpenter_nodeclaims_disrupted_total')).to.deep.equal({ [JSON.stringify({ reason: kind, nodepool: 'default', capacity_type: claim.metadata.labels['karpenter.sh/capacity-type'], consolidation_policy: '', termination_mode: 'graceful' })]: 1 });
      expect(await aws.metric('karpenter_interruption_instance_status_unhealthy_total')).to.deep.equal({ [JSON.stringify({ category })]: 1 });
    });
  }

  it('drains a node whose instance EC2 plans to stop, at once and without force', async () => {
    const { claim, instanceID } = await aws.launch();
    health(instanceID).events.push({ id: 'instance-event-1', code: 'instance-retirement', description: '', notBefore: 0, notAfter: 0 });
    await aws.bed.settle();
    const { metadata } = await read(claim.metadata.name);
    expect(metadata.deletionTimestamp).to.be.a('string');
    expect(metadata.annotations[TERMINATION]).to.equal(undefined);
    expect(await aws.metric('karpenter_nodeclaims_disrupted_total')).to.have.all.keys(JSON.stringify({ reason: 'event_status', nodepool: 'default', capacity_type: claim.metadata.labels['karpenter.sh/capacity-type'], consolidation_policy: '', termination_mode: 'graceful' }));
  });

  it('counts an instance again only after a poll without it', async () => {
    const { instanceID } = await aws.launch();
    const count = async () => Object.values(await aws.metric('karpenter_interruption_instance_status_unhealthy_total'))[0];
    const event = { id: 'instance-event-1', code: 'system-reboot', description: '', notBefore: 0, notAfter: 0 };
    health(instanceID).events.push(event);
    await aws.bed.settle();
    await aws.bed.advance('3m');
    expect(await count()).to.equal(1);
    health(instanceID).events.length = 0;
    await aws.bed.advance('1m');
    health(instanceID).events.push(event);
    await aws.bed.advance('1m');
    expect(await count()).to.equal(2);
  });

  it('leaves instances of others alone', async () => {
    const { claim, instanceID } = await aws.launch();
    await aws.bed.api.patch(NodeClaim, claim.metadata.name, { status: { providerID: 'aws:///us-west-2a/i-0fedcba9876543210' } });
    health(instanceID).systemImpairedSince = aws.bed.clock.now();
    await aws.bed.advance('5m');
    expect((await read(claim.metadata.name)).metadata.deletionTimestamp).to.equal(undefined);
    expect(await aws.metric('karpenter_interruption_instance_status_unhealthy_total')).to.deep.equal({});
  });

  it('stops asking, and says so once, when the operator is not authorized', async () => {
    aws.provider.aws.faults.fail('ec2:DescribeInstanceStatus', { reason: 'UnauthorizedOperation', status: 403 });
    await aws.bed.advance('10m');
    expect(aws.provider.aws.calls.get('ec2:DescribeInstanceStatus')).to.equal(1);
    expect(aws.bed.logs.filter(({ message }) => message.includes('ec2:DescribeInstanceStatus'))).to.have.length(1);
  });
});
