import { Column, ConvertsFrom, ResourceKind } from '../operator/dsl/kind-decorators.js';
import { Resource } from '../operator/dsl/resource.js';
import type { Condition } from '../operator/kube/object.js';
import type { Requirement } from './requirement.js';
import { ec2NodeClassSpec, ec2NodeClassStatus } from './schema/ec2nodeclass.js';
import { EC2NodeClassV1Beta1, nodeClassFromV1, nodeClassToV1 } from './v1beta1/ec2nodeclass.js';

/** Finds subnets by tags (value `*`: any) or by ID. */
export interface SubnetSelectorTerm { tags?: Record<string, string>; id?: string }
/** Finds security groups by tags, ID or group name (not the Name tag). */
export interface SecurityGroupSelectorTerm { tags?: Record<string, string>; id?: string; name?: string }
/** Finds capacity reservations. */
export interface CapacityReservationSelectorTerm {
  tags?: Record<string, string>;
  id?: string;
  /** An account ID of 12 digits. */
  ownerID?: string;
  /** Which launches the reservation takes. */
  instanceMatchCriteria?: 'open' | 'targeted';
}
/** Finds images. */
export interface AMISelectorTerm {
  /** `family@version`, alone in its list: `al2023@latest`. */
  alias?: string;
  tags?: Record<string, string>;
  id?: string;
  /** Wildcards are allowed. */
  name?: string;
  /** An account ID, `self`, `amazon` or `aws-marketplace`. */
  owner?: string;
  /** Name or ARN of a parameter that holds the image's ID. */
  ssmParameter?: string;
}
/** Families of images: they decide the format of user data and the default disks. */
export type AMIFamily = 'AL2' | 'AL2023' | 'Bottlerocket' | 'Custom' | 'Windows2019' | 'Windows2022' | 'Windows2025';

/** The kubelet's configuration, as far as Karpenter knows it. */
export interface KubeletConfiguration {
  /** Addresses. */
  clusterDNS?: string[];
  /** Default: what the instance type has addresses for. */
  maxPods?: number;
  /** 0 is no limit. */
  podsPerCore?: number;
  /** Quantities of cpu, memory, ephemeral-storage and pid; taken off what pods can use, as `kubeReserved` is. */
  systemReserved?: Record<string, string>;
  kubeReserved?: Record<string, string>;
  /** Quantities or percentages by signal; taken off what pods can use. */
  evictionHard?: Record<string, string>;
  /** As `evictionHard`, after a grace period; never affects what pods can use. */
  evictionSoft?: Record<string, string>;
  /** Go durations, for exactly the signals of `evictionSoft`. */
  evictionSoftGracePeriod?: Record<string, string>;
  /** Seconds. */
  evictionMaxPodGracePeriod?: number;
  imageGCHighThresholdPercent?: number;
  imageGCLowThresholdPercent?: number;
  cpuCFSQuota?: boolean;
}

/** An EBS volume. */
export interface BlockDevice {
  deleteOnTermination?: boolean;
  encrypted?: boolean;
  /** I/O operations per second. */
  iops?: number;
  /** ID, alias or ARN of the key of an encrypted volume. */
  kmsKeyID?: string;
  /** The guide's spelling of `kmsKeyID`, accepted as it (DESIGN §9). */
  kmsKeyId?: string;
  snapshotID?: string;
  /** MiB/s, for gp3. */
  throughput?: number;
  /** MiB/s, 100 to 300, at which the snapshot is copied in. */
  volumeInitializationRate?: number;
  /** In Gi, G, Ti or T; required without a snapshot. */
  volumeSize?: string;
  volumeType?: 'standard' | 'io1' | 'io2' | 'gp2' | 'sc1' | 'st1' | 'gp3';
}
/** A disk of a node; `rootVolume` marks the one that pods use, at most one. */
export interface BlockDeviceMapping { deviceName?: string; ebs?: BlockDevice; rootVolume?: boolean }

/** The instance metadata service of the nodes. */
export interface MetadataOptions {
  /** Default `enabled`. */
  httpEndpoint?: 'enabled' | 'disabled';
  /** Default `disabled`. */
  httpProtocolIPv6?: 'enabled' | 'disabled';
  /** 1 to 64. Default 1 (v1beta1: 2). */
  httpPutResponseHopLimit?: number;
  /** `required` is IMDSv2, the default. */
  httpTokens?: 'required' | 'optional';
}

