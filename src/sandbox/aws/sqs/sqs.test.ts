import {
  ChangeMessageVisibilityCommand, CreateQueueCommand, DeleteMessageCommand, GetQueueAttributesCommand, GetQueueUrlCommand,
  ListQueuesCommand, ReceiveMessageCommand, SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { expect } from 'chai';
import { refusalOf, testAws } from '../testing.js';

async function ready() {
  const bed = testAws();
  const { QueueUrl } = await bed.sqs.send(new GetQueueUrlCommand({ QueueName: 'Karpenter-my-cluster' }));
  const receive = (more: object = {}) => bed.sqs.send(new ReceiveMessageCommand({
    QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 20, WaitTimeSeconds: 20, MessageSystemAttributeNames: ['SentTimestamp'],
    MessageAttributeNames: ['All'], ...more,
  }));
  const send = (body: string) => bed.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
  return { ...bed, QueueUrl, receive, send };
}

describe('SQS', () => {
  it('has the queues of both clusters, under both names that people give them', async () => {
    const { sqs } = testAws();
    for (const QueueName of ['my-cluster', 'Karpenter-my-cluster', 'ecommerce-cluster', 'Karpenter-ecommerce-cluster']) expect((await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl).to.contain(`/123456789012/${QueueName}`);
    expect(await refusalOf(sqs.send(new GetQueueUrlCommand({ QueueName: 'absent' })))).to.include({ name: 'QueueDoesNotExist', status: 400 });
    expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'Karpenter-' }))).QueueUrls).to.have.length(2);
    expect((await sqs.send(new CreateQueueCommand({ QueueName: 'mine' }))).QueueUrl).to.contain('/mine');
  });

  it('hands a message out once until its visibility runs out, and never after its deletion', async () => {
    const { send, receive, sqs, QueueUrl, clock } = await ready();
    await send('<&>"é');
    const first = (await receive()).Messages?.[0];
    expect(first).to.include({ Body: '<&>"é' });
    expect(first?.Attributes?.SentTimestamp).to.equal(String(clock.now()));
    expect((await receive({ WaitTimeSeconds: 0 })).Messages).to.equal(undefined);
    await clock.advance('20s');
    const second = (await receive({ WaitTimeSeconds: 0 })).Messages?.[0];
    expect(second?.MessageId).to.equal(first?.MessageId);
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: second?.ReceiptHandle, VisibilityTimeout: 0 }));
    const third = (await receive({ WaitTimeSeconds: 0 })).Messages?.[0];
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: third?.ReceiptHandle }));
    await clock.advance('1m');
    expect((await receive({ WaitTimeSeconds: 0 })).Messages).to.equal(undefined);
  });

  it('polls long: answers when a message comes, or empty after the wait', async () => {
    const { send, receive, clock } = await ready();
    const waiting = receive();
    await clock.advance('5s');
    await send('late');
    expect((await waiting).Messages?.map((message) => message.Body)).to.deep.equal(['late']);
    const before = clock.now();
    let endedAt = 0;
    const empty = receive().then(({ Messages }) => {
      endedAt = clock.now();
      return Messages;
    });
    await clock.advance('19s');
    expect(endedAt).to.equal(0);
    await clock.advance('10s');
    expect(await empty).to.have.length(1);
    expect(endedAt - before).to.equal(20_000);
  });

  it('ends a long poll when the caller gives up and when the sandbox closes', async () => {
    const { aws, sqs, QueueUrl, receive, clock } = await ready();
    const giveUp = new AbortController();
    const aborted = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal: giveUp.signal });
    await clock.advance('1s');
    giveUp.abort();
    expect((await refusalOf(aborted)).name).to.equal('AbortError');
    const waiting = receive();
    await clock.advance('1s');
    await aws.close();
    expect((await waiting).Messages).to.equal(undefined);
    expect(clock.timers).to.equal(0);
  });

  it('forgets messages after five minutes', async () => {
    const { send, sqs, QueueUrl, clock } = await ready();
    await send('old');
    const count = async () => (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }))).Attributes?.ApproximateNumberOfMessages;
    expect(await count()).to.equal('1');
    await clock.advance('6m');
    expect(await count()).to.equal('0');
  });
});
