import { Session } from 'node:inspector/promises';
import type { Readable } from 'node:stream';
import { getHeapSnapshot } from 'node:v8';
import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';

/** Seconds that a CPU profile takes unless the request says otherwise. */
const SECONDS = 30;

/** A profile as a response: its body, and the name that a browser saves it under. */
export interface Profile {
  readonly body: string | Readable;
  readonly fileName: string;
}

/**
 * What Go programs serve under `/debug/pprof`, as Node has it: `profile` is a CPU profile (`.cpuprofile`), `heap` a heap snapshot
 * (`.heapsnapshot`), both for the browser's developer tools. Undefined for anything else. A heap snapshot stops the process while it is taken.
 */
export async function profile(name: string | undefined, query: URLSearchParams, clock: Clock): Promise<Profile | undefined> {
  if (name === 'heap') return { body: getHeapSnapshot(), fileName: 'operator.heapsnapshot' };
  if (name !== 'profile') return undefined;
  const seconds = Number(query.get('seconds') ?? SECONDS);
  if (!(seconds > 0 && seconds <= 600)) throw new RangeError(`seconds is "${query.get('seconds')}"; it must be a number above 0 and at most 600`);
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await sleep(clock, seconds * 1_000);
    const { profile: taken } = await session.post('Profiler.stop');
    return { body: JSON.stringify(taken), fileName: 'operator.cpuprofile' };
  } finally {
    session.disconnect();
  }
}
