/** Remembers for a while that something was done, by uid; what is over is forgotten, so that it does not grow with the uids of all time. */
export class Recently {
  /** In the order of their times, oldest first. */
  private readonly times = new Map<string, number>();

  /** `period` in milliseconds. */
  constructor(private readonly period: number) {}

  /** Milliseconds until it is over; 0 when it is, or was never noted. */
  remaining(uid: string, now: number): number {
    return Math.max(0, (this.times.get(uid) ?? -Infinity) + this.period - now);
  }

  note(uid: string, now: number): void {
    this.times.delete(uid);
    this.times.set(uid, now);
    for (const [oldest, at] of this.times) {
      if (at + this.period > now) break;
      this.times.delete(oldest);
    }
  }
}
