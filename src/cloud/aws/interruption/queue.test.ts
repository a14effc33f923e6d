import { expect } from 'chai';
import { providerBed } from '../../../../test/support/aws-provider.js';
import type { ProviderBed } from '../../../../test/support/aws-provider.js';
import { INTERRUPTION_CONSEQUENCES, InvalidInterruptionMessage, parseInterruption } from './message.js';
import type { InterruptionKind } from './message.js';
import type { Interruption } from './queue.js';

const event = (detailType: string, detail: object, source = 'aws.ec2'): string => JSON.stringify({ version: '0', id: '1', 'detail-type': detailType, source, account: '1', time: '2026-01-01T00:00:00Z', region: 'us-west-2', resources: [], detail });
const spot = (id: string): string => event('EC2 Spot Instance Interruption Warning', { 'instance-id': id, 'instance-action': 'terminate' });
const health = (...ids: string[]): string => event('AWS Health Event', { service: 'EC2', eventTypeCategory: 'scheduledChange', affectedEntities: ids.map((entityValue) => ({ entityValue })) }, 'aws.health');

describe('interruption messages', () => {
  const time = Date.UTC(2026, 0, 1);
  const state = (text: string): string => event('EC2 Instance State-change Notification', { 'instance-id': 'i-1', state: text });
  const cases: [string, InterruptionKind, string[]][] = [
    [spot('i-1'), 'spot_interrupted', ['i-1']],
    [event('EC2 Instance Rebalance Recommendation', { 'instance-id': 'i-1' }), 'rebalance_recommendation', ['i-1']],
    [state('stopping'), 'instance_stopped', ['i-1']],
    [state('STOPPED'), 'instance_stopped', ['i-1']],
    [state('shutting-down'), 'instance_terminated', ['i-1']],
    [state('terminated'), 'instance_terminated', ['i-1']],
    [state('running'), 'no_op', []],
    [health('i-1', 'i-2'), 'scheduled_change', ['i-1', 'i-2']],
    [event('AWS Health Event', { service: 'RDS', eventTypeCategory: 'scheduledChange' }, 'aws.health'), 'no_op', []],
    [event('EC2 Capacity Reservation Instance Interruption Warning', { 'instance-id': 'i-1' }), 'capacity_reservation_interrupted', ['i-1']],
    [event('Something Else', { 'instance-id': 'i-1' }), 'no_op', []],
  ];
  for (const [body, kind, instanceIDs] of cases) {
    it(`read ${body.slice(30, 110)}… as ${kind}`, () => expect(parseInterruption(body)).to.deep.equal({ kind, instanceIDs, time }));
  }

  it('may be empty, and must be JSON', () => {
    expect(parseInterruption('')).to.deep.equal({ kind: 'no_op', instanceIDs: [] });
    expect(parseInterruption('{}')).to.deep.equal({ kind: 'no_op', instanceIDs: [] });
    for (const body of ['nonsense', 'null', '3']) expect(() => parseInterruption(body)).to.throw(InvalidInterruptionMessage);
  });

  it('drain the node, but for rebalance recommendations', () => {
    expect(Object.entries(INTERRUPTION_CONSEQUENCES).map(([kind, { drain, event: { type, reason } }]) => `${kind}: ${drain} ${type} ${reason}`)).to.deep.equal([
      'spot_interrupted: true Warning SpotInterrupted', 'rebalance_recommendation: false Normal SpotRebalanceRecommendation', 'instance_stopped: true Warning InstanceStopping',
      'instance_terminated: true Warning InstanceTerminating', 'scheduled_change: true Warning InstanceUnhealthy', 'capacity_reservation_interrupted: true Warning CapacityReservationInstanceInterrupted',
    ]);
  });
});

