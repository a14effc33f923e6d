import { catalogueType, type CatalogueType } from '../../../cloud/aws/catalogue/catalogue.js';
import type { CapacityType } from '../faults.js';
import { AwsError } from '../protocol/error.js';
import type { Account } from './account.js';
import { resourceId } from './identifiers.js';
import type { InstanceProfile } from './identities.js';
import type { Image } from './images.js';
import type { Instance, NetworkInterface } from './instance.js';
import type { BlockDevice, LaunchSpecification, NetworkInterfaceRequest } from './launch-specification.js';
import type { SecurityGroup, Subnet } from './network.js';
import { priceOf } from './spot-market.js';
import type { Tags } from './tags.js';
import { checkVolume } from './volumes.js';

/** A launch of which everything is known to exist and to fit together. */
export interface LaunchPlan {
  readonly type: CatalogueType;
  readonly image: Image;
  readonly subnet: Subnet;
  readonly lifecycle: CapacityType;
  readonly profile: InstanceProfile | undefined;
  readonly interfaces: readonly (NetworkInterfaceRequest & { groups: readonly SecurityGroup[] })[];
  readonly devices: readonly BlockDevice[];
  readonly specification: LaunchSpecification;
  /** USD an hour. */
  readonly price: number;
}

/** Checks a specification as EC2 would before it looks for capacity. Throws the AwsError that EC2 would answer. */
export function planLaunch(specification: LaunchSpecification, lifecycle: CapacityType, account: Account): LaunchPlan {
  const { network, images, identities, placementGroups } = account;
  if (specification.instanceType === undefined) throw new AwsError('MissingParameter', 'The request must contain the parameter InstanceType');
  if (specification.imageId === undefined) throw new AwsError('MissingParameter', 'The request must contain the parameter ImageId');
  const type = catalogueType(specification.instanceType);
  if (!type) throw new AwsError('InvalidParameterValue', `Invalid value '${specification.instanceType}' for InstanceType.`);
  const image = images.get(specification.imageId);
  checkArchitecture(type, image);

  const primary = specification.networkInterfaces?.find((request) => request.deviceIndex === 0 && request.networkCardIndex === 0);
  if (specification.networkInterfaces && !primary) {
    throw new AwsError('InvalidParameterValue', 'A network interface with device index 0 on network card 0 is required.');
  }
  const subnetId = specification.subnetId ?? primary?.subnetId;
  if (subnetId === undefined) throw new AwsError('MissingInput', 'No default VPC for this user. Please specify a subnet.');
  const subnet = network.subnet(subnetId);
  checkZone(specification, type, subnet, lifecycle, account);

  const defaultGroup = [...network.securityGroups.values()].filter((group) => group.vpc === subnet.vpc && group.name === 'default');
  const requests = specification.networkInterfaces ?? [{
    deviceIndex: 0, networkCardIndex: 0, interfaceType: 'interface', subnetId, securityGroupIds: specification.securityGroupIds ?? [],
    associatePublicIpAddress: undefined,
  }];
  if (requests.length > 1 && requests.some((request) => request.associatePublicIpAddress === true)) {
    throw new AwsError(
      'InvalidParameterCombination',
      'The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.',
    );
  }
  const interfaces = requests.map((request) => {
    const named = request.securityGroupIds.map((id) => network.securityGroup(id));
    const foreign = named.find((group) => group.vpc !== subnet.vpc);
    if (foreign) throw new AwsError('InvalidParameter', `Security group ${foreign.id} and subnet ${subnet.id} belong to different networks.`);
    return { ...request, groups: named.length > 0 ? named : defaultGroup };
  });

  if (specification.placementGroupId !== undefined) {
    const group = placementGroups.get(specification.placementGroupId);
    if (!type.placementStrategies.includes(group.strategy)) {
      throw new AwsError('InvalidParameterCombination', `${group.strategy} placement groups may not be used with instances of type '${type.name}'.`);
    }
  }
  return {
    type, image, subnet, lifecycle, interfaces, specification,
    profile: specification.instanceProfile === undefined ? undefined : identities.launchable(specification.instanceProfile),
    devices: devicesOf(specification, image),
    price: priceOf(account.spotMarket, type.name, subnet.zone, lifecycle),
  };
}

