import { createHash } from 'node:crypto';
import type { Message, Queue } from '../account/queues.js';
import { AwsError } from '../protocol/error.js';
import { jsonService, numberMember, textMember, textsMember, type JsonInput } from '../protocol/json-service.js';
import type { Call } from '../protocol/service.js';

const DEFAULT_VISIBILITY = 30;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The codes of SQS's former Query protocol, which the SDK tells callers by this header. */
const LEGACY_CODES: Record<string, string> = { QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue' };

/** Queue URLs lead back to where the caller came from: the SDK follows their host. */
const urlOf = (queue: Queue, { account, request }: Call): string => `${request.origin}/${account.id}/${queue.name}`;

function queueNamed(name: string, { account }: Call): Queue {
  const queue = account.queues.get(name);
  if (!queue) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
  return queue;
}
const queueOf = (input: JsonInput, call: Call): Queue => queueNamed(textMember(input, 'QueueUrl').split('/').at(-1) as string, call);

const describe = (message: Message): object => ({
  MessageId: message.id, ReceiptHandle: message.receiptHandle, Body: message.body, MD5OfBody: md5(message.body),
  Attributes: {
    SentTimestamp: String(message.sentAt), ApproximateReceiveCount: String(message.receives),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt), SenderId: 'AIDASANDBOX',
  },
});

const refusalHeaders = ({ reason }: AwsError): Record<string, string> => ({ 'x-amzn-query-error': `${LEGACY_CODES[reason] ?? reason};Sender` });

export const sqs = jsonService('sqs', { version: '1.0', target: 'AmazonSQS', refusalHeaders }, {
  GetQueueUrl: (input, call) => ({ QueueUrl: urlOf(queueNamed(textMember(input, 'QueueName'), call), call) }),
  ListQueues(input, call) {
    const prefix = input['QueueNamePrefix'] === undefined ? '' : textMember(input, 'QueueNamePrefix');
    return { QueueUrls: [...call.account.queues.values()].filter((queue) => queue.name.startsWith(prefix)).map((queue) => urlOf(queue, call)) };
  },
  CreateQueue(input, call) {
    const name = textMember(input, 'QueueName');
    return { QueueUrl: urlOf(call.account.queues.get(name) ?? call.account.addQueue(name), call) };
  },
  SendMessage(input, call) {
    const body = textMember(input, 'MessageBody');
    const message = queueOf(input, call).send(body, (numberMember(input, 'DelaySeconds') ?? 0) * 1000);
    return { MessageId: message.id, MD5OfMessageBody: md5(body) };
  },
  async ReceiveMessage(input, call) {
    const messages = await queueOf(input, call).receive({
      most: numberMember(input, 'MaxNumberOfMessages') ?? 1,
      visibilityTimeout: (numberMember(input, 'VisibilityTimeout') ?? DEFAULT_VISIBILITY) * 1000,
      wait: (numberMember(input, 'WaitTimeSeconds') ?? 0) * 1000, signal: call.signal,
    });
    return messages.length > 0 ? { Messages: messages.map(describe) } : {};
  },
  DeleteMessage(input, call) {
    queueOf(input, call).delete(textMember(input, 'ReceiptHandle'));
    return {};
  },
  ChangeMessageVisibility(input, call) {
    queueOf(input, call).changeVisibility(textMember(input, 'ReceiptHandle'), (numberMember(input, 'VisibilityTimeout') ?? 0) * 1000);
    return {};
  },
  GetQueueAttributes(input, call) {
    const queue = queueOf(input, call);
    const { visible, inFlight } = queue.counts();
    const all: Record<string, string> = {
      ApproximateNumberOfMessages: String(visible), ApproximateNumberOfMessagesNotVisible: String(inFlight),
      QueueArn: `arn:aws:sqs:${call.account.region}:${call.account.id}:${queue.name}`, VisibilityTimeout: String(DEFAULT_VISIBILITY),
      MessageRetentionPeriod: '300',
    };
    const wanted = textsMember(input, 'AttributeNames');
    return { Attributes: Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes('All') || wanted.includes(name))) };
  },
});
