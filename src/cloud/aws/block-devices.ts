import type { LaunchTemplateBlockDeviceMappingRequest } from '@aws-sdk/client-ec2';
import type { AMIFamily, BlockDevice, BlockDeviceMapping } from '../../api/ec2nodeclass.js';
import { quantityValue } from '../../api/quantity.js';

const gp3 = (deviceName: string, volumeSize: string): BlockDeviceMapping => ({ deviceName, ebs: { encrypted: true, volumeType: 'gp3', volumeSize } });

const LINUX = [gp3('/dev/xvda', '20Gi')];
const WINDOWS = [gp3('/dev/sda1', '50Gi')];
const DEFAULTS: Readonly<Record<AMIFamily, readonly BlockDeviceMapping[]>> = {
  AL2: LINUX,
  AL2023: LINUX,
  /** The operating system, and data. */
  Bottlerocket: [gp3('/dev/xvda', '4Gi'), gp3('/dev/xvdb', '20Gi')],
  Custom: [],
  Windows2019: WINDOWS,
  Windows2022: WINDOWS,
  Windows2025: WINDOWS,
};

/** The devices of classes that name none; empty: the AMI's own. */
export const defaultBlockDevices = (family: AMIFamily): BlockDeviceMapping[] => [...DEFAULTS[family]];

const GIB = 2 ** 30;

/** EC2's request for a mapping. Sizes are rounded up to whole GiB; 0 IOPS or throughput means unset. */
export function blockDeviceRequest({ deviceName, ebs }: BlockDeviceMapping): LaunchTemplateBlockDeviceMappingRequest {
  return { ...(deviceName ? { DeviceName: deviceName } : {}), ...(ebs ? { Ebs: ebsRequest(ebs) } : {}) };
}

function ebsRequest(ebs: BlockDevice): NonNullable<LaunchTemplateBlockDeviceMappingRequest['Ebs']> {
  return {
    ...(ebs.deleteOnTermination === undefined ? {} : { DeleteOnTermination: ebs.deleteOnTermination }),
    ...(ebs.encrypted === undefined ? {} : { Encrypted: ebs.encrypted }),
    ...(ebs.iops ? { Iops: ebs.iops } : {}),
    ...(ebs.throughput ? { Throughput: ebs.throughput } : {}),
    ...(ebs.kmsKeyID ? { KmsKeyId: ebs.kmsKeyID } : {}),
    ...(ebs.snapshotID ? { SnapshotId: ebs.snapshotID } : {}),
    ...(ebs.volumeInitializationRate ? { VolumeInitializationRate: ebs.volumeInitializationRate } : {}),
    ...(ebs.volumeType ? { VolumeType: ebs.volumeType } : {}),
    ...(ebs.volumeSize === undefined ? {} : { VolumeSize: Math.ceil(quantityValue(ebs.volumeSize) / GIB) }),
  };
}
