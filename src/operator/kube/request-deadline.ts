import { LinkedAbort } from '../abort.js';
import type { Clock, Timer } from '../clock.js';
import { abortable } from './abortable.js';
import { UnresponsiveError } from './errors.js';

/** How long one try of a request may take, from sending it to the last byte of its answer. */
export class RequestDeadline {
  readonly #abort: LinkedAbort;
  readonly #timer: Timer;

  constructor(clock: Clock, limit: number, parent: AbortSignal | undefined) {
    this.#abort = new LinkedAbort(parent);
    this.#timer = clock.schedule(limit, () => this.#abort.abort(new UnresponsiveError(`it was not complete within ${limit / 1_000}s`)));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
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
    this.#timer.cancel();
    this.#abort.release();
  }
}
