import {
  CreateFleetCommand, CreateLaunchTemplateCommand, DescribeInstancesCommand, DescribeLaunchTemplatesCommand, DescribeSubnetsCommand,
  TerminateInstancesCommand, type CreateFleetCommandInput, type FleetLaunchTemplateOverridesRequest, type RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand } from '@aws-sdk/client-iam';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { expect } from 'chai';
import { catalogueType } from '../../../cloud/aws/catalogue/catalogue.js';
import type { AwsOptions } from '../aws.js';
import { refusalOf, testAws } from '../testing.js';

/** A sandbox with a launch template `nodes` as Karpenter makes it for my-cluster. */
async function ready(options: Partial<AwsOptions> = {}, data: RequestLaunchTemplateData = {}) {
  const bed = testAws(options as Parameters<typeof testAws>[0]);
  const { ec2, iam, ssm, aws, clock } = bed;
  const image = async (path: string) => (await ssm.send(new GetParameterCommand({ Name: `/aws/service/eks/optimized-ami/1.32/${path}/recommended/image_id` }))).Parameter?.Value as string;
  const imageId = await image('amazon-linux-2');
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: [{
    Name: 'tag:karpenter.sh/discovery', Values: ['my-cluster'],
  }, { Name: 'tag:tier', Values: ['private'] }] }));
  const subnets = Object.fromEntries(Subnets.map((subnet) => [subnet.AvailabilityZone?.at(-1), subnet.SubnetId])) as Record<'a' | 'b' | 'c', string>;
  const [group] = [...aws.account.network.securityGroups.values()].filter((candidate) => candidate.name === 'eks-cluster-sg-my-cluster');
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'nodes', Path: '/karpenter/us-west-2/my-cluster/uid/' }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'nodes', RoleName: 'KarpenterNodeInstanceProfile-my-cluster' }));
  await clock.advance(aws.faults.consistencyDelay);
  await ec2.send(new CreateLaunchTemplateCommand({
    LaunchTemplateName: 'nodes',
    LaunchTemplateData: {
      ImageId: imageId,
      UserData: Buffer.from('#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster').toString('base64'),
      IamInstanceProfile: { Name: 'nodes' },
      BlockDeviceMappings: [{
        DeviceName: '/dev/xvda', Ebs: { VolumeSize: 100, VolumeType: 'gp3', Encrypted: true, KmsKeyId: 'alias/ebs-encryption-key' },
      }],
      NetworkInterfaces: [{ DeviceIndex: 0, Groups: [group?.id as string] }],
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      TagSpecifications: [{ ResourceType: 'network-interface', Tags: [{ Key: 'kind', Value: 'node' }] }],
      ...data,
    },
  }));
  const override = (type: string, zone: 'a' | 'b' | 'c' = 'a', extra: FleetLaunchTemplateOverridesRequest = {}): FleetLaunchTemplateOverridesRequest => ({
    InstanceType: type as 'm5.large', SubnetId: subnets[zone], AvailabilityZone: `us-west-2${zone}`, ImageId: imageId, ...extra,
  });
  const fleet = (overrides: FleetLaunchTemplateOverridesRequest[], capacity: 'spot' | 'on-demand' = 'on-demand', more: Partial<CreateFleetCommandInput> = {}, template = 'nodes') =>
    ec2.send(new CreateFleetCommand({
      Type: 'instant',
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: { LaunchTemplateName: template, Version: '$Latest' }, Overrides: overrides }],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: capacity },
      ...(capacity === 'spot' ? { SpotOptions: { AllocationStrategy: 'price-capacity-optimized' } } : { OnDemandOptions: { AllocationStrategy: 'lowest-price' } }),
      ...more,
    }));
  return { ...bed, subnets, group, image, override, fleet };
}

