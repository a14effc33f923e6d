import { DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand } from '../aws-sdk.js';
import { Observable } from 'rxjs';
import { sleep } from '../../../operator/clock.js';
import type { Clock } from '../../../operator/clock.js';
import { abortable } from '../clients.js';
import type { AwsClients } from '../clients.js';
import { ExpiringCache } from '../expiring-cache.js';
import { parseInterruption } from './message.js';
import type { InterruptionKind, InterruptionMessage } from './message.js';

/** One instance's part in a message that waits to be acted on. */
export interface Interruption {
  messageID: string;
  instanceID: string;
  kind: Exclude<InterruptionKind, 'no_op'>;
  time?: number;
}

/** Counts for metrics, and what went wrong for the log. */
export interface InterruptionObserver {
  received?(kind: InterruptionKind, queueMilliseconds: number | undefined): void;
  deleted?(): void;
  failed?(error: unknown): void;
}

/** A message whose interruptions are not all acknowledged. */
interface Pending {
  receiptHandle: string;
  waiting: Map<string, Interruption>;
}

const FAILURE_PAUSE = 5_000;
/** A message that nobody acknowledges, and that SQS no longer delivers, is forgotten: the queue keeps messages for five minutes. */
const FORGOTTEN = 10 * 60_000;

/**
 * The queue of interruption messages as a level: what {@link pending} says of an instance holds until it is acknowledged,
 * however often SQS delivers the message. A message is deleted once all of its instances are acknowledged.
 */
export class InterruptionQueue {
  private queueURL: string | undefined;
  private readonly messages: ExpiringCache<Pending>;

  constructor(private readonly clients: Pick<AwsClients, 'sqs'>, private readonly queueName: string, private readonly clock: Clock, private readonly observer: InterruptionObserver = {}) {
    this.messages = new ExpiringCache(clock, { ttl: FORGOTTEN });
  }

  /**
   * Polls while subscribed, and emits every interruption as it is delivered; failures are observed and retried. Whoever
   * subscribes must {@link acknowledge} what concerns nobody, too. Never completes; empty without a queue's name.
   */
  readonly interruptions$ = new Observable<Interruption>((subscriber) => {
    if (this.queueName === '') {
      subscriber.complete();
      return undefined;
    }
    const stop = new AbortController();
    void this.pollUntil(stop.signal, (interruption) => subscriber.next(interruption));
    return () => stop.abort(new Error('no longer subscribed'));
  });

  /** What the queue says of an instance, and nobody has acknowledged. */
  pending(instanceID: string): readonly Interruption[] {
    return [...this.messages.live()].flatMap(([, { waiting }]) => waiting.get(instanceID) ?? []);
  }

  /** Says that an interruption was acted on, or concerns nobody. */
  async acknowledge({ messageID, instanceID }: Interruption, signal?: AbortSignal): Promise<void> {
    const message = this.messages.get(messageID);
    if (message === undefined) return;
    if (message.waiting.size === 1 && message.waiting.has(instanceID)) {
      await this.delete(message.receiptHandle, signal);
      this.messages.delete(messageID);
    } else message.waiting.delete(instanceID);
  }

  /** Receives once, at most ten messages, waiting up to 20 seconds for the first. Messages of no interest are deleted. */
  async receive(signal?: AbortSignal): Promise<Interruption[]> {
    const QueueUrl = await this.url(signal);
    const { Messages = [] } = await this.clients.sqs.send(new ReceiveMessageCommand({
      QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 20, WaitTimeSeconds: 20, MessageSystemAttributeNames: ['SentTimestamp'], MessageAttributeNames: ['All'],
    }), abortable(signal));
    const received: Interruption[] = [];
    for (const { MessageId = '', ReceiptHandle = '', Body = '' } of Messages) received.push(...(await this.take(MessageId, ReceiptHandle, Body, signal)));
    return received;
  }

  private async take(messageID: string, receiptHandle: string, body: string, signal: AbortSignal | undefined): Promise<Interruption[]> {
    const known = this.messages.get(messageID);
    if (known) {
      known.receiptHandle = receiptHandle;
      this.messages.set(messageID, known);
      return [...known.waiting.values()];
    }
    let message: InterruptionMessage;
    try {
      message = parseInterruption(body);
    } catch (error) {
      this.observer.failed?.(error);
      await this.delete(receiptHandle, signal);
      return [];
    }
    const { kind, instanceIDs, time } = message;
    this.observer.received?.(kind, time === undefined ? undefined : this.clock.now() - time);
    if (kind === 'no_op' || instanceIDs.length === 0) {
      await this.delete(receiptHandle, signal);
      return [];
    }
    const waiting = new Map(instanceIDs.map((instanceID): [string, Interruption] => [instanceID, { messageID, instanceID, kind, ...(time === undefined ? {} : { time }) }]));
    this.messages.set(messageID, { receiptHandle, waiting });
    return [...waiting.values()];
  }

  private async delete(receiptHandle: string, signal: AbortSignal | undefined): Promise<void> {
    await this.clients.sqs.send(new DeleteMessageCommand({ QueueUrl: await this.url(signal), ReceiptHandle: receiptHandle }), abortable(signal));
    this.observer.deleted?.();
  }

  private async url(signal: AbortSignal | undefined): Promise<string> {
    if (this.queueURL === undefined) {
      const { QueueUrl } = await this.clients.sqs.send(new GetQueueUrlCommand({ QueueName: this.queueName }), abortable(signal));
      if (!QueueUrl) throw new Error(`sqs:GetQueueUrl names no URL for queue "${this.queueName}"`);
      this.queueURL = QueueUrl;
    }
    return this.queueURL;
  }

  private async pollUntil(signal: AbortSignal, emit: (interruption: Interruption) => void): Promise<void> {
    while (!signal.aborted) {
      try {
        for (const interruption of await this.receive(signal)) emit(interruption);
      } catch (error) {
        if (signal.aborted) return;
        this.observer.failed?.(error);
        await sleep(this.clock, FAILURE_PAUSE, signal).catch(() => undefined);
      }
    }
  }
}
