import { expect } from 'chai';
import type { KubeletConfiguration } from '../../../api/ec2nodeclass.js';
import { providerBed } from '../../../../test/support/aws-provider.js';
import type { ProviderBed } from '../../../../test/support/aws-provider.js';
import { kubeletViolations, unsupportedKubeletFields } from './kubelet.js';
import { ValidationPostponed } from './provider.js';

const validate = (bed: ProviderBed) => {
  const nodeClass = bed.nodeClasses.get('default');
  if (!nodeClass) throw new Error('there is no class');
  return bed.run(bed.services.validation.validate(nodeClass));
};
const readyBed = async (...spec: Parameters<ProviderBed['readyNodeClass']>) => {
  const bed = await providerBed();
  await bed.readyNodeClass(...spec);
  return bed;
};
const denied = { reason: 'UnauthorizedOperation', message: 'You are not authorized', status: 403 };

describe('ValidationProvider', () => {
  it('tries a template, a fleet and a run, and remembers for half an hour that they work', async () => {
    const bed = await readyBed();
    bed.addPool();
    expect(await validate(bed)).to.deep.equal({ status: 'True' });
    const calls = () => ['CreateLaunchTemplate', 'CreateFleet', 'RunInstances'].map((operation) => bed.aws.calls.get(`ec2:${operation}`));
    expect(calls()).to.deep.equal([1, 1, 1]);
    await validate(bed);
    expect(calls()).to.deep.equal([1, 1, 1]);
    await bed.clock.advance('31m');
    await validate(bed);
    expect(calls()).to.deep.equal([2, 2, 2]);
    expect(bed.aws.machines.list()).to.deep.equal([]);
    await bed.clock.advance('3m');
    expect(bed.aws.account.launchTemplates.count, 'nothing is left behind').to.equal(0);
  });

  it('tries anew when the class or its annotations change, and after it is forgotten', async () => {
    const bed = await readyBed();
    await validate(bed);
    const fleets = () => bed.aws.calls.get('ec2:CreateFleet');
    const nodeClass = bed.nodeClasses.get('default');
    Object.assign(nodeClass?.metadata.annotations ?? {}, { retry: '1' });
    await validate(bed);
    expect(fleets()).to.equal(2);
    bed.services.validation.forget('other');
    await validate(bed);
    expect(fleets()).to.equal(2);
    bed.services.validation.forget('default');
    await validate(bed);
    expect(fleets()).to.equal(3);
  });

  for (const operation of ['CreateLaunchTemplate', 'CreateFleet', 'RunInstances']) {
    it(`says that ${operation} is not allowed`, async () => {
      const bed = await readyBed();
      bed.aws.faults.fail(`ec2:${operation}`, { ...denied, times: 10 });
      expect(await validate(bed)).to.deep.equal({
        status: 'False', reason: `${operation}AuthCheckFailed`, message: `Controller isn't authorized to call ec2:${operation}: No identity-based policy allows the operation`,
      });
    });
  }

  it('accepts a run that works in one subnet of several', async () => {
    const bed = await readyBed();
    bed.aws.faults.fail('ec2:RunInstances', { ...denied, times: 2 });
    expect(await validate(bed)).to.deep.equal({ status: 'True' });
  });

  it('postpones when EC2 is busy', async () => {
    const bed = await readyBed();
    bed.aws.faults.fail('ec2:CreateFleet', { reason: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 });
    let error: unknown;
    await validate(bed).catch((caught: unknown) => { error = caught; });
    expect(error).to.be.instanceOf(ValidationPostponed);
  });

  it('says that a given instance profile does not exist, and does not remember that', async () => {
    const bed = await readyBed({ instanceProfile: 'mine' });
    bed.aws.faults.fail('ec2:RunInstances', { reason: 'InvalidParameterValue', message: 'Value (mine) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name', times: 3 });
    bed.aws.faults.fail('ec2:CreateFleet', { reason: 'DryRunOperation', message: 'Request would have succeeded', status: 412 });
    expect(await validate(bed)).to.deep.equal({ status: 'False', reason: 'InstanceProfileNotFound', message: 'Instance profile "mine" not found' });
    bed.aws.faults.fail('ec2:CreateFleet', { reason: 'DryRunOperation', message: 'Request would have succeeded', status: 412 });
    bed.aws.faults.fail('ec2:RunInstances', { reason: 'DryRunOperation', message: 'Request would have succeeded', status: 412 });
    expect(await validate(bed)).to.deep.equal({ status: 'True' });
  });

  it('says that user data is too large', async () => {
    const bed = await readyBed();
    bed.aws.faults.fail('ec2:CreateLaunchTemplate', { reason: 'InvalidUserData.Malformed', message: 'User data is limited to 16384 bytes' });
    expect(await validate(bed)).to.include({ status: 'False', reason: 'UserDataSizeLimitExceeded' });
  });

  it('waits for what it depends on, and does not try what cannot work', async () => {
    const bed = await readyBed();
    const [amis] = bed.nodeClasses.get('default')?.status.conditions ?? [];
    Object.assign(amis ?? {}, { status: 'Unknown' });
    expect(await validate(bed)).to.deep.equal({ status: 'Unknown', reason: 'DependenciesNotReady', message: 'Awaiting AMI, Instance Profile, Security Group, and Subnet resolution' });
    Object.assign(amis ?? {}, { status: 'False' });
    expect(await validate(bed)).to.include({ status: 'False', reason: 'DependenciesNotReady' });
    expect(bed.aws.calls.get('ec2:CreateFleet')).to.equal(undefined);
  });

  it('refuses restricted tags and bad kubelet configurations for good', async () => {
    const tagged = await readyBed({ tags: { 'eks:eks-cluster-name': 'x', 'kubernetes.io/cluster/other': 'owned', Name: 'fine' } });
    expect(await validate(tagged)).to.deep.equal({ status: 'False', reason: 'TagValidationFailed', message: 'spec.tags has keys that only Karpenter may set: eks:eks-cluster-name, kubernetes.io/cluster/other', terminal: true });
    const bad = await readyBed({ kubelet: { kubeReserved: { cpu: '-1' } } });
    expect(await validate(bad)).to.include({ status: 'False', reason: 'InvalidKubeletConfiguration', terminal: true });
    const unsupported = await readyBed({ amiFamily: 'Bottlerocket', amiSelectorTerms: [], kubelet: { podsPerCore: 3 } });
    expect(await validate(unsupported)).to.include({ reason: 'UnsupportedKubeletConfiguration', terminal: true });
  });

  it('does not try anything when dry runs are switched off', async () => {
    const bed = await providerBed({ settings: { disableDryRun: true } });
    await bed.readyNodeClass();
    expect(await validate(bed)).to.deep.equal({ status: 'True' });
    expect(bed.aws.calls.get('ec2:CreateLaunchTemplate')).to.equal(undefined);
  });

  it("tries a type that the class's pools want", async () => {
    const bed = await readyBed();
    bed.addPool([{ key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] }]);
    await validate(bed);
    const [template] = bed.aws.account.launchTemplates.visible();
    const arm = bed.nodeClasses.get('default')?.status.amis?.find(({ name }) => name?.includes('arm64-standard'));
    expect(template?.versions[0]?.data.text('ImageId')).to.equal(arm?.id);
  });
});

