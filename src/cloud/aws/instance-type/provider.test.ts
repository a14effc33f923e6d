import { expect } from 'chai';
import { seededRandom } from '../../../operator/random.js';
import { WELL_KNOWN_LABELS } from '../../../api/labels.js';
import { Requirements } from '../../../api/requirements.js';
import type { EC2NodeClass, EC2NodeClassSpec } from '../../../api/ec2nodeclass.js';
import { providerBed } from '../../../../test/support/aws-provider.js';
import type { ProviderBed } from '../../../../test/support/aws-provider.js';
import type { InstanceType } from '../../instance-type.js';
import { requirementsOf } from '../../parsed-requirements.js';
import { incompatibility } from './compatibility.js';
import type { InstanceTypeFacts } from './facts.js';
import { offeringCapacityType, offeringLabel, offeringZone } from './offering-labels.js';
import { InstanceTypesUnresolved } from './provider.js';

const label = (name: string): string => `karpenter.k8s.aws/${name}`;

async function bedWith(spec: Partial<EC2NodeClassSpec> = {}, settings: Parameters<typeof providerBed>[0] = {}) {
  const bed = await providerBed(settings);
  const nodeClass = await bed.readyNodeClass(spec);
  const find = (name: string): InstanceType => bed.services.instanceTypes.list(nodeClass).find((type) => type.name === name) as InstanceType;
  return { bed, nodeClass, find };
}
const valuesOf = (type: InstanceType, key: string): string[] => [...requirementsOf(type).get(key).values];

