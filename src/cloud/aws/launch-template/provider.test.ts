import { expect } from 'chai';
import type { EC2NodeClassSpec } from '../../../api/ec2nodeclass.js';
import type { NodeClaim } from '../../../api/nodeclaim.js';
import type { Requirement } from '../../../api/requirement.js';
import { providerBed } from '../../../../test/support/aws-provider.js';
import type { ProviderBed } from '../../../../test/support/aws-provider.js';
import { Requirements } from '../../../api/requirements.js';
import { networkInterfaces } from './network-interfaces.js';
import { allowedLabels } from './provider.js';
import { launchTemplateRequest } from './request.js';
import type { LaunchTemplateSpec } from './request.js';

const types = (...values: string[]): Requirement => ({ key: 'node.kubernetes.io/instance-type', operator: 'In', values });
const onDemand: Requirement = { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] };
const templates = (bed: ProviderBed) => bed.aws.account.launchTemplates.visible();

async function ensure(bed: ProviderBed, names: string[], { requests = {}, labels = {}, taints = {} }: { requests?: Record<string, number>; labels?: Record<string, string>; taints?: Pick<NodeClaim['spec'], 'taints' | 'startupTaints'> } = {}) {
  const nodeClass = bed.nodeClasses.get('default') ?? (await bed.readyNodeClass());
  const claim = bed.claim([], { labels });
  Object.assign(claim.spec, taints);
  return bed.services.launchTemplates.ensureAll({
    nodeClass, claim, requirements: Requirements.empty, requests, capacityType: 'on-demand', tenancy: 'default', placementGroup: undefined,
    instanceTypes: bed.services.instanceTypes.list(nodeClass).filter(({ name }) => names.includes(name)),
  });
}