describe('kubelet configurations', () => {
  const bad: [KubeletConfiguration, string][] = [
    [{ evictionHard: { 'memory.free': '5%' } }, 'evictionHard: "memory.free" is not a signal'],
    [{ evictionHard: { 'memory.available': '101%' } }, 'evictionHard: "101%"'],
    [{ evictionHard: { 'memory.available': 'much' } }, 'evictionHard: "much"'],
    [{ evictionSoft: { 'memory.available': '5%' } }, 'evictionSoftGracePeriod: memory.available of evictionSoft is missing'],
    [{ evictionSoftGracePeriod: { 'memory.available': '1m' } }, 'evictionSoft: memory.available'],
    [{ evictionSoft: { 'memory.available': '5%' }, evictionSoftGracePeriod: { 'memory.available': 'soon' } }, '"soon" of memory.available is not a duration'],
    [{ kubeReserved: { gpu: '1' } }, 'kubeReserved: "gpu" cannot be reserved'],
    [{ systemReserved: { memory: '-1Gi' } }, 'systemReserved: "-1Gi"'],
    [{ imageGCHighThresholdPercent: 80, imageGCLowThresholdPercent: 80 }, 'imageGCHighThresholdPercent: 80 is not above'],
    [{ imageGCHighThresholdPercent: 101 }, 'is not from 0 to 100'],
    [{ maxPods: -1 }, 'maxPods: -1 is below 0'],
    [{ registerWithTaints: [] } as KubeletConfiguration, 'registerWithTaints: is set by Karpenter'],
  ];
  for (const [kubelet, message] of bad) {
    it(`refuse ${JSON.stringify(kubelet)}`, () => {
      expect(kubeletViolations(kubelet)).to.have.length(1);
      expect(kubeletViolations(kubelet)[0]).to.contain(message);
    });
  }

  it('accept what is right', () => {
    expect(kubeletViolations({
      maxPods: 0, podsPerCore: 2, evictionHard: { 'memory.available': '5%', 'pid.available': '10%', 'nodefs.inodesFree': '1k' }, evictionSoft: { 'memory.available': '500Mi' }, evictionSoftGracePeriod: { 'memory.available': '1m30s' },
      kubeReserved: { cpu: '100m', pid: '1000' }, imageGCHighThresholdPercent: 85, imageGCLowThresholdPercent: 80,
    })).to.deep.equal([]);
  });

  it('may have any field on AL2023, and twelve elsewhere', () => {
    const kubelet = { singleProcessOOMKill: true, clusterDNS: ['1.1.1.1', '2.2.2.2'] } as KubeletConfiguration;
    expect(unsupportedKubeletFields(kubelet, 'AL2023')).to.deep.equal([]);
    expect(unsupportedKubeletFields(kubelet, 'Custom')).to.deep.equal([]);
    expect(unsupportedKubeletFields(kubelet, 'AL2')).to.deep.equal(['clusterDNS (more than one address)', 'singleProcessOOMKill']);
  });
});
