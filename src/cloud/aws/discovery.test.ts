import { expect } from 'chai';
import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import { providerBed } from '../../../test/support/aws-provider.js';
import type { ProviderBed } from '../../../test/support/aws-provider.js';
import { aliasParameters, UnsupportedAlias } from './ami-alias.js';
import { aliasOf, effectiveAMITerms, parseAlias, resolvedAMIFamily } from './ami-family.js';
import { AliasNotFound, amiFor } from './ami-provider.js';
import { RoleNotConfigured, RoleNotFound } from './instance-profile-provider.js';
import { selectorQueries } from './selectors.js';

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it succeeded');
}

/** The next generation of a class: what is remembered of the last one does not count. */
function edit(nodeClass: EC2NodeClass, spec: Partial<EC2NodeClass['spec']>): EC2NodeClass {
  return { ...nodeClass, metadata: { ...nodeClass.metadata, generation: (nodeClass.metadata.generation ?? 0) + 1 }, spec: { ...nodeClass.spec, ...spec } };
}

describe('selector terms', () => {
  it('ask for all ids at once, all names at once, and each tag term by itself', () => {
    expect(selectorQueries([{ id: 'sg-1' }, { tags: { a: 'b', c: '*' } }, { name: 'web' }, { id: 'sg-2' }, { tags: { d: 'e' } }, { name: 'db' }], 'group-id', 'group-name')).to.deep.equal([
      [{ Name: 'group-id', Values: ['sg-1', 'sg-2'] }],
      [{ Name: 'group-name', Values: ['web', 'db'] }],
      [{ Name: 'tag:a', Values: ['b'] }, { Name: 'tag-key', Values: ['c'] }],
      [{ Name: 'tag:d', Values: ['e'] }],
    ]);
  });

  it('let the id win over the name, and the name over tags', () => {
    expect(selectorQueries([{ id: 'sg-1', name: 'n', tags: { a: 'b' } }], 'group-id', 'group-name')).to.deep.equal([[{ Name: 'group-id', Values: ['sg-1'] }]]);
    expect(selectorQueries([{ name: 'n', tags: { a: 'b' } }], 'group-id', 'group-name')).to.deep.equal([[{ Name: 'group-name', Values: ['n'] }]]);
  });
});

describe('SubnetProvider', () => {
  it('finds subnets by tags and ids, most free addresses first, and remembers them for a minute a generation', async () => {
    const bed = await providerBed();
    const nodeClass = bed.addNodeClass();
    const { subnets } = bed.services;
    const found = await subnets.list(nodeClass);
    expect(found).to.have.length(3);
    for (const { id, zone, zoneID, availableIPs } of found) {
      expect(id).to.match(/^subnet-/);
      expect(zone).to.match(/^us-west-2[abc]$/);
      expect(zoneID).to.match(/^usw2-az/);
      expect(availableIPs).to.equal(8187);
    }
    expect(found.map(({ id }) => id)).to.deep.equal(found.map(({ id }) => id).sort());
    const calls = () => bed.aws.calls.get('ec2:DescribeSubnets');
    await subnets.list(nodeClass);
    expect(calls()).to.equal(1);
    await bed.clock.advance('61s');
    await subnets.list(nodeClass);
    expect(calls()).to.equal(2);
    const [one] = found;
    expect((await subnets.list(edit(nodeClass, { subnetSelectorTerms: [{ id: one?.id ?? '' }] }))).map(({ id }) => id)).to.deep.equal([one?.id]);
    expect(await subnets.list(edit(edit(nodeClass, {}), { subnetSelectorTerms: [{ tags: { no: 'such' } }] }))).to.deep.equal([]);
  });

  it("counts the addresses of launches until EC2's own count, and gives back what was not used", async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass({ subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'my-cluster' } }] });
    const { subnets, instanceTypes } = bed.services;
    const types = instanceTypes.list(nodeClass).filter(({ name }) => name === 'm5.large');
    const free = (zone: string) => subnets.reserve(nodeClass, [], 'on-demand').get(zone);
    expect(free('us-west-2a')?.subnet.id, 'the larger of two').to.equal((await subnets.list(nodeClass)).find(({ zone }) => zone === 'us-west-2a')?.id);
    const [larger, smaller] = (await subnets.list(nodeClass)).filter(({ zone }) => zone === 'us-west-2a');
    const room = (larger?.availableIPs ?? 0) - (smaller?.availableIPs ?? 0);
    const reserved = [];
    for (let launches = 0; launches * 29 <= room; launches += 1) reserved.push(subnets.reserve(nodeClass, types, 'on-demand'));
    expect(free('us-west-2a')?.subnet.id, 'now the other has more').to.equal(smaller?.id);
    for (const reservation of reserved) subnets.release(reservation, new Set());
    expect(free('us-west-2a')?.subnet.id).to.equal(larger?.id);
    subnets.markExhausted(larger?.id ?? '');
    expect(free('us-west-2a')?.subnet.id).to.equal(smaller?.id);
    await bed.clock.advance('61s');
    await subnets.list(nodeClass);
    expect(free('us-west-2a')?.subnet.id, 'EC2 has counted anew').to.equal(larger?.id);
  });
});

