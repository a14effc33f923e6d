import type { Fence } from './fence.js';

/** The rhythm of an election, in milliseconds. */
export interface ElectionTimes {
  /** How long others wait after the last renewal that they saw, by their own clocks. Default 15 s. */
  readonly leaseDuration: number;
  /** How long after its last renewal a leader may write; then it gives up. Default 10 s; less than `leaseDuration`. */
  readonly renewDeadline: number;
  /** Between two tries. Default 2 s; less than `renewDeadline`. */
  readonly retryPeriod: number;
}

const DEFAULT_TIMES: ElectionTimes = { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000 };

/** Times over the defaults. Throws RangeError for times under which two could lead, or nobody could. */
export function electionTimes(given: { readonly [K in keyof ElectionTimes]?: number | undefined }): ElectionTimes {
  const { leaseDuration = DEFAULT_TIMES.leaseDuration, renewDeadline = DEFAULT_TIMES.renewDeadline, retryPeriod = DEFAULT_TIMES.retryPeriod } = given;
  if (!(renewDeadline < leaseDuration)) throw new RangeError(`renewDeadline (${renewDeadline} ms) must be less than leaseDuration (${leaseDuration} ms)`);
  if (!(retryPeriod > 0 && retryPeriod < renewDeadline)) throw new RangeError(`retryPeriod (${retryPeriod} ms) must be more than 0 and less than renewDeadline (${renewDeadline} ms)`);
  return { leaseDuration, renewDeadline, retryPeriod };
}

/** This process led, and could not renew its lease in time. It must not go on as if it led. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
  readonly reason = 'LeadershipLost';
}

/** What an election tells besides its outcome; none of it is an error of the election. */
export interface ElectionObserver {
  /** A try failed, for the so manieth time in a row. */
  failed?(error: unknown, times: number): void;
  /** A try succeeded after so many that failed. */
  recovered?(times: number): void;
}

/** One candidate's part in the election for one lease. */
export interface Election {
  /** Open while this process leads and its lease is young enough to write. */
  readonly fence: Pick<Fence, 'open' | 'age'>;
  /** Resolves when this process has become the leader. */
  whenElected(): Promise<void>;
  /** Stands for election and leads until the signal aborts, then hands the lease back. Rejects with {@link LeadershipLostError}. */
  run(signal: AbortSignal): Promise<void>;
}

/** Where elections are kept: on the main loop, or in a thread of their own. */
export interface ElectionHost {
  /** A part in the election for a lease; with `sharedAs`, held together with all who stand under that name. */
  election(lease: string, sharedAs?: string): Election;
  /** Does what is known to block the main loop for long; it does not count as a hang. */
  excuse<R>(work: () => Promise<R>): Promise<R>;
  /** Ends what belongs to the host; its elections have ended before. */
  close(): Promise<void>;
}
