import type { Clock } from '../../../operator/clock.js';
import type { Random } from '../../../operator/random.js';
import { AwsError } from '../protocol/error.js';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  firstReceivedAt: number | undefined;
  receives: number;
  receiptHandle: string | undefined;
  /** Hidden from receivers until then. */
  visibleAt: number;
}

/** As the CloudFormation stack of Karpenter's guide creates its queues. */
const RETENTION = 300_000;
const MOST_MESSAGES = 10;

export interface ReceiveOptions {
  most: number;
  /** Milliseconds that the messages stay hidden from others. */
  visibilityTimeout: number;
  /** Milliseconds to wait for the first message. */
  wait: number;
  signal?: AbortSignal | undefined;
}

/** One SQS standard queue. */
export class Queue {
  private messages: Message[] = [];
  private readonly waiting = new Set<() => void>();

  constructor(readonly name: string, private readonly clock: Clock, private readonly random: Random) {}

  send(body: string, delay = 0): Message {
    this.expire();
    const now = this.clock.now();
    const message: Message = {
      id: this.random.uuid(), body, sentAt: now, firstReceivedAt: undefined, receives: 0, receiptHandle: undefined, visibleAt: now + delay,
    };
    this.messages.push(message);
    this.wake();
    return message;
  }

  /** Up to `most` visible messages, which become invisible for `visibilityTimeout`; waits up to `wait` milliseconds for the first. */
  async receive({ most, visibilityTimeout, wait, signal }: ReceiveOptions): Promise<Message[]> {
    if (most < 1 || most > MOST_MESSAGES) {
      throw new AwsError(
        'InvalidParameterValue',
        `Value ${most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and ${MOST_MESSAGES}, if provided.`,
      );
    }
    const deadline = this.clock.now() + wait;
    for (;;) {
      const found = this.take(most, visibilityTimeout);
      if (found.length > 0 || this.clock.now() >= deadline || signal?.aborted) return found;
      await this.change(deadline, signal);
    }
  }

  /** Forgets the message of a receipt; unknown receipts are as good as done. */
  delete(receiptHandle: string): void {
    this.messages = this.messages.filter((message) => message.receiptHandle !== receiptHandle);
  }

  changeVisibility(receiptHandle: string, timeout: number): void {
    const message = this.messages.find((candidate) => candidate.receiptHandle === receiptHandle);
    if (!message) throw new AwsError('ReceiptHandleIsInvalid', `The input receipt handle "${receiptHandle}" is not a valid receipt handle.`);
    message.visibleAt = this.clock.now() + timeout;
    if (timeout === 0) this.wake();
  }

  counts(): { visible: number; inFlight: number } {
    this.expire();
    const visible = this.messages.filter((message) => message.visibleAt <= this.clock.now()).length;
    return { visible, inFlight: this.messages.length - visible };
  }

  private take(most: number, visibilityTimeout: number): Message[] {
    this.expire();
    const now = this.clock.now();
    const found = this.messages.filter((message) => message.visibleAt <= now).slice(0, most);
    for (const message of found) {
      message.receives += 1;
      message.firstReceivedAt ??= now;
      message.receiptHandle = this.random.uuid();
      message.visibleAt = now + visibilityTimeout;
    }
    return found;
  }

  /** Resolves when a message may have become visible, at the deadline, or when the caller gives up. */
  private change(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const soonest = Math.min(deadline, ...this.messages.map((message) => message.visibleAt));
      const done = (): void => {
        timer.cancel();
        this.waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.clock.schedule(soonest - this.clock.now(), done);
      this.waiting.add(done);
      signal?.addEventListener('abort', done);
    });
  }

  private wake(): void {
    for (const done of this.waiting) done();
  }

  private expire(): void {
    const oldest = this.clock.now() - RETENTION;
    if (this.messages.some((message) => message.sentAt < oldest)) this.messages = this.messages.filter((message) => message.sentAt >= oldest);
  }
}