describe('SecurityGroupProvider', () => {
  it('finds groups by tags, name and id, sorted by id, every match once', async () => {
    const bed = await providerBed();
    const nodeClass = bed.addNodeClass();
    const { securityGroups } = bed.services;
    const all = await securityGroups.list(edit(nodeClass, { securityGroupSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'my-cluster' } }, { name: 'my-cluster-database' }] }));
    expect(all.map(({ name }) => name)).to.have.members(['eks-cluster-sg-my-cluster', 'my-cluster-database', 'my-cluster-restricted']);
    expect(all.map(({ id }) => id)).to.deep.equal(all.map(({ id }) => id).sort());
    const byId = await securityGroups.list(edit(edit(nodeClass, {}), { securityGroupSelectorTerms: [{ id: all[0]?.id ?? '' }] }));
    expect(byId).to.deep.equal([all[0]]);
  });
});

describe('AMI families and aliases', () => {
  const nodeClass = (spec: Partial<EC2NodeClass['spec']>) => ({ spec: { subnetSelectorTerms: [], securityGroupSelectorTerms: [], amiSelectorTerms: [], ...spec } });

  it('come from the alias, the family, or are Custom', () => {
    expect(parseAlias('al2023@v20240807')).to.deep.equal({ family: 'AL2023', version: 'v20240807' });
    expect(parseAlias('ubuntu@latest')).to.equal(undefined);
    expect(resolvedAMIFamily(nodeClass({ amiSelectorTerms: [{ alias: 'bottlerocket@latest' }] }))).to.equal('Bottlerocket');
    expect(resolvedAMIFamily(nodeClass({ amiFamily: 'Custom', amiSelectorTerms: [{ alias: 'al2@latest' }] }))).to.equal('Custom');
    expect(resolvedAMIFamily(nodeClass({ amiSelectorTerms: [{ id: 'ami-1' }] }))).to.equal('Custom');
  });

  it("of a class that names only a family are the family's latest, as the guide writes them", () => {
    expect(effectiveAMITerms(nodeClass({ amiFamily: 'AL2' }))).to.deep.equal([{ alias: 'al2@latest' }]);
    expect(aliasOf(nodeClass({ amiFamily: 'AL2' }))).to.deep.equal({ family: 'AL2', version: 'latest' });
    expect(effectiveAMITerms(nodeClass({ amiFamily: 'Custom' }))).to.deep.equal([]);
  });

  it('stand for public parameters', () => {
    const names = (alias: string, version = '1.31') => aliasParameters(parseAlias(alias) as NonNullable<ReturnType<typeof parseAlias>>, version).map(({ name }) => name);
    expect(names('al2@latest')).to.deep.equal([
      '/aws/service/eks/optimized-ami/1.31/amazon-linux-2/recommended/image_id', '/aws/service/eks/optimized-ami/1.31/amazon-linux-2-arm64/recommended/image_id',
      '/aws/service/eks/optimized-ami/1.31/amazon-linux-2-gpu/recommended/image_id',
    ]);
    expect(names('al2@v20240807')[2]).to.equal('/aws/service/eks/optimized-ami/1.31/amazon-linux-2-gpu/amazon-eks-gpu-node-1.31-v20240807/image_id');
    expect(names('al2023@v20240807')[4]).to.equal('/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/arm64/nvidia/amazon-eks-node-al2023-arm64-nvidia-1.31-v20240807/image_id');
    expect(names('bottlerocket@v1.20.5')).to.include('/aws/service/bottlerocket/aws-k8s-1.31-nvidia/arm64/1.20.5/image_id');
    expect(names('windows2022@latest')).to.deep.equal(['/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.31/image_id']);
    expect(() => names('al2@latest', '1.33')).to.throw(UnsupportedAlias, 'al2023@latest');
    expect(() => names('windows2025@latest', '1.34')).to.throw(UnsupportedAlias);
    expect(names('windows2025@latest', '1.35')).to.have.length(1);
  });
});

