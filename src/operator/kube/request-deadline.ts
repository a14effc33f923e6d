import type { Clock } from '../clock.js';
import { abortable } from './abortable.js';
import { UnresponsiveError } from './errors.js';

/** How long one try of a request may take, from sending it to the last byte of its answer. Linked to the caller's signal by hand: `AbortSignal.any` would leave something at that for each request. */
export class RequestDeadline {
  readonly #controller = new AbortController();
  readonly #release: () => void;

  constructor(clock: Clock, limit: number, parent: AbortSignal | undefined) {
    const onAbort = (): void => this.#controller.abort(parent?.reason);
    const timer = clock.schedule(limit, () => this.#controller.abort(new UnresponsiveError(`it was not complete within ${limit / 1_000}s`)));
    if (parent?.aborted) onAbort();
    else parent?.addEventListener('abort', onAbort, { once: true });
    this.#release = () => {
      timer.cancel();
      parent?.removeEventListener('abort', onAbort);
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the time is over (and it was not the caller who gave up). */
  get passed(): boolean {
    return this.signal.reason instanceof UnresponsiveError;
  }

  /** The body, cut off at the deadline; its end ends the deadline. */
  async *over<B>(body: AsyncIterable<B>): AsyncGenerator<B, void, undefined> {
    try {
      yield* abortable(body, this.signal);
    } finally {
      this.end();
    }
  }

  end(): void {
    this.#release();
  }
}
