import { resourceId } from '../account/identifiers.js';
import { launch, planLaunch } from '../account/launch.js';
import { checkUserData } from '../account/launch-templates.js';
import { mergeLaunchSpecifications, readLaunchSpecification, type LaunchSpecification } from '../account/launch-specification.js';
import { specifiedTags } from '../account/tags.js';
import { AwsError, invalidParameter } from '../protocol/error.js';
import type { Parameters } from '../protocol/parameters.js';
import type { Operation } from '../protocol/query-service.js';
import type { Account } from '../account/account.js';
import { describeInstance } from './describe-instances.js';
import { endDryRun } from './operation.js';

export const RunInstances: Operation = (input, account) => {
  const earlier = account.idempotency.recall('RunInstances', input);
  if (earlier) return earlier;
  const least = input.number('MinCount') ?? 1;
  const most = input.number('MaxCount') ?? 1;
  if (least < 1 || most < least) throw invalidParameter('MinCount', String(least), 'It must be at least 1 and not greater than MaxCount.');
  const { specification, templateTags } = readSpecification(input, account);
  const plan = planLaunch(specification, specification.marketType === 'spot' ? 'spot' : 'on-demand', account);
  if (plan.subnet.freeAddresses < least) {
    throw new AwsError(
      'InsufficientFreeAddressesInSubnet',
      `There are not enough free addresses in subnet '${plan.subnet.id}' to satisfy the requested number of instances.`,
    );
  }
  endDryRun(input);

  const context = {
    reservationId: resourceId(account.random, 'r'), clientToken: input.text('ClientToken'),
    instanceTags: new Map([...specifiedTags(input, 'instance'), ...templateTags]), volumeTags: specifiedTags(input, 'volume'),
  };
  const instances = [launch(plan, context, account)];
  try {
    while (instances.length < most) instances.push(launch(plan, context, account));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (instances.length < least) {
      for (const instance of instances) account.instances.terminate(instance);
      throw error;
    }
  }
  const answer = {
    reservationId: context.reservationId, ownerId: account.id, groupSet: [],
    instancesSet: instances.map((instance, index) => ({ ...describeInstance(instance, account), amiLaunchIndex: index })),
  };
  account.idempotency.remember('RunInstances', input, answer);
  return answer;
};

/** What the call says, on top of what the launch template says that it names. */
function readSpecification(input: Parameters, account: Account): { specification: LaunchSpecification; templateTags: [string, string][] } {
  const own = readLaunchSpecification(input);
  if (own.userData !== undefined) checkUserData(own.userData);
  if (own.networkInterfaces && (own.subnetId !== undefined || own.securityGroupIds !== undefined)) {
    throw new AwsError(
      'InvalidParameterCombination',
      `Network interfaces and an instance-level ${own.subnetId === undefined ? 'security groups' : 'subnet ID'} may not be specified on the same request`,
    );
  }
  const reference = input.child('LaunchTemplate');
  if (!input.has('LaunchTemplate')) return { specification: own, templateTags: [] };
  const template = account.launchTemplates.find({ id: reference.text('LaunchTemplateId'), name: reference.text('LaunchTemplateName') });
  const version = account.launchTemplates.version(template, reference.text('Version'));
  const inherited = version.specification;
  // An interface without groups keeps those that the template gives to the same device.
  const networkInterfaces = own.networkInterfaces?.map((request) => {
    const same = inherited.networkInterfaces?.find(
      (candidate) => candidate.deviceIndex === request.deviceIndex && candidate.networkCardIndex === request.networkCardIndex,
    );
    return request.securityGroupIds.length > 0 || !same ? request : { ...request, securityGroupIds: same.securityGroupIds };
  });
  return {
    specification: mergeLaunchSpecifications(inherited, { ...own, networkInterfaces }),
    templateTags: [['aws:ec2launchtemplate:id', template.id], ['aws:ec2launchtemplate:version', String(version.number)]],
  };
}