function checkArchitecture(type: CatalogueType, image: Image): void {
  const ofType = type.architecture === 'arm64' ? 'arm64' : 'x86_64';
  if (ofType === image.architecture) return;
  throw new AwsError(
    'InvalidParameterValue',
    `The architecture '${ofType}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
  );
}

function checkZone(specification: LaunchSpecification, type: CatalogueType, subnet: Subnet, lifecycle: CapacityType, account: Account): void {
  const { zone } = subnet;
  if (specification.availabilityZone !== undefined && specification.availabilityZone !== zone.name) {
    throw new AwsError(
      'InvalidParameterValue',
      `The availability zone '${specification.availabilityZone}' does not match the zone '${zone.name}' of subnet '${subnet.id}'.`,
    );
  }
  if (!type.zones.includes(zone.letter)) {
    const offered = account.network.zones.filter(({ letter }) => type.zones.includes(letter)).map(({ name }) => name);
    throw new AwsError(
      'Unsupported',
      `Your requested instance type (${type.name}) is not supported in your requested Availability Zone (${zone.name}). Please retry your request by not specifying an Availability Zone or choosing ${offered.join(', ')}.`,
    );
  }
  if (!type.usageClasses.includes(lifecycle)) throw new AwsError('Unsupported', `The instance type ${type.name} is not available as ${lifecycle}.`);
}

/** The image's root device and the devices asked for; one of the same name replaces the image's. */
function devicesOf(specification: LaunchSpecification, image: Image): BlockDevice[] {
  const root: BlockDevice = {
    deviceName: image.rootDevice, sizeGiB: image.rootGiB, volumeType: 'gp2', iops: undefined, throughput: undefined, encrypted: false,
    kmsKeyId: undefined, snapshotId: undefined, deleteOnTermination: true,
  };
  const devices = new Map([[root.deviceName, root]]);
  for (const device of specification.blockDevices ?? []) {
    const isRoot = device.deviceName === root.deviceName;
    const sizeGiB = device.sizeGiB ?? (isRoot ? image.rootGiB : undefined);
    if (sizeGiB === undefined && device.snapshotId === undefined) {
      throw new AwsError('MissingParameter', `The request must contain the parameter size or snapshotId for the device ${device.deviceName}`);
    }
    if (isRoot && sizeGiB !== undefined && sizeGiB < image.rootGiB) {
      throw new AwsError(
        'InvalidBlockDeviceMapping',
        `Volume of size ${sizeGiB}GB is smaller than snapshot '${image.id.replace('ami-', 'snap-')}', expect size >= ${image.rootGiB}GB`,
      );
    }
    checkVolume(sizeGiB ?? image.rootGiB, device.volumeType ?? 'gp2');
    devices.set(device.deviceName, { ...device, sizeGiB: sizeGiB ?? image.rootGiB });
  }
  return [...devices.values()];
}

/** How many more instances of a plan its spot pool could hold; on-demand capacity ends only by the dials. */
export function remainingDepth({ type, subnet, lifecycle }: LaunchPlan, account: Account): number {
  const { zone } = subnet;
  if (account.faults.isExhausted(type.name, zone.name, lifecycle)) return 0;
  if (lifecycle === 'on-demand') return Infinity;
  return account.spotMarket.depth(type, zone) - account.instances.inPool(type.name, zone.name, 'spot');
}

function checkCapacity(plan: LaunchPlan, account: Account): void {
  const { type, subnet, lifecycle } = plan;
  const { faults, instances } = account;
  const spot = lifecycle === 'spot';
  if (spot && faults.spotRoleMissing) {
    throw new AwsError('AuthFailure.ServiceLinkedRoleCreationNotPermitted', 'The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances.', 403);
  }
  checkSpread(plan, account);
  if (spot && Number.isFinite(faults.spotInstanceLimit)) {
    if (instances.alive().filter((instance) => instance.lifecycle === 'spot').length >= faults.spotInstanceLimit) {
      throw new AwsError('MaxSpotInstanceCountExceeded', 'Max spot instance count exceeded');
    }
  }
  if (!spot && Number.isFinite(faults.onDemandVcpuLimit)) {
    const running = instances.alive().reduce((sum, instance) => sum + (instance.lifecycle === 'on-demand' ? instance.type.vcpus : 0), 0);
    if (running + type.vcpus > faults.onDemandVcpuLimit) {
      throw new AwsError(
        'VcpuLimitExceeded',
        `You have requested more vCPU capacity than your current vCPU limit of ${faults.onDemandVcpuLimit} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
      );
    }
  }
  if (remainingDepth(plan, account) < 1) {
    throw new AwsError('InsufficientInstanceCapacity', spot
      ? 'There is no Spot capacity available that matches your request.'
      : `We currently do not have sufficient ${type.name} capacity in the Availability Zone you requested (${subnet.zone.name}). Our system will be working on provisioning additional capacity.`, 500);
  }
}

/** Running instances of a spread placement group in one zone. */
const MOST_SPREAD = 7;

