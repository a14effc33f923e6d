import { withDeadline } from '../abort.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../logger.js';

interface Layer {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
}

/** What has been started, to be stopped in the opposite order: nothing loses what it stands on before it has come to rest. */
export class StopStack {
  readonly #layers: Layer[] = [];

  constructor(private readonly clock: Clock, private readonly log: Logger) {}

  push(name: string, stop: () => Promise<void> | void): void {
    this.#layers.push({ name, stop });
  }

  /** Stops everything within `limit` ms altogether. A layer that fails or hangs is logged, and does not keep the others from stopping. */
  async stop(limit: number): Promise<void> {
    const end = this.clock.monotonic() + limit;
    for (let layer = this.#layers.pop(); layer; layer = this.#layers.pop()) {
      const { name, stop } = layer;
      try {
        await withDeadline(this.clock, Math.max(0, end - this.clock.monotonic()), `stopping ${name}`, undefined, async () => stop());
      } catch (error) {
        this.log.error('could not stop cleanly', { what: name, error });
      }
    }
  }
}