describe('AmiProvider', () => {
  const find = async (bed: ProviderBed, spec: Partial<EC2NodeClass['spec']>) => bed.services.amis.list(bed.addNodeClass(spec));

  it('resolves an alias to an image a variant and architecture, which types are matched to', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass({ amiSelectorTerms: [{ alias: 'al2023@latest' }] });
    const amis = nodeClass.status.amis ?? [];
    expect(amis).to.have.length(5);
    const nameFor = (type: string) => amiFor(bed.services.instanceTypes.list(nodeClass).find(({ name }) => name === type) ?? { name: '', requirements: [] } as never, amis)?.name;
    expect(nameFor('m5.large')).to.contain('x86_64-standard');
    expect(nameFor('m6g.large')).to.contain('arm64-standard');
    expect(nameFor('g5.xlarge')).to.contain('x86_64-nvidia');
    expect(nameFor('g5g.xlarge')).to.contain('arm64-nvidia');
    expect(nameFor('inf2.xlarge')).to.contain('x86_64-neuron');
    for (const { requirements } of amis) expect(requirements.map(({ key }) => key.length)).to.deep.equal(requirements.map(({ key }) => key.length).sort((a, b) => a - b));
  });

  it('gives one image of AL2 to two kinds of machines', async () => {
    const bed = await providerBed();
    const amis = await find(bed, { amiFamily: 'AL2', amiSelectorTerms: [] });
    const gpu = amis.filter(({ name }) => name?.includes('gpu'));
    expect(gpu).to.have.length(2);
    expect(new Set(gpu.map(({ id }) => id)).size).to.equal(1);
  });

  it('finds pinned aliases, names, ids, tags and parameters; of equal machines the newest', async () => {
    const bed = await providerBed();
    const pinned = await find(bed, { amiSelectorTerms: [{ alias: 'al2023@v20250203' }] });
    for (const { name } of pinned) expect(name).to.contain('v20250203');
    const byName = await bed.services.amis.list(edit(bed.addNodeClass(), { amiFamily: 'AL2023', amiSelectorTerms: [{ name: 'amazon-eks-node-al2023-*-standard-1.32-*', owner: 'amazon' }] }));
    expect(byName.map(({ name }) => name)).to.have.members(['x86_64', 'arm64'].map((architecture) => `amazon-eks-node-al2023-${architecture}-standard-1.32-v20251016`));
    expect(byName[0]?.requirements.map(({ key }) => key)).to.deep.equal(['kubernetes.io/arch']);
    const parameter = '/aws/service/eks/optimized-ami/1.32/amazon-linux-2023/x86_64/standard/recommended/image_id';
    const [byParameter] = await bed.services.amis.list(edit(edit(bed.addNodeClass(), {}), { amiSelectorTerms: [{ ssmParameter: parameter }, { ssmParameter: '/no/such' }] }));
    expect(byName.map(({ id }) => id)).to.include(byParameter?.id);
    const [byId] = await bed.services.amis.list(edit(edit(edit(bed.addNodeClass(), {}), {}), { amiSelectorTerms: [{ id: byParameter?.id ?? '' }] }));
    expect(byId?.id).to.equal(byParameter?.id);
    expect(await bed.services.amis.list(edit(edit(edit(edit(bed.addNodeClass(), {}), {}), {}), { amiSelectorTerms: [{ tags: { no: 'such' } }] }))).to.deep.equal([]);
  });

  it('marks deprecated images, and prefers others', async () => {
    const bed = await providerBed();
    const amis = await find(bed, { amiSelectorTerms: [{ alias: 'al2023@v20230501' }] });
    expect(amis.length).to.be.greaterThan(0);
    for (const ami of amis) expect(ami.deprecated).to.equal(true);
    const newest = await bed.services.amis.list(edit(bed.addNodeClass(), { amiSelectorTerms: [{ name: 'amazon-eks-node-al2023-x86_64-standard-1.32-*' }] }));
    expect(newest.map(({ deprecated }) => deprecated)).to.deep.equal([undefined]);
  });

  it('says which parameters it could not read', async () => {
    const bed = await providerBed();
    const error = await failure(find(bed, { amiSelectorTerms: [{ alias: 'al2023@v19990101' }] }));
    expect(error).to.be.instanceOf(AliasNotFound);
    expect(error.message).to.contain('al2023@v19990101').and.to.contain('/aws/service/eks/optimized-ami/1.32/amazon-linux-2023/x86_64/standard/');
    expect(await failure(find(await providerBed({ kubernetesVersion: '1.33' }), { amiFamily: 'AL2', amiSelectorTerms: [] }))).to.have.property('reason', 'UnsupportedAlias');
  });

  it('asks for a parameter once a day, and again once its image is deprecated', async () => {
    const bed = await providerBed();
    const nodeClass = bed.addNodeClass();
    await bed.services.amis.list(nodeClass);
    await bed.clock.advance('2m');
    await bed.services.amis.list(nodeClass);
    expect(bed.aws.calls.get('ssm:GetParameter')).to.equal(5);
    expect(await bed.services.ssm.invalidateDeprecated()).to.deep.equal([]);
    for (const image of bed.aws.account.images.all.values()) Object.assign(image, { deprecationTime: bed.clock.now() });
    expect(await bed.services.ssm.invalidateDeprecated()).to.have.length(5);
    await bed.services.amis.list(nodeClass);
    expect(bed.aws.calls.get('ssm:GetParameter')).to.equal(10);
  });
});

