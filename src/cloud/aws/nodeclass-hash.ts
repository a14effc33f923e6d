import type { BlockDeviceMapping, EC2NodeClass, EC2NodeClassSpec } from '../../api/ec2nodeclass.js';
import { go, hashOf } from '../../api/hashstructure.js';
import type { GoValue } from '../../api/hashstructure.js';
import { resolvedAMIFamily } from './ami-family.js';

/** Changes whenever the meaning of the hash does; only hashes of equal versions are compared. */
export const NODECLASS_HASH_VERSION = 'v6';

type Field = readonly [string, GoValue | undefined];

/** Go's pointer fields are hashed even when they point to a zero value. */
const optional = {
  string: (name: string, value: string | undefined): Field => [name, go.pointer(go.string(value))],
  bool: (name: string, value: boolean | undefined): Field => [name, go.pointer(go.bool(value))],
  int: (name: string, value: number | undefined, bits: 32 | 64 = 64): Field => [name, go.pointer(go.int(value, bits))],
};

const blockDeviceMapping = ({ deviceName, ebs, rootVolume }: BlockDeviceMapping): GoValue =>
  go.struct('BlockDeviceMapping', [
    optional.string('DeviceName', deviceName),
    ['EBS', ebs && go.pointer(go.struct('BlockDevice', [
      optional.bool('DeleteOnTermination', ebs.deleteOnTermination),
      optional.bool('Encrypted', ebs.encrypted),
      optional.int('IOPS', ebs.iops),
      optional.string('KMSKeyID', ebs.kmsKeyID),
      optional.string('SnapshotID', ebs.snapshotID),
      optional.int('Throughput', ebs.throughput),
      optional.int('VolumeInitializationRate', ebs.volumeInitializationRate, 32),
      optional.string('VolumeSize', ebs.volumeSize),
      optional.string('VolumeType', ebs.volumeType),
    ]))],
    ['RootVolume', go.bool(rootVolume)],
  ]);

function specValue(spec: EC2NodeClassSpec): GoValue {
  const { placementGroupSelector, metadataOptions, connectionTracking, cpuOptions } = spec;
  return go.struct('EC2NodeClassSpec', [
    ['PlacementGroupSelector', placementGroupSelector && go.pointer(go.struct('PlacementGroupSelector', [
      ['Name', go.string(placementGroupSelector.name)],
      ['ID', go.string(placementGroupSelector.id)],
    ]))],
    optional.bool('AssociatePublicIPAddress', spec.associatePublicIPAddress),
    optional.string('UserData', spec.userData),
    ['Role', go.string(spec.role)],
    optional.string('InstanceProfile', spec.instanceProfile),
    ['Tags', spec.tags && Object.keys(spec.tags).length > 0 ? go.stringMap(spec.tags) : undefined],
    ['BlockDeviceMappings', spec.blockDeviceMappings?.length ? go.slice(spec.blockDeviceMappings.map(blockDeviceMapping)) : undefined],
    optional.string('InstanceStorePolicy', spec.instanceStorePolicy),
    ['NetworkInterfaces', spec.networkInterfaces?.length ? go.slice(spec.networkInterfaces.map((networkInterface) => go.struct('NetworkInterface', [
      ['NetworkCardIndex', go.int(networkInterface.networkCardIndex, 32)],
      ['DeviceIndex', go.int(networkInterface.deviceIndex, 32)],
      ['InterfaceType', go.string(networkInterface.interfaceType)],
    ]))) : undefined],
    optional.bool('DetailedMonitoring', spec.detailedMonitoring),
    ['MetadataOptions', metadataOptions && go.pointer(go.struct('MetadataOptions', [
      optional.string('HTTPEndpoint', metadataOptions.httpEndpoint),
      optional.string('HTTPProtocolIPv6', metadataOptions.httpProtocolIPv6),
      optional.int('HTTPPutResponseHopLimit', metadataOptions.httpPutResponseHopLimit),
      optional.string('HTTPTokens', metadataOptions.httpTokens),
    ]))],
    ['ConnectionTracking', connectionTracking && go.pointer(go.struct('ConnectionTracking', [
      optional.int('TCPEstablishedTimeout', connectionTracking.tcpEstablishedTimeout, 32),
      optional.int('UDPStreamTimeout', connectionTracking.udpStreamTimeout, 32),
      optional.int('UDPTimeout', connectionTracking.udpTimeout, 32),
    ]))],
    optional.string('Context', spec.context),
    ['CPUOptions', cpuOptions && go.pointer(go.struct('CPUOptions', [optional.string('NestedVirtualization', cpuOptions.nestedVirtualization)]))],
  ]);
}

/** Compact JSON with sorted keys, as Go marshals maps. */
export const sortedJSON = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item);

/**
 * The hash of what makes instances of a node class drift when it changes: its spec without selector terms, the resolved AMI
 * family, and the cluster's certificate authority (base64, empty when unknown). Equal to upstream's, so that adopting a
 * cluster drifts nothing (karpenter-aws §1.9).
 */
export function nodeClassHash(nodeClass: Pick<EC2NodeClass, 'spec'>, caBundle = ''): string {
  const { kubelet } = nodeClass.spec;
  const kubeletText = kubelet && Object.keys(kubelet).length > 0 ? sortedJSON(kubelet) : 'null';
  const texts = [resolvedAMIFamily(nodeClass), caBundle, kubeletText];
  return hashOf({ type: 'slice', items: [specValue(nodeClass.spec), ...texts.map((value): GoValue => ({ type: 'string', value }))] }).toString();
}
