import { expect } from 'chai';
import fc from 'fast-check';
import { testAws } from './testing.js';

const NAMES = [
  'Filter.1.Name', 'Filter.1.Value.1', 'Filter', 'MaxResults', 'NextToken', 'DryRun', 'InstanceId.1', 'ImageId.1', 'ImageId', 'SubnetId.1',
  'SubnetId', 'InstanceType', 'InstanceType.1', 'LaunchTemplateName', 'LaunchTemplateId',
  'LaunchTemplateData.UserData', 'LaunchTemplateData.NetworkInterface.1.DeviceIndex',
  'LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize', 'MinCount', 'MaxCount', 'TagSpecification.1.ResourceType',
  'TagSpecification.1.Tag.1.Key',
  'Tag.1.Key', 'ResourceId.1', 'Size', 'AvailabilityZone', 'VolumeId', 'Type', 'TargetCapacitySpecification.TotalTargetCapacity',
  'LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName', 'LaunchTemplateConfigs.1.Overrides.1.InstanceType',
  'LocationType', 'ClientToken', 'InstanceProfileName', 'RoleName', 'Path', 'PathPrefix', 'Marker', 'MaxItems', 'Tags.member.1.Key',
  'Device', 'NetworkInterface.1.DeviceIndex', 'Placement.GroupId',
];
const VALUES = ['', '0', '-1', '1', '5', '1e9', 'true', 'instant', 'instance', 'm5.large', 'nodes', 'i-00000000000000000', 'us-west-2a', 'tag:a', '*', '[', '\u0000', 'é', 'bmV4dDoxMA=='];
const OPERATIONS: Record<string, string[]> = {
  ec2: ['AttachVolume', 'CreateFleet', 'CreateLaunchTemplate', 'CreateLaunchTemplateVersion', 'CreateTags', 'CreateVolume', 'DeleteLaunchTemplate', 'DeleteTags', 'DeleteVolume', 'DescribeAvailabilityZones', 'DescribeCapacityReservations', 'DescribeImages', 'DescribeInstances', 'DescribeInstanceStatus', 'DescribeInstanceTypeOfferings', 'DescribeInstanceTypes', 'DescribeLaunchTemplates', 'DescribeLaunchTemplateVersions', 'DescribePlacementGroups', 'DescribeSecurityGroups', 'DescribeSpotPriceHistory', 'DescribeSubnets', 'DescribeTags', 'DescribeVolumes', 'DescribeVpcs', 'DetachVolume', 'RunInstances', 'StartInstances', 'StopInstances', 'TerminateInstances'],
  iam: ['GetInstanceProfile', 'CreateInstanceProfile', 'DeleteInstanceProfile', 'ListInstanceProfiles', 'AddRoleToInstanceProfile', 'RemoveRoleFromInstanceProfile', 'TagInstanceProfile', 'UntagInstanceProfile', 'GetRole'],
};
const TARGETS: Record<string, string[]> = {
  ssm: ['AmazonSSM.GetParameter', 'AmazonSSM.GetParameters'],
  sqs: ['AmazonSQS.GetQueueUrl', 'AmazonSQS.ListQueues', 'AmazonSQS.SendMessage', 'AmazonSQS.DeleteMessage', 'AmazonSQS.ChangeMessageVisibility', 'AmazonSQS.GetQueueAttributes'],
  pricing: ['AWSPriceListService.GetProducts'],
};
const signed = (service: string) => ({ authorization: `AWS4-HMAC-SHA256 Credential=A/20260101/us-west-2/${service}/aws4_request, Signature=x` });
const pick = (table: Record<string, string[]>) => fc.constantFrom(...Object.entries(table).flatMap(([service, names]) => names.map((name) => ({ service, name }))));

describe('nonsense', () => {
  it('in Query parameters gets an answer or a refusal, never a crash', async () => {
    const { aws } = testAws();
    await fc.assert(
      fc.asyncProperty(pick(OPERATIONS), fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES)), { maxLength: 12 }), async ({ service, name }, parameters) => {
        const body = new URLSearchParams([['Action', name], ...parameters]).toString();
        const { status, body: answer } = await aws.handle({ method: 'POST', origin: 'http://x', path: '/', headers: signed(service), body });
        expect(status).to.be.oneOf([200, 400, 404, 409, 412, 500]);
        expect(answer).to.match(/^<\?xml/);
      }),
      { numRuns: 500 },
    );
    await aws.close();
  });

  it('in JSON bodies gets an answer or a refusal, never a crash', async () => {
    const { aws } = testAws();
    const member = fc.constantFrom('Name', 'Names', 'QueueName', 'QueueUrl', 'MessageBody', 'ReceiptHandle', 'VisibilityTimeout', 'AttributeNames', 'ServiceCode', 'Filters', 'NextToken', 'MaxResults');
    const body = fc.oneof(fc.string(), fc.json(), fc.dictionary(member, fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('AmazonEC2', 'my-cluster'))).map((object) => JSON.stringify(object)));
    await fc.assert(
      fc.asyncProperty(pick(TARGETS), body, async ({ service, name }, text) => {
        const { status, body: answer } = await aws.handle({
          method: 'POST', origin: 'http://x', path: '/', headers: { ...signed(service), 'x-amz-target': name }, body: text,
        });
        expect(status).to.be.oneOf([200, 400]);
        expect(JSON.parse(answer)).to.be.an('object');
      }),
      { numRuns: 500 },
    );
    await aws.close();
  });
});
