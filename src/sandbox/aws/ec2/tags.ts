import type { Account } from '../account/account.js';
import { addTags, readTags, type Tags } from '../account/tags.js';
import { AwsError } from '../protocol/error.js';
import type { Operation } from '../protocol/query-service.js';
import { applyFilters, attributes } from './filters.js';
import { endDryRun } from './operation.js';
import { page } from './paging.js';

interface Tagged {
  readonly id: string;
  readonly kind: string;
  readonly tags: Tags;
}

function* tagged(account: Account): Generator<Tagged> {
  const { network, images, launchTemplates, volumes, instances, capacityReservations, placementGroups } = account;
  const kinds: [string, Iterable<{ id: string; tags: Tags }>][] = [
    ['instance', instances.visible()], ['network-interface', instances.alive().flatMap(({ networkInterfaces }) => networkInterfaces)],
    ['volume', volumes.all.values()], ['launch-template', launchTemplates.visible()],
    ['subnet', network.subnets.values()], ['security-group', network.securityGroups.values()], ['vpc', network.vpcs.values()],
    ['image', images.all.values()], ['capacity-reservation', capacityReservations.all.values()],
    ['placement-group', placementGroups.all.values()],
  ];
  for (const [kind, resources] of kinds) for (const { id, tags } of resources) yield { id, kind, tags };
}

/** The tags of resources by id. Throws what EC2 answers for one that does not exist, before any is changed. */
function tagsOf(ids: readonly string[], account: Account): Tags[] {
  const byId = new Map([...tagged(account)].map((resource) => [resource.id, resource.tags]));
  return ids.map((id) => {
    const tags = byId.get(id);
    if (tags) return tags;
    if (id.startsWith('i-')) throw new AwsError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
    throw new AwsError('InvalidID', `The ID '${id}' is not valid`);
  });
}

export const CreateTags: Operation = (input, account) => {
  const added = readTags(input.list('Tag'));
  const targets = tagsOf(input.texts('ResourceId'), account);
  endDryRun(input);
  for (const tags of targets) addTags(tags, added);
  return { return: true };
};

export const DeleteTags: Operation = (input, account) => {
  const targets = tagsOf(input.texts('ResourceId'), account);
  endDryRun(input);
  const named = input.list('Tag');
  for (const tags of targets) {
    if (named.length === 0) for (const key of tags.keys()) if (!key.startsWith('aws:')) tags.delete(key);
    for (const entry of named) {
      const key = entry.required('Key');
      // A value restricts the deletion to tags that have it.
      if (entry.text('Value') === undefined || tags.get(key) === entry.text('Value')) tags.delete(key);
    }
  }
  return { return: true };
};

export const DescribeTags: Operation = (input, account) => {
  endDryRun(input);
  const all = [...tagged(account)].flatMap(({ id, kind, tags }) =>
    [...tags].map(([key, value]) => ({ resourceId: id, resourceType: kind, key, value })));
  const matching = applyFilters(input, all, (tag) => attributes({
    key: () => tag.key, value: () => tag.value, 'resource-id': () => tag.resourceId, 'resource-type': () => tag.resourceType,
  }, new Map([[tag.key, tag.value]])));
  const { items, nextToken } = page(matching, input);
  return { tagSet: items, nextToken };
};
