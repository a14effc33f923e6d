import { specifiedTags, tagSet } from '../account/tags.js';
import type { Attachment, Volume } from '../account/volumes.js';
import { AwsError } from '../protocol/error.js';
import type { Operation } from '../protocol/query-service.js';
import { isoTime, type XmlObject } from '../protocol/xml.js';
import { applyFilters, attributes } from './filters.js';
import { endDryRun } from './operation.js';
import { page } from './paging.js';

const describeAttachment = (volumeId: string, attachment: Attachment, status: string): XmlObject => ({
  volumeId, instanceId: attachment.instanceId, device: attachment.device, status, attachTime: isoTime(attachment.attachedAt),
  deleteOnTermination: attachment.deleteOnTermination,
});

const describe = (volume: Volume): XmlObject => ({
  volumeId: volume.id, size: volume.sizeGiB, snapshotId: volume.snapshotId ?? '', availabilityZone: volume.availabilityZone,
  status: volume.attachment ? 'in-use' : 'available', createTime: isoTime(volume.createdAt), volumeType: volume.volumeType,
  iops: volume.iops, throughput: volume.throughput, encrypted: volume.encrypted, kmsKeyId: volume.kmsKeyId, multiAttachEnabled: false,
  tagSet: tagSet(volume.tags), attachmentSet: volume.attachment ? [describeAttachment(volume.id, volume.attachment, 'attached')] : [],
});

export const DescribeVolumes: Operation = (input, account) => {
  endDryRun(input);
  const ids = input.texts('VolumeId');
  const named = ids.length > 0 ? ids.map((id) => account.volumes.get(id)) : [...account.volumes.all.values()];
  const matching = applyFilters(input, named, (volume) =>
    attributes({
      'volume-id': () => volume.id, status: () => (volume.attachment ? 'in-use' : 'available'),
      'availability-zone': () => volume.availabilityZone, size: () => String(volume.sizeGiB), 'volume-type': () => volume.volumeType,
      encrypted: () => String(volume.encrypted), 'create-time': () => isoTime(volume.createdAt),
      'attachment.instance-id': () => [volume.attachment?.instanceId], 'attachment.device': () => [volume.attachment?.device],
      'attachment.delete-on-termination': () => [volume.attachment && String(volume.attachment.deleteOnTermination)],
      'attachment.status': () => (volume.attachment ? 'attached' : []),
    }, volume.tags));
  const { items, nextToken } = page(matching, input);
  return { volumeSet: items.map(describe), nextToken };
};

export const CreateVolume: Operation = (input, account) => {
  const availabilityZone = input.required('AvailabilityZone');
  if (!account.network.zones.some((zone) => zone.name === availabilityZone)) {
    throw new AwsError('InvalidZone.NotFound', `The zone '${availabilityZone}' does not exist.`);
  }
  const sizeGiB = input.number('Size');
  if (sizeGiB === undefined) throw new AwsError('MissingParameter', 'The request must contain the parameter Size');
  const tags = specifiedTags(input, 'volume');
  const earlier = account.idempotency.recall('CreateVolume', input);
  if (earlier) return earlier;
  endDryRun(input);
  const optional = {
    volumeType: input.text('VolumeType'), iops: input.number('Iops'), throughput: input.number('Throughput'),
    encrypted: input.flag('Encrypted'), kmsKeyId: input.text('KmsKeyId'), snapshotId: input.text('SnapshotId'),
  };
  const answer = describe(account.volumes.create({
    availabilityZone, sizeGiB, tags, ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }));
  account.idempotency.remember('CreateVolume', input, answer);
  return answer;
};

export const DeleteVolume: Operation = (input, account) => {
  const volume = account.volumes.get(input.required('VolumeId'));
  endDryRun(input);
  account.volumes.delete(volume);
  return { return: true };
};

export const AttachVolume: Operation = (input, account) => {
  const volume = account.volumes.get(input.required('VolumeId'));
  const instance = account.instances.get(input.required('InstanceId'));
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw new AwsError('IncorrectState', `Instance '${instance.id}' is not 'running'.`);
  }
  if (instance.subnet.zone.name !== volume.availabilityZone) {
    throw new AwsError('InvalidVolume.ZoneMismatch', `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`);
  }
  endDryRun(input);
  return describeAttachment(volume.id, account.volumes.attach(volume, instance.id, input.required('Device'), false), 'attaching');
};

export const DetachVolume: Operation = (input, account) => {
  const volume = account.volumes.get(input.required('VolumeId'));
  endDryRun(input);
  return describeAttachment(volume.id, account.volumes.detach(volume), 'detaching');
};