/** How nodes are launched. */
export interface EC2NodeClassSpec {
  /** Any term may match; all fields of a term have to. */
  subnetSelectorTerms: SubnetSelectorTerm[];
  /** Nodes get all groups that match any term. */
  securityGroupSelectorTerms: SecurityGroupSelectorTerm[];
  /** Ignored unless the gate ReservedCapacity is on. */
  capacityReservationSelectorTerms?: CapacityReservationSelectorTerm[];
  /** By exactly one of the two. */
  placementGroupSelector?: { name?: string; id?: string };
  /** Default: the subnet's own setting. */
  associatePublicIPAddress?: boolean;
  /** IPv4 prefixes of the interface, or IPv6 ones in an IPv6 cluster. */
  ipPrefixCount?: number;
  /** The newest image that any term finds and the instance type can run. May be absent from manifests with an amiFamily: that family's newest (DESIGN §9). */
  amiSelectorTerms: AMISelectorTerm[];
  /** Format of user data and default disks. Default: the alias's. */
  amiFamily?: AMIFamily;
  /** In the family's format; merged with Karpenter's own. */
  userData?: string;
  /** An instance profile for it is made and removed with the class. With neither role nor profile: the operator's setting `nodeRole`. */
  role?: string;
  /** Used as it is, instead of a role. */
  instanceProfile?: string;
  /** On everything that is made on EC2, beside those that Karpenter sets. */
  tags?: Record<string, string>;
  kubelet?: KubeletConfiguration;
  /** Default: the family's disks. */
  blockDeviceMappings?: BlockDeviceMapping[];
  /** RAID0 makes local disks the ephemeral storage. Default: they are left alone. */
  instanceStorePolicy?: 'RAID0';
  networkInterfaces?: { networkCardIndex: number; deviceIndex: number; interfaceType: 'interface' | 'efa-only' }[];
  /** Every minute instead of every five. Default false. */
  detailedMonitoring?: boolean;
  metadataOptions?: MetadataOptions;
  /** Seconds of idleness; needs Nitro instances. */
  connectionTracking?: { tcpEstablishedTimeout?: number; udpStreamTimeout?: number; udpTimeout?: number };
  /** Passed on to CreateFleet. */
  context?: string;
  cpuOptions?: { nestedVirtualization?: 'enabled' | 'disabled' };
}

/** What the selectors found. */
export interface EC2NodeClassStatus {
  subnets?: { id: string; zone: string; zoneID?: string }[];
  securityGroups?: { id: string; name?: string }[];
  amis?: { id: string; name?: string; deprecated?: boolean; requirements: Requirement[] }[];
  capacityReservations?: {
    id: string;
    availabilityZone: string;
    instanceType: string;
    instanceMatchCriteria: string;
    ownerID: string;
    reservationType: string;
    interruptible?: boolean;
    state: string;
    endTime?: string;
  }[];
  instanceProfile?: string;
  conditions?: Condition[];
}

/** Conditions of a class beside `Ready`, which depends on all of them (reservations only with their gate). */
export type EC2NodeClassCondition =
  | 'SubnetsReady' | 'SecurityGroupsReady' | 'AMIsReady' | 'InstanceProfileReady' | 'CapacityReservationsReady' | 'PlacementGroupReady' | 'ValidationSucceeded';

/** How nodes are launched on EC2: images, networks, disks, identity. */
@ResourceKind({
  group: 'karpenter.k8s.aws',
  version: 'v1',
  kind: 'EC2NodeClass',
  plural: 'ec2nodeclasses',
  scope: 'Cluster',
  shortNames: ['ec2nc', 'ec2ncs'],
  categories: ['karpenter'],
  description: 'How nodes are launched on EC2: images, networks, disks, identity.',
  spec: () => ec2NodeClassSpec,
  status: () => ec2NodeClassStatus,
  conversion: 'Webhook',
})
@ConvertsFrom(() => EC2NodeClassV1Beta1, { upgrade: nodeClassToV1, downgrade: nodeClassFromV1 })
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
@Column({ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' })
@Column({ name: 'Role', type: 'string', jsonPath: '.spec.role', priority: 1 })
export class EC2NodeClass extends Resource<EC2NodeClassSpec, EC2NodeClassStatus, EC2NodeClassCondition> {}
