import type { Account } from '../account/account.js';
import type { Image } from '../account/images.js';
import { tagSet } from '../account/tags.js';
import { isoTime, type XmlObject } from '../protocol/xml.js';
import type { Operation } from '../protocol/query-service.js';
import { applyFilters, attributes } from './filters.js';
import { endDryRun } from './operation.js';
import { page } from './paging.js';

export const DescribeImages: Operation = (input, account) => {
  endDryRun(input);
  const ids = input.texts('ImageId');
  const owners = input.texts('Owner');
  const deprecated = input.flag('IncludeDeprecated') ?? false;
  const named = ids.length > 0 ? [...new Set(ids)].map((id) => account.images.get(id)) : [...account.images.all.values()];
  const candidates = named.filter((image) => {
    const owned = owners.length === 0 || owners.some((owner) => isOwner(owner, image, account));
    return owned && (deprecated || ids.length > 0 || !account.images.isDeprecated(image));
  });
  const matching = applyFilters(input, candidates, (image: Image) =>
    attributes({
      'image-id': () => image.id, name: () => image.name, architecture: () => image.architecture, state: () => 'available',
      'owner-id': () => image.ownerId, 'owner-alias': () => [image.ownerAlias], 'is-public': () => String(image.ownerAlias !== undefined),
      'image-type': () => 'machine', 'root-device-type': () => 'ebs', 'root-device-name': () => image.rootDevice,
      'virtualization-type': () => 'hvm', hypervisor: () => 'xen', 'ena-support': () => 'true', description: () => image.description,
      'creation-date': () => isoTime(image.creationDate), platform: () => (image.platform === 'windows' ? 'windows' : []),
    }, image.tags));
  const { items, nextToken } = page(matching, input);
  return { imagesSet: items.map(describeImage), nextToken };
};

const isOwner = (owner: string, image: Image, account: Account): boolean =>
  owner === 'self' ? image.ownerId === account.id : owner === image.ownerId || owner === image.ownerAlias;

function describeImage(image: Image): XmlObject {
  const windows = image.platform === 'windows';
  return {
    platformDetails: windows ? 'Windows' : 'Linux/UNIX',
    usageOperation: windows ? 'RunInstances:0002' : 'RunInstances',
    blockDeviceMapping: [{
      deviceName: image.rootDevice,
      ebs: {
        deleteOnTermination: true, snapshotId: image.id.replace('ami-', 'snap-'), volumeSize: image.rootGiB, volumeType: 'gp2',
        encrypted: false,
      },
    }],
    description: image.description,
    enaSupport: true,
    hypervisor: 'xen',
    imageOwnerAlias: image.ownerAlias,
    name: image.name,
    rootDeviceName: image.rootDevice,
    rootDeviceType: 'ebs',
    tagSet: tagSet(image.tags),
    virtualizationType: 'hvm',
    deprecationTime: image.deprecationTime === undefined ? undefined : isoTime(image.deprecationTime),
    imageId: image.id,
    imageLocation: `${image.ownerAlias ?? image.ownerId}/${image.name}`,
    imageState: 'available',
    imageOwnerId: image.ownerId,
    creationDate: isoTime(image.creationDate),
    isPublic: image.ownerAlias !== undefined,
    architecture: image.architecture,
    imageType: 'machine',
    platform: windows ? 'windows' : undefined,
  };
}
