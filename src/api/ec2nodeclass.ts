import { Column, ConvertsFrom, ResourceKind } from '../operator/dsl/kind-decorators.js';
import { Resource } from '../operator/dsl/resource.js';
import type { Condition } from '../operator/kube/object.js';
import type { Requirement } from './requirement.js';
import { ec2NodeClassSpec, ec2NodeClassStatus } from './schema/ec2nodeclass.js';
import { EC2NodeClassV1Beta1, nodeClassFromV1, nodeClassToV1 } from './v1beta1/ec2nodeclass.js';

export interface SubnetSelectorTerm { tags?: Record<string, string>; id?: string }
export interface SecurityGroupSelectorTerm { tags?: Record<string, string>; id?: string; name?: string }
export interface CapacityReservationSelectorTerm {
  tags?: Record<string, string>;
  id?: string;
  ownerID?: string;
  instanceMatchCriteria?: 'open' | 'targeted';
}
export interface AMISelectorTerm {
  alias?: string;
  tags?: Record<string, string>;
  id?: string;
  name?: string;
  owner?: string;
  ssmParameter?: string;
}
export type AMIFamily = 'AL2' | 'AL2023' | 'Bottlerocket' | 'Custom' | 'Windows2019' | 'Windows2022' | 'Windows2025';

export interface KubeletConfiguration {
  clusterDNS?: string[];
  maxPods?: number;
  podsPerCore?: number;
  systemReserved?: Record<string, string>;
  kubeReserved?: Record<string, string>;
  evictionHard?: Record<string, string>;
  evictionSoft?: Record<string, string>;
  evictionSoftGracePeriod?: Record<string, string>;
  evictionMaxPodGracePeriod?: number;
  imageGCHighThresholdPercent?: number;
  imageGCLowThresholdPercent?: number;
  cpuCFSQuota?: boolean;
}

export interface BlockDevice {
  deleteOnTermination?: boolean;
  encrypted?: boolean;
  iops?: number;
  kmsKeyID?: string;
  /** The guide's spelling of `kmsKeyID`, accepted as it (DESIGN §9). */
  kmsKeyId?: string;
  snapshotID?: string;
  throughput?: number;
  volumeInitializationRate?: number;
  volumeSize?: string;
  volumeType?: 'standard' | 'io1' | 'io2' | 'gp2' | 'sc1' | 'st1' | 'gp3';
}
export interface BlockDeviceMapping { deviceName?: string; ebs?: BlockDevice; rootVolume?: boolean }

export interface MetadataOptions {
  httpEndpoint?: 'enabled' | 'disabled';
  httpProtocolIPv6?: 'enabled' | 'disabled';
  httpPutResponseHopLimit?: number;
  httpTokens?: 'required' | 'optional';
}

export interface EC2NodeClassSpec {
  subnetSelectorTerms: SubnetSelectorTerm[];
  securityGroupSelectorTerms: SecurityGroupSelectorTerm[];
  capacityReservationSelectorTerms?: CapacityReservationSelectorTerm[];
  placementGroupSelector?: { name?: string; id?: string };
  associatePublicIPAddress?: boolean;
  ipPrefixCount?: number;
  amiSelectorTerms: AMISelectorTerm[];
  amiFamily?: AMIFamily;
  userData?: string;
  role?: string;
  instanceProfile?: string;
  tags?: Record<string, string>;
  kubelet?: KubeletConfiguration;
  blockDeviceMappings?: BlockDeviceMapping[];
  instanceStorePolicy?: 'RAID0';
  networkInterfaces?: { networkCardIndex: number; deviceIndex: number; interfaceType: 'interface' | 'efa-only' }[];
  detailedMonitoring?: boolean;
  metadataOptions?: MetadataOptions;
  connectionTracking?: { tcpEstablishedTimeout?: number; udpStreamTimeout?: number; udpTimeout?: number };
  context?: string;
  cpuOptions?: { nestedVirtualization?: 'enabled' | 'disabled' };
}

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
