import {
  CreateFleetCommand, CreateLaunchTemplateCommand, DescribeAvailabilityZonesCommand, DescribeCapacityReservationsCommand, DescribeImagesCommand,
  DescribeInstancesCommand, DescribeInstanceStatusCommand, DescribeInstanceTypeOfferingsCommand, DescribeInstanceTypesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand, DescribePlacementGroupsCommand, DescribeSecurityGroupsCommand, DescribeSpotPriceHistoryCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand, DescribeVolumesCommand, DescribeVpcsCommand, EC2Client, RunInstancesCommand, TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateInstanceProfileCommand, GetRoleCommand, IAMClient, ListInstanceProfilesCommand } from '@aws-sdk/client-iam';
import { expect } from 'chai';
import { XMLParser } from 'fast-xml-parser';
import { sdkRequestHandler } from '../sdk-request-handler.js';
import { testAws } from '../testing.js';
import { scheduleEvent } from './instance-actions.js';

/** The texts at the ends of a tree, except empty ones. */
function leaves(value: unknown): number {
  if (value === undefined || value === null || value === '') return 0;
  if (value instanceof Date || typeof value !== 'object') return 1;
  return Object.entries(value).reduce((sum, [name, member]) => sum + (/^(\$metadata|requestId|RequestId|ResponseMetadata|@_xmlns|\?xml)$/.test(name) ? 0 : leaves(member)), 0);
}

/** Clients whose last answer can be read both as it was sent and as the SDK understood it. */
function recorded() {
  const bed = testAws();
  let body = '';
  const requestHandler = sdkRequestHandler({
    async handle(request, signal) {
      const response = await bed.aws.handle(request, signal);
      ({ body } = response);
      return response;
    },
  });
  const options = { region: 'us-west-2', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, requestHandler };
  const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false });
  const understood = async (name: string, answer: Promise<unknown>): Promise<void> => {
    const output = await answer;
    const sent = leaves(parser.parse(body));
    expect(sent, name).to.be.greaterThan(0);
    expect(leaves(output), `${name}: the SDK does not know some of the elements in ${body.slice(0, 2_000)}`).to.equal(sent);
  };
  return { ...bed, ec2: new EC2Client(options), iam: new IAMClient(options), understood };
}

describe('the wire format', () => {
  it('holds no element that the SDK does not understand, in any answer of EC2', async () => {
    const { aws, ec2, clock, understood } = recorded();
    const subnet = [...aws.account.network.subnets.values()].find((candidate) => candidate.publicAddresses);
    const ImageId = aws.account.images.parameters.get('/aws/service/eks/optimized-ami/1.32/amazon-linux-2023/x86_64/standard/recommended/image_id') as string;
    aws.account.capacityReservations.add({
      instanceType: 'm5.large', availabilityZone: 'us-west-2a', total: 2, matchCriteria: 'open', endsAt: clock.now() + 1e9,
      tags: { a: 'b' },
    });
    const group = aws.account.placementGroups.add({ name: 'group', strategy: 'spread', tags: { a: 'b' } });
    const data = {
      ImageId, UserData: 'eA==', Monitoring: { Enabled: true }, MetadataOptions: { HttpTokens: 'required' as const },
      Placement: { GroupId: group.id }, TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'a', Value: 'b' }] }],
    };
    await understood('CreateLaunchTemplate', ec2.send(new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'nodes', LaunchTemplateData: data,
      TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'a', Value: 'b' }] }],
    })));
    await understood('CreateFleet', ec2.send(new CreateFleetCommand({
      Type: 'instant', TargetCapacitySpecification: { TotalTargetCapacity: 2, DefaultTargetCapacityType: 'spot' },
      LaunchTemplateConfigs: [{
        LaunchTemplateSpecification: { LaunchTemplateName: 'nodes', Version: '$Latest' },
        Overrides: ['m5.large', 'm6g.large'].map((type) => ({
          InstanceType: type as 'm5.large', SubnetId: subnet?.id, AvailabilityZone: 'us-west-2a', ImageId, Priority: 1, MaxPrice: '1',
        })),
      }],
    })));
    await understood('RunInstances', ec2.send(new RunInstancesCommand({
      MinCount: 1, MaxCount: 2, LaunchTemplate: { LaunchTemplateName: 'nodes', Version: '$Latest' }, InstanceType: 'm5.large',
      SubnetId: subnet?.id,
    })));
    await clock.advance('30s');
    const [first, second] = aws.account.instances.visible();
    if (!first || !second) throw new Error('the fleet launched nothing');
    scheduleEvent(first, 'system-reboot', aws.account);
    first.health.instanceImpairedSince = clock.now();
    await understood('TerminateInstances', ec2.send(new TerminateInstancesCommand({ InstanceIds: [second.id] })));
    await clock.advance('2m');
    await understood('DescribeInstances', ec2.send(new DescribeInstancesCommand({})));
    await understood('DescribeInstanceStatus', ec2.send(new DescribeInstanceStatusCommand({})));
    await understood('DescribeLaunchTemplates', ec2.send(new DescribeLaunchTemplatesCommand({})));
    await understood('DescribeLaunchTemplateVersions', ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: 'nodes' })));
    await understood('DescribeVolumes', ec2.send(new DescribeVolumesCommand({})));
    await understood('DescribeTags', ec2.send(new DescribeTagsCommand({})));
    await understood('DescribeCapacityReservations', ec2.send(new DescribeCapacityReservationsCommand({})));
    await understood('DescribePlacementGroups', ec2.send(new DescribePlacementGroupsCommand({})));
    await understood('DescribeInstanceTypes', ec2.send(new DescribeInstanceTypesCommand({})));
    await understood('DescribeInstanceTypeOfferings', ec2.send(new DescribeInstanceTypeOfferingsCommand({ LocationType: 'availability-zone' })));
    await understood('DescribeSpotPriceHistory', ec2.send(new DescribeSpotPriceHistoryCommand({})));
    await understood('DescribeImages', ec2.send(new DescribeImagesCommand({ IncludeDeprecated: true })));
    await understood('DescribeSubnets', ec2.send(new DescribeSubnetsCommand({})));
    await understood('DescribeSecurityGroups', ec2.send(new DescribeSecurityGroupsCommand({})));
    await understood('DescribeVpcs', ec2.send(new DescribeVpcsCommand({})));
    await understood('DescribeAvailabilityZones', ec2.send(new DescribeAvailabilityZonesCommand({})));
  });

  it('nor of IAM', async () => {
    const { iam, understood } = recorded();
    await understood('CreateInstanceProfile', iam.send(new CreateInstanceProfileCommand({
      InstanceProfileName: 'p', Path: '/a/', Tags: [{ Key: 'a', Value: 'b' }],
    })));
    await understood('ListInstanceProfiles', iam.send(new ListInstanceProfilesCommand({})));
    await understood('GetRole', iam.send(new GetRoleCommand({ RoleName: 'KarpenterNodeRole-my-cluster' })));
  });
});