describe('CreateFleet', () => {
  it('launches the cheapest on-demand type, tagged, with all that the template says', async () => {
    const { fleet, override, ec2, clock, aws, group, subnets } = await ready();
    const tags = [{ Key: 'karpenter.sh/nodepool', Value: 'default' }];
    const answer = await fleet([override('m5.large'), override('c5.large', 'b'), override('c5.xlarge')], 'on-demand', { TagSpecifications: ['instance', 'volume', 'fleet'].map((kind) => ({ ResourceType: kind as 'instance', Tags: tags })) });
    expect(answer.Errors).to.deep.equal([]);
    expect(answer.Instances).to.have.length(1);
    const [launched] = answer.Instances ?? [];
    expect(launched).to.include({ InstanceType: 'c5.large', Lifecycle: 'on-demand', SubnetId: subnets.b });
    expect(launched?.LaunchTemplateAndOverrides?.Overrides).to.include({
      InstanceType: 'c5.large', AvailabilityZone: 'us-west-2b', SubnetId: subnets.b,
    });

    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: launched?.InstanceIds ?? [] }));
    const instance = Reservations?.[0]?.Instances?.[0];
    expect(instance?.State?.Name).to.equal('pending');
    expect(instance).to.include({ InstanceType: 'c5.large', SubnetId: subnets.b, Architecture: 'x86_64' });
    expect(instance?.PrivateIpAddress).to.match(/^10\.0\.(3[2-9]|[45]\d|6[0-3])\.\d+$/);
    expect(instance?.PrivateDnsName).to.equal(`ip-${instance?.PrivateIpAddress?.replaceAll('.', '-')}.us-west-2.compute.internal`);
    expect(instance?.LaunchTime?.getTime()).to.equal(clock.now());
    expect(instance?.Placement).to.include({ AvailabilityZone: 'us-west-2b', Tenancy: 'default' });
    expect(instance?.SecurityGroups).to.deep.equal([{ GroupId: group?.id, GroupName: 'eks-cluster-sg-my-cluster' }]);
    expect(instance?.IamInstanceProfile?.Arn).to.equal('arn:aws:iam::123456789012:instance-profile/karpenter/us-west-2/my-cluster/uid/nodes');
    expect(instance?.MetadataOptions).to.include({ HttpTokens: 'required', HttpPutResponseHopLimit: 2 });
    expect(instance?.NetworkInterfaces?.[0]?.MacAddress).to.match(/^02(:[0-9a-f]{2}){5}$/);
    expect(instance?.Tags).to.deep.include({ Key: 'karpenter.sh/nodepool', Value: 'default' });
    expect(instance?.BlockDeviceMappings?.[0]?.DeviceName).to.equal('/dev/xvda');

    const [machine] = aws.machines.list();
    expect(machine).to.include({
      userData: '#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster', lifecycle: 'on-demand', pricePerHour: 0.085, instanceProfile: 'nodes',
    });
    const [volume] = [...aws.account.volumes.all.values()];
    expect(volume).to.include({
      sizeGiB: 100, volumeType: 'gp3', iops: 3000, throughput: 125, encrypted: true, kmsKeyId: 'alias/ebs-encryption-key',
    });
    expect(volume?.tags.get('karpenter.sh/nodepool')).to.equal('default');
  });

  it("gives the guide's frontend a t3.medium and its user-service the cheaper of c5.large and m5.large, whatever the market", async () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const { fleet, override, aws } = await ready({ seed });
      const everywhere = (types: string[]) => types.flatMap((type) => (['a', 'b', 'c'] as const).map((zone) => override(type, zone)));
      const frontend = await fleet(everywhere(['t3.xlarge', 't3.large', 't3.medium']), 'spot');
      expect(frontend.Instances?.[0]?.InstanceType, `seed ${seed}`).to.equal('t3.medium');
      const cheapest = (type: string) => Math.min(...aws.account.network.zones.map((zone) => aws.account.spotMarket.price(catalogueType(type) as NonNullable<ReturnType<typeof catalogueType>>, zone)));
      const backend = await fleet(everywhere(['m5.xlarge', 'c5.xlarge', 'm5.large', 'c5.large']), 'spot');
      expect(backend.Instances?.[0]?.InstanceType, `seed ${seed}`).to.equal(cheapest('m5.large') < cheapest('c5.large') ? 'm5.large' : 'c5.large');
      expect(backend.Instances?.[0]?.Lifecycle).to.equal('spot');
      expect(aws.machines.list()[1]?.pricePerHour).to.equal(Math.min(cheapest('m5.large'), cheapest('c5.large')));
      await aws.close();
    }
  });

  it('launches as many as asked, from one pool, and from the next when that runs out', async () => {
    const { fleet, override, aws } = await ready();
    const target = (count: number) => ({ TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: 'spot' as const } });
    const both = [override('p5.48xlarge', 'a'), override('p5.48xlarge', 'b')];
    const zones = aws.account.network.zones;
    const depth = (index: number) => aws.account.spotMarket.depth(catalogueType('p5.48xlarge') as NonNullable<ReturnType<typeof catalogueType>>, zones[index] as (typeof zones)[0]);
    const answer = await fleet(both, 'spot', target(depth(0) + depth(1) + 3));
    expect(answer.Instances?.map((entry) => entry.InstanceIds?.length)).to.have.members([depth(0), depth(1)]);
    expect(answer.Errors?.map((error) => error.ErrorCode)).to.deep.equal(['InsufficientInstanceCapacity', 'InsufficientInstanceCapacity']);
    expect(aws.machines.list()).to.have.length(depth(0) + depth(1));
  });

  it('tells for each override why it could not launch', async () => {
    const { fleet, override, image, aws } = await ready();
    aws.faults.exhaust({ instanceType: 'm5.large', zone: 'us-west-2a' });
    const failing = [
      override('m5.large'),
      override('m6g.large'),
      override('p4de.24xlarge'),
      override('m5.huge'),
      override('c5.large', 'a', { SubnetId: 'subnet-0' }),
      override('c5.large', 'a', { AvailabilityZone: 'us-west-2b' }),
      override('c5.large', 'a', { ImageId: 'ami-0123456789' }),
    ];
    const answer = await fleet(failing);
    expect(answer.Instances).to.deep.equal([]);
    const codes = new Map(answer.Errors?.map((error) => [`${error.LaunchTemplateAndOverrides?.Overrides?.InstanceType} ${error.ErrorCode}`, error]));
    expect([...codes.keys()].sort()).to.deep.equal(['c5.large InvalidAMIID.NotFound', 'c5.large InvalidParameterValue', 'c5.large InvalidSubnetID.NotFound', 'm5.huge InvalidParameterValue', 'm5.large InsufficientInstanceCapacity', 'm6g.large InvalidParameterValue', 'p4de.24xlarge Unsupported']);
    expect(codes.get('m6g.large InvalidParameterValue')?.ErrorMessage).to.contain("architecture 'arm64'").and.contain("'x86_64'");
    expect(codes.get('m5.large InsufficientInstanceCapacity')).to.include({ Lifecycle: 'on-demand' });
    expect(codes.get('m5.large InsufficientInstanceCapacity')?.LaunchTemplateAndOverrides?.Overrides).to.include({ AvailabilityZone: 'us-west-2a', InstanceType: 'm5.large' });
    const graviton = await fleet([override('m6g.large', 'a', { ImageId: await image('amazon-linux-2-arm64') })]);
    expect(graviton.Instances).to.have.length(1);
  });

  it('succeeds in part: errors beside instances', async () => {
    const { fleet, override, aws } = await ready();
    aws.faults.exhaust({ instanceType: 'c5.large' });
    const answer = await fleet([override('c5.large'), override('m5.large')]);
    expect(answer.Instances?.[0]?.InstanceType).to.equal('m5.large');
    expect(answer.Errors?.map((error) => error.ErrorCode)).to.deep.equal(['InsufficientInstanceCapacity']);
    aws.faults.restore({ instanceType: 'c5.large' });
    expect((await fleet([override('c5.large'), override('m5.large')])).Instances?.[0]?.InstanceType).to.equal('c5.large');
  });

  it('prefers a deep pool to a cheap one under price-capacity-optimized, not under lowest-price', async () => {
    const { fleet, override, aws } = await ready();
    const market = aws.account.spotMarket;
    market.depth = (type) => (type.name === 't3.medium' ? 5 : 1000);
    expect((await fleet([override('t3.medium'), override('t3.large')], 'spot')).Instances?.[0]?.InstanceType).to.equal('t3.large');
    expect((await fleet([override('t3.medium'), override('t3.large')], 'spot', { SpotOptions: { AllocationStrategy: 'lowest-price' } })).Instances?.[0]?.InstanceType).to.equal('t3.medium');
  });

  it('follows priorities under the prioritized strategies', async () => {
    const { fleet, override } = await ready();
    const overrides = [override('c5.large', 'a', { Priority: 2 }), override('m5.large', 'a', { Priority: 1 }), override('t3.large')];
    expect((await fleet(overrides, 'on-demand', { OnDemandOptions: { AllocationStrategy: 'prioritized' } })).Instances?.[0]?.InstanceType).to.equal('m5.large');
    expect((await fleet(overrides, 'spot', { SpotOptions: { AllocationStrategy: 'capacity-optimized-prioritized' } })).Instances?.[0]?.InstanceType).to.equal('m5.large');
  });

  it('launches once for a client token, and refuses the token for anything else', async () => {
    const { fleet, override, aws, clock } = await ready();
    const first = await fleet([override('c5.large')], 'on-demand', { ClientToken: 'claim-uid' });
    await clock.advance('10m');
    const again = await fleet([override('c5.large')], 'on-demand', { ClientToken: 'claim-uid' });
    expect(again.Instances?.[0]?.InstanceIds).to.deep.equal(first.Instances?.[0]?.InstanceIds);
    expect(aws.machines.list()).to.have.length(1);
    expect((await refusalOf(fleet([override('m5.large')], 'on-demand', { ClientToken: 'claim-uid' }))).name).to.equal('IdempotentParameterMismatch');
    await clock.advance('25h');
    await fleet([override('m5.large')], 'on-demand', { ClientToken: 'claim-uid' });
    expect(aws.machines.list()).to.have.length(2);
    expect((await refusalOf(fleet([override('m5.large')], 'on-demand', { ClientToken: 'x'.repeat(65) }))).name).to.equal('InvalidParameterValue');
  });

  it('checks a dry run without launching', async () => {
    const { fleet, override, aws } = await ready();
    expect(await refusalOf(fleet([override('c5.large')], 'on-demand', { DryRun: true }))).to.include({ name: 'DryRunOperation', status: 412 });
    expect((await refusalOf(fleet([override('c5.large')], 'on-demand', { DryRun: true }, 'absent'))).name).to.equal('InvalidLaunchTemplateName.NotFoundException');
    const wrong = { DryRun: true, OnDemandOptions: { AllocationStrategy: 'cheapest' as 'lowest-price' } };
    expect((await refusalOf(fleet([override('c5.large')], 'on-demand', wrong))).name).to.equal('InvalidParameterValue');
    expect(aws.machines.list()).to.deep.equal([]);
  });

  it('refuses fleets that are no launch: another type, no configuration, a reserved tag', async () => {
    const { fleet, override, ec2 } = await ready();
    expect((await refusalOf(fleet([override('c5.large')], 'on-demand', { Type: 'maintain' }))).name).to.equal('UnsupportedOperation');
    expect((await refusalOf(ec2.send(new CreateFleetCommand({
      Type: 'instant', LaunchTemplateConfigs: [], TargetCapacitySpecification: { TotalTargetCapacity: 1 },
    })))).name).to.equal('MissingParameter');
    expect((await refusalOf(fleet([override('c5.large')], 'on-demand', { TagSpecifications: [{
      ResourceType: 'instance', Tags: [{ Key: 'aws:x', Value: '' }],
    }] }))).message).to.contain('aws:x');
    expect((await refusalOf(fleet([override('c5.large')], 'on-demand', { TagSpecifications: [{ ResourceType: 'vpc', Tags: [] }] }))).name).to.equal('InvalidParameterValue');
    expect((await refusalOf(fleet([override('c5.large')], 'spot', { SpotOptions: { MinTargetCapacity: 1 } }))).message).to.contain('SpotOptions.MinTargetCapacity');
    expect((await refusalOf(fleet([override('c5.large', 'a', { WeightedCapacity: 2 })]))).message).to.contain('WeightedCapacity');
    expect((await refusalOf(fleet([override('c5.large')], 'spot', { SpotOptions: { AllocationStrategy: 'diversified' } }))).message).to.contain('price-capacity-optimized');
  });

  it('fails for a profile that EC2 does not know (yet) and for one without a role', async () => {
    const { fleet, override, iam, clock, ec2 } = await ready({ faults: { consistencyDelay: 8_000 } });
    await ec2.send(new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'fresh', LaunchTemplateData: { IamInstanceProfile: { Name: 'fresh' }, ImageId: override('c5.large').ImageId },
    }));
    expect((await refusalOf(fleet([override('c5.large')], 'on-demand', {}, 'fresh'))).name).to.equal('InvalidLaunchTemplateName.NotFoundException');
    await clock.advance('5s');
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'fresh' }));
    await clock.advance('4s');
    const messages = async () => (await fleet([override('c5.large')], 'on-demand', {}, 'fresh')).Errors?.map((error) => error.ErrorMessage).join();
    expect(await messages()).to.contain('Invalid IAM Instance Profile name');
    await clock.advance('4s');
    expect(await messages()).to.contain('has no associated IAM Roles');
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'fresh', RoleName: 'KarpenterNodeInstanceProfile-my-cluster' }));
    expect(await messages()).to.equal('');
  });

  it('shows a new instance only after the consistency delay', async () => {
    const { fleet, override, ec2, clock, aws } = await ready({ faults: { consistencyDelay: 3_000 } });
    await clock.advance('3s');
    const ids = (await fleet([override('c5.large')])).Instances?.[0]?.InstanceIds ?? [];
    expect(aws.machines.list()).to.have.length(1);
    expect((await refusalOf(ec2.send(new DescribeInstancesCommand({ InstanceIds: ids })))).name).to.equal('InvalidInstanceID.NotFound');
    expect((await refusalOf(ec2.send(new TerminateInstancesCommand({ InstanceIds: ids })))).name).to.equal('InvalidInstanceID.NotFound');
    await clock.advance('3s');
    expect((await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }))).Reservations).to.have.length(1);
  });

  it('splits a fleet between on-demand and spot when told to', async () => {
    const { fleet, override } = await ready();
    const TargetCapacitySpecification = { TotalTargetCapacity: 5, OnDemandTargetCapacity: 2, DefaultTargetCapacityType: 'spot' as const };
    const answer = await fleet([override('c5.large')], 'spot', { TargetCapacitySpecification });
    expect(answer.Instances?.map((entry) => [entry.Lifecycle, entry.InstanceIds?.length])).to.deep.equal([['on-demand', 2], ['spot', 3]]);
    const tooMany = { TotalTargetCapacity: 1, OnDemandTargetCapacity: 2 };
    expect((await refusalOf(fleet([override('c5.large')], 'spot', { TargetCapacitySpecification: tooMany }))).name).to.equal('InvalidParameterCombination');
  });

  it('refuses a volume that EBS does not have before anything is taken', async () => {
    const { fleet, override, aws, subnets } = await ready({}, { BlockDeviceMappings: [{
      DeviceName: '/dev/xvda', Ebs: { VolumeSize: 100, VolumeType: 'gp9' as 'gp3' },
    }] });
    expect((await fleet([override('c5.large')])).Errors?.[0]?.ErrorMessage).to.contain('gp9');
    expect(aws.account.network.subnet(subnets.a).freeAddresses).to.equal(8187);
  });

  it('counts free addresses of a subnet, and fails when they are taken', async () => {
    const { fleet, override, ec2, subnets, clock, aws } = await ready();
    const free = async () => (await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnets.a] }))).Subnets?.[0]?.AvailableIpAddressCount as number;
    const before = await free();
    const ids = (await fleet([override('c5.large')])).Instances?.[0]?.InstanceIds ?? [];
    expect(await free()).to.equal(before - 1);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    await clock.advance('2m');
    expect(await free()).to.equal(before);
    const subnet = aws.account.network.subnet(subnets.a);
    while (subnet.freeAddresses > 0) subnet.takeAddress();
    const answer = await fleet([override('c5.large')]);
    expect(answer.Errors?.[0]).to.include({ ErrorCode: 'InsufficientFreeAddressesInSubnet' });
    expect(answer.Errors?.[0]?.LaunchTemplateAndOverrides?.Overrides?.SubnetId).to.equal(subnets.a);
  });

  it('respects quotas', async () => {
    const { fleet, override, aws } = await ready({ faults: { onDemandVcpuLimit: 5, spotInstanceLimit: 1 } });
    expect((await fleet([override('c5.xlarge')])).Instances).to.have.length(1);
    expect((await fleet([override('c5.large')])).Errors?.[0]?.ErrorCode).to.equal('VcpuLimitExceeded');
    expect((await fleet([override('c5.large')], 'spot')).Instances).to.have.length(1);
    expect((await fleet([override('c5.large')], 'spot')).Errors?.[0]?.ErrorCode).to.equal('MaxSpotInstanceCountExceeded');
    expect(aws.machines.list()).to.have.length(2);
  });

  it('refuses groups of another network', async () => {
    const { fleet, override, aws } = await ready();
    const [foreign] = [...aws.account.network.subnets.values()].filter((subnet) => subnet.zone.letter === 'a' && subnet.tags.get('karpenter.sh/discovery') === 'ecommerce-cluster');
    const [error] = (await fleet([override('c5.large', 'a', { SubnetId: foreign?.id })])).Errors ?? [];
    expect(error?.ErrorCode).to.equal('InvalidParameter');
    expect(error?.ErrorMessage).to.contain('belong to different networks');
  });

  it('launches into a targeted capacity reservation while it lasts', async () => {
    const { fleet, override, aws, ec2 } = await ready();
    const reservation = aws.account.capacityReservations.add({ instanceType: 'c5.large', availabilityZone: 'us-west-2a', total: 1 });
    await ec2.send(new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'reserved',
      LaunchTemplateData: { CapacityReservationSpecification: {
        CapacityReservationPreference: 'capacity-reservations-only', CapacityReservationTarget: { CapacityReservationId: reservation.id },
      } },
    }));
    const answer = await fleet([override('c5.large')], 'on-demand', {}, 'reserved');
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: answer.Instances?.[0]?.InstanceIds ?? [] }));
    expect(Reservations?.[0]?.Instances?.[0]).to.deep.include({ CapacityReservationId: reservation.id });
    expect(reservation.available).to.equal(0);
    expect((await fleet([override('c5.large')], 'on-demand', {}, 'reserved')).Errors?.[0]?.ErrorCode).to.equal('ReservationCapacityExceeded');
  });

  it('fills open reservations unless told not to, and shows them only while they last', async () => {
    const { fleet, override, aws, ec2, clock } = await ready();
    const reservation = aws.account.capacityReservations.add({
      instanceType: 'c5.large', availabilityZone: 'us-west-2a', total: 1, matchCriteria: 'open', endsAt: clock.now() + 3_600_000,
    });
    const template = (LaunchTemplateName: string, CapacityReservationPreference: 'none' | 'capacity-reservations-only') => ec2.send(new CreateLaunchTemplateCommand({
      LaunchTemplateName, LaunchTemplateData: { CapacityReservationSpecification: { CapacityReservationPreference } },
    }));
    await Promise.all([template('shunning', 'none'), template('insisting', 'capacity-reservations-only')]);
    const reservedBy = async (ids: string[] | undefined) => (await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids ?? [] }))).Reservations?.[0]?.Instances?.[0]?.CapacityReservationId;
    expect(await reservedBy((await fleet([override('c5.large')], 'on-demand', {}, 'shunning')).Instances?.[0]?.InstanceIds)).to.equal(undefined);
    const ids = (await fleet([override('c5.large')], 'on-demand', {}, 'insisting')).Instances?.[0]?.InstanceIds;
    expect(await reservedBy(ids)).to.equal(reservation.id);
    expect((await fleet([override('c5.large')], 'on-demand', {}, 'insisting')).Errors?.[0]?.ErrorCode).to.equal('ReservationCapacityExceeded');
    await clock.advance('1h');
    expect(await reservedBy(ids)).to.equal(undefined);
  });

  it('leaves the template where it was', async () => {
    const { fleet, override, ec2 } = await ready();
    await fleet([override('c5.large')]);
    const { LaunchTemplates } = await ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ['nodes'] }));
    expect(LaunchTemplates?.[0]).to.include({ LatestVersionNumber: 1, DefaultVersionNumber: 1 });
  });
});
