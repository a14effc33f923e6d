import type { Parameters } from '../protocol/parameters.js';
import { specifiedTags, type Tags } from './tags.js';

export interface BlockDevice {
  readonly deviceName: string;
  readonly sizeGiB: number | undefined;
  readonly volumeType: string | undefined;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  readonly encrypted: boolean | undefined;
  readonly kmsKeyId: string | undefined;
  readonly snapshotId: string | undefined;
  readonly deleteOnTermination: boolean;
}

export interface NetworkInterfaceRequest {
  readonly deviceIndex: number;
  readonly networkCardIndex: number;
  readonly interfaceType: string;
  readonly subnetId: string | undefined;
  readonly securityGroupIds: readonly string[];
  readonly associatePublicIpAddress: boolean | undefined;
}

/** How to launch an instance, as a launch template, an override or a RunInstances call says it; each may leave anything open. */
export interface LaunchSpecification {
  readonly imageId?: string | undefined;
  readonly instanceType?: string | undefined;
  readonly subnetId?: string | undefined;
  readonly availabilityZone?: string | undefined;
  readonly tenancy?: string | undefined;
  readonly placementGroupId?: string | undefined;
  readonly partitionNumber?: number | undefined;
  /** Base64, as it came. */
  readonly userData?: string | undefined;
  /** Name or ARN. */
  readonly instanceProfile?: string | undefined;
  readonly securityGroupIds?: readonly string[] | undefined;
  readonly networkInterfaces?: readonly NetworkInterfaceRequest[] | undefined;
  readonly blockDevices?: readonly BlockDevice[] | undefined;
  readonly detailedMonitoring?: boolean | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly marketType?: string | undefined;
  readonly capacityReservationId?: string | undefined;
  readonly capacityReservationPreference?: string | undefined;
  readonly tags?: Readonly<Record<TaggedOnLaunch, Tags>> | undefined;
}

/** What a launch creates and can tag. */
const TAGGED_ON_LAUNCH = ['instance', 'volume', 'network-interface', 'spot-instances-request'] as const;
export type TaggedOnLaunch = (typeof TAGGED_ON_LAUNCH)[number];

const METADATA_OPTIONS = {
  HttpEndpoint: 'httpEndpoint', HttpTokens: 'httpTokens', HttpPutResponseHopLimit: 'httpPutResponseHopLimit',
  HttpProtocolIpv6: 'httpProtocolIpv6', InstanceMetadataTags: 'instanceMetadataTags',
};

/** Reads the members that LaunchTemplateData, a fleet's override and RunInstances have in common. */
export function readLaunchSpecification(input: Parameters): LaunchSpecification {
  const profile = input.child('IamInstanceProfile');
  const placement = input.child('Placement');
  const reservation = input.child('CapacityReservationSpecification');
  const groups = input.texts('SecurityGroupId');
  const interfaces = input.list('NetworkInterface');
  const devices = input.list('BlockDeviceMapping');
  return {
    imageId: input.text('ImageId'),
    instanceType: input.text('InstanceType'),
    subnetId: input.text('SubnetId'),
    availabilityZone: input.text('AvailabilityZone') ?? placement.text('AvailabilityZone'),
    tenancy: placement.text('Tenancy'),
    placementGroupId: placement.text('GroupId'),
    partitionNumber: placement.number('PartitionNumber'),
    userData: input.text('UserData'),
    instanceProfile: profile.text('Arn') ?? profile.text('Name'),
    securityGroupIds: groups.length > 0 ? groups : undefined,
    networkInterfaces: interfaces.length > 0 ? interfaces.map(readNetworkInterface) : undefined,
    blockDevices: devices.length > 0 ? devices.map(readBlockDevice) : undefined,
    detailedMonitoring: input.child('Monitoring').flag('Enabled'),
    metadata: input.has('MetadataOptions') ? readMetadataOptions(input.child('MetadataOptions')) : undefined,
    marketType: input.child('InstanceMarketOptions').text('MarketType'),
    capacityReservationId: reservation.child('CapacityReservationTarget').text('CapacityReservationId'),
    capacityReservationPreference: reservation.text('CapacityReservationPreference'),
    tags: Object.fromEntries(TAGGED_ON_LAUNCH.map((kind) => [kind, specifiedTags(input, kind)])) as Record<TaggedOnLaunch, Tags>,
  };
}

function readMetadataOptions(options: Parameters): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, wire] of Object.entries(METADATA_OPTIONS)) {
    const value = options.text(name);
    if (value !== undefined) metadata[wire] = value;
  }
  return metadata;
}

function readNetworkInterface(input: Parameters): NetworkInterfaceRequest {
  return {
    deviceIndex: input.number('DeviceIndex') ?? 0,
    networkCardIndex: input.number('NetworkCardIndex') ?? 0,
    interfaceType: input.text('InterfaceType') ?? 'interface',
    subnetId: input.text('SubnetId'),
    securityGroupIds: input.texts('SecurityGroupId'),
    associatePublicIpAddress: input.flag('AssociatePublicIpAddress'),
  };
}

function readBlockDevice(input: Parameters): BlockDevice {
  const ebs = input.child('Ebs');
  return {
    deviceName: input.required('DeviceName'),
    sizeGiB: ebs.number('VolumeSize'),
    volumeType: ebs.text('VolumeType'),
    iops: ebs.number('Iops'),
    throughput: ebs.number('Throughput'),
    encrypted: ebs.flag('Encrypted'),
    kmsKeyId: ebs.text('KmsKeyId'),
    snapshotId: ebs.text('SnapshotId'),
    deleteOnTermination: ebs.flag('DeleteOnTermination') ?? true,
  };
}

/** What `over` says, and where it is silent what `base` says. Tags of both count. */
export function mergeLaunchSpecifications(base: LaunchSpecification, over: LaunchSpecification): LaunchSpecification {
  const said = Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined));
  const tags = Object.fromEntries(TAGGED_ON_LAUNCH.map((kind) => [kind, mergeTags(base.tags?.[kind], over.tags?.[kind])])) as Record<TaggedOnLaunch, Tags>;
  return { ...base, ...said, tags };
}

const NO_TAGS: Tags = new Map();
const mergeTags = (base = NO_TAGS, over = NO_TAGS): Tags => (over.size === 0 ? base : new Map([...base, ...over]));
