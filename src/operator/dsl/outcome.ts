import type { Duration } from '../duration.js';

/** What a step made of its condition. Made by {@link met}, {@link unmet}, {@link waiting} and {@link done}, nothing else. */
export class Outcome {
  private constructor(
    /** `met` is True, `unmet` False, `waiting` Unknown; `done` says nothing about a condition. */
    readonly verdict: 'met' | 'unmet' | 'waiting' | 'done',
    readonly reason: string | undefined,
    readonly message: string,
    readonly recheckAfter: Duration | undefined,
  ) {}

  /** The same outcome, and another look after `delay` even if nothing changes. The earliest of several looks counts. */
  recheck(delay: Duration): Outcome {
    return new Outcome(this.verdict, this.reason, this.message, delay);
  }

  static readonly of = (verdict: Outcome['verdict'], reason?: string, message = ''): Outcome => new Outcome(verdict, reason, message, undefined);
}

/** The condition is True. Its reason is the condition's type unless another is given. */
export const met = (reason?: string, message?: string): Outcome => Outcome.of('met', reason, message);

/** The condition is False: the state of the world, or the user's input, is against it. */
export const unmet = (reason: string, message = ''): Outcome => Outcome.of('unmet', reason, message);

/** The condition is Unknown: not yet, and nothing is wrong so far. */
export const waiting = (reason: string, message = ''): Outcome => Outcome.of('waiting', reason, message);

/** The work is done, and no condition changes by it. */
export const done = (): Outcome => Outcome.of('done');

/** What a finalizer says. Made by {@link released} and {@link held}, nothing else. */
export class Release {
  private constructor(
    readonly released: boolean,
    readonly reason: string,
    readonly recheckAfter: Duration | undefined,
  ) {}

  static readonly of = (isReleased: boolean, reason = '', recheckAfter?: Duration): Release => new Release(isReleased, reason, recheckAfter);
}

/** Nothing is left to clean up: exactly this finalizer is removed. */
export const released = (): Release => Release.of(true);

/** The object stays, for `reason`; another look after `recheck`, or when a watched object changes if none is given. */
export const held = (reason: string, recheck?: Duration): Release => Release.of(false, reason, recheck);

/**
 * An error that retrying cannot heal: the key is not tried again until its object changes. `reason` becomes the condition's.
 */
export class Terminal extends Error {
  /** Any error that has this set is terminal. */
  readonly terminal = true;
  constructor(message: string, readonly reason = 'Terminal', options?: ErrorOptions) {
    super(message, options);
    this.name = 'Terminal';
  }
}
