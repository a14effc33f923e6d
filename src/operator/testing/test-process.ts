import type { Clock, Timer } from '../clock.js';
import type { KubeTransport } from '../kube/transport.js';

/**
 * One life of an operator's process. Until it is killed it has time and a way to the API server; from then on nothing that its code still
 * does has an effect, and nothing reaches it any more, as if its memory were gone. While it is paused (SIGSTOP), time passes without it.
 */
export class TestProcess {
  readonly clock: Clock;
  readonly transport: KubeTransport;
  readonly #gone = new AbortController();
  /** An answer that does not come: it rejects when the test has ended, so that what waits for it can be reclaimed. */
  readonly never: Promise<never>;
  #release: (reason: Error) => void = () => undefined;
  #resumed: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #missed: (() => void)[] = [];

  constructor(readonly number: number, private readonly world: Clock, transport: KubeTransport) {
    this.never = new Promise((_resolve, reject) => (this.#release = reject));
    this.never.catch(() => undefined);
    this.clock = {
      now: () => world.now(),
      monotonic: () => world.monotonic(),
      schedule: (delay, callback) => this.#schedule(delay, callback),
    };
    this.transport = {
      send: async ({ signal, ...request }) => {
        const { signal: gone } = this.#gone;
        if (gone.aborted) return this.never;
        const response = await this.answer(transport.send({ ...request, signal: signal ? AbortSignal.any([signal, gone]) : gone }));
        return { ...response, body: this.#arriving(response.body) };
      },
      close: () => transport.close(),
    };
  }

  get alive(): boolean {
    return !this.#gone.signal.aborted;
  }

  /** Ends the process on the spot: kill -9. Its connections are closed. */
  kill(): void {
    this.#gone.abort(new Error(`process ${this.number} was killed`));
  }

  /** Lets what a dead process waits for fail, so that its memory can be reclaimed. */
  bury(): void {
    this.kill();
    this.#release(new Error(`process ${this.number} was killed`));
  }

  /** Stops the process where it is, until `resume`. */
  pause(): void {
    this.#resumed ??= new Promise((resolve) => (this.#wake = resolve));
  }

  /** Lets it go on: first with the answers that came meanwhile, a millisecond later with the timers that it missed. */
  resume(): void {
    this.#resumed = undefined;
    this.#wake();
    const missed = this.#missed;
    this.#missed = [];
    this.world.schedule(1, () => missed.forEach((run) => this.#run(run)));
  }

  /** What comes from outside: late while the process is paused, and never once it is dead. */
  async answer<T>(outcome: Promise<T> | T): Promise<T> {
    try {
      const value = await outcome;
      await this.#receptive();
      return value;
    } catch (error) {
      await this.#receptive();
      throw error;
    }
  }

  async #receptive(): Promise<void> {
    while (this.#resumed) await this.#resumed;
    if (!this.alive) await this.never;
  }

  async *#arriving<C>(body: AsyncIterable<C>): AsyncGenerator<C, void, undefined> {
    const chunks = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.answer(chunks.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await chunks.return?.();
    }
  }

  #schedule(delay: number, callback: () => void): Timer {
    let cancelled = false;
    const run = (): void => {
      if (!cancelled) callback();
    };
    const timer = this.world.schedule(delay, () => this.#run(run));
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  #run(callback: () => void): void {
    if (!this.alive) return;
    if (this.#resumed) this.#missed.push(callback);
    else callback();
  }
}