describe('InstanceTypeProvider', () => {
  it('reads all types over the wire, and says nothing is known before', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    const { services } = await unreadBed(bed);
    expect(() => services.instanceTypes.list(nodeClass)).to.throw(InstanceTypesUnresolved, 'has not listed');
    await services.instanceTypes.update();
    const list = services.instanceTypes.list(nodeClass);
    expect(list.length).to.be.greaterThan(1_000);
    expect(list.map(({ name }) => name)).to.include.members(['m5.large', 't3.medium', 'c5.large', 'r5.xlarge', 'p4d.24xlarge', 'inf2.xlarge']);
    await services.instanceTypes.update();
    expect(services.instanceTypes.list(nodeClass), 'unchanged tables change nothing').to.equal(list);
  });

  it('defines every well-known label of every type, but what only nodes have', async () => {
    const { bed, nodeClass } = await bedWith();
    const elsewhere = new Set(['karpenter.sh/nodepool', label('placement-group-id'), label('placement-group-partition')]);
    for (const type of bed.services.instanceTypes.list(nodeClass)) {
      for (const key of WELL_KNOWN_LABELS) if (!elsewhere.has(key)) expect(requirementsOf(type).has(key), `${type.name} ${key}`).to.equal(true);
    }
  });

  it('labels an ordinary type, a GPU type, an accelerator, bare metal and odd names', async () => {
    const { find } = await bedWith();
    expect(requirementsOf(find('m5.large')).toLabels()).to.include({
      'node.kubernetes.io/instance-type': 'm5.large', 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux', 'topology.kubernetes.io/region': 'us-west-2',
      [label('instance-category')]: 'm', [label('instance-generation')]: '5', [label('instance-family')]: 'm5', [label('instance-size')]: 'large', [label('instance-cpu')]: '2',
      [label('instance-memory')]: '8192', [label('instance-cpu-manufacturer')]: 'intel', [label('instance-cpu-sustained-clock-speed-mhz')]: '3100',
      [label('instance-network-bandwidth')]: '750', [label('instance-ebs-bandwidth')]: '4750', [label('instance-hypervisor')]: 'nitro', [label('instance-capability-flex')]: 'false',
    });
    expect(valuesOf(find('m5.large'), 'karpenter.sh/capacity-type')).to.have.members(['on-demand', 'spot']);
    expect(valuesOf(find('m5.large'), label('instance-tenancy'))).to.have.members(['default', 'dedicated']);
    expect(requirementsOf(find('m5.large')).get(label('instance-gpu-count')).operator).to.equal('DoesNotExist');
    expect(requirementsOf(find('g5.xlarge')).toLabels()).to.include({ [label('instance-gpu-name')]: 'a10g', [label('instance-gpu-manufacturer')]: 'nvidia', [label('instance-gpu-count')]: '1', [label('instance-local-nvme')]: '250' });
    expect(requirementsOf(find('inf2.xlarge')).toLabels()).to.include({ [label('instance-category')]: 'inf', [label('instance-accelerator-name')]: 'inferentia2', [label('instance-accelerator-manufacturer')]: 'aws', [label('instance-accelerator-count')]: '1' });
    expect(requirementsOf(find('m5.metal')).toLabels()[label('instance-hypervisor')]).to.equal('');
    expect(requirementsOf(find('m7i-flex.large')).toLabels()).to.include({ [label('instance-category')]: 'm', [label('instance-generation')]: '7', [label('instance-family')]: 'm7i-flex', [label('instance-capability-flex')]: 'true' });
    expect(requirementsOf(find('u-6tb1.56xlarge')).toLabels()).to.include({ [label('instance-category')]: 'u', [label('instance-generation')]: '1' });
    expect(requirementsOf(find('d2.xlarge')).get(label('instance-local-nvme')).operator, 'disks that are not NVMe').to.equal('DoesNotExist');
  });

  it('takes zones from the subnets of the class: others are offered as unavailable', async () => {
    const { find, nodeClass, bed } = await bedWith();
    nodeClass.status.subnets = nodeClass.status.subnets?.filter(({ zone }) => zone === 'us-west-2b') ?? [];
    const type = find('m5.large');
    expect(valuesOf(type, 'topology.kubernetes.io/zone')).to.deep.equal(['us-west-2b']);
    expect(new Set(type.offerings.map(offeringZone)).size).to.be.greaterThan(1);
    expect(new Set(type.offerings.filter(({ available }) => available).map(offeringZone))).to.deep.equal(new Set(['us-west-2b']));
    nodeClass.status.subnets = [];
    expect(() => bed.services.instanceTypes.list(nodeClass)).to.throw(InstanceTypesUnresolved, 'no subnets found');
  });

  it('prices offerings: on demand the same everywhere, spot by zone and cheaper', async () => {
    const { find } = await bedWith();
    const { offerings } = find('m5.large');
    const onDemand = offerings.filter((offering) => offeringCapacityType(offering) === 'on-demand').map(({ price }) => price);
    const spot = offerings.filter((offering) => offeringCapacityType(offering) === 'spot' && offering.available).map(({ price }) => price);
    expect(new Set(onDemand)).to.deep.equal(new Set([0.096]));
    for (const price of spot) expect(price).to.be.within(0.001, 0.096);
  });

  it('makes Windows types of amd64 machines only', async () => {
    const { find } = await bedWith({ amiFamily: 'Windows2022', amiSelectorTerms: [{ alias: 'windows2022@latest' }] });
    expect(requirementsOf(find('m5.large')).toLabels()).to.include({ 'kubernetes.io/os': 'windows', 'node.kubernetes.io/windows-build': '10.0.20348' });
    expect(valuesOf(find('m6g.large'), 'kubernetes.io/os')).to.deep.equal([]);
  });

  it('marks types that the class cannot launch, and keeps them', async () => {
    const { find } = await bedWith({ connectionTracking: { udpTimeout: 30 } });
    expect(find('m5.large').offerings.some(({ available }) => available)).to.equal(true);
    expect(find('m5.metal').offerings.some(({ available }) => available)).to.equal(false);
    expect(find('t2.micro').offerings.some(({ available }) => available)).to.equal(false);
  });

  it('offers reservations at almost nothing, while there are instances left', async () => {
    const { bed, nodeClass, find } = await bedWith();
    nodeClass.status.capacityReservations = [{ id: 'cr-1', availabilityZone: 'us-west-2a', instanceType: 'm5.large', instanceMatchCriteria: 'targeted', ownerID: '123456789012', reservationType: 'default', interruptible: false, state: 'active' }];
    const reserved = () => find('m5.large').offerings.find((offering) => offeringCapacityType(offering) === 'reserved');
    expect(reserved()).to.include({ available: false, reservationCapacity: 0 });
    bed.services.reservations.markTerminated('cr-1');
    expect(reserved()).to.include({ available: true, reservationCapacity: 1 });
    expect(reserved()?.price).to.be.closeTo(0.096 / 1e7, 1e-15);
    expect(offeringLabel(reserved() as NonNullable<ReturnType<typeof reserved>>, label('capacity-reservation-id'))).to.equal('cr-1');
    expect(valuesOf(find('m5.large'), 'karpenter.sh/capacity-type')).to.include('reserved');
    expect(find('c5.large').offerings.some((offering) => offeringCapacityType(offering) === 'reserved')).to.equal(false);
    nodeClass.status.capacityReservations[0] = { ...(nodeClass.status.capacityReservations[0] as NonNullable<EC2NodeClass['status']['capacityReservations']>[number]), state: 'expiring' };
    expect(reserved()?.available).to.equal(false);
  });

  it('offers each partition of a placement group by itself', async () => {
    const bed = await providerBed();
    const group = bed.aws.account.placementGroups.add({ name: 'parts', strategy: 'partition', partitions: 3 });
    const nodeClass = await bed.readyNodeClass({ placementGroupSelector: { name: 'parts' } });
    await bed.services.placementGroups.get(nodeClass);
    const offered = (name = 'm5.large') => (bed.services.instanceTypes.list(nodeClass).find((type) => type.name === name) as InstanceType).offerings
      .filter((offering) => offeringCapacityType(offering) === 'on-demand' && offeringZone(offering) === 'us-west-2a')
      .map((offering) => [offeringLabel(offering, label('placement-group-partition')), offering.available]);
    expect(offered()).to.deep.equal([['1', true], ['2', true], ['3', true]]);
    expect(valuesOf(bed.services.instanceTypes.list(nodeClass)[0] as InstanceType, label('placement-group-id'))).to.deep.equal([group.id]);
    const refused = { instanceType: 'm5.large', zone: 'us-west-2a', capacityType: 'on-demand', placementGroup: group.id };
    bed.services.unavailable.markUnavailable({ ...refused, partition: '2' });
    expect(offered()).to.deep.equal([['1', true], ['2', false], ['3', true]]);
    bed.services.unavailable.markUnavailable(refused);
    expect(offered()).to.deep.equal([['1', false], ['2', false], ['3', false]]);
    expect(offered('c5.large')).to.deep.equal([['1', true], ['2', true], ['3', true]]);
  });

  it('gives classes that are alike the same list, and others what they have in common', async () => {
    const { bed, nodeClass } = await bedWith();
    const { instanceTypes } = bed.services;
    const list = instanceTypes.list(nodeClass);
    const alike = await bed.readyNodeClass({ userData: 'echo', blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: '20Gi', volumeType: 'io2' } }] }, 'alike');
    expect(instanceTypes.list(alike)).to.equal(list);
    bed.services.unavailable.markUnavailable({ capacityType: 'spot', instanceType: 'm5.large', zone: 'us-west-2a' });
    expect(instanceTypes.list(alike)).to.equal(instanceTypes.list(nodeClass)).and.to.not.equal(list);
    bed.services.unavailable.clear();
    const larger = await bed.readyNodeClass({ blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: '100Gi' } }] }, 'larger');
    expect(instanceTypes.list(larger)).to.not.equal(list);
    expect(instanceTypes.list(larger)[0]?.capacity['ephemeral-storage']).to.equal(100 * 2 ** 30);
    expect(instanceTypes.list(larger)[0]?.requirements).to.equal(list[0]?.requirements);
    expect(instanceTypes.list(nodeClass)[0]?.offerings).to.equal(instanceTypes.list(larger)[0]?.offerings);
    const elsewhere = await bed.readyNodeClass({ blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: '50Gi' } }] }, 'elsewhere');
    const [subnet, ...others] = elsewhere.status.subnets ?? [];
    elsewhere.status.subnets = [subnet, ...others].map((each) => ({ ...(each as NonNullable<typeof subnet>), id: `subnet-${each?.zone}` }));
    const zonesOf = (of: EC2NodeClass) => new Set(instanceTypes.list(of).flatMap(({ offerings }) => offerings.filter(({ available }) => available).map(offeringZone))).size;
    bed.services.unavailable.markSubnetUnavailable(subnet?.id as string);
    expect([zonesOf(larger), zonesOf(elsewhere)], 'the same zones, other subnets').to.deep.equal([2, 3]);
    bed.services.unavailable.clear();
    expect(instanceTypes.list(nodeClass)).to.deep.equal(list);
  });

  it('learns how much memory nodes really have, and never more than before', async () => {
    const { bed, nodeClass, find } = await bedWith();
    const type = find('m5.large');
    const image = nodeClass.status.amis?.find(({ requirements }) => Requirements.of(...requirements).intersects(requirementsOf(type)))?.id as string;
    const learn = async (bytes: number, imageID = image): Promise<number | undefined> => {
      bed.services.instanceTypes.learnMemory(nodeClass, type, imageID, bytes);
      await bed.clock.advance('5m');
      return find('m5.large').capacity['memory'];
    };
    const estimate = type.capacity['memory'];
    expect(await learn(1e9, 'ami-other')).to.equal(estimate);
    expect(await learn(8e9)).to.equal(8e9);
    expect(await learn(9e9)).to.equal(8e9);
    expect(await learn(7e9)).to.equal(7e9);
  });
});

