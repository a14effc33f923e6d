import { AwsError } from '../protocol/error.js';
import type { Parameters } from '../protocol/parameters.js';
import type { XmlObject } from '../protocol/xml.js';

export type Tags = Map<string, string>;

const MOST_TAGS = 50;

/** The tags of a list of `{Key, Value}`; refuses what EC2 refuses. */
export function readTags(list: readonly Parameters[]): Tags {
  const tags: Tags = new Map();
  for (const entry of list) {
    const key = entry.text('Key') ?? '';
    const value = entry.text('Value') ?? '';
    if (key === '' || key.length > 128) throw new AwsError('InvalidParameterValue', `Tag key '${key}' must be 1 to 128 characters long`);
    if (key.startsWith('aws:')) {
      throw new AwsError('InvalidParameterValue', `Tag key '${key}' is reserved: keys starting with 'aws:' are for internal use`);
    }
    if (value.length > 256) throw new AwsError('InvalidParameterValue', `The value of tag '${key}' exceeds the maximum length of 256 characters`);
    if (tags.has(key)) throw new AwsError('InvalidParameterValue', `Duplicate tag key '${key}' specified.`);
    tags.set(key, value);
  }
  if (tags.size > MOST_TAGS) throw new AwsError('TagLimitExceeded', `More than ${MOST_TAGS} tags specified`);
  return tags;
}

/** Merges into a resource's tags, refusing to exceed the limit. */
export function addTags(target: Tags, added: Tags): void {
  const size = new Set([...target.keys(), ...added.keys()].filter((key) => !key.startsWith('aws:'))).size;
  if (size > MOST_TAGS) throw new AwsError('TagLimitExceeded', `The maximum number of Tags for this resource, ${MOST_TAGS}, would be exceeded`);
  for (const [key, value] of added) target.set(key, value);
}

/** The tags that a request's TagSpecifications ask for on one type of resource. */
export function specifiedTags(input: Parameters, resourceType: string): Tags {
  const specifications = input.list('TagSpecification').filter((entry) => entry.text('ResourceType') === resourceType);
  return readTags(specifications.flatMap((entry) => entry.list('Tag')));
}

export const tagSet = (tags: Tags): XmlObject[] => [...tags].map(([key, value]) => ({ key, value }));
