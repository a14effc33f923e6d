import {
  DescribeAvailabilityZonesCommand, DescribeImagesCommand, DescribeInstanceTypesCommand, DescribeInstanceTypeOfferingsCommand,
  DescribeSecurityGroupsCommand, DescribeSpotPriceHistoryCommand, DescribeSubnetsCommand, paginateDescribeInstanceTypeOfferings,
  paginateDescribeInstanceTypes, paginateDescribeSpotPriceHistory, type InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { catalogueType } from '../../../cloud/aws/catalogue/catalogue.js';
import { refusalOf, testAws } from '../testing.js';

describe("EC2's read operations", () => {
  it('page through every instance type that Karpenter asks for', async () => {
    const { ec2 } = testAws();
    const types = new Map<string, InstanceTypeInfo>();
    const filters = [{ Name: 'supported-virtualization-type', Values: ['hvm'] }, {
      Name: 'processor-info.supported-architecture', Values: ['x86_64', 'arm64'],
    }];
    for await (const { InstanceTypes = [] } of paginateDescribeInstanceTypes({ client: ec2, pageSize: 100 }, { Filters: filters })) {
      expect(InstanceTypes.length).to.be.at.most(100);
      for (const type of InstanceTypes) types.set(type.InstanceType as string, type);
    }
    expect(types.size).to.equal(1345);
    const large = types.get('c5.large');
    expect(large?.VCpuInfo?.DefaultVCpus).to.equal(2);
    expect(large?.MemoryInfo?.SizeInMiB).to.equal(4096);
    expect(large?.NetworkInfo).to.include({ MaximumNetworkInterfaces: 3, Ipv4AddressesPerInterface: 10, DefaultNetworkCardIndex: 0 });
    expect(large?.EbsInfo?.EbsOptimizedInfo?.MaximumBandwidthInMbps).to.equal(4750);
    expect(large?.SupportedUsageClasses).to.deep.equal(['on-demand', 'spot']);
    expect(large?.GpuInfo).to.equal(undefined);
    expect(types.get('m5.metal')?.BareMetal).to.equal(true);
    expect(types.get('m5.metal')?.Hypervisor).to.equal(undefined);
    expect(types.get('m6g.large')?.ProcessorInfo?.SupportedArchitectures).to.deep.equal(['arm64']);
    expect(types.get('g4dn.12xlarge')?.GpuInfo?.Gpus?.[0]).to.deep.include({ Name: 'T4', Manufacturer: 'NVIDIA', Count: 4 });
    expect(types.get('inf2.24xlarge')?.NeuronInfo?.NeuronDevices?.[0]).to.deep.include({
      Name: 'Inferentia2', Count: 6, CoreInfo: { Count: 2, Version: 2 },
    });
    expect(types.get('d3.xlarge')?.InstanceStorageInfo).to.include({ TotalSizeInGB: 5940, NvmeSupport: 'required' });
    const p5 = types.get('p5.48xlarge')?.NetworkInfo;
    expect(p5?.NetworkCards).to.have.length(32);
    expect(p5?.NetworkCards?.reduce((sum, card) => sum + (card.MaximumNetworkInterfaces ?? 0), 0)).to.equal(p5?.MaximumNetworkInterfaces);
    expect(p5?.EfaInfo?.MaximumEfaInterfaces).to.equal(32);
  });

  it('answer a dry run with DryRunOperation', async () => {
    const { ec2 } = testAws();
    expect(await refusalOf(ec2.send(new DescribeInstanceTypesCommand({ DryRun: true })))).to.include({ name: 'DryRunOperation', status: 412 });
  });

  it('describe named instance types, and refuse unknown ones', async () => {
    const { ec2 } = testAws();
    const { InstanceTypes } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['t3.medium', 'm5.large'] }));
    expect(InstanceTypes?.map((type) => type.InstanceType)).to.deep.equal(['t3.medium', 'm5.large']);
    expect((await refusalOf(ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['m5.huge' as 'm5.large'] })))).name).to.equal('InvalidInstanceType');
  });

  it('offer types by zone, as the catalogue says', async () => {
    const { ec2 } = testAws();
    const zones = new Map<string, string[]>();
    for await (const { InstanceTypeOfferings = [] } of paginateDescribeInstanceTypeOfferings({ client: ec2, pageSize: 1000 }, { LocationType: 'availability-zone' })) {
      for (const { InstanceType, Location } of InstanceTypeOfferings) zones.set(InstanceType as string, [...(zones.get(InstanceType as string) ?? []), Location as string]);
    }
    expect(zones.get('m5.large')).to.deep.equal(['us-west-2a', 'us-west-2b', 'us-west-2c']);
    expect(zones.get('p4de.24xlarge')).to.deep.equal(['us-west-2b', 'us-west-2c']);
    const { InstanceTypeOfferings } = await ec2.send(new DescribeInstanceTypeOfferingsCommand({
      LocationType: 'availability-zone',
      Filters: [{ Name: 'location', Values: ['us-west-2a'] }, { Name: 'instance-type', Values: ['p4de.*', 't3.nano'] }],
    }));
    expect(InstanceTypeOfferings?.map((offering) => offering.InstanceType)).to.deep.equal(['t3.nano']);
  });

  it('give one spot price for every pool, between a quarter and half of on demand', async () => {
    const { ec2, clock } = testAws();
    const prices = new Map<string, number>();
    for await (const { SpotPriceHistory = [] } of paginateDescribeSpotPriceHistory({ client: ec2, pageSize: 2000 }, { ProductDescriptions: ['Linux/UNIX', 'Linux/UNIX (Amazon VPC)'], StartTime: new Date(clock.now()) })) {
      for (const { InstanceType, AvailabilityZone, SpotPrice, Timestamp } of SpotPriceHistory) {
        const price = Number(SpotPrice);
        const onDemand = catalogueType(InstanceType as string)?.onDemandPrice as number;
        expect(price / onDemand, `${InstanceType} in ${AvailabilityZone}`).to.be.within(0.24, 0.46);
        expect(Timestamp?.getTime()).to.be.at.most(clock.now());
        prices.set(`${InstanceType}/${AvailabilityZone}`, price);
      }
    }
    expect(prices.size).to.be.greaterThan(3_800);
    expect(prices.has('u-6tb1.56xlarge/us-west-2a')).to.equal(false);
  });

  it('filter spot prices by type and zone', async () => {
    const { ec2 } = testAws();
    const { SpotPriceHistory } = await ec2.send(new DescribeSpotPriceHistoryCommand({
      InstanceTypes: ['t3.medium'], AvailabilityZone: 'us-west-2b',
    }));
    expect(SpotPriceHistory).to.have.length(1);
    expect(Number(SpotPriceHistory?.[0]?.SpotPrice)).to.be.within(0.0416 * 0.3, 0.0416 * 0.35);
  });

  it('match filters by tag, by tag key and by wildcard, and refuse unknown ones', async () => {
    const { ec2 } = testAws();
    const count = async (...filters: { Name: string; Values: string[] }[]) => (await ec2.send(new DescribeSubnetsCommand({ Filters: filters }))).Subnets?.length;
    expect(await count({ Name: 'tag-key', Values: ['database'] })).to.equal(6);
    expect(await count({ Name: 'tag:Name', Values: ['*-public-us-west-2?'] })).to.equal(6);
    expect(await count({ Name: 'tag:Name', Values: ['my-*'] }, { Name: 'availability-zone-id', Values: ['usw2-az2', 'usw2-az3'] })).to.equal(4);
    expect(await count({ Name: 'tag:tier', Values: ['nothing'] })).to.equal(0);
    expect(await refusalOf(count({ Name: 'colour', Values: ['blue'] }))).to.include({
      name: 'InvalidParameterValue', message: "The filter 'colour' is invalid",
    });
  });

  it('find security groups by name and refuse unknown ids', async () => {
    const { ec2 } = testAws();
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-name', Values: ['my-cluster-*'] }] }));
    expect(SecurityGroups?.map((group) => group.GroupName)).to.deep.equal(['my-cluster-database', 'my-cluster-restricted']);
    expect((await refusalOf(ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ['sg-0'] })))).name).to.equal('InvalidGroup.NotFound');
    expect((await refusalOf(ec2.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-0'] })))).name).to.equal('InvalidSubnetID.NotFound');
  });

  it('know the zones by name and id', async () => {
    const { ec2 } = testAws();
    const { AvailabilityZones } = await ec2.send(new DescribeAvailabilityZonesCommand({}));
    expect(AvailabilityZones?.map((zone) => [zone.ZoneName, zone.ZoneId, zone.State])).to.deep.equal([['us-west-2a', 'usw2-az1', 'available'], ['us-west-2b', 'usw2-az2', 'available'], ['us-west-2c', 'usw2-az3', 'available']]);
  });

  it('hide deprecated images unless asked for, and tell owners apart', async () => {
    const { ec2 } = testAws();
    const names = async (options: object) => (await ec2.send(new DescribeImagesCommand({
      Filters: [{ Name: 'name', Values: ['amazon-eks-node-1.31-v*'] }], ...options,
    }))).Images?.map((image) => image.Name);
    expect(await names({ IncludeDeprecated: true })).to.have.length(5);
    expect(await names({})).to.have.length(4);
    expect(await names({ Owners: ['amazon'] })).to.have.length(4);
    expect(await names({ Owners: ['602401143452'] })).to.have.length(4);
    expect(await names({ Owners: ['self'] })).to.deep.equal([]);
    expect((await refusalOf(ec2.send(new DescribeImagesCommand({ ImageIds: ['ami-12345678'] })))).name).to.equal('InvalidAMIID.NotFound');
    expect((await refusalOf(ec2.send(new DescribeImagesCommand({ ImageIds: ['image'] })))).name).to.equal('InvalidAMIID.Malformed');
  });
});