describe('LaunchTemplateProvider', () => {
  it('makes one template for each image and pod limit, and finds it again', async () => {
    const bed = await providerBed();
    const made = await ensure(bed, ['m5.large', 'c5.large', 'm5.xlarge', 'm6g.large']);
    expect(made.map(({ instanceTypes }) => instanceTypes.map(({ name }) => name).sort())).to.have.deep.members([['c5.large', 'm5.large'], ['m5.xlarge'], ['m6g.large']]);
    for (const { name } of made) expect(name).to.match(/^karpenter\.k8s\.aws\/\d+$/);
    expect((await ensure(bed, ['m5.large'])).map(({ name }) => name)).to.deep.equal(made.filter(({ instanceTypes }) => instanceTypes.some(({ name }) => name === 'm5.large')).map(({ name }) => name));
    expect(bed.aws.calls.get('ec2:CreateLaunchTemplate')).to.equal(3);
    const other = await ensure(bed, ['m5.large'], { labels: { team: 'a' } });
    expect(made.map(({ name }) => name)).to.not.include(other[0]?.name);
  });

  it('makes a template once when many launches want it at the same time', async () => {
    const bed = await providerBed();
    await bed.readyNodeClass();
    await Promise.all(Array.from({ length: 10 }, () => ensure(bed, ['m5.large'])));
    expect(bed.aws.calls.get('ec2:CreateLaunchTemplate')).to.equal(1);
  });

  it('makes a template without looking for it first, and adopts one that exists', async () => {
    const bed = await providerBed();
    const calls = () => ['CreateLaunchTemplate', 'DescribeLaunchTemplates'].map((operation) => bed.aws.calls.get(`ec2:${operation}`) ?? 0);
    const made = await ensure(bed, ['m5.large']);
    expect(calls()).to.deep.equal([1, 0]);
    for (const { name } of made) bed.services.launchTemplates.invalidate(name);
    expect(await ensure(bed, ['m5.large'])).to.deep.equal(made);
    expect(calls()).to.deep.equal([2, 1]);
    expect(templates(bed)).to.have.length(1);
  });

  it('deletes templates that no launch used for a minute', async () => {
    const bed = await providerBed();
    await ensure(bed, ['m5.large']);
    await bed.clock.advance('50s');
    await ensure(bed, ['m5.large']);
    await bed.clock.advance('50s');
    expect(templates(bed)).to.have.length(1);
    await bed.clock.advance('2m');
    expect(templates(bed)).to.deep.equal([]);
  });

  it('takes over what an earlier process left', async () => {
    const bed = await providerBed();
    await ensure(bed, ['m5.large']);
    bed.services.launchTemplates.close();
    await bed.clock.advance('10m');
    expect(templates(bed)).to.have.length(1);
    await bed.services.launchTemplates.hydrate();
    await bed.clock.advance('2m');
    expect(templates(bed)).to.deep.equal([]);
  });

  it('deletes all templates of a class, and no others', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    await bed.readyNodeClass({}, 'other');
    await ensure(bed, ['m5.large', 'm5.xlarge']);
    await bed.launch(bed.claim([onDemand, types('c5.large')], { nodeClass: 'other' }));
    await bed.services.launchTemplates.deleteAll(nodeClass);
    expect(templates(bed)).to.have.length(1);
  });

  it('attaches all EFA interfaces when pods ask for one', async () => {
    const bed = await providerBed();
    await ensure(bed, ['p4d.24xlarge'], { requests: { 'vpc.amazonaws.com/efa': 1 } });
    expect(bed.aws.calls.get('ec2:CreateLaunchTemplate')).to.equal(1);
    await ensure(bed, ['p4d.24xlarge']);
    expect(bed.aws.calls.get('ec2:CreateLaunchTemplate')).to.equal(2);
  });

  describe('keeps pods away from machines until they are registered, and taints them from the start', () => {
    const taints = {
      taints: [{ key: 'dedicated', value: 'team', effect: 'NoSchedule' as const }],
      startupTaints: [{ key: 'cilium', effect: 'NoExecute' as const }],
    };
    const textOf = (bed: ProviderBed): string => Buffer.from(templates(bed).at(-1)?.versions[0]?.specification.userData ?? '', 'base64').toString();
    const flag = '--register-with-taints="dedicated=team:NoSchedule,cilium:NoExecute,karpenter.sh/unregistered:NoExecute"';
    const spelled: Record<string, string> = {
      'al2@latest': flag,
      'al2023@latest': ['registerWithTaints:', '- effect: NoSchedule', '  key: dedicated', '  value: team', '- effect: NoExecute', '  key: cilium', '- effect: NoExecute', '  key: karpenter.sh/unregistered'].join(' '),
      'bottlerocket@latest': '[settings.kubernetes.node-taints] cilium = [":NoExecute"] dedicated = ["team:NoSchedule"] "karpenter.sh/unregistered" = [":NoExecute"]',
      'windows2022@latest': flag,
    };
    for (const [alias, expected] of Object.entries(spelled)) {
      it(`with ${alias}`, async () => {
        const bed = await providerBed();
        await bed.readyNodeClass({ amiSelectorTerms: [{ alias }] });
        await ensure(bed, ['m5.large'], { taints });
        expect(textOf(bed).replace(/\s+/g, ' ')).to.include(expected.replace(/\s+/g, ' '));
      });
    }

    it('once, though the claim says so itself', async () => {
      const bed = await providerBed();
      await bed.readyNodeClass({ amiSelectorTerms: [{ alias: 'al2@latest' }] });
      await ensure(bed, ['m5.large'], { taints: { startupTaints: [{ key: 'karpenter.sh/unregistered', effect: 'NoExecute' }] } });
      expect(textOf(bed).match(/karpenter\.sh\/unregistered/g)).to.have.length(1);
    });
  });

  it('fails for classes without groups or images', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    const fails = async (): Promise<unknown> => {
      try {
        await ensure(bed, ['m5.large']);
        return undefined;
      } catch (error) {
        return (error as { reason: string }).reason;
      }
    };
    const { amis } = nodeClass.status;
    nodeClass.status.amis = [];
    expect(await fails()).to.equal('AMINotFound');
    Object.assign(nodeClass.status, { amis, securityGroups: [] });
    expect(await fails()).to.equal('SecurityGroupsNotFound');
  });
});

