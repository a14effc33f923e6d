import type { CatalogueType } from '../../../cloud/aws/catalogue/catalogue.js';
import type { CapacityType } from '../faults.js';
import type { InstanceProfile } from './identities.js';
import type { Image } from './images.js';
import type { LaunchSpecification } from './launch-specification.js';
import type { SecurityGroup, Subnet } from './network.js';
import type { Tags } from './tags.js';

/** EC2's numbers for an instance's states. */
export const STATE_CODES = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 } as const;
export type InstanceState = keyof typeof STATE_CODES;

export interface NetworkInterface {
  readonly id: string;
  readonly attachmentId: string;
  readonly macAddress: string;
  readonly deviceIndex: number;
  readonly networkCardIndex: number;
  readonly interfaceType: string;
  readonly subnet: Subnet;
  /** Undefined for interfaces without IP (efa-only). */
  readonly privateIp: string | undefined;
  readonly publicIp: string | undefined;
  readonly securityGroups: readonly SecurityGroup[];
  readonly tags: Tags;
}

/** A scheduled event or an impairment that DescribeInstanceStatus tells of. */
export interface InstanceHealth {
  instanceImpairedSince?: number | undefined;
  systemImpairedSince?: number | undefined;
  events: { id: string; code: string; description: string; notBefore: number; notAfter: number }[];
}

/** An instance of the account. What can change is not readonly. */
export interface Instance {
  readonly id: string;
  readonly reservationId: string;
  readonly type: CatalogueType;
  readonly image: Image;
  readonly subnet: Subnet;
  readonly lifecycle: CapacityType;
  readonly spotRequestId: string | undefined;
  readonly fleetId: string | undefined;
  readonly clientToken: string | undefined;
  readonly specification: LaunchSpecification;
  readonly instanceProfile: InstanceProfile | undefined;
  readonly capacityReservationId: string | undefined;
  /** The first one is device 0 of card 0. */
  readonly networkInterfaces: readonly NetworkInterface[];
  readonly launchTime: number;
  /** When reads begin to show it. */
  readonly visibleAt: number;
  /** USD an hour at launch. */
  readonly pricePerHour: number;
  readonly tags: Tags;
  readonly health: InstanceHealth;
  state: InstanceState;
  stateReason: { code: string; message: string } | undefined;
  terminatedAt: number | undefined;
}

export const primaryInterface = (instance: Instance): NetworkInterface => instance.networkInterfaces[0] as NetworkInterface;
export const privateIpOf = (instance: Instance): string => primaryInterface(instance).privateIp ?? '';
export const publicDnsNameOf = (publicIp: string, region: string): string =>
  `ec2-${publicIp.replaceAll('.', '-')}.${region === 'us-east-1' ? 'compute-1' : `${region}.compute`}.amazonaws.com`;
/** `ip-10-0-1-23.us-west-2.compute.internal` (us-east-1 has a suffix of its own). */
export const privateDnsNameOf = (instance: Instance, region: string): string =>
  `ip-${privateIpOf(instance).replaceAll('.', '-')}.${region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`}`;
