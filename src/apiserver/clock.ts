import { randomUUID } from 'node:crypto';
import type { Clock, Random } from './contracts.js';

/** Wall-clock time; what a server that was given no clock runs on. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delay, callback) {
    const handle = setTimeout(callback, Math.min(Math.max(0, delay), 2 ** 31 - 1));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** The real randomness; what a server that was given none uses. */
export const systemRandom: Random = { next: () => Math.random(), uuid: () => randomUUID() };

/** RFC 3339 in whole seconds, as metadata has it. */
export const timestamp = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
