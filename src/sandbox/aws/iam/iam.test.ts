import {
  AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, DeleteInstanceProfileCommand, GetInstanceProfileCommand, GetRoleCommand,
  ListInstanceProfilesCommand, ListInstanceProfilesForRoleCommand, RemoveRoleFromInstanceProfileCommand, TagInstanceProfileCommand,
  UntagInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { refusalOf, testAws } from '../testing.js';

const InstanceProfileName = 'my-cluster_123';
const RoleName = 'KarpenterNodeInstanceProfile-my-cluster';
const Path = '/karpenter/us-west-2/my-cluster/uid/';

describe('IAM', () => {
  it('keeps instance profiles with path, tags and role', async () => {
    const { iam } = testAws();
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName, Path, Tags: [{ Key: 'a', Value: 'b' }] }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
    await iam.send(new TagInstanceProfileCommand({ InstanceProfileName, Tags: [{ Key: 'c', Value: 'd' }] }));
    await iam.send(new UntagInstanceProfileCommand({ InstanceProfileName, TagKeys: ['a'] }));
    const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName }));
    expect(InstanceProfile).to.deep.include({
      InstanceProfileName, Path, Tags: [{ Key: 'c', Value: 'd' }],
      Arn: `arn:aws:iam::123456789012:instance-profile${Path}${InstanceProfileName}`,
    });
    expect(InstanceProfile?.Roles?.map((role) => role.RoleName)).to.deep.equal([RoleName]);
    const forRole = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName }));
    expect(forRole.InstanceProfiles).to.have.length(1);
  });

  it('takes one role a profile, and deletes a profile only without', async () => {
    const { iam, aws } = testAws();
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName, Path }));
    expect((await refusalOf(iam.send(new CreateInstanceProfileCommand({ InstanceProfileName })))).name).to.equal('EntityAlreadyExistsException');
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
    expect((await refusalOf(iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName })))).name).to.equal('LimitExceededException');
    expect((await refusalOf(iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName })))).name).to.equal('DeleteConflictException');
    await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
    await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    expect(aws.account.isEmpty()).to.equal(true);
  });

  it('tells a missing role from a missing profile', async () => {
    const { iam } = testAws();
    expect(await refusalOf(iam.send(new GetInstanceProfileCommand({ InstanceProfileName })))).to.deep.equal({
      name: 'NoSuchEntityException', message: `Instance Profile ${InstanceProfileName} cannot be found.`, status: 404,
    });
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName, Path }));
    expect(await refusalOf(iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: 'nobody' })))).to.deep.equal({
      name: 'NoSuchEntityException', message: 'The role with name nobody cannot be found.', status: 404,
    });
    expect((await refusalOf(iam.send(new GetRoleCommand({ RoleName: 'nobody' })))).message).to.contain('role');
    expect((await refusalOf(iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName })))).name).to.equal('NoSuchEntityException');
  });

  it('lists profiles by path prefix, in pages', async () => {
    const { iam } = testAws();
    for (const suffix of ['a', 'b', 'c']) await iam.send(new CreateInstanceProfileCommand({
      InstanceProfileName: `p-${suffix}`, Path: `/karpenter/us-west-2/my-cluster/${suffix}/`,
    }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'other' }));
    const first = await iam.send(new ListInstanceProfilesCommand({ PathPrefix: '/karpenter/us-west-2/my-cluster/', MaxItems: 2 }));
    expect(first).to.include({ IsTruncated: true });
    const second = await iam.send(new ListInstanceProfilesCommand({ PathPrefix: '/karpenter/us-west-2/my-cluster/', Marker: first.Marker }));
    expect([...(first.InstanceProfiles ?? []), ...(second.InstanceProfiles ?? [])].map((profile) => profile.InstanceProfileName)).to.deep.equal(['p-a', 'p-b', 'p-c']);
    expect((await iam.send(new ListInstanceProfilesCommand({ PathPrefix: '/karpenter/us-west-2/my-cluster/b/' }))).InstanceProfiles).to.have.length(1);
  });

  it('refuses names and paths outside its alphabet', async () => {
    const { iam } = testAws();
    expect((await refusalOf(iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'a b' })))).name).to.equal('ValidationError');
    expect((await refusalOf(iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'a', Path: 'x' })))).name).to.equal('ValidationError');
  });
});