describe('incompatibility of types with a class', () => {
  it('knows interfaces, EFA, nested virtualization, placement strategies and AL2023 on a1', async () => {
    const { services } = await providerBed();
    const facts = (name: string) => services.instanceTypes.factsOf(name) as InstanceTypeFacts;
    const card = (networkCardIndex: number, deviceIndex: number, interfaceType: 'interface' | 'efa-only' = 'interface') => ({ networkCardIndex, deviceIndex, interfaceType });
    expect(incompatibility(facts('m5.large'), {}, 'AL2023')).to.equal(undefined);
    expect(incompatibility(facts('a1.large'), {}, 'AL2023')).to.contain('a1');
    expect(incompatibility(facts('a1.large'), {}, 'AL2')).to.equal(undefined);
    expect(incompatibility(facts('m5.large'), { networkInterfaces: [card(0, 0)] }, 'AL2023')).to.equal(undefined);
    expect(incompatibility(facts('m5.large'), { networkInterfaces: [card(0, 3)] }, 'AL2023')).to.contain('takes 3');
    expect(incompatibility(facts('m5.large'), { networkInterfaces: [card(0, 0), card(1, 0)] }, 'AL2023')).to.contain('no network card 1');
    expect(incompatibility(facts('m5.large'), { networkInterfaces: [card(0, 0), card(0, 1, 'efa-only')] }, 'AL2023')).to.contain('at most 0 EFA');
    expect(incompatibility(facts('p5.48xlarge'), { networkInterfaces: [card(0, 0), card(1, 1, 'efa-only')] }, 'AL2023')).to.equal(undefined);
    expect(incompatibility(facts('m5.large'), { cpuOptions: { nestedVirtualization: 'enabled' } }, 'AL2023')).to.contain('nested');
    expect(incompatibility(facts('t3.medium'), {}, 'AL2023', 'cluster')).to.contain('cluster');
    expect(incompatibility(facts('m5.large'), {}, 'AL2023', 'cluster')).to.equal(undefined);
  });
});

/** Services of another process on the same sandbox, which have read nothing yet. */
async function unreadBed({ aws, clock }: ProviderBed) {
  const { createAwsServices } = await import('../services.js');
  const { awsSettings } = await import('../settings.js');
  const { sdkRequestHandler } = await import('../../../sandbox/aws/sdk-request-handler.js');
  return {
    services: createAwsServices(
      awsSettings({ clusterName: 'my-cluster', region: 'us-west-2' }),
      { clock, random: seededRandom(3), requestHandler: sdkRequestHandler(aws) as never, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
      { nodeClasses: { get: () => undefined, pool: () => undefined, poolsOf: () => [] }, kubernetes: { serverVersion: async () => '1.32', kubeDNS: async () => undefined, caBundle: () => '' } },
    ),
  };
}
