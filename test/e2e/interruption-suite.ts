import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'chai';
import type { NodeClaim } from '../../src/api/index.js';
import type { Event, Node, Pod } from '../../src/operator/index.js';
import { eventually } from '../support/sandbox-process.js';
import type { SandboxProcess } from '../support/sandbox-process.js';
import { awsOf, launchedInstances } from '../support/sandbox-aws.js';

interface List<T> { items: T[] }

/** Two minutes of cluster time. */
const SPOT_NOTICE = 120_000;

/** Sends what AWS would put into the queue, to a cluster with the guide's manifests. */
export function interruptionSuite(sandbox: SandboxProcess): void {
  const within = (milliseconds: number): number => milliseconds * sandbox.patience;
  let sqs: SQSClient;
  let queueURL = '';

  const list = async <T>(path: string): Promise<T[]> => (await sandbox.get<List<T>>(path)).items;
  const claims = (): Promise<NodeClaim[]> => list('/apis/karpenter.sh/v1/nodeclaims');
  const events = async (about: string, name: string): Promise<Event[]> => list(`/api/v1/events?fieldSelector=involvedObject.kind=${about},involvedObject.name=${name}`);
  const isReady = ({ status }: NodeClaim): boolean => status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;

  /** As EventBridge puts it into the queue. */
  async function send(source: string, detailType: string, detail: object): Promise<void> {
    const body = { version: '0', id: 'd5b5d5b5-0000-0000-0000-000000000000', 'detail-type': detailType, source, account: '123456789012', time: '2026-01-01T00:00:00Z', region: 'us-west-2', resources: [], detail };
    await sqs.send(new SendMessageCommand({ QueueUrl: queueURL, MessageBody: JSON.stringify(body) }));
  }

  /** A ready claim of a pool, once all pods run and nothing is on its way out. */
  async function steadyClaim(pool: string): Promise<NodeClaim> {
    let found: NodeClaim | undefined;
    await eventually(`pool ${pool} is steady`, within(60_000), async () => {
      const all = await claims();
      const pods = await list<Pod>('/api/v1/namespaces/default/pods');
      found = all.find(({ metadata }) => metadata.labels['karpenter.sh/nodepool'] === pool);
      const steady = all.every((claim) => isReady(claim) && !claim.metadata.deletionTimestamp) && pods.every(({ status, metadata }) => status.phase === 'Running' && !metadata.deletionTimestamp);
      return (found !== undefined && steady && pods.length === 9) || `${pods.length} pods, ${all.map(({ metadata }) => metadata.name).join(' ')}`;
    });
    return found as NodeClaim;
  }

  const instanceOf = ({ status }: NodeClaim): string => status.providerID?.split('/').at(-1) ?? '';

  const expectEvents = (claim: NodeClaim, ...reasons: string[]): Promise<void> => eventually(`events ${reasons.join(', ')} on claim and node`, within(20_000), async () => {
    const missing: string[] = [];
    for (const [kind, name] of [['NodeClaim', claim.metadata.name], ['Node', claim.status.nodeName ?? '']] as const) {
      const said = (await events(kind, name)).map(({ reason }) => reason);
      for (const reason of reasons) if (!said.includes(reason)) missing.push(`${kind} ${name}: ${reason} (has ${said.join(' ')})`);
    }
    return missing.length === 0 || missing.join('; ');
  });

  const expectEmptyQueue = (): Promise<void> => eventually('the queue is empty', within(20_000), async () => {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueURL, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] }));
    const left = Number(Attributes['ApproximateNumberOfMessages']) + Number(Attributes['ApproximateNumberOfMessagesNotVisible']);
    return left === 0 || `${left} messages are left`;
  });

  before(async () => {
    sqs = new SQSClient(awsOf(sandbox));
    queueURL = (await sqs.send(new GetQueueUrlCommand({ QueueName: 'Karpenter-my-cluster' }))).QueueUrl ?? '';
  });

  it('about a rebalance are events and nothing else', async () => {
    const claim = await steadyClaim('frontend');
    await send('aws.ec2', 'EC2 Instance Rebalance Recommendation', { 'instance-id': instanceOf(claim) });
    await expectEvents(claim, 'SpotRebalanceRecommendation');
    await expectEmptyQueue();
    const now = (await claims()).find(({ metadata }) => metadata.uid === claim.metadata.uid);
    expect(now?.metadata.deletionTimestamp).to.equal(undefined);
    expect((await events('NodeClaim', claim.metadata.name)).map(({ reason }) => reason)).to.not.include('TerminatingOnInterruption');
  });

  it('about instances that are nobody\'s, other services and what is not JSON are taken off the queue', async () => {
    const before = (await claims()).map(({ metadata }) => metadata.uid).sort();
    await send('aws.ec2', 'EC2 Spot Instance Interruption Warning', { 'instance-id': 'i-0123456789abcdef0', 'instance-action': 'terminate' });
    await send('aws.health', 'AWS Health Event', { service: 'RDS', eventTypeCategory: 'scheduledChange', affectedEntities: [] });
    await send('aws.ec2', 'EC2 Instance State-change Notification', { 'instance-id': 'i-0123456789abcdef0', state: 'running' });
    await sqs.send(new SendMessageCommand({ QueueUrl: queueURL, MessageBody: 'not JSON' }));
    await expectEmptyQueue();
    expect((await claims()).map(({ metadata }) => metadata.uid).sort()).to.deep.equal(before);
  });

  it('about a spot instance bring a replacement before the two minutes are over, on another kind of capacity', async () => {
    const claim = await steadyClaim('frontend');
    const now = await sandbox.fetch('/api/v1/namespaces/default/configmaps', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ metadata: { name: 'now' } }),
    });
    const { metadata: { creationTimestamp: sent } } = (await now.json()) as { metadata: { creationTimestamp: string } };
    await send('aws.ec2', 'EC2 Spot Instance Interruption Warning', { 'instance-id': instanceOf(claim), 'instance-action': 'terminate' });
    await expectEvents(claim, 'SpotInterrupted', 'TerminatingOnInterruption');
    const replacement = await steadyClaim('frontend');
    expect(replacement.metadata.uid).to.not.equal(claim.metadata.uid);
    const ready = replacement.status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '';
    expect(Date.parse(ready) - Date.parse(sent)).to.be.within(0, SPOT_NOTICE);
    const kindOf = ({ metadata: { labels } }: NodeClaim): string => `${labels['node.kubernetes.io/instance-type']} ${labels['topology.kubernetes.io/zone']}`;
    expect(kindOf(replacement)).to.not.equal(kindOf(claim));
  });

  const drains: [string, string, string, (id: string) => object, string][] = [
    ['about an instance that stops', 'aws.ec2', 'EC2 Instance State-change Notification', (id) => ({ 'instance-id': id, state: 'stopping' }), 'InstanceStopping'],
    ['about an instance that ends, the state in any case', 'aws.ec2', 'EC2 Instance State-change Notification', (id) => ({ 'instance-id': id, state: 'Shutting-Down' }), 'InstanceTerminating'],
    ['about a scheduled change', 'aws.health', 'AWS Health Event', (id) => ({ service: 'EC2', eventTypeCategory: 'scheduledChange', affectedEntities: [{ entityValue: id }] }), 'InstanceUnhealthy'],
    ['about a capacity reservation that is taken back', 'aws.ec2', 'EC2 Capacity Reservation Instance Interruption Warning', (id) => ({ 'instance-id': id }), 'CapacityReservationInstanceInterrupted'],
  ];
  for (const [what, source, detailType, detail, reason] of drains) {
    it(`${what} drain the node`, async () => {
      const claim = await steadyClaim('backend-services');
      await send(source, detailType, detail(instanceOf(claim)));
      await expectEvents(claim, reason, 'TerminatingOnInterruption');
      const replacement = await steadyClaim('backend-services');
      expect(replacement.metadata.uid).to.not.equal(claim.metadata.uid);
      expect((await list<Node>('/api/v1/nodes')).map(({ metadata }) => metadata.name)).to.not.include(claim.status.nodeName);
      const instance = (await launchedInstances(sandbox)).find(({ InstanceId }) => InstanceId === instanceOf(claim));
      expect(instance?.State?.Name).to.be.oneOf(['shutting-down', 'terminated']);
    });
  }

  it('are all off the queue in the end', expectEmptyQueue);
}
