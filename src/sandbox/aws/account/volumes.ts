import type { Clock } from '../../../operator/clock.js';
import type { Random } from '../../../operator/random.js';
import { AwsError, invalidParameter } from '../protocol/error.js';
import { resourceId } from './identifiers.js';
import type { Tags } from './tags.js';

export interface Attachment {
  readonly instanceId: string;
  readonly device: string;
  readonly attachedAt: number;
  readonly deleteOnTermination: boolean;
}

export interface Volume {
  readonly id: string;
  readonly availabilityZone: string;
  readonly sizeGiB: number;
  readonly volumeType: string;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  readonly snapshotId: string | undefined;
  readonly createdAt: number;
  readonly tags: Tags;
  attachment: Attachment | undefined;
}

const TYPES = ['standard', 'io1', 'io2', 'gp2', 'gp3', 'sc1', 'st1'];

/** By default an empty gp2 volume. */
export type NewVolume = Pick<Volume, 'availabilityZone' | 'sizeGiB' | 'tags'> & Partial<Omit<Volume, 'id' | 'createdAt' | 'attachment'>>;

/** Throws InvalidParameterValue for a type or a size that EBS does not have. */
export function checkVolume(sizeGiB: number, volumeType: string): void {
  if (!TYPES.includes(volumeType)) throw invalidParameter('VolumeType', volumeType, `It must be one of ${TYPES.join(', ')}.`);
  if (!Number.isInteger(sizeGiB) || sizeGiB < 1 || sizeGiB > 65_536) {
    throw new AwsError('InvalidParameterValue', `Volume of ${sizeGiB}GiB is invalid; volume size must be an integer from 1 to 65536.`);
  }
}

/** The account's EBS volumes: the instances' own, and those that a CSI driver asks for. */
export class Volumes {
  readonly all = new Map<string, Volume>();

  constructor(private readonly clock: Clock, private readonly random: Random) {}

  /** Throws what {@link checkVolume} throws. */
  create({ availabilityZone, sizeGiB, volumeType = 'gp2', iops, throughput, encrypted = false, kmsKeyId, snapshotId, tags }: NewVolume): Volume {
    checkVolume(sizeGiB, volumeType);
    const gp3 = volumeType === 'gp3';
    const volume: Volume = {
      id: resourceId(this.random, 'vol'), availabilityZone, sizeGiB, volumeType, iops: iops ?? (gp3 ? 3000 : undefined),
      throughput: throughput ?? (gp3 ? 125 : undefined), encrypted, kmsKeyId, snapshotId, createdAt: this.clock.now(), tags,
      attachment: undefined,
    };
    this.all.set(volume.id, volume);
    return volume;
  }

  get(id: string): Volume {
    const volume = this.all.get(id);
    if (!volume) throw new AwsError('InvalidVolume.NotFound', `The volume '${id}' does not exist.`);
    return volume;
  }

  attach(volume: Volume, instanceId: string, device: string, deleteOnTermination: boolean): Attachment {
    if (volume.attachment) throw new AwsError('VolumeInUse', `${volume.id} is already attached to an instance`);
    volume.attachment = { instanceId, device, attachedAt: this.clock.now(), deleteOnTermination };
    return volume.attachment;
  }

  detach(volume: Volume): Attachment {
    if (!volume.attachment) throw new AwsError('IncorrectState', `Volume '${volume.id}' is in the 'available' state.`);
    const { attachment } = volume;
    volume.attachment = undefined;
    return attachment;
  }

  delete(volume: Volume): void {
    if (volume.attachment) throw new AwsError('VolumeInUse', `Volume ${volume.id} is currently attached to ${volume.attachment.instanceId}`);
    this.all.delete(volume.id);
  }

  attachedTo(instanceId: string): Volume[] {
    return [...this.all.values()].filter((volume) => volume.attachment?.instanceId === instanceId);
  }

  /** A dead instance lets go of its volumes; those that are to die with it do. */
  release(instanceId: string): void {
    for (const volume of this.attachedTo(instanceId)) {
      const { deleteOnTermination } = this.detach(volume);
      if (deleteOnTermination) this.delete(volume);
    }
  }
}
