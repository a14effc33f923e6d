/** Keys to work on, each once, soon after the event that asked for it and never inside it. */
export class WorkQueue<Key> {
  private readonly keys = new Set<Key>();
  private scheduled = false;
  private closed = false;

  constructor(private readonly work: (key: Key) => void) {}

  add(key: Key): void {
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
      if (this.closed) return;
      this.keys.delete(key);
      this.work(key);
    }
    this.scheduled = false;
  }
}
