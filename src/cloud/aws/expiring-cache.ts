import type { Clock, Timer } from '../../operator/clock.js';

interface Entry<Value> {
  value: Value;
  /** In the clock's milliseconds. */
  expires: number;
}

export interface ExpiringCacheOptions<Value> {
  /** Milliseconds that an entry lives after it was last set. */
  ttl: number;
  /** Called with every entry that expired; not for entries that were deleted. */
  onExpire?: (key: string, value: Value) => void;
  /** How often expired entries are looked for, in milliseconds. Only matters with `onExpire`. Default one minute. */
  sweep?: number;
}

/** Values that are forgotten some time after they were last set. Expired values are never returned. */
export class ExpiringCache<Value> {
  private readonly entries = new Map<string, Entry<Value>>();
  private sweeper: Timer | undefined;
  private nextPurge = 0;

  constructor(private readonly clock: Clock, private readonly options: ExpiringCacheOptions<Value>) {}

  get(key: string): Value | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.expires > this.clock.now() ? entry.value : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  set(key: string, value: Value, ttl = this.options.ttl): void {
    const now = this.clock.now();
    this.entries.set(key, { value, expires: now + ttl });
    if (this.options.onExpire) this.armSweeper();
    else if (now >= this.nextPurge) {
      this.nextPurge = now + (this.options.sweep ?? 60_000);
      for (const [expired, { expires }] of this.entries) if (expires <= now) this.entries.delete(expired);
    }
  }

  /** How many entries there are, expired ones that nobody has noticed included. */
  get size(): number {
    return this.entries.size;
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  *live(): Iterable<[string, Value]> {
    const now = this.clock.now();
    for (const [key, { value, expires }] of this.entries) if (expires > now) yield [key, value];
  }

  /** Cancels the sweep; entries that expire from now on are only hidden. */
  close(): void {
    this.sweeper?.cancel();
    this.sweeper = undefined;
  }

  private armSweeper(): void {
    this.sweeper ??= this.clock.schedule(this.options.sweep ?? 60_000, () => {
      this.sweeper = undefined;
      const now = this.clock.now();
      const expired = [...this.entries].filter(([, { expires }]) => expires <= now);
      for (const [key] of expired) this.entries.delete(key);
      if (this.entries.size > 0) this.armSweeper();
      for (const [key, { value }] of expired) this.options.onExpire?.(key, value);
    });
  }
}
