import type { Clock } from '../contracts.js';

/** Time until a key whose work failed is worked on again (ms). */
const RETRY_AFTER = 1000;

/** Keys to work on, each once, soon after the event that asked for it and never inside it. Work that throws is tried again. */
export class WorkQueue<Key> {
  private readonly keys = new Set<Key>();
  private scheduled = false;
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly work: (key: Key) => void,
  ) {}

  add(key: Key): void {
    if (this.closed) return;
    this.keys.add(key);
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => this.drain());
  }

  close(): void {
    this.closed = true;
    this.keys.clear();
  }

  private drain(): void {
    // Keys that work adds are reached by the same loop.
    for (const key of this.keys) {
      this.keys.delete(key);
      try {
        this.work(key);
      } catch {
        // Admission may refuse for now what a controller has to do in the end.
        this.clock.schedule(RETRY_AFTER, () => this.add(key));
      }
    }
    this.scheduled = false;
  }
}