describe('InstanceProfileProvider', () => {
  it('makes a profile with the role, tagged and under its path, once', async () => {
    const bed = await providerBed();
    const nodeClass = bed.addNodeClass();
    const { instanceProfiles } = bed.services;
    const name = await instanceProfiles.ensure(nodeClass);
    expect(name).to.match(/^my-cluster_\d+$/);
    const [profile] = [...bed.aws.account.identities.profiles.values()];
    expect(profile).to.include({ name, path: '/karpenter/us-west-2/my-cluster/uid-of-default/' });
    expect(Object.fromEntries(profile?.tags ?? [])).to.deep.equal({
      'kubernetes.io/cluster/my-cluster': 'owned', 'eks:eks-cluster-name': 'my-cluster', 'karpenter.sh/cluster': 'my-cluster', 'karpenter.k8s.aws/ec2nodeclass': 'default', 'topology.kubernetes.io/region': 'us-west-2',
    });
    expect(await instanceProfiles.ensure(nodeClass), 'before the status shows it').to.equal(name);
    nodeClass.status.instanceProfile = name;
    expect(await instanceProfiles.ensure(nodeClass)).to.equal(name);
    expect(bed.aws.account.identities.profiles.size).to.equal(1);
    expect(await instanceProfiles.listClusterProfiles()).to.deep.equal([name]);
    expect(instanceProfiles.isProtected(name)).to.equal(true);
    await bed.clock.advance('61m');
    expect(instanceProfiles.isProtected(name)).to.equal(false);
  });

  it('makes another one when the role changes, and removes all of them with the class', async () => {
    const bed = await providerBed();
    const nodeClass = bed.addNodeClass();
    const { instanceProfiles } = bed.services;
    nodeClass.status.instanceProfile = await instanceProfiles.ensure(nodeClass);
    const changed = edit(nodeClass, { role: 'KarpenterNodeInstanceProfile-my-cluster' });
    const second = await instanceProfiles.ensure(changed);
    expect(second).to.not.equal(nodeClass.status.instanceProfile);
    expect(instanceProfiles.isProtected(nodeClass.status.instanceProfile)).to.equal(true);
    expect(bed.aws.account.identities.profiles.size).to.equal(2);
    await instanceProfiles.remove(changed);
    expect(bed.aws.account.identities.profiles.size).to.equal(0);
    await instanceProfiles.remove(changed);
  });

  it('uses a given profile as it is, defaults the role from the settings, and says when there is none', async () => {
    const bed = await providerBed();
    expect(await bed.services.instanceProfiles.ensure(bed.addNodeClass({ instanceProfile: 'mine' }))).to.equal('mine');
    expect(bed.aws.calls.get('iam:CreateInstanceProfile')).to.equal(undefined);
    const { role: _, ...spec } = bed.addNodeClass().spec;
    const without = { ...bed.addNodeClass(), spec };
    expect(await failure(bed.services.instanceProfiles.ensure(without))).to.be.instanceOf(RoleNotConfigured);
    const defaulting = await providerBed({ settings: { nodeRole: 'KarpenterNodeRole-my-cluster' } });
    await defaulting.services.instanceProfiles.ensure(without);
    expect([...defaulting.aws.account.identities.profiles.values()].map(({ role }) => role?.name)).to.deep.equal(['KarpenterNodeRole-my-cluster']);
  });

  it('names a role that does not exist, leaves no profile behind, and does not try again for a minute', async () => {
    const bed = await providerBed();
    const nodeClass = bed.addNodeClass({ role: 'path/NoSuchRole' });
    const error = await failure(bed.services.instanceProfiles.ensure(nodeClass));
    expect(error).to.be.instanceOf(RoleNotFound);
    expect(error.message).to.contain('"NoSuchRole"');
    expect(bed.aws.account.identities.profiles.size).to.equal(0);
    await failure(bed.services.instanceProfiles.ensure(nodeClass));
    expect(bed.aws.calls.get('iam:CreateInstanceProfile')).to.equal(1);
    await bed.clock.advance('61s');
    await failure(bed.services.instanceProfiles.ensure(nodeClass));
    expect(bed.aws.calls.get('iam:CreateInstanceProfile')).to.equal(2);
  });
});

