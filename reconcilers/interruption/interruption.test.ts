import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { AwsBed } from '../../test/support/aws-bed.js';
import type { Launched } from '../../test/support/aws-bed.js';
import { InterruptionReconciler } from './interruption.js';

const TERMINATING = 'Warning TerminatingOnInterruption: Interruption triggered termination for the NodeClaim and its Node';

describe('the interruption queue', () => {
  let aws: AwsBed;
  let launched: Launched;
  const queue = () => {
    const found = aws.provider.aws.account.queues.get('my-cluster');
    if (!found) throw new Error('the account has no queue');
    return found;
  };
  const send = async (detailType: string, detail: object, source = 'aws.ec2') => {
    queue().send(JSON.stringify({ version: '0', id: '1', 'detail-type': detailType, source, time: '2026-01-01T00:00:00Z', detail }));
    await aws.bed.advance('1s');
  };
  const claim = () => aws.bed.api.get(NodeClaim, launched.claim.metadata.name);
  const isDeleted = async () => (await claim()).metadata.deletionTimestamp !== undefined;
  /** Without those about the instance's own start. */
  const deletedMessages = () => (aws.provider.aws.calls.get('sqs:DeleteMessage') ?? 0) - before;
  let before = 0;

  beforeEach(async () => {
    aws = await AwsBed.of([InterruptionReconciler]);
    await aws.nodeClass();
    launched = await aws.launch();
    await aws.bed.settle();
    before = 0;
    before = deletedMessages();
  });
  afterEach(() => aws.close());

  const draining: [string, string, string, (id: string) => Parameters<typeof send>][] = [
    ['spot_interrupted', 'a spot interruption', 'SpotInterrupted: Spot interruption warning was triggered', (id) => ['EC2 Spot Instance Interruption Warning', { 'instance-id': id }]],
    ['instance_stopped', 'a stop', 'InstanceStopping: Instance is stopping', (id) => ['EC2 Instance State-change Notification', { 'instance-id': id, state: 'stopping' }]],
    ['instance_terminated', 'a termination', 'InstanceTerminating: Instance is terminating', (id) => ['EC2 Instance State-change Notification', { 'instance-id': id, state: 'shutting-down' }]],
    ['scheduled_change', 'a planned change', 'InstanceUnhealthy: An unhealthy warning was triggered for the instance', (id) => ['AWS Health Event', { service: 'EC2', eventTypeCategory: 'scheduledChange', affectedEntities: [{ entityValue: id }] }, 'aws.health']],
    ['capacity_reservation_interrupted', 'the end of a reservation', 'CapacityReservationInstanceInterrupted: Capacity Reservation interruption warning was triggered', (id) => ['EC2 Capacity Reservation Instance Interruption Warning', { 'instance-id': id }]],
  ];
  for (const [kind, what, event, message] of draining) {
    it(`drains the node on ${what}, and deletes the message`, async () => {
      await send(...message(launched.instanceID));
      expect(await isDeleted()).to.equal(true);
      for (const about of [launched.claim, launched.node]) expect(await aws.bed.events(about)).to.have.members([`Warning ${event}`, TERMINATING]);
      expect(await aws.metric('karpenter_nodeclaims_disrupted_total')).to.deep.equal({ [JSON.stringify({ reason: kind, nodepool: 'default', capacity_type: launched.claim.metadata.labels['karpenter.sh/capacity-type'], consolidation_policy: '', termination_mode: 'graceful' })]: 1 });
      expect(deletedMessages()).to.equal(1);
    });
  }

  it('only tells of a rebalance recommendation', async () => {
    await send('EC2 Instance Rebalance Recommendation', { 'instance-id': launched.instanceID });
    expect(await isDeleted()).to.equal(false);
    expect(await aws.bed.events(launched.node)).to.deep.equal(['Normal SpotRebalanceRecommendation: Spot rebalance recommendation was triggered']);
    expect(deletedMessages()).to.equal(1);
  });

  it('keeps an interrupted spot offering out of the next launches', async () => {
    const { labels } = (await aws.bed.api.patch(NodeClaim, launched.claim.metadata.name, { metadata: { labels: { 'karpenter.sh/capacity-type': 'spot' } } })).metadata;
    const offering = { instanceType: 'c5.large', zone: labels['topology.kubernetes.io/zone'] ?? '', capacityType: 'spot' };
    expect(aws.provider.services.unavailable.isUnavailable(offering, [])).to.equal(false);
    await send('EC2 Spot Instance Interruption Warning', { 'instance-id': launched.instanceID });
    expect(aws.provider.services.unavailable.isUnavailable(offering, [])).to.equal(true);
  });

  it('expects nothing more of a reservation that lost an instance', async () => {
    const { reservations } = aws.provider.services;
    reservations.markTerminated('cr-1');
    await aws.bed.api.patch(NodeClaim, launched.claim.metadata.name, { metadata: { labels: { 'karpenter.k8s.aws/capacity-reservation-id': 'cr-1' } } });
    await send('EC2 Capacity Reservation Instance Interruption Warning', { 'instance-id': launched.instanceID });
    expect(reservations.available('cr-1')).to.equal(0);
  });

  it('deletes messages about instances of others', async () => {
    await send('EC2 Spot Instance Interruption Warning', { 'instance-id': 'i-0fedcba9876543210' });
    expect(await isDeleted()).to.equal(false);
    expect(deletedMessages()).to.equal(1);
  });

  it('is asked again after it failed', async () => {
    aws.provider.aws.faults.fail('sqs:ReceiveMessage', { reason: 'InternalError', status: 500, times: 4 });
    await send('EC2 Spot Instance Interruption Warning', { 'instance-id': launched.instanceID });
    await aws.bed.advance('1m');
    expect(await isDeleted()).to.equal(true);
  });

  it('that was acted on before a restart is not acted on twice', async () => {
    await send('EC2 Spot Instance Interruption Warning', { 'instance-id': launched.instanceID });
    await aws.bed.restart();
    await aws.bed.advance('1m');
    expect((await aws.bed.events(launched.claim)).filter((text) => text === TERMINATING)).to.have.length(1);
  });
});
