import type { InstanceProfile, Role } from '../account/identities.js';
import { addTags, readTags, tagSet } from '../account/tags.js';
import { AwsError } from '../protocol/error.js';
import { awsQuery, queryService, type Operation } from '../protocol/query-service.js';
import type { Parameters } from '../protocol/parameters.js';
import { isoTime, type XmlObject } from '../protocol/xml.js';

const TRUST = encodeURIComponent(JSON.stringify({
  Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
}));

const describeRole = (role: Role): XmlObject => ({
  Path: role.path, RoleName: role.name, RoleId: role.id, Arn: role.arn, CreateDate: isoTime(role.createdAt),
  AssumeRolePolicyDocument: TRUST,
});

const describeProfile = (profile: InstanceProfile): XmlObject => ({
  Path: profile.path, InstanceProfileName: profile.name, InstanceProfileId: profile.id, Arn: profile.arn, CreateDate: isoTime(profile.createdAt),
  Roles: profile.role ? [describeRole(profile.role)] : [],
  Tags: tagSet(profile.tags).map(({ key, value }) => ({ Key: key, Value: value })),
});

/** IAM's paging: Marker and MaxItems, 100 unless told. */
function paged<Item>(items: readonly Item[], input: Parameters): { items: readonly Item[]; IsTruncated: boolean; Marker: string | undefined } {
  const start = Number(input.text('Marker') ?? 0);
  if (!Number.isInteger(start) || start < 0) throw new AwsError('ValidationError', `Invalid Marker: ${input.text('Marker')}`);
  const end = start + (input.number('MaxItems') ?? 100);
  return { items: items.slice(start, end), IsTruncated: end < items.length, Marker: end < items.length ? String(end) : undefined };
}

const profileName = (input: Parameters): string => input.required('InstanceProfileName');
const tagsOf = (input: Parameters): Map<string, string> => readTags(input.child('Tags').list('member'));

const operations: Record<string, Operation> = {
  GetInstanceProfile: (input, { identities }) => ({ InstanceProfile: describeProfile(identities.profile(profileName(input))) }),
  CreateInstanceProfile(input, { identities }) {
    const profile = identities.createProfile(profileName(input), input.text('Path') ?? '/', tagsOf(input));
    return { InstanceProfile: describeProfile(profile) };
  },
  DeleteInstanceProfile(input, { identities }) {
    identities.deleteProfile(profileName(input));
    return {};
  },
  ListInstanceProfiles(input, { identities }) {
    const prefix = input.text('PathPrefix') ?? '/';
    const { items, IsTruncated, Marker } = paged([...identities.profiles.values()].filter((profile) => profile.path.startsWith(prefix)), input);
    return { InstanceProfiles: items.map(describeProfile), IsTruncated, Marker };
  },
  ListInstanceProfilesForRole(input, { identities }) {
    const role = identities.role(input.required('RoleName'));
    const { items, IsTruncated, Marker } = paged([...identities.profiles.values()].filter((profile) => profile.role === role), input);
    return { InstanceProfiles: items.map(describeProfile), IsTruncated, Marker };
  },
  AddRoleToInstanceProfile(input, { identities }) {
    identities.attachRole(profileName(input), input.required('RoleName'));
    return {};
  },
  RemoveRoleFromInstanceProfile(input, { identities }) {
    identities.detachRole(profileName(input), input.required('RoleName'));
    return {};
  },
  TagInstanceProfile(input, { identities }) {
    addTags(identities.profile(profileName(input)).tags, tagsOf(input));
    return {};
  },
  UntagInstanceProfile(input, { identities }) {
    const { tags } = identities.profile(profileName(input));
    for (const key of input.child('TagKeys').texts('member')) tags.delete(key);
    return {};
  },
  GetRole: (input, { identities }) => ({ Role: describeRole(identities.role(input.required('RoleName'))) }),
};

export const iam = queryService('iam', awsQuery('iam.amazonaws.com', '2010-05-08'), operations);

export const sts = queryService('sts', awsQuery('sts.amazonaws.com', '2011-06-15'), {
  GetCallerIdentity: (_input, account) => ({
    Arn: `arn:aws:sts::${account.id}:assumed-role/KarpenterController/sandbox`, UserId: 'AROASANDBOXKARPENTER:sandbox', Account: account.id,
  }),
});
