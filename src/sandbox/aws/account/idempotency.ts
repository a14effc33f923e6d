import type { Clock } from '../../../operator/clock.js';
import { AwsError, invalidParameter } from '../protocol/error.js';
import type { Parameters } from '../protocol/parameters.js';
import type { XmlObject } from '../protocol/xml.js';

/** EC2 remembers client tokens for at least a day. */
const MEMORY = 24 * 3_600_000;
const LONGEST_TOKEN = 64;

interface Remembered {
  readonly parameters: string;
  readonly answer: XmlObject;
  readonly at: number;
}

/** Answers given to calls with a client token, for the next call with the same one. */
export class Idempotency {
  private readonly answers = new Map<string, Remembered>();

  constructor(private readonly clock: Clock) {}

  /**
   * The answer of an earlier call with the same token, else undefined.
   * Throws IdempotentParameterMismatch when that call asked for something else.
   */
  recall(operation: string, input: Parameters): XmlObject | undefined {
    const token = input.text('ClientToken');
    if (!token) return undefined;
    if (token.length > LONGEST_TOKEN) throw invalidParameter('ClientToken', token, `It must not be longer than ${LONGEST_TOKEN} characters.`);
    this.forget();
    const earlier = this.answers.get(`${operation}/${token}`);
    if (!earlier) return undefined;
    if (earlier.parameters !== fingerprint(input)) {
      throw new AwsError(
        'IdempotentParameterMismatch',
        `The client token '${token}' has been used before with different parameters. Use a new token, or the same parameters.`,
      );
    }
    return earlier.answer;
  }

  remember(operation: string, input: Parameters, answer: XmlObject): void {
    const token = input.text('ClientToken');
    if (token) this.answers.set(`${operation}/${token}`, { parameters: fingerprint(input), answer, at: this.clock.now() });
  }

  /** The map is in order of time, so only its head can be old. */
  private forget(): void {
    const oldest = this.clock.now() - MEMORY;
    for (const [key, { at }] of this.answers) {
      if (at > oldest) return;
      this.answers.delete(key);
    }
  }
}

const fingerprint = (input: Parameters): string => input.canonical(['ClientToken', 'DryRun']);
