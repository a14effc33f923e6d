import { LinkedAbort } from '../abort.js';
import type { Clock, Timer } from '../clock.js';
import type { KubeClient } from './client.js';
import type { WatchLine, WatchOptions } from './client-options.js';
import { ApiError, UnresponsiveError } from './errors.js';
import type { KindRef } from './object.js';
import type { WatchTimes } from './watch-times.js';

/** A line that is no error. */
export type WatchEvent = Exclude<WatchLine, { type: 'ERROR' }>;

/**
 * One watch that cannot hang: it has to be answered within `times.answer`, and then to say something every `patience()` ms (bookmarks
 * count). Ends when the server ends it; `ERROR` lines and silence are thrown. Only whole lines count as being heard, so that
 * a link over which single bytes trickle is dead too.
 */
export class WatchStream {
  #openedAt: number | undefined;
  #lines = 0;

  constructor(
    private readonly client: KubeClient,
    private readonly kind: KindRef,
    private readonly clock: Clock,
    private readonly times: WatchTimes,
    /** How long the stream may be silent just now. */
    private readonly patience: () => number,
  ) {}

  /** How many lines came. */
  get lines(): number {
    return this.#lines;
  }

  /** Milliseconds since the server answered; 0 if it did not. */
  get lived(): number {
    return this.#openedAt === undefined ? 0 : this.clock.monotonic() - this.#openedAt;
  }

  async *open(options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchEvent, void, undefined> {
    const { clock, kind } = this;
    const silence = new LinkedAbort(signal);
    let timer: Timer | undefined;
    const limit = (patience: number, problem: string): void => {
      timer?.cancel();
      timer = clock.schedule(patience, () => silence.abort(new UnresponsiveError(`${problem} the watch of ${kind.plural} for ${patience / 1_000}s`)));
    };
    const heard = (): void => limit(this.patience(), 'nothing came over');
    limit(this.times.answer, 'no answer to');
    const opened = (): void => {
      this.#openedAt = clock.monotonic();
      heard();
    };
    try {
      for await (const line of this.client.watch(kind, { ...options, opened, signal: silence.signal })) {
        // An event that is still under way when the abort comes must not be taken over.
        signal.throwIfAborted();
        if (line.type === 'ERROR') throw new ApiError(line.object, { method: 'GET', path: `watch of ${kind.plural}` });
        this.#lines += 1;
        yield line;
        heard();
      }
    } catch (error) {
      // The transport reports our own cut-off in its own way.
      throw silence.signal.aborted && !signal.aborted ? silence.signal.reason : error;
    } finally {
      timer?.cancel();
      silence.release();
    }
  }
}
