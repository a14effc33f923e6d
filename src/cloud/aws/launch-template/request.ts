import type { CreateLaunchTemplateCommandInput, RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import { createHash } from 'node:crypto';
import type { EC2NodeClass } from '../../../api/ec2nodeclass.js';
import { CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT } from '../../../api/labels.js';
import { resolvedAMIFamily } from '../ami-family.js';
import { blockDeviceRequest, defaultBlockDevices } from '../block-devices.js';
import { sortedJSON } from '../nodeclass-hash.js';
import { tagList } from '../tags.js';
import type { Tags } from '../tags.js';
import { networkInterfaces } from './network-interfaces.js';

/** Regions whose EC2 does not know the option. */
const WITHOUT_IPV6_METADATA = new Set(['us-iso-east-1', 'us-iso-west-1', 'us-isob-east-1', 'us-isob-west-1', 'us-isof-south-1', 'us-isof-east-1']);

/** A reservation that a template launches into. */
export interface TargetReservation {
  id: string;
  type: string;
  interruptible: boolean;
}

/** Everything that a launch template says. */
export interface LaunchTemplateSpec {
  nodeClass: EC2NodeClass;
  region: string;
  amiID: string;
  /** As text. */
  userData: string;
  capacityType: string;
  tenancy: string;
  efaCount: number;
  ipv6: boolean;
  nitroEnclaves: boolean;
  /** The lowest of the requested partitions. */
  placement?: { groupID: string; partition?: string };
  reservation?: TargetReservation;
  /** Whether capacity reservations are managed at all; if so, other launches opt out of open ones. */
  reservedCapacity: boolean;
  tags: Tags;
}

/** The request that creates the template. Its name is a hash of all the rest: equal templates have equal names, in every process. */
export function launchTemplateRequest(spec: LaunchTemplateSpec): CreateLaunchTemplateCommandInput & { LaunchTemplateName: string } {
  const LaunchTemplateData = templateData(spec);
  const digest = createHash('sha256').update(sortedJSON([spec.nodeClass.metadata.name, spec.capacityType, LaunchTemplateData])).digest();
  return {
    LaunchTemplateName: `karpenter.k8s.aws/${digest.readBigUInt64BE(0)}`,
    LaunchTemplateData,
    TagSpecifications: [{ ResourceType: 'launch-template', Tags: tagList(spec.tags) }],
  };
}

function templateData(spec: LaunchTemplateSpec): RequestLaunchTemplateData {
  const { nodeClass, capacityType, placement } = spec;
  const { blockDeviceMappings, detailedMonitoring, cpuOptions } = nodeClass.spec;
  const devices = blockDeviceMappings?.length ? blockDeviceMappings : defaultBlockDevices(resolvedAMIFamily(nodeClass));
  const taggedResources = capacityType === CAPACITY_TYPE_SPOT ? (['network-interface', 'spot-instances-request'] as const) : (['network-interface'] as const);
  return {
    ImageId: spec.amiID,
    UserData: Buffer.from(spec.userData).toString('base64'),
    ...(nodeClass.status.instanceProfile ? { IamInstanceProfile: { Name: nodeClass.status.instanceProfile } } : {}),
    ...(devices.length > 0 ? { BlockDeviceMappings: devices.map(blockDeviceRequest) } : {}),
    MetadataOptions: metadataOptions(spec),
    Monitoring: { Enabled: detailedMonitoring ?? false },
    EnclaveOptions: { Enabled: spec.nitroEnclaves },
    ...(cpuOptions?.nestedVirtualization ? { CpuOptions: { NestedVirtualization: cpuOptions.nestedVirtualization } } : {}),
    NetworkInterfaces: networkInterfaces({ spec: nodeClass.spec, securityGroups: (nodeClass.status.securityGroups ?? []).map(({ id }) => id), efaCount: spec.efaCount, ipv6: spec.ipv6 }),
    Placement: {
      Tenancy: spec.tenancy === 'dedicated' ? 'dedicated' : 'default',
      ...(placement ? { GroupId: placement.groupID } : {}),
      ...(placement?.partition ? { PartitionNumber: Number(placement.partition) } : {}),
    },
    TagSpecifications: taggedResources.map((ResourceType) => ({ ResourceType, Tags: tagList(spec.tags) })),
    ...(spec.reservedCapacity ? reservationOptions(spec) : {}),
  };
}

/** Defaults as the custom resource's schema has them. */
function metadataOptions({ nodeClass, region }: LaunchTemplateSpec): NonNullable<RequestLaunchTemplateData['MetadataOptions']> {
  const { httpEndpoint = 'enabled', httpProtocolIPv6 = 'disabled', httpPutResponseHopLimit = 1, httpTokens = 'required' } = nodeClass.spec.metadataOptions ?? {};
  return {
    HttpEndpoint: httpEndpoint,
    ...(WITHOUT_IPV6_METADATA.has(region) ? {} : { HttpProtocolIpv6: httpProtocolIPv6 }),
    HttpPutResponseHopLimit: httpPutResponseHopLimit,
    HttpTokens: httpTokens,
    InstanceMetadataTags: 'disabled',
  };
}

function reservationOptions({ capacityType, reservation }: LaunchTemplateSpec): Partial<RequestLaunchTemplateData> {
  if (capacityType !== CAPACITY_TYPE_RESERVED || !reservation) return { CapacityReservationSpecification: { CapacityReservationPreference: 'none' } };
  const marketType = reservation.type === 'capacity-block' ? 'capacity-block' : reservation.interruptible ? 'interruptible-capacity-reservation' : undefined;
  return {
    CapacityReservationSpecification: {
      CapacityReservationPreference: 'capacity-reservations-only',
      CapacityReservationTarget: { CapacityReservationId: reservation.id },
    },
    ...(marketType ? { InstanceMarketOptions: { MarketType: marketType } } : {}),
  };
}