describe('CapacityReservationProvider and PlacementGroupProvider', () => {
  it('finds reservations by id, tags, owner and criteria; counts what is left; leaves out those that ended', async () => {
    const bed = await providerBed();
    const { reservations } = bed.services;
    const { capacityReservations } = bed.aws.account;
    const one = capacityReservations.add({ instanceType: 'm5.large', availabilityZone: 'us-west-2a', total: 3, tags: { team: 'a' } });
    capacityReservations.add({ instanceType: 'm5.large', availabilityZone: 'us-west-2a', total: 3, tags: { team: 'a' }, endsAt: bed.clock.now() - 1 });
    const other = capacityReservations.add({ instanceType: 'c5.large', availabilityZone: 'us-west-2b', total: 1, matchCriteria: 'open' });
    const list = async (...capacityReservationSelectorTerms: NonNullable<EC2NodeClass['spec']['capacityReservationSelectorTerms']>) =>
      (await reservations.list(bed.addNodeClass({ capacityReservationSelectorTerms }))).map(({ id }) => id);
    expect(await list({ tags: { team: 'a' } })).to.deep.equal([one.id]);
    expect(await list({ id: other.id }, { tags: { team: '*' } })).to.have.members([one.id, other.id]);
    expect(await list({ instanceMatchCriteria: 'open' })).to.deep.equal([other.id]);
    expect(await list({ id: 'cr-0000000000000dead' })).to.deep.equal([]);
    expect(reservations.available(one.id)).to.equal(3);
    reservations.markLaunched(one.id);
    expect(reservations.available(one.id)).to.equal(2);
    reservations.markUnavailable(one.id);
    expect(reservations.available(one.id)).to.equal(0);
    reservations.markLaunched(one.id);
    expect(reservations.available(one.id)).to.equal(0);
    expect(reservations.available('cr-unknown')).to.equal(0);
  });

  it('says when a capacity block is about to end', async () => {
    const bed = await providerBed();
    const block = bed.aws.account.capacityReservations.add({ instanceType: 'p5.48xlarge', availabilityZone: 'us-west-2a', total: 1, type: 'capacity-block', endsAt: bed.clock.now() + 41 * 60_000 });
    const state = async () => (await bed.services.reservations.get(block.id))?.state;
    expect(await state()).to.equal('active');
    await bed.clock.advance('2m');
    expect(await state()).to.equal('expiring');
    await bed.clock.advance('1h');
    expect(await state()).to.equal(undefined);
  });

  it('launches into a reservation first, and counts it', async () => {
    const bed = await providerBed();
    const reservation = bed.aws.account.capacityReservations.add({ instanceType: 'm5.large', availabilityZone: 'us-west-2a', total: 1 });
    const nodeClass = await bed.readyNodeClass({ capacityReservationSelectorTerms: [{ id: reservation.id }] });
    nodeClass.status.capacityReservations = [...(await bed.services.reservations.list(nodeClass))];
    const anything = () => bed.claim([{ key: 'karpenter.sh/capacity-type', operator: 'In', values: ['reserved', 'on-demand'] }, { key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['m5.large', 'c5.large'] }]);
    const launched = await bed.launch(anything());
    expect(launched.labels).to.include({ 'karpenter.sh/capacity-type': 'reserved', 'karpenter.k8s.aws/capacity-reservation-id': reservation.id, 'topology.kubernetes.io/zone': 'us-west-2a', 'node.kubernetes.io/instance-type': 'm5.large' });
    expect(bed.services.reservations.available(reservation.id)).to.equal(0);
    expect((await bed.launch(anything())).labels['karpenter.sh/capacity-type']).to.equal('on-demand');
    const [first] = await bed.run(bed.services.instances.list());
    expect(first?.reservation?.id).to.equal(reservation.id);
  });

  it('finds placement groups by name and id, and remembers them', async () => {
    const bed = await providerBed();
    const group = bed.aws.account.placementGroups.add({ name: 'spread-it', strategy: 'spread' });
    const { placementGroups } = bed.services;
    const byName = bed.addNodeClass({ placementGroupSelector: { name: 'spread-it' } });
    expect(placementGroups.known(byName)).to.equal(undefined);
    expect(await placementGroups.get(byName)).to.deep.equal({ id: group.id, name: 'spread-it', strategy: 'spread', partitions: 0 });
    expect(placementGroups.known(byName)?.id).to.equal(group.id);
    expect((await placementGroups.get(bed.addNodeClass({ placementGroupSelector: { id: group.id } })))?.name).to.equal('spread-it');
    expect(await placementGroups.get(bed.addNodeClass({ placementGroupSelector: { name: 'none' } }))).to.equal(undefined);
    expect(await placementGroups.get(bed.addNodeClass())).to.equal(undefined);
    const calls = bed.aws.calls.get('ec2:DescribePlacementGroups');
    await placementGroups.get(byName);
    expect(bed.aws.calls.get('ec2:DescribePlacementGroups')).to.equal(calls);
  });
});
