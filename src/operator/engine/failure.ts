import type { CatchPlan, StepPlan } from '../dsl/plan.js';

/** How much of an error's message goes into a condition. */
const LONGEST_ERROR = 300;
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;

/** Whatever was thrown, as an Error. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(`${String(thrown)} was thrown, which is no Error`));

/** Whether retrying cannot heal the error. */
export const isTerminal = (error: Error): boolean => (error as { terminal?: unknown }).terminal === true;

export const hasReason = (error: unknown, reason: string): boolean => error instanceof Error && (error as { reason?: unknown }).reason === reason;

/** One error of several; the first one's message speaks for all. */
export const combined = (errors: readonly Error[]): Error =>
  errors.length === 1 ? (errors[0] as Error) : new AggregateError(errors, errors.map(({ message }) => message).join('; '));

/** The condition reason of a failed step. */
export function failedReason({ condition, failedReason: declared }: StepPlan, error: Error): string {
  const given = typeof declared === 'function' ? declared(error) : (declared ?? (error as { reason?: unknown }).reason);
  return typeof given === 'string' && REASON.test(given) ? given : `${condition}Failed`;
}

/** The condition message of a failed step: the error's, cut at 300 characters. */
export const failedMessage = ({ message }: Error): string => (message.length > LONGEST_ERROR ? `${message.slice(0, LONGEST_ERROR)}...` : message);

/** How many classes lie between an error and a class it is an instance of; undefined when it is none. */
function inheritance(error: Error, type: CatchPlan['errors'][number]): number | undefined {
  let steps = 0;
  for (let prototype: unknown = Object.getPrototypeOf(error); prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    if (prototype === type.prototype) return steps;
    steps++;
  }
  return undefined;
}

/** The handler of the class that is closest to the error's own. */
export function handlerOf(catches: readonly CatchPlan[], error: Error): CatchPlan | undefined {
  let closest: CatchPlan | undefined;
  let least = Infinity;
  for (const handler of catches) {
    for (const type of handler.errors) {
      const distance = inheritance(error, type);
      if (distance !== undefined && distance < least) [closest, least] = [handler, distance];
    }
  }
  return closest;
}
