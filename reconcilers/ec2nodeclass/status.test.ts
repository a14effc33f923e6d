import { expect } from 'chai';
import { EC2NodeClass, NodeClaim } from 'karpenter-ts/api';
import type { EC2NodeClassSpec } from 'karpenter-ts/api';
import { AwsBed } from '../../test/support/aws-bed.js';
import { EC2NodeClassStatusReconciler } from './status.js';

const NOTHING = [{ tags: { nobody: 'has-this' } }];
const SPEC: Partial<EC2NodeClassSpec> = {
  subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': 'my-cluster', tier: 'private' } }],
  securityGroupSelectorTerms: [{ tags: { 'kubernetes.io/cluster/my-cluster': 'owned' } }],
  amiSelectorTerms: [{ alias: 'al2023@latest' }],
  role: 'KarpenterNodeRole-my-cluster',
};

/** The tags of something in the account, as its owner changes them. */
const tagsOf = (item: { tags: ReadonlyMap<string, string> } | undefined) => (item as { tags: Map<string, string> }).tags;

describe('the status of EC2NodeClasses', () => {
  let aws: AwsBed;

  beforeEach(async () => {
    aws = await AwsBed.of([EC2NodeClassStatusReconciler]);
  });
  afterEach(() => aws.close());

  const current = () => aws.bed.api.get(EC2NodeClass, 'default');
  /** A class, and what its reconciler makes of it at once. */
  async function create(spec: Partial<EC2NodeClassSpec> = {}): Promise<EC2NodeClass> {
    await aws.bed.api.create(EC2NodeClass, { metadata: { name: 'default' }, spec: { ...SPEC, ...spec } } as never);
    await aws.bed.advance('1s');
    return current();
  }
  /** `Type=Status Reason` by type. */
  const conditions = ({ status }: EC2NodeClass): Record<string, string> => Object.fromEntries((status.conditions ?? []).map(({ type, status: value, reason }) => [type, `${value} ${reason}`]));
  const account = () => aws.provider.aws.account;

  it('holds everything that the selectors find, and becomes Ready once a launch was tried', async () => {
    const nodeClass = await create();
    expect(conditions(nodeClass)).to.deep.equal(Object.fromEntries(
      ['AMIsReady', 'SubnetsReady', 'SecurityGroupsReady', 'InstanceProfileReady', 'CapacityReservationsReady', 'PlacementGroupReady', 'ValidationSucceeded', 'Ready'].map((type) => [type, `True ${type}`])));
    const { subnets, securityGroups, amis, instanceProfile, capacityReservations } = nodeClass.status;
    expect([subnets?.length, securityGroups?.length, amis?.length, capacityReservations]).to.deep.equal([3, 1, 5, undefined]);
    expect([...account().identities.profiles.keys()]).to.deep.equal([instanceProfile]);
    expect(nodeClass.metadata.finalizers).to.deep.equal(['karpenter.k8s.aws/termination']);
    expect(aws.provider.aws.calls.get('ec2:RunInstances')).to.equal(1);
    expect((await aws.bed.events(nodeClass)).join()).to.include('Normal Ready: Status condition transitioned, Type: Ready, Status: Unknown -> True');
  });

  const missing: [what: string, spec: Partial<EC2NodeClassSpec>, type: string, verdict: string][] = [
    ['subnets', { subnetSelectorTerms: NOTHING }, 'SubnetsReady', 'False SubnetsNotFound'],
    ['security groups', { securityGroupSelectorTerms: NOTHING }, 'SecurityGroupsReady', 'False SecurityGroupsNotFound'],
    ['images', { amiFamily: 'AL2023', amiSelectorTerms: NOTHING }, 'AMIsReady', 'False AMINotFound'],
    ['an alias for this version of Kubernetes', { amiSelectorTerms: [{ alias: 'windows2025@latest' }] }, 'AMIsReady', 'False UnsupportedAlias'],
    ['its role', { role: 'nobody-made-this-role' }, 'InstanceProfileReady', 'False RoleNotFound'],
    ['its placement group', { placementGroupSelector: { name: 'none' } }, 'PlacementGroupReady', 'False PlacementGroupNotFound'],
  ];
  for (const [what, spec, type, verdict] of missing) {
    it(`says when a class lacks ${what}, and that everything else is there`, async () => {
      const found = conditions(await create(spec));
      expect(found[type]).to.equal(verdict);
      expect(found['Ready']).to.match(/^False /);
      const others = missing.map(([, , other]) => other).filter((other) => other !== type);
      for (const other of others) expect(found[other], other).to.equal(`True ${other}`);
      if (type !== 'PlacementGroupReady') expect(found['ValidationSucceeded']).to.match(/^False DependenciesNotReady/);
    });
  }

  it('looks again within a minute or so, for what has come and for what has gone', async () => {
    const nodeClass = await create({ subnetSelectorTerms: [{ tags: { late: 'yes' } }], capacityReservationSelectorTerms: [{ tags: { team: 'a' } }] });
    expect(conditions(nodeClass)['Ready']).to.match(/^False/);
    const [subnet] = [...account().network.subnets.values()];
    tagsOf(subnet).set('late', 'yes');
    const reservation = account().capacityReservations.add({ instanceType: 'm5.large', availabilityZone: 'us-west-2a', total: 1, tags: { team: 'a' }, endsAt: aws.bed.clock.now() + 10 * 60_000 });
    await aws.bed.advance('2m10s');
    expect(conditions(await current())['Ready']).to.equal('True Ready');
    expect((await current()).status.subnets?.map(({ id }) => id)).to.deep.equal([subnet?.id]);
    expect((await current()).status.capacityReservations?.map(({ id }) => id)).to.deep.equal([reservation.id]);
    await aws.bed.advance('12m');
    expect((await current()).status.capacityReservations).to.equal(undefined);
  });

  it('follows images that AWS publishes and security groups that are changed', async () => {
    const nodeClass = await create({ amiFamily: 'AL2023', amiSelectorTerms: [{ name: 'golden-*' }] } as never);
    expect(conditions(nodeClass)['AMIsReady']).to.equal('False AMINotFound');
    const { images, network } = account();
    const [model] = [...images.all.values()].filter(({ architecture }) => architecture === 'x86_64');
    images.all.set('ami-golden', { ...(model as NonNullable<typeof model>), id: 'ami-golden', name: 'golden-1' });
    await aws.bed.advance('2m10s');
    expect((await current()).status.amis?.map(({ id }) => id)).to.deep.equal(['ami-golden']);
    const [group] = [...network.securityGroups.values()].filter(({ tags }) => tags.get('kubernetes.io/cluster/my-cluster') === 'owned');
    tagsOf(group).delete('kubernetes.io/cluster/my-cluster');
    await aws.bed.advance('6m10s');
    expect(conditions(await current())['SecurityGroupsReady']).to.equal('False SecurityGroupsNotFound');
  });

  it('keeps the class until no claim uses it any more, and then takes its profile and its launch templates with it', async () => {
    const nodeClass = await create();
    await aws.bed.api.create(NodeClaim, { metadata: { name: 'claim' }, spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [] } });
    await aws.bed.settle();
    await aws.bed.api.delete(EC2NodeClass, 'default');
    await aws.bed.advance('5s');
    expect((await current()).metadata.deletionTimestamp).to.be.a('string');
    expect(await aws.bed.events(nodeClass)).to.include('Normal WaitingOnNodeClaimTermination: Waiting on NodeClaim termination for claim');
    expect(account().identities.profiles.size).to.equal(1);
    expect(account().launchTemplates.count).to.equal(1);
    await aws.bed.api.delete(NodeClaim, 'claim');
    await aws.bed.advance('5s');
    expect(await aws.bed.api.find(EC2NodeClass, 'default')).to.equal(undefined);
    expect(account().identities.profiles.size).to.equal(0);
    expect(account().launchTemplates.count).to.equal(0);
  });
});
