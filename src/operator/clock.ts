import { token } from './dsl/token.js';

/** A pending timer of a {@link Clock}. */
export interface Timer {
  /** Forgets the timer; harmless when it has fired. */
  cancel(): void;
}

/**
 * The only source of time. Everything that waits or stamps takes one, so that the same code runs at wall-clock speed, faster
 * than it (`karpenter-ts sandbox --speed`), and in a test's virtual time.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, in this clock's time. */
  now(): number;
  /**
   * Milliseconds, with fractions, from some start: for ages that decide something. It goes on while the process is stopped, no setting of the wall
   * clock moves it, and all threads of a process read the same.
   */
  monotonic(): number;
  /** Runs `callback` once, `delay` milliseconds of this clock's time from now (negative counts as 0). */
  schedule(delay: number, callback: () => void): Timer;
  /** Whether its seconds are the world's, so that another thread's clock keeps time with it. */
  readonly realtime?: boolean;
}

/** The operator's clock in the container. */
export const Clock = token<Clock>('karpenter-ts.Clock');

/** Resolves after `delay` milliseconds of the clock's time; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.schedule(delay, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Node caps timers at 2^31-1 ms; longer waits are taken in steps. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * The real clock. With `speed` above 1 its time starts at the wall clock's and runs that many times faster.
 * Timers do not keep the process alive when `background` is set.
 */
export function systemClock({ speed = 1, background = false }: { speed?: number; background?: boolean } = {}): Clock {
  const startedAt = Date.now();
  const monotonicStart = performance.now();
  const now = (): number => (speed === 1 ? Date.now() : startedAt + (performance.now() - monotonicStart) * speed);
  return {
    realtime: speed === 1,
    now: () => Math.floor(now()),
    monotonic: () => (Number(process.hrtime.bigint() / 1_000n) / 1_000) * speed,
    schedule(delay, callback) {
      if (delay <= 0) {
        // A timer would take a millisecond at least.
        const turn = setImmediate(callback);
        if (background) turn.unref();
        return { cancel: () => clearImmediate(turn) };
      }
      const due = now() + delay;
      let handle: NodeJS.Timeout;
      const arm = (): void => {
        const wait = (due - now()) / speed;
        handle = setTimeout(() => (wait > LONGEST_TIMEOUT ? arm() : callback()), Math.min(Math.max(0, wait), LONGEST_TIMEOUT));
        if (background) handle.unref();
      };
      arm();
      return { cancel: () => clearTimeout(handle) };
    },
  };
}

/** Starts to measure; each call of the result says how many milliseconds have passed, with fractions. For reports, never for decisions. */
export function stopwatch(): () => number {
  const startedAt = performance.now();
  return () => performance.now() - startedAt;
}
