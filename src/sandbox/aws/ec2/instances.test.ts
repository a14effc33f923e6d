import {
  AttachVolumeCommand, CreateTagsCommand, CreateVolumeCommand, DeleteTagsCommand, DeleteVolumeCommand, DescribeCapacityReservationsCommand,
  DescribeInstancesCommand, DescribeInstanceStatusCommand, DescribePlacementGroupsCommand, DescribeTagsCommand, DescribeVolumesCommand,
  DetachVolumeCommand, paginateDescribeInstances, RunInstancesCommand, StartInstancesCommand, StopInstancesCommand,
  TerminateInstancesCommand, type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'chai';
import type { SandboxInstance } from '../instance.js';
import { refusalOf, testAws } from '../testing.js';
import { scheduleEvent } from './instance-actions.js';

function ready(options: Parameters<typeof testAws>[0] = {}) {
  const bed = testAws(options);
  const { aws, ec2, sqs } = bed;
  const subnet = [...aws.account.network.subnets.values()].find((candidate) => candidate.tags.get('tier') === 'private' && candidate.zone.letter === 'a');
  const imageId = aws.account.images.parameters.get('/aws/service/eks/optimized-ami/1.32/amazon-linux-2023/x86_64/standard/recommended/image_id') as string;
  const run = (more: Partial<RunInstancesCommandInput> = {}) => ec2.send(new RunInstancesCommand({
    MinCount: 1, MaxCount: 1, ImageId: imageId, InstanceType: 'c5.large', SubnetId: subnet?.id, ...more,
  }));
  const runOne = async (more: Partial<RunInstancesCommandInput> = {}) => (await run(more)).Instances?.[0]?.InstanceId as string;
  const stateOf = async (id: string) => (await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.[0]?.Instances?.[0]?.State?.Name;
  const QueueUrl = 'https://sqs.us-west-2.amazonaws.com/123456789012/Karpenter-my-cluster';
  const events = async () => {
    const bodies = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) return bodies;
      for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      bodies.push(...Messages.map((message) => JSON.parse(message.Body as string) as Record<string, unknown> & { detail: Record<string, unknown> }));
    }
  };
  return { ...bed, run, runOne, stateOf, events, subnet, imageId };
}
const spot = { InstanceMarketOptions: { MarketType: 'spot' as const } };

