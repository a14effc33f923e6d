import type { Clock } from './clock.js';

/** How long a value counts as known. */
const TTL = 24 * 3_600_000;

/** Says whether something is new, so that what is true for days is logged when it becomes so and not at every look. */
export class ChangeMonitor {
  readonly #known = new Map<string, { value: string; until: number }>();

  constructor(private readonly clock: Clock, private readonly ttl = TTL) {}

  /** Whether the value under the key differs from the last one (compared as JSON), or that was too long ago; the value is then known. */
  changed(key: string, value: unknown): boolean {
    const now = this.clock.now();
    const text = JSON.stringify(value) ?? '';
    const known = this.#known.get(key);
    if (known && known.value === text && now < known.until) return false;
    this.#forgetExpired(now);
    // In again as the last one, so that the first ones are those that expire first.
    this.#known.delete(key);
    this.#known.set(key, { value: text, until: now + this.ttl });
    return true;
  }

  #forgetExpired(now: number): void {
    for (const [key, { until }] of this.#known) {
      if (until > now) return;
      this.#known.delete(key);
    }
  }
}