describe('InterruptionQueue', () => {
  const counts: { received: string[]; deleted: number; failed: unknown[] } = { received: [], deleted: 0, failed: [] };
  async function queueBed() {
    Object.assign(counts, { received: [], deleted: 0, failed: [] });
    const bed = await providerBed({ environment: { observers: { interruptions: {
      received: (kind, age) => counts.received.push(`${kind} ${age}`), deleted: () => { counts.deleted += 1; }, failed: (error) => counts.failed.push(error),
    } } } });
    return { bed, queue: bed.services.interruptions, sqs: bed.aws.account.queues.get('my-cluster') as NonNullable<ReturnType<ProviderBed['aws']['account']['queues']['get']>> };
  }

  it('holds what a message says of an instance until it is acknowledged, and deletes the message then', async () => {
    const { bed, queue, sqs } = await queueBed();
    sqs.send(spot('i-1'));
    await bed.clock.advance('1s');
    const [interruption] = await bed.run(queue.receive());
    expect(interruption).to.include({ instanceID: 'i-1', kind: 'spot_interrupted' });
    expect(queue.pending('i-1')).to.deep.equal([interruption]);
    expect(queue.pending('i-2')).to.deep.equal([]);
    expect(counts.received).to.deep.equal([`spot_interrupted ${bed.clock.now() - Date.UTC(2026, 0, 1)}`]);
    await queue.acknowledge(interruption as Interruption);
    expect(queue.pending('i-1')).to.deep.equal([]);
    expect(sqs.counts()).to.deep.equal({ visible: 0, inFlight: 0 });
    expect(counts.deleted).to.equal(1);
    await queue.acknowledge(interruption as Interruption);
    expect(counts.deleted).to.equal(1);
  });

  it('deletes a message for many instances once all are acknowledged', async () => {
    const { bed, queue, sqs } = await queueBed();
    sqs.send(health('i-1', 'i-2'));
    const [first, second] = await bed.run(queue.receive());
    await queue.acknowledge(first as Interruption);
    expect(sqs.counts().inFlight).to.equal(1);
    expect(queue.pending('i-2')).to.have.length(1);
    await queue.acknowledge(second as Interruption);
    expect(sqs.counts().inFlight).to.equal(0);
  });

  it('is not confused when a message is delivered again: what is acknowledged stays so', async () => {
    const { bed, queue, sqs } = await queueBed();
    sqs.send(health('i-1', 'i-2'));
    const [first] = await bed.run(queue.receive());
    await queue.acknowledge(first as Interruption);
    await bed.clock.advance('21s');
    const again = await bed.run(queue.receive());
    expect(again.map(({ instanceID }) => instanceID)).to.deep.equal(['i-2']);
    expect(counts.received).to.have.length(1);
    await queue.acknowledge(again[0] as Interruption);
    await bed.clock.advance('21s');
    expect(sqs.counts()).to.deep.equal({ visible: 0, inFlight: 0 });
  });

  it('deletes at once what is of no interest or not readable', async () => {
    const { bed, queue, sqs } = await queueBed();
    for (const body of ['{}', 'nonsense', event('EC2 Instance State-change Notification', { 'instance-id': 'i-1', state: 'running' })]) sqs.send(body);
    expect(await bed.run(queue.receive())).to.deep.equal([]);
    expect(sqs.counts()).to.deep.equal({ visible: 0, inFlight: 0 });
    expect(counts.failed).to.have.length(1);
  });

  it('polls while subscribed, through failures, and stops after', async () => {
    const { bed, queue, sqs } = await queueBed();
    const seen: string[] = [];
    bed.aws.faults.fail('sqs:ReceiveMessage', { reason: 'AccessDenied', message: 'not now', status: 403 });
    const subscription = queue.interruptions$.subscribe(({ instanceID }) => seen.push(instanceID));
    await bed.clock.advance('10s');
    expect(counts.failed).to.have.length(1);
    sqs.send(spot('i-1'));
    await bed.clock.advance('1s');
    sqs.send(spot('i-2'));
    await bed.clock.advance('1s');
    expect(seen).to.deep.equal(['i-1', 'i-2']);
    subscription.unsubscribe();
    await bed.clock.advance('1s');
    sqs.send(spot('i-3'));
    await bed.clock.advance('1m');
    expect(seen).to.deep.equal(['i-1', 'i-2']);
  });

  it('completes at once without a queue', async () => {
    const bed = await providerBed({ settings: { interruptionQueue: '' } });
    let completed = false;
    bed.services.interruptions.interruptions$.subscribe({ complete: () => { completed = true; } });
    expect(completed).to.equal(true);
    expect(bed.aws.calls.get('sqs:GetQueueUrl')).to.equal(undefined);
  });
});
