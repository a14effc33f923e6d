import type { Clock } from '../operator/index.js';

interface Line { time: number; text: string }

/** How many lines `kubectl logs` can go back. */
const KEPT = 10_000;

/** The operator's log as that of a container. */
export class ContainerLog {
  private readonly kept: Line[] = [];
  private readonly listeners = new Set<(line: Line) => void>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  write(text: string): void {
    const line = { time: this.clock.now(), text: text.replace(/\n$/, '') };
    this.kept.push(line);
    if (this.kept.length > KEPT) this.kept.shift();
    for (const listener of this.listeners) listener(line);
  }

  lines(): readonly Line[] {
    return this.kept;
  }

  subscribe(listener: (line: Line) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
