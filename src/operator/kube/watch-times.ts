import type { Backoff } from '../queue/backoff.js';

/**
 * How patient a watch layer is, in milliseconds. With these values nobody is blind for 75 s after the link works again: a dead watch is
 * noticed after 70, a dead request after 30, and the longest wait between two tries is 39.
 */
export interface WatchTimes {
  /** How long a watch may say nothing before it is taken for dead. Bookmarks come every 60 s, so that quiet healthy watches stay. Default 70,000. */
  inactivity: number;
  /** How long the first byte of a watch may take, a page of a list as a whole, and the next of a streamed list's objects. Default 30,000. */
  answer: number;
  /** A watch that lived for so long was well: its end is no failure. What ends sooner waits longer and longer. Default 10,000. */
  stable: number;
  /** Waits between failed tries. Default 0.8 s to 30 s, and up to 30 % more. */
  reconnect: Backoff;
  /** A server that asks for more patience (`Retry-After`) is asked again after this. Default 60,000. */
  longestRetryAfter: number;
  /** How often a kind that is not served is looked for. Default 10,000. */
  absentRecheck: number;
}

/** The patience of every watch that is not given another. */
export const WATCH_TIMES: Readonly<WatchTimes> = {
  inactivity: 70_000,
  answer: 30_000,
  stable: 10_000,
  reconnect: { base: 800, max: 30_000, jitter: 0.3 },
  longestRetryAfter: 60_000,
  absentRecheck: 10_000,
};
