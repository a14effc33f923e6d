import type { Condition, ObjectMeta } from '../operator/kube/object.js';
import type { Requirement } from './requirement.js';

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

/** How nodes are launched on EC2: images, networks, disks, identity. */
export interface EC2NodeClass {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: EC2NodeClassSpec;
  status: EC2NodeClassStatus;
}
