import {
  CreateLaunchTemplateCommand, CreateLaunchTemplateVersionCommand, DeleteLaunchTemplateCommand, DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand, paginateDescribeLaunchTemplates,
} from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { refusalOf, testAws } from '../testing.js';

const tags = (entries: Record<string, string>) => [{
  ResourceType: 'launch-template' as const, Tags: Object.entries(entries).map(([Key, Value]) => ({ Key, Value })),
}];

describe('launch templates', () => {
  it('are created once a name, found by name and by tag, and deleted by id or name', async () => {
    const { ec2, aws } = testAws();
    const created = await ec2.send(new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'karpenter.k8s.aws/123', LaunchTemplateData: { ImageId: 'ami-1' },
      TagSpecifications: tags({ 'eks:eks-cluster-name': 'my-cluster' }),
    }));
    expect(created.LaunchTemplate).to.include({ LaunchTemplateName: 'karpenter.k8s.aws/123', LatestVersionNumber: 1 });
    expect((await refusalOf(ec2.send(new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'karpenter.k8s.aws/123', LaunchTemplateData: {},
    })))).name).to.equal('InvalidLaunchTemplateName.AlreadyExistsException');
    await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: 'other', LaunchTemplateData: {} }));
    const byTag = await ec2.send(new DescribeLaunchTemplatesCommand({
      Filters: [{ Name: 'tag:eks:eks-cluster-name', Values: ['my-cluster'] }], MaxResults: 200,
    }));
    expect(byTag.LaunchTemplates?.map((template) => template.LaunchTemplateName)).to.deep.equal(['karpenter.k8s.aws/123']);
    await ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: created.LaunchTemplate?.LaunchTemplateId as string }));
    expect((await refusalOf(ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: created.LaunchTemplate?.LaunchTemplateId as string })))).name).to.equal('InvalidLaunchTemplateId.NotFound');
    await ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateName: 'other' }));
    expect((await refusalOf(ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ['other'] })))).name).to.equal('InvalidLaunchTemplateName.NotFoundException');
    expect(aws.account.isEmpty()).to.equal(true);
  });

  it('show again what was put into them, and keep their versions', async () => {
    const { ec2 } = testAws();
    const LaunchTemplateName = 'nodes';
    const data = {
      ImageId: 'ami-1', UserData: 'eA==', IamInstanceProfile: { Name: 'p' }, Monitoring: { Enabled: true },
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20, VolumeType: 'gp3' as const, Encrypted: true } }],
      NetworkInterfaces: [{ DeviceIndex: 0, Groups: ['sg-1', 'sg-2'], AssociatePublicIpAddress: false }],
      TagSpecifications: [{ ResourceType: 'network-interface' as const, Tags: [{ Key: 'a', Value: 'b' }] }],
    };
    await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData: data }));
    await ec2.send(new CreateLaunchTemplateVersionCommand({
      LaunchTemplateName, LaunchTemplateData: { ImageId: 'ami-2', SecurityGroupIds: ['sg-3'] }, VersionDescription: 'newer',
    }));
    const { LaunchTemplateVersions } = await ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName }));
    expect(LaunchTemplateVersions?.map((version) => [version.VersionNumber, version.DefaultVersion, version.VersionDescription])).to.deep.equal([[1, true, undefined], [2, false, 'newer']]);
    expect(LaunchTemplateVersions?.[0]?.LaunchTemplateData).to.deep.equal(data);
    const latest = await ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName, Versions: ['$Latest'] }));
    expect(latest.LaunchTemplateVersions?.[0]?.LaunchTemplateData).to.deep.equal({ ImageId: 'ami-2', SecurityGroupIds: ['sg-3'] });
    expect((await refusalOf(ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName, Versions: ['7'] })))).name).to.equal('InvalidLaunchTemplateId.VersionNotFound');
  });

  it('refuse names and user data that EC2 refuses', async () => {
    const { ec2 } = testAws();
    expect((await refusalOf(ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: 'a b', LaunchTemplateData: {} })))).name).to.equal('InvalidLaunchTemplateName.MalformedException');
    const UserData = Buffer.alloc(16_385, 'x').toString('base64');
    expect(await refusalOf(ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: 'big', LaunchTemplateData: { UserData } })))).to.include({
      name: 'InvalidUserData.Malformed', message: 'User data is limited to 16384 bytes',
    });
  });

  it('appear in reads after the consistency delay, though their name is taken at once', async () => {
    const { ec2, clock } = testAws({ faults: { consistencyDelay: 2_000 } });
    const create = () => ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: 'nodes', LaunchTemplateData: {} }));
    await create();
    expect((await refusalOf(create())).name).to.equal('InvalidLaunchTemplateName.AlreadyExistsException');
    expect((await ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates).to.deep.equal([]);
    await clock.advance('2s');
    expect((await ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates).to.have.length(1);
  });

  it('come in pages', async () => {
    const { ec2 } = testAws();
    for (let index = 0; index < 7; index += 1) await ec2.send(new CreateLaunchTemplateCommand({
      LaunchTemplateName: `nodes-${index}`, LaunchTemplateData: {},
    }));
    const sizes = [];
    for await (const { LaunchTemplates = [] } of paginateDescribeLaunchTemplates({ client: ec2, pageSize: 3 }, {})) sizes.push(LaunchTemplates.length);
    expect(sizes).to.deep.equal([3, 3, 1]);
  });
});
