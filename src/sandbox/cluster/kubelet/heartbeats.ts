import type { Clock, Timer } from '../../../operator/clock.js';

/** Resolution of the wheel. */
const TICK = 1_000;

/** Calls many things back at steady intervals with one timer between them. */
export class Heartbeats {
  /** Callbacks by the tick in which they are due. */
  readonly #slots = new Map<number, Map<string, { period: number; callback: () => void }>>();
  readonly #slotOf = new Map<string, number>();
  #timer: Timer | undefined;
  #armedFor = 0;

  constructor(private readonly clock: Clock) {}

  /** Calls back every `period` ms (in whole ticks), first after one period. Replaces what was there under the key. */
  set(key: string, period: number, callback: () => void): void {
    this.delete(key);
    this.#place(key, period, callback);
    this.#arm();
  }

  delete(key: string): void {
    const slot = this.#slotOf.get(key);
    if (slot === undefined) return;
    this.#slotOf.delete(key);
    const entries = this.#slots.get(slot);
    entries?.delete(key);
    if (entries?.size === 0) this.#slots.delete(slot);
    if (this.#slots.size === 0) this.stop();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #place(key: string, period: number, callback: () => void): void {
    const slot = Math.ceil((this.clock.now() + period) / TICK);
    this.#slotOf.set(key, slot);
    const entries = this.#slots.get(slot) ?? new Map<string, { period: number; callback: () => void }>();
    this.#slots.set(slot, entries.set(key, { period, callback }));
  }

  /** Sets the timer to the first slot, unless it is. */
  #arm(): void {
    const next = Math.min(...this.#slots.keys());
    if (this.#slots.size === 0 || (this.#timer && this.#armedFor <= next)) return;
    this.#timer?.cancel();
    this.#armedFor = next;
    this.#timer = this.clock.schedule(next * TICK - this.clock.now(), () => {
      this.#timer = undefined;
      this.#fire();
      this.#arm();
    });
  }

  #fire(): void {
    const current = Math.floor(this.clock.now() / TICK);
    for (const [slot, entries] of this.#slots) {
      if (slot > current) continue;
      this.#slots.delete(slot);
      for (const [key, { period, callback }] of entries) {
        this.#place(key, period, callback);
        callback();
      }
    }
  }
}
