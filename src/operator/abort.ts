import type { Clock } from './clock.js';

/** A run took longer than it may. */
export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';
  readonly reason = 'DeadlineExceeded';
}

/**
 * Runs `work` with a signal that aborts with `signal`, or after `limit` ms with a {@link DeadlineExceededError} that names `what`. Rejects at
 * the abort even if the work does not listen to it.
 */
export async function withDeadline<T>(clock: Clock, limit: number, what: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limited = new LinkedAbort(signal);
  const timer = clock.schedule(limit, () => limited.abort(new DeadlineExceededError(`${what} did not end within ${limit} ms`)));
  try {
    return await rejectOnAbort(work(limited.signal), limited.signal);
  } finally {
    timer.cancel();
    limited.release();
  }
}

/** A signal of its own that aborts with `parent`, too, until it is released. `AbortSignal.any` would leave something at the parent for each signal that was made of it. */
export class LinkedAbort {
  readonly #controller = new AbortController();
  readonly #follow = (): void => this.abort(this.parent?.reason);

  constructor(private readonly parent: AbortSignal | undefined) {
    if (parent?.aborted) this.#follow();
    else parent?.addEventListener('abort', this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  release(): void {
    this.parent?.removeEventListener('abort', this.#follow);
  }
}

/** Settles like the promise, or rejects with the signal's reason if that aborts first. */
export async function rejectOnAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    // Nobody else hears how it ends, and a rejection that nobody hears ends the process.
    promise.catch(() => undefined);
    throw signal.reason as Error;
  }
  let onAbort: (() => void) | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        onAbort = () => reject(signal.reason as Error);
        signal.addEventListener('abort', onAbort, { once: true });
      }),
    ]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