describe('a launch template', () => {
  const spec = (nodeClass: Partial<EC2NodeClassSpec> = {}, changes: Partial<LaunchTemplateSpec> = {}): LaunchTemplateSpec => ({
    nodeClass: {
      apiVersion: '', kind: '', metadata: { name: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '', labels: {}, annotations: {} },
      spec: { subnetSelectorTerms: [], securityGroupSelectorTerms: [], amiSelectorTerms: [{ alias: 'al2023@latest' }], ...nodeClass },
      status: { securityGroups: [{ id: 'sg-1' }, { id: 'sg-2' }], instanceProfile: 'profile' },
    },
    region: 'us-west-2', amiID: 'ami-1', userData: 'hello', capacityType: 'on-demand', tenancy: 'default', efaCount: 0, ipv6: false, nitroEnclaves: false, reservedCapacity: true, tags: { b: '2', a: '1' }, ...changes,
  });
  const dataOf = (nodeClass?: Partial<EC2NodeClassSpec>, changes?: Partial<LaunchTemplateSpec>) => launchTemplateRequest(spec(nodeClass, changes)).LaunchTemplateData;

  it('says everything that the class does, with defaults', () => {
    expect(launchTemplateRequest(spec())).to.deep.include({
      TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }],
      LaunchTemplateData: {
        ImageId: 'ami-1',
        UserData: 'aGVsbG8=',
        IamInstanceProfile: { Name: 'profile' },
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 20 } }],
        MetadataOptions: { HttpEndpoint: 'enabled', HttpProtocolIpv6: 'disabled', HttpPutResponseHopLimit: 1, HttpTokens: 'required', InstanceMetadataTags: 'disabled' },
        Monitoring: { Enabled: false },
        EnclaveOptions: { Enabled: false },
        NetworkInterfaces: [{ DeviceIndex: 0, Groups: ['sg-1', 'sg-2'] }],
        Placement: { Tenancy: 'default' },
        TagSpecifications: [{ ResourceType: 'network-interface', Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }],
        CapacityReservationSpecification: { CapacityReservationPreference: 'none' },
      },
    });
  });

  it('has the devices of the class, sizes in whole GiB, zeros left out', () => {
    const ebs = { volumeSize: '20G', iops: 0, throughput: 125, kmsKeyID: 'alias/ebs', deleteOnTermination: true, snapshotID: 'snap-1', volumeType: 'gp3' as const };
    const sizeOf = (volumeSize: string) => dataOf({ blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize } }] })?.BlockDeviceMappings?.[0]?.Ebs?.VolumeSize;
    expect(dataOf({ blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs }] })?.BlockDeviceMappings).to.deep.equal([{
      DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: true, Throughput: 125, KmsKeyId: 'alias/ebs', SnapshotId: 'snap-1', VolumeType: 'gp3', VolumeSize: 19 },
    }]);
    expect([sizeOf('20Gi'), sizeOf('1T'), sizeOf('1Ti')]).to.deep.equal([20, 932, 1024]);
    expect(dataOf({ amiFamily: 'Custom' })).to.not.have.property('BlockDeviceMappings');
    expect(dataOf({ amiFamily: 'Bottlerocket' })?.BlockDeviceMappings?.map(({ DeviceName, Ebs }) => [DeviceName, Ebs?.VolumeSize])).to.deep.equal([['/dev/xvda', 4], ['/dev/xvdb', 20]]);
  });

  it('targets a reservation, or opts out of open ones; says nothing when reservations are not managed', () => {
    const reserved = (type: string, interruptible = false) => dataOf({}, { capacityType: 'reserved', reservation: { id: 'cr-1', type, interruptible } });
    expect(reserved('default')).to.deep.include({ CapacityReservationSpecification: { CapacityReservationPreference: 'capacity-reservations-only', CapacityReservationTarget: { CapacityReservationId: 'cr-1' } } }).and.to.not.have.property('InstanceMarketOptions');
    expect(reserved('capacity-block')?.InstanceMarketOptions).to.deep.equal({ MarketType: 'capacity-block' });
    expect(reserved('default', true)?.InstanceMarketOptions).to.deep.equal({ MarketType: 'interruptible-capacity-reservation' });
    expect(dataOf({}, { reservedCapacity: false })).to.not.have.property('CapacityReservationSpecification');
  });

  it('tags spot requests, and leaves out what isolated regions do not know', () => {
    expect(dataOf({}, { capacityType: 'spot' })?.TagSpecifications?.map(({ ResourceType }) => ResourceType)).to.deep.equal(['network-interface', 'spot-instances-request']);
    expect(dataOf({}, { region: 'us-iso-east-1' })?.MetadataOptions).to.not.have.property('HttpProtocolIpv6');
    expect(dataOf({ detailedMonitoring: true, cpuOptions: { nestedVirtualization: 'enabled' } }, { nitroEnclaves: true, tenancy: 'dedicated', placement: { groupID: 'pg-1', partition: '2' } })).to.deep.include({
      Monitoring: { Enabled: true }, CpuOptions: { NestedVirtualization: 'enabled' }, EnclaveOptions: { Enabled: true }, Placement: { Tenancy: 'dedicated', GroupId: 'pg-1', PartitionNumber: 2 },
    });
  });

  it('is named by what it says: equal templates have equal names, others have others', () => {
    const nameOf = (nodeClass?: Partial<EC2NodeClassSpec>, changes?: Partial<LaunchTemplateSpec>) => launchTemplateRequest(spec(nodeClass, changes)).LaunchTemplateName;
    expect(nameOf()).to.equal(nameOf({ subnetSelectorTerms: [{ id: 'subnet-1' }] }));
    const names = [
      nameOf(), nameOf({ detailedMonitoring: true }), nameOf({}, { amiID: 'ami-2' }), nameOf({}, { userData: 'x' }), nameOf({}, { capacityType: 'spot' }), nameOf({}, { tags: {} }), nameOf({}, { tenancy: 'dedicated' }),
      nameOf({ associatePublicIPAddress: false }), nameOf({ ipPrefixCount: 1 }),
    ];
    expect(new Set(names)).to.have.length(names.length);
  });
});

