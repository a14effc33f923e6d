import type { Account } from '../account/account.js';
import {
  primaryInterface, privateDnsNameOf, privateIpOf, publicDnsNameOf, STATE_CODES, type Instance, type InstanceState, type NetworkInterface,
} from '../account/instance.js';
import type { PlacementGroup } from '../account/placement-groups.js';
import { tagSet } from '../account/tags.js';
import { AwsError } from '../protocol/error.js';
import type { Operation } from '../protocol/query-service.js';
import { isoTime, type XmlObject } from '../protocol/xml.js';
import { applyFilters, attributes, type Attribute } from './filters.js';
import { endDryRun } from './operation.js';
import { page } from './paging.js';

export const stateOf = (name: InstanceState): XmlObject => ({ code: STATE_CODES[name], name });

const placementGroupOf = ({ specification }: Instance, account: Account): PlacementGroup | undefined =>
  specification.placementGroupId === undefined ? undefined : account.placementGroups.get(specification.placementGroupId);

const instanceFilters = (account: Account) => (instance: Instance): Attribute =>
  attributes({
    'instance-id': () => instance.id, 'instance-type': () => instance.type.name, 'instance-state-name': () => instance.state,
    'instance-state-code': () => String(STATE_CODES[instance.state]),
    'instance-lifecycle': () => (instance.lifecycle === 'spot' ? 'spot' : []),
    'availability-zone': () => instance.subnet.zone.name, 'subnet-id': () => instance.subnet.id, 'vpc-id': () => instance.subnet.vpc.id,
    'image-id': () => instance.image.id, architecture: () => instance.image.architecture, 'private-ip-address': () => privateIpOf(instance),
    'private-dns-name': () => privateDnsNameOf(instance, account.region), 'reservation-id': () => instance.reservationId,
    'client-token': () => [instance.clientToken], 'spot-instance-request-id': () => [instance.spotRequestId],
    'launch-time': () => isoTime(instance.launchTime),
    'iam-instance-profile.arn': () => [instance.instanceProfile?.arn], 'iam-instance-profile.name': () => [instance.instanceProfile?.name],
    'instance.group-id': () => instance.networkInterfaces.flatMap(({ securityGroups }) => securityGroups.map(({ id }) => id)),
    'capacity-reservation-id': () => [instance.capacityReservationId],
    'placement-group-name': () => [placementGroupOf(instance, account)?.name],
    tenancy: () => instance.specification.tenancy ?? 'default',
    'network-interface.network-interface-id': () => instance.networkInterfaces.map(({ id }) => id), 'owner-id': () => account.id,
    'root-device-name': () => instance.image.rootDevice,
  }, instance.tags);

export const DescribeInstances: Operation = (input, account) => {
  endDryRun(input);
  const ids = input.texts('InstanceId');
  if (ids.length > 0 && input.has('MaxResults')) {
    throw new AwsError('InvalidParameterCombination', 'The parameter instancesSet cannot be used with the parameter maxResults');
  }
  const named = ids.length > 0 ? [...new Set(ids)].map((id) => account.instances.get(id)) : account.instances.visible();
  const { items, nextToken } = page(applyFilters(input, named, instanceFilters(account)), input);
  const reservations = new Map<string, Instance[]>();
  for (const instance of items) reservations.set(instance.reservationId, [...(reservations.get(instance.reservationId) ?? []), instance]);
  return {
    reservationSet: [...reservations].map(([reservationId, instances]) => ({
      reservationId, ownerId: account.id, requesterId: instances[0]?.fleetId === undefined ? undefined : account.id, groupSet: [],
      instancesSet: instances.map((instance) => describeInstance(instance, account)),
    })),
    nextToken,
  };
};

