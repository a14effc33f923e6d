import type { SecurityGroup, Subnet, Vpc } from '../account/network.js';
import { tagSet } from '../account/tags.js';
import type { Zone } from '../account/zones.js';
import type { Operation } from '../protocol/query-service.js';
import { applyFilters, attributes } from './filters.js';
import { endDryRun, select } from './operation.js';
import { page } from './paging.js';

export const DescribeAvailabilityZones: Operation = (input, account) => {
  endDryRun(input);
  const wanted = [...input.texts('ZoneName'), ...input.texts('ZoneId')];
  const zones = account.network.zones.filter((zone) => wanted.length === 0 || wanted.includes(zone.name) || wanted.includes(zone.id));
  const matching = applyFilters(input, zones, (zone: Zone) =>
    attributes({
      'zone-name': () => zone.name, 'zone-id': () => zone.id, state: () => 'available', 'region-name': () => account.region,
      'zone-type': () => 'availability-zone', 'opt-in-status': () => 'opt-in-not-required', 'group-name': () => account.region,
    }));
  return {
    availabilityZoneInfo: matching.map((zone) => ({
      optInStatus: 'opt-in-not-required', messageSet: [], regionName: account.region, zoneName: zone.name, zoneId: zone.id,
      groupName: account.region, networkBorderGroup: account.region, zoneType: 'availability-zone', zoneState: 'available',
    })),
  };
};

export const DescribeVpcs: Operation = (input, account) => {
  endDryRun(input);
  const vpcs = select(input.texts('VpcId'), account.network.vpcs, 'InvalidVpcID.NotFound', 'vpc ID');
  const matching = applyFilters(input, vpcs, (vpc: Vpc) =>
    attributes({
      'vpc-id': () => vpc.id, cidr: () => vpc.cidr, state: () => 'available', 'owner-id': () => account.id, 'is-default': () => 'false',
    }, vpc.tags));
  const { items, nextToken } = page(matching, input);
  return {
    vpcSet: items.map((vpc) => ({
      ownerId: account.id, instanceTenancy: 'default',
      cidrBlockAssociationSet: [{
        associationId: vpc.id.replace('vpc-', 'vpc-cidr-assoc-'), cidrBlock: vpc.cidr, cidrBlockState: { state: 'associated' },
      }],
      isDefault: false, tagSet: tagSet(vpc.tags), vpcId: vpc.id, state: 'available', cidrBlock: vpc.cidr,
    })),
    nextToken,
  };
};

export const DescribeSubnets: Operation = (input, account) => {
  endDryRun(input);
  const subnets = select(input.texts('SubnetId'), account.network.subnets, 'InvalidSubnetID.NotFound', 'subnet ID');
  const matching = applyFilters(input, subnets, (subnet: Subnet) =>
    attributes({
      'subnet-id': () => subnet.id, 'vpc-id': () => subnet.vpc.id, 'availability-zone': () => subnet.zone.name,
      availabilityZone: () => subnet.zone.name, 'availability-zone-id': () => subnet.zone.id, 'cidr-block': () => subnet.cidr,
      cidr: () => subnet.cidr, state: () => 'available',
      'owner-id': () => account.id, 'map-public-ip-on-launch': () => String(subnet.publicAddresses), 'default-for-az': () => 'false',
      'available-ip-address-count': () => String(subnet.freeAddresses),
    }, subnet.tags));
  const { items, nextToken } = page(matching, input);
  return {
    subnetSet: items.map((subnet) => ({
      availabilityZoneId: subnet.zone.id, mapCustomerOwnedIpOnLaunch: false, ownerId: account.id, assignIpv6AddressOnCreation: false,
      ipv6CidrBlockAssociationSet: [], tagSet: tagSet(subnet.tags),
      subnetArn: `arn:aws:ec2:${account.region}:${account.id}:subnet/${subnet.id}`,
      enableDns64: false, ipv6Native: false, subnetId: subnet.id, state: 'available', vpcId: subnet.vpc.id, cidrBlock: subnet.cidr,
      availableIpAddressCount: subnet.freeAddresses, availabilityZone: subnet.zone.name, defaultForAz: false,
      mapPublicIpOnLaunch: subnet.publicAddresses,
    })),
    nextToken,
  };
};

export const DescribeSecurityGroups: Operation = (input, account) => {
  endDryRun(input);
  const groups = select(input.texts('GroupId'), account.network.securityGroups, 'InvalidGroup.NotFound', 'security group');
  const matching = applyFilters(input, groups, (group: SecurityGroup) =>
    attributes({
      'group-id': () => group.id, 'group-name': () => group.name, description: () => group.description, 'vpc-id': () => group.vpc.id,
      'owner-id': () => account.id,
    }, group.tags));
  const { items, nextToken } = page(matching, input);
  return {
    securityGroupInfo: items.map((group) => ({
      groupId: group.id, ipPermissionsEgress: [{ ipProtocol: '-1', ipRanges: [{ cidrIp: '0.0.0.0/0' }] }], tagSet: tagSet(group.tags),
      vpcId: group.vpc.id, securityGroupArn: `arn:aws:ec2:${account.region}:${account.id}:security-group/${group.id}`,
      ownerId: account.id, groupName: group.name, groupDescription: group.description,
      ipPermissions: [{ ipProtocol: '-1', groups: [{ userId: account.id, groupId: group.id }] }],
    })),
    nextToken,
  };
};