describe('network interfaces', () => {
  const request = (spec: Partial<EC2NodeClassSpec>, { efaCount = 0, ipv6 = false } = {}) => networkInterfaces({ spec, securityGroups: ['sg-1'], efaCount, ipv6 });

  it('are those of the class, or one for each EFA card, or one', () => {
    expect(request({ associatePublicIPAddress: false, ipPrefixCount: 2, connectionTracking: { udpTimeout: 30 } })).to.deep.equal([
      { DeviceIndex: 0, Groups: ['sg-1'], AssociatePublicIpAddress: false, Ipv4PrefixCount: 2, ConnectionTrackingSpecification: { UdpTimeout: 30 } },
    ]);
    expect(request({}, { efaCount: 2 })).to.deep.equal([
      { NetworkCardIndex: 0, DeviceIndex: 0, InterfaceType: 'efa', Groups: ['sg-1'] }, { NetworkCardIndex: 1, DeviceIndex: 1, InterfaceType: 'efa', Groups: ['sg-1'] },
    ]);
    const interfaces = [{ networkCardIndex: 0, deviceIndex: 0, interfaceType: 'interface' as const }, { networkCardIndex: 1, deviceIndex: 1, interfaceType: 'efa-only' as const }];
    expect(request({ networkInterfaces: interfaces, ipPrefixCount: 1, associatePublicIPAddress: true }, { efaCount: 9, ipv6: true })).to.deep.equal([
      { NetworkCardIndex: 0, DeviceIndex: 0, InterfaceType: 'interface', Groups: ['sg-1'], AssociatePublicIpAddress: true, Ipv6PrefixCount: 1, PrimaryIpv6: true, Ipv6AddressCount: 1 },
      { NetworkCardIndex: 1, DeviceIndex: 1, InterfaceType: 'efa-only', Groups: ['sg-1'] },
    ]);
  });
});

describe('labels of user data', () => {
  it('are those that a kubelet may set on its own node', () => {
    expect(allowedLabels({ team: 'a', 'kubernetes.io/arch': 'x', 'node.kubernetes.io/instance-type': 'x', 'topology.k8s.aws/zone-id': 'kept', 'a.k8s.io/b': 'x', 'node-restriction.kubernetes.io/c': 'x', 'karpenter.k8s.aws/instance-cpu': '2', 'app.example.com/d': 'e' })).to.deep.equal({
      'app.example.com/d': 'e', 'karpenter.k8s.aws/instance-cpu': '2', team: 'a', 'topology.k8s.aws/zone-id': 'kept',
    });
  });
});
