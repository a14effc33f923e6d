import type { StorageEvent } from '../contracts.js';

/** Events that are always kept, however old. */
const KEPT_EVENTS = 1024;
/** Beyond those, events are kept this long (ms), as the watch cache of kube-apiserver does. */
const KEPT_FOR = 75_000;
/** Never more than this. */
const MOST_EVENTS = 16_384;

/**
 * The recent past of one resource: what watches replay, and what paged lists go back to. Positions are revisions, so a
 * watch costs no queue of its own: it is a cursor here, and one that falls behind the window is told so.
 */
export class EventWindow {
  private events: { event: StorageEvent; at: number }[] = [];
  /** Index of the oldest event that counts; the front is cut off only now and then. */
  private start = 0;

  /** @param compacted revision that the window begins after: nothing is known about what came before. */
  constructor(private compacted: number) {}

  push(event: StorageEvent, now: number): void {
    this.events.push({ event, at: now });
    while (this.length > KEPT_EVENTS && (this.length > MOST_EVENTS || this.events[this.start]!.at < now - KEPT_FOR)) this.dropOldest();
    if (this.start > KEPT_EVENTS) {
      this.events = this.events.slice(this.start);
      this.start = 0;
    }
  }

  /** Revisions before this one cannot be watched from or listed at. */
  get oldestRevision(): number {
    return this.compacted;
  }

  /** Events after `revision`, oldest first and at most `limit`; undefined when some of them are gone. */
  after(revision: number, limit = Infinity): StorageEvent[] | undefined {
    if (revision < this.compacted) return undefined;
    const from = this.indexAfter(revision);
    return this.events.slice(from, from + limit).map(({ event }) => event);
  }

  /** Forgets everything up to now, as etcd's compaction does. */
  compact(revision: number): void {
    while (this.length > 0 && this.events[this.start]!.event.revision <= revision) this.dropOldest();
    this.compacted = Math.max(this.compacted, revision);
  }

  private get length(): number {
    return this.events.length - this.start;
  }

  private dropOldest(): void {
    this.compacted = this.events[this.start]!.event.revision;
    this.events[this.start] = undefined as never;
    this.start++;
  }

  private indexAfter(revision: number): number {
    let low = this.start;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.events[middle]!.event.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