/** An instance as DescribeInstances and RunInstances show it; one that is gone has lost its network and its volumes. */
export function describeInstance(instance: Instance, account: Account): XmlObject {
  const { type, image, subnet, specification, instanceProfile, state } = instance;
  const gone = state === 'terminated';
  const dnsName = privateDnsNameOf(instance, account.region);
  const { publicIp } = primaryInterface(instance);
  const reserved = account.capacityReservations.holds(instance.capacityReservationId) ? instance.capacityReservationId : undefined;
  const group = placementGroupOf(instance, account);
  return {
    instanceId: instance.id,
    imageId: image.id,
    instanceState: stateOf(state),
    privateDnsName: gone ? '' : dnsName,
    dnsName: gone || publicIp === undefined ? '' : publicDnsNameOf(publicIp, account.region),
    ipAddress: gone ? undefined : publicIp,
    reason: instance.stateReason && instance.terminatedAt !== undefined ? `${instance.stateReason.message} (${isoTime(instance.terminatedAt)})` : '',
    amiLaunchIndex: 0,
    productCodes: [],
    instanceType: type.name,
    launchTime: isoTime(instance.launchTime),
    placement: {
      availabilityZone: subnet.zone.name, availabilityZoneId: subnet.zone.id, groupName: group?.name ?? '', groupId: group?.id,
      partitionNumber: specification.partitionNumber, tenancy: specification.tenancy ?? 'default',
    },
    platform: image.platform === 'windows' ? 'windows' : undefined,
    platformDetails: image.platform === 'windows' ? 'Windows' : 'Linux/UNIX',
    monitoring: { state: specification.detailedMonitoring === true ? 'enabled' : 'disabled' },
    ...(gone ? {} : { subnetId: subnet.id, vpcId: subnet.vpc.id, privateIpAddress: privateIpOf(instance) }),
    stateReason: instance.stateReason && { code: instance.stateReason.code, message: instance.stateReason.message },
    architecture: image.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDevice,
    blockDeviceMapping: account.volumes.attachedTo(instance.id).map((volume) => ({
      deviceName: volume.attachment?.device,
      ebs: {
        volumeId: volume.id, status: 'attached', attachTime: isoTime(volume.attachment?.attachedAt ?? 0),
        deleteOnTermination: volume.attachment?.deleteOnTermination,
      },
    })),
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    instanceLifecycle: instance.lifecycle === 'spot' ? 'spot' : specification.marketType,
    spotInstanceRequestId: instance.spotRequestId,
    clientToken: instance.clientToken ?? '',
    tagSet: tagSet(instance.tags),
    groupSet: gone ? [] : (instance.networkInterfaces[0]?.securityGroups ?? []).map(({ id, name }) => ({ groupId: id, groupName: name })),
    networkInterfaceSet: gone ? [] : instance.networkInterfaces.map((networkInterface) => describeInterface(networkInterface, dnsName, instance, account)),
    iamInstanceProfile: instanceProfile && { arn: instanceProfile.arn, id: instanceProfile.id },
    ebsOptimized: false,
    enaSupport: true,
    sourceDestCheck: gone ? undefined : true,
    cpuOptions: {
      coreCount: Math.max(1, type.vcpus / (type.architecture === 'arm64' ? 1 : 2)),
      threadsPerCore: type.architecture === 'arm64' || type.vcpus === 1 ? 1 : 2,
    },
    capacityReservationId: reserved,
    capacityReservationSpecification: {
      capacityReservationPreference: specification.capacityReservationPreference ?? (reserved === undefined ? 'open' : undefined),
      capacityReservationTarget: reserved === undefined ? undefined : { capacityReservationId: reserved },
    },
    metadataOptions: {
      state: 'applied', httpTokens: 'optional', httpPutResponseHopLimit: 1, httpEndpoint: 'enabled', httpProtocolIpv6: 'disabled',
      instanceMetadataTags: 'disabled', ...specification.metadata,
    },
    maintenanceOptions: { autoRecovery: 'default' },
  };
}

function describeInterface(networkInterface: NetworkInterface, dnsName: string, instance: Instance, account: Account): XmlObject {
  const { privateIp, publicIp } = networkInterface;
  const first = networkInterface.deviceIndex === 0 && networkInterface.networkCardIndex === 0;
  const privateDnsName = first ? dnsName : undefined;
  return {
    networkInterfaceId: networkInterface.id, subnetId: networkInterface.subnet.id, vpcId: networkInterface.subnet.vpc.id, description: '',
    ownerId: account.id, status: 'in-use', macAddress: networkInterface.macAddress, privateIpAddress: privateIp, privateDnsName,
    sourceDestCheck: true, interfaceType: networkInterface.interfaceType,
    groupSet: networkInterface.securityGroups.map(({ id, name }) => ({ groupId: id, groupName: name })),
    attachment: {
      attachmentId: networkInterface.attachmentId, deviceIndex: networkInterface.deviceIndex,
      networkCardIndex: networkInterface.networkCardIndex, status: 'attached', attachTime: isoTime(instance.launchTime),
      deleteOnTermination: true,
    },
    association: publicIp === undefined ? undefined : { publicIp, publicDnsName: publicDnsNameOf(publicIp, account.region), ipOwnerId: 'amazon' },
    privateIpAddressesSet: privateIp === undefined ? [] : [{ privateIpAddress: privateIp, privateDnsName, primary: true }],
    ipv6AddressesSet: [],
  };
}