function checkSpread({ subnet: { zone }, specification: { placementGroupId } }: LaunchPlan, { placementGroups, instances }: Account): void {
  if (placementGroupId === undefined || placementGroups.get(placementGroupId).strategy !== 'spread') return;
  const there = instances.alive().filter(({ subnet, specification }) => specification.placementGroupId === placementGroupId && subnet.zone.name === zone.name);
  if (there.length < MOST_SPREAD) return;
  throw new AwsError('InsufficientInstanceCapacity', `The limit of instances in this spread placement group has been reached in the Availability Zone ${zone.name}.`, 500);
}

/** Whose launch it is. */
export interface LaunchContext {
  readonly reservationId: string;
  readonly clientToken: string | undefined;
  readonly fleetId?: string;
  /** Tags by the call, besides those of the specification. */
  readonly instanceTags: Tags;
  readonly volumeTags: Tags;
}

/** In a partition group, the partition is EC2's choice unless the call names one. */
function inPartition(specification: LaunchSpecification, { placementGroups, random }: Account): LaunchSpecification {
  if (specification.placementGroupId === undefined || specification.partitionNumber !== undefined) return specification;
  const { partitions } = placementGroups.get(specification.placementGroupId);
  return partitions === undefined ? specification : { ...specification, partitionNumber: 1 + Math.floor(random.next() * partitions) };
}

/** Starts one instance of a plan. Throws when capacity, a quota, the reservation or the subnet's addresses are exhausted. */
export function launch(plan: LaunchPlan, context: LaunchContext, account: Account): Instance {
  const { type, image, subnet, lifecycle, profile, price } = plan;
  const specification = inPartition(plan.specification, account);
  const { clock, random, faults, capacityReservations } = account;
  checkCapacity(plan, account);
  if (subnet.freeAddresses < plan.interfaces.length) {
    throw new AwsError(
      'InsufficientFreeAddressesInSubnet',
      `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
    );
  }
  const capacityReservationId = lifecycle === 'spot' ? undefined : capacityReservations.take({
    target: specification.capacityReservationId, preference: specification.capacityReservationPreference,
    instanceType: type.name, availabilityZone: subnet.zone.name,
  });
  const launchTime = clock.now();
  const instance: Instance = {
    id: resourceId(random, 'i'), reservationId: context.reservationId, type, image, subnet, lifecycle, specification, launchTime,
    spotRequestId: lifecycle === 'spot' ? `sir-${random.uuid().slice(0, 8)}` : undefined,
    fleetId: context.fleetId, clientToken: context.clientToken, instanceProfile: profile, capacityReservationId,
    networkInterfaces: plan.interfaces.map((request) => attachInterface(request, plan, account)),
    visibleAt: launchTime + faults.consistencyDelay, pricePerHour: price,
    tags: new Map([...(specification.tags?.instance ?? []), ...context.instanceTags]), health: { events: [] },
    state: 'pending', stateReason: undefined, terminatedAt: undefined,
  };
  for (const { deviceName, sizeGiB, deleteOnTermination, ...device } of plan.devices) {
    const volume = account.volumes.create({
      availabilityZone: subnet.zone.name, sizeGiB: sizeGiB ?? image.rootGiB,
      tags: new Map([...(specification.tags?.volume ?? []), ...context.volumeTags]),
      ...Object.fromEntries(Object.entries(device).filter(([, value]) => value !== undefined)),
    });
    account.volumes.attach(volume, instance.id, deviceName, deleteOnTermination);
  }
  account.instances.start(instance);
  return instance;
}

function attachInterface(request: LaunchPlan['interfaces'][number], { subnet, specification }: LaunchPlan, { random }: Account): NetworkInterface {
  const hasIp = request.interfaceType !== 'efa-only';
  const isPublic = hasIp && (request.associatePublicIpAddress ?? (request.deviceIndex === 0 && subnet.publicAddresses));
  const bytes = random.uuid().replaceAll('-', '').slice(0, 10).match(/../g) as string[];
  return {
    id: resourceId(random, 'eni'), attachmentId: resourceId(random, 'eni-attach'), macAddress: ['02', ...bytes].join(':'),
    deviceIndex: request.deviceIndex, networkCardIndex: request.networkCardIndex, interfaceType: request.interfaceType, subnet,
    privateIp: hasIp ? subnet.takeAddress() : undefined,
    publicIp: isPublic ? `35.${[160 + random.next() * 8, random.next() * 256, random.next() * 256].map(Math.floor).join('.')}` : undefined,
    securityGroups: request.groups, tags: new Map(specification.tags?.['network-interface'] ?? []),
  };
}
