import { setMaxListeners } from 'node:events';
import { DeadlineExceededError, LinkedAbort } from '../abort.js';
import type { Clock } from '../clock.js';

/** The signal of one run. */
export interface RunSignal {
  readonly signal: AbortSignal;
  /** Whether the run's own time limit aborted it. */
  readonly timedOut: boolean;
  /** The run is over. */
  end(): void;
}

/**
 * A signal that aborts with `parent`, and after `limit` ms if there is a limit. The abort is a request: the run keeps its key until it
 * really ends, since its effects go on as long as it does.
 */
export function runSignal(clock: Clock, parent: AbortSignal, limit: number | undefined): RunSignal {
  if (limit === undefined) return { signal: parent, timedOut: false, end: () => undefined };
  const limited = new LinkedAbort(parent);
  // Every request of the run listens, and a run may send many at once.
  setMaxListeners(0, limited.signal);
  const timer = clock.schedule(limit, () => limited.abort(new DeadlineExceededError(`the run did not end within ${limit} ms`)));
  return {
    signal: limited.signal,
    get timedOut() {
      return limited.signal.reason instanceof DeadlineExceededError;
    },
    end: () => {
      timer.cancel();
      limited.release();
    },
  };
}