describe('instances', () => {
  it('go from pending over running to terminated, and vanish an hour later', async () => {
    const { ec2, clock, runOne, stateOf, aws } = ready();
    const id = await runOne();
    expect(await stateOf(id)).to.equal('pending');
    await clock.advance('30s');
    expect(await stateOf(id)).to.equal('running');
    const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(TerminatingInstances?.[0]).to.deep.include({
      InstanceId: id, PreviousState: { Code: 16, Name: 'running' }, CurrentState: { Code: 32, Name: 'shutting-down' },
    });
    expect(aws.account.isEmpty()).to.equal(false);
    await clock.advance('2m');
    expect(await stateOf(id)).to.equal('terminated');
    expect(aws.account.isEmpty()).to.equal(true);
    await clock.advance('1h');
    expect((await refusalOf(ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] })))).name).to.equal('InvalidInstanceID.NotFound');
    expect(aws.machines.list()).to.deep.equal([]);
  });

  it('that are terminated while pending never run', async () => {
    const { ec2, clock, runOne, aws } = ready();
    const seen: string[] = [];
    aws.machines.subscribe((machine) => seen.push(machine.state));
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [await runOne()] }));
    await clock.advance('2m');
    expect(seen).to.deep.equal(['pending', 'shutting-down', 'terminated']);
  });

  it('boot in a few seconds, each in its own time', async () => {
    const { clock, run, aws } = ready();
    const bootTimes: number[] = [];
    aws.machines.subscribe((machine: SandboxInstance) => {
      if (machine.state === 'running') bootTimes.push(clock.now() - machine.launchTime);
    });
    await run({ MinCount: 100, MaxCount: 100 });
    await clock.advance('1m');
    bootTimes.sort((a, b) => a - b);
    expect(bootTimes).to.have.length(100);
    expect(bootTimes[50]).to.be.within(4_500, 8_000);
    expect(bootTimes[0]).to.be.at.least(2_000);
    expect(bootTimes[99]).to.be.within(8_000, 25_000);
  });

  it('are terminated all or none', async () => {
    const { ec2, runOne, stateOf } = ready();
    const id = await runOne();
    expect((await refusalOf(ec2.send(new TerminateInstancesCommand({ InstanceIds: [id, 'i-00000000000000000'] })))).name).to.equal('InvalidInstanceID.NotFound');
    expect(await stateOf(id)).to.equal('pending');
    expect((await refusalOf(ec2.send(new TerminateInstancesCommand({ InstanceIds: ['nonsense'] })))).name).to.equal('InvalidInstanceID.Malformed');
  });

  it('are found by tag, tag key, state and type, in pages', async () => {
    const { ec2, run, runOne, clock } = ready();
    const TagSpecifications = [{
      ResourceType: 'instance' as const,
      Tags: [{ Key: 'karpenter.sh/nodepool', Value: 'default' }, { Key: 'karpenter.k8s.aws/ec2nodeclass', Value: 'default' }, { Key: 'eks:eks-cluster-name', Value: 'my-cluster' }],
    }];
    await run({ MinCount: 12, MaxCount: 12, TagSpecifications });
    const other = await runOne({ InstanceType: 't3.medium' });
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [await runOne({ TagSpecifications })] }));
    await clock.advance('2m');
    const Filters = [{ Name: 'tag-key', Values: ['karpenter.sh/nodepool'] }, { Name: 'tag-key', Values: ['karpenter.k8s.aws/ec2nodeclass'] }, { Name: 'tag:eks:eks-cluster-name', Values: ['my-cluster'] }, {
      Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'],
    }];
    const found = [];
    for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2, pageSize: 5 }, { Filters })) found.push(...Reservations.flatMap((reservation) => reservation.Instances ?? []));
    expect(found).to.have.length(12);
    expect(new Set(found.map((instance) => instance.PrivateIpAddress))).to.have.length(12);
    const byType = await ec2.send(new DescribeInstancesCommand({ Filters: [{ Name: 'instance-type', Values: ['t3.*'] }] }));
    expect(byType.Reservations?.[0]?.Instances?.[0]?.InstanceId).to.equal(other);
    expect((await refusalOf(ec2.send(new DescribeInstancesCommand({ InstanceIds: [other], MaxResults: 10 })))).name).to.equal('InvalidParameterCombination');
  });

  it('stop and start, unless they are of the spot market', async () => {
    const { ec2, clock, runOne, stateOf, events } = ready();
    const id = await runOne();
    expect((await refusalOf(ec2.send(new StopInstancesCommand({ InstanceIds: [id] })))).name).to.equal('IncorrectInstanceState');
    await clock.advance('30s');
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    expect(await stateOf(id)).to.equal('stopping');
    await clock.advance('2m');
    expect(await stateOf(id)).to.equal('stopped');
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await clock.advance('30s');
    expect(await stateOf(id)).to.equal('running');
    expect((await events()).map((event) => event.detail['state'])).to.deep.equal(['running', 'stopping', 'stopped', 'pending', 'running']);
    const spotId = await runOne(spot);
    await clock.advance('30s');
    expect((await refusalOf(ec2.send(new StopInstancesCommand({ InstanceIds: [spotId] })))).name).to.equal('UnsupportedOperation');
  });

  it('have public addresses in public subnets only', async () => {
    const { ec2, runOne, aws } = ready();
    const open = [...aws.account.network.subnets.values()].find((candidate) => candidate.tags.get('tier') === 'public');
    const addressOf = async (id: string) => (await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.[0]?.Instances?.[0];
    expect((await addressOf(await runOne()))?.PublicIpAddress).to.equal(undefined);
    const shown = await addressOf(await runOne({ SubnetId: open?.id }));
    expect(shown?.PublicIpAddress).to.match(/^35\.16[0-7]\.\d+\.\d+$/);
    expect(shown?.PublicDnsName).to.equal(`ec2-${shown?.PublicIpAddress?.replaceAll('.', '-')}.us-west-2.compute.amazonaws.com`);
  });

  it('of the spot market are interrupted two minutes after a warning on every queue', async () => {
    const { clock, runOne, stateOf, events, aws } = ready();
    const id = await runOne(spot);
    await clock.advance('30s');
    expect((await events()).map((event) => event.detail)).to.deep.equal([{ 'instance-id': id, state: 'running' }]);
    aws.account.instances.interrupt(aws.account.instances.get(id));
    const [warning] = await events();
    expect(warning).to.include({
      version: '0', source: 'aws.ec2', 'detail-type': 'EC2 Spot Instance Interruption Warning', account: '123456789012',
      region: 'us-west-2', time: new Date(clock.now()).toISOString().replace('.000', ''),
    });
    expect(warning?.detail).to.deep.equal({ 'instance-id': id, 'instance-action': 'terminate' });
    await clock.advance('119s');
    expect(await stateOf(id)).to.equal('running');
    await clock.advance('2m');
    expect(await stateOf(id)).to.equal('terminated');
    expect((await events()).map((event) => event.detail['state'])).to.deep.equal(['shutting-down', 'terminated']);
  });

  it('of the spot market live as long as the dial lets them on average', async () => {
    const { clock, run, aws } = ready({ faults: { spotInterruptionsPerHour: 0.5 } });
    await run({ ...spot, MinCount: 200, MaxCount: 200 });
    await run({ MinCount: 10, MaxCount: 10 });
    const living = (lifecycle: string) => aws.machines.list().filter((machine) => machine.lifecycle === lifecycle && machine.state === 'running').length;
    await clock.advance('2h');
    expect(living('spot')).to.be.within(50, 100);
    await clock.advance('24h');
    expect([living('spot'), living('on-demand')]).to.deep.equal([0, 10]);
  });

  it('on demand are not interrupted, but AWS may recommend and schedule', async () => {
    const { runOne, events, aws } = ready();
    const instance = aws.account.instances.get(await runOne());
    expect(() => aws.account.instances.interrupt(instance)).to.throw('not a spot instance');
    aws.account.instances.recommendRebalance(instance);
    aws.account.scheduleMaintenance(instance);
    const [rebalance, health] = await events();
    expect(rebalance).to.include({ 'detail-type': 'EC2 Instance Rebalance Recommendation' });
    expect(health).to.deep.include({ source: 'aws.health', 'detail-type': 'AWS Health Event' });
    expect(health?.detail).to.deep.include({
      service: 'EC2', eventTypeCategory: 'scheduledChange', affectedEntities: [{ entityValue: instance.id }],
    });
  });

  it('launched by RunInstances are checked by a dry run like any other', async () => {
    const { run, subnet, aws } = ready();
    expect((await refusalOf(run({ DryRun: true }))).name).to.equal('DryRunOperation');
    expect(await refusalOf(run({ DryRun: true, IamInstanceProfile: { Name: 'absent' } }))).to.include({
      name: 'InvalidParameterValue',
      message: 'Value (absent) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
    });
    expect((await refusalOf(run({ DryRun: true, NetworkInterfaces: [{ DeviceIndex: 0 }] }))).name).to.equal('InvalidParameterCombination');
    expect((await refusalOf(run({
      DryRun: true, BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8 } }],
    }))).name).to.equal('InvalidBlockDeviceMapping');
    expect((await refusalOf(run({ DryRun: true, Placement: { GroupId: 'pg-absent' } }))).name).to.equal('InvalidPlacementGroup.Unknown');
    expect((await refusalOf(run({ UserData: Buffer.alloc(20_000).toString('base64') }))).name).to.equal('InvalidUserData.Malformed');
    expect((await refusalOf(run({ ImageId: undefined }))).name).to.equal('MissingParameter');
    expect((await refusalOf(run({ MinCount: 3, MaxCount: 2 }))).name).to.equal('InvalidParameterValue');
    aws.faults.exhaust({});
    expect((await refusalOf(run())).name).to.equal('InsufficientInstanceCapacity');
    expect(subnet?.freeAddresses).to.equal(8187);
    expect(aws.account.isEmpty()).to.equal(true);
  });

  it('report their health', async () => {
    const { ec2, runOne, clock, aws } = ready();
    const [good, bad, leaving] = [await runOne(), await runOne(), await runOne()];
    await clock.advance('30s');
    const statuses = async (name: string, ...values: string[]) => (await ec2.send(new DescribeInstanceStatusCommand({ Filters: [{ Name: name, Values: values }] }))).InstanceStatuses ?? [];
    expect((await statuses('instance-status.status', 'ok')).map((status) => status.InstanceId)).to.have.members([good, bad, leaving]);
    aws.account.instances.get(bad).health.systemImpairedSince = clock.now();
    scheduleEvent(aws.account.instances.get(leaving), 'instance-retirement', aws.account);
    const [impaired] = await statuses('system-status.status', 'impaired');
    expect(impaired?.InstanceId).to.equal(bad);
    expect(impaired?.SystemStatus?.Details?.[0]).to.deep.equal({ Name: 'reachability', Status: 'failed', ImpairedSince: new Date(clock.now()) });
    const [event] = await statuses('event.code', 'instance-reboot', 'instance-retirement');
    expect(event?.InstanceId).to.equal(leaving);
    expect(event?.Events?.[0]?.Code).to.equal('instance-retirement');
    expect(await statuses('instance-status.status', 'impaired')).to.deep.equal([]);
  });

  it('can be tagged later, within limits', async () => {
    const { ec2, runOne } = ready();
    const id = await runOne();
    const Tags = [{ Key: 'Name', Value: 'ip-10-0-0-4' }, { Key: 'karpenter.sh/nodeclaim', Value: 'default-x7f' }];
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
    const found = await ec2.send(new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }));
    expect(found.Tags?.map(({ Key, Value, ResourceType }) => [Key, Value, ResourceType])).to.deep.equal([['Name', 'ip-10-0-0-4', 'instance'], ['karpenter.sh/nodeclaim', 'default-x7f', 'instance']]);
    await ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: 'Name' }, { Key: 'karpenter.sh/nodeclaim', Value: 'another' }] }));
    expect((await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.[0]?.Instances?.[0]?.Tags).to.deep.equal([Tags[1]]);
    expect((await refusalOf(ec2.send(new CreateTagsCommand({ Resources: [id, 'i-00000000000000000'], Tags })))).name).to.equal('InvalidInstanceID.NotFound');
    const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
    expect((await refusalOf(ec2.send(new CreateTagsCommand({ Resources: [id], Tags: many })))).name).to.equal('TagLimitExceeded');
  });

  it('take their root volumes with them, and let go of attached ones', async () => {
    const { ec2, runOne, clock } = ready();
    const id = await runOne();
    await clock.advance('30s');
    const { VolumeId } = await ec2.send(new CreateVolumeCommand({
      AvailabilityZone: 'us-west-2a', Size: 100, VolumeType: 'gp3',
      TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'pvc', Value: 'data' }] }],
    }));
    const elsewhere = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'us-west-2b', Size: 1 }));
    expect((await refusalOf(ec2.send(new AttachVolumeCommand({
      VolumeId: elsewhere.VolumeId, InstanceId: id, Device: '/dev/xvdb',
    })))).name).to.equal('InvalidVolume.ZoneMismatch');
    await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: id, Device: '/dev/xvdb' }));
    expect((await refusalOf(ec2.send(new DeleteVolumeCommand({ VolumeId })))).name).to.equal('VolumeInUse');
    const attached = await ec2.send(new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [id] }] }));
    expect(attached.Volumes?.map((volume) => [volume.Attachments?.[0]?.Device, volume.State])).to.deep.equal([['/dev/xvda', 'in-use'], ['/dev/xvdb', 'in-use']]);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await clock.advance('2m');
    const { Volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId as string] }));
    expect(Volumes?.[0]).to.include({ State: 'available', Size: 100, Iops: 3000 });
    expect((await refusalOf(ec2.send(new DetachVolumeCommand({ VolumeId })))).name).to.equal('IncorrectState');
    await ec2.send(new DeleteVolumeCommand({ VolumeId }));
    expect((await ec2.send(new DescribeVolumesCommand({}))).Volumes).to.have.length(1);
  });

  it('are subscribed to from the start: those that exist, then every change', async () => {
    const { runOne, clock, aws } = ready();
    const id = await runOne();
    const seen: string[] = [];
    const stop = aws.machines.subscribe((machine) => seen.push(`${machine.instanceId} ${machine.state}`));
    await clock.advance('30s');
    expect(seen).to.deep.equal([`${id} pending`, `${id} running`]);
    stop();
    await runOne();
    expect(seen).to.have.length(2);
  });

  it('have reservations and placement groups beside them', async () => {
    const { ec2, aws, clock } = ready();
    const reservation = aws.account.capacityReservations.add({
      instanceType: 'c5.large', availabilityZone: 'us-west-2a', total: 3, endsAt: clock.now() + 60_000, tags: { team: 'a' },
    });
    const active = async () => (await ec2.send(new DescribeCapacityReservationsCommand({ Filters: [{ Name: 'state', Values: ['active'] }, { Name: 'tag:team', Values: ['a'] }] }))).CapacityReservations;
    expect((await active())?.[0]).to.include({ CapacityReservationId: reservation.id, AvailableInstanceCount: 3, InstanceMatchCriteria: 'targeted' });
    await clock.advance('1m');
    expect(await active()).to.deep.equal([]);
    const group = aws.account.placementGroups.add({ name: 'rack', strategy: 'partition', partitions: 3 });
    const { PlacementGroups } = await ec2.send(new DescribePlacementGroupsCommand({
      GroupNames: ['rack'], Filters: [{ Name: 'state', Values: ['available'] }],
    }));
    expect(PlacementGroups?.[0]).to.include({ GroupId: group.id, PartitionCount: 3 });
    expect((await refusalOf(ec2.send(new DescribePlacementGroupsCommand({ GroupIds: ['pg-1'] })))).name).to.equal('InvalidPlacementGroup.Unknown');
  });
});
