import type { Clock, Timer } from '../clock.js';
import type { Duration } from '../duration.js';
import { milliseconds } from '../duration.js';
import type { HeapItem } from '../heap.js';
import { Heap } from '../heap.js';

interface Pending extends HeapItem {
  readonly due: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** Turns of the event loop in a row without a new timer after which everything that was under way is taken to have come to rest. */
const QUIET_TURNS = 3;

/** More timers than this within one advance is a loop that never ends. */
const TIMER_LIMIT = 5_000_000;

/**
 * Time that moves only when a test moves it. Timers fire in the order of their due times (equal ones in the order of their scheduling);
 * before each, everything that is already under way (promises, streams, loopback I/O turns) comes to rest.
 */
export class VirtualClock implements Clock {
  #now: number;
  #sequence = 0;
  readonly #pending = new Heap<Pending>((left, right) => left.due < right.due || (left.due === right.due && left.sequence < right.sequence));

  /** Starts at 2024-01-01T00:00:00Z unless told otherwise. */
  constructor(start = Date.UTC(2024, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  schedule(delay: number, callback: () => void): Timer {
    const pending = { due: this.#now + Math.max(0, Math.ceil(delay)), sequence: this.#sequence, callback, heapIndex: -1 };
    this.#sequence += 1;
    this.#pending.push(pending);
    return { cancel: () => this.#pending.remove(pending) };
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#pending.size;
  }

  /** When the next timer is due, if there is one. */
  get nextDue(): number | undefined {
    return this.#pending.peek()?.due;
  }

  /** Moves time on, firing what becomes due on the way. */
  async advance(by: Duration): Promise<void> {
    const end = this.#now + milliseconds(by);
    for (let fired = 0; ; fired += 1) {
      await this.flush();
      const next = this.nextDue;
      if (next === undefined || next > end) break;
      if (fired > TIMER_LIMIT) throw new Error(`${TIMER_LIMIT} timers fired within one advance of ${by}: something schedules itself without end`);
      this.#fire();
    }
    this.#now = end;
    await this.flush();
  }

  /** Moves time in steps of at most `step` until the condition holds; throws when `limit` of virtual time did not suffice. */
  async advanceUntil(condition: () => boolean | Promise<boolean>, { step = '1s', limit = '1h' }: { step?: Duration; limit?: Duration } = {}): Promise<void> {
    const end = this.#now + milliseconds(limit);
    await this.flush();
    while (!(await condition())) {
      if (this.#now >= end) throw new Error(`the condition did not come true within ${limit} of virtual time: ${condition.toString().slice(0, 200)}`);
      await this.advance(Math.min(milliseconds(step), end - this.#now));
    }
  }

  /** Fires what is due now, and lets everything under way come to rest, without moving time. */
  async settle(): Promise<void> {
    await this.flush();
    while (this.nextDue !== undefined && (this.nextDue as number) <= this.#now) {
      this.#fire();
      await this.flush();
    }
  }

  /** Lets promises and the event loop run until nothing new has been scheduled for a few turns. */
  async flush(): Promise<void> {
    let quiet = 0;
    for (let sequence = this.#sequence; quiet < QUIET_TURNS; sequence = this.#sequence) {
      await eventLoopTurn();
      quiet = sequence === this.#sequence ? quiet + 1 : 0;
    }
  }

  #fire(): void {
    const next = this.#pending.pop() as Pending;
    this.#now = Math.max(this.#now, next.due);
    next.callback();
  }
}

const eventLoopTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
