import type { Clock } from '../clock.js';
import { isSameValue } from './field-change.js';
import type { ShadowCause, ShadowDifference, ShadowReport, WithheldCall, WouldBeWrite } from './would-be-write.js';

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Differences and calls of different kinds than these are not kept apart; no operator that is worth running in a shadow has so many. */
const KEPT = 10_000;

/** What a ledger tells as it happens. */
export interface ShadowObserver {
  /** Every write that the shadow is kept from, before it is known what the running operator does. */
  wouldWrite?(write: WouldBeWrite): void;
  /** A difference that was not seen before. */
  differs?(difference: ShadowDifference): void;
  /** A call that was not withheld before. */
  withheld?(call: WithheldCall): void;
}

/** What has become of a shadow's writes, counted: equal ones are one. */
export class Ledger {
  readonly #differences = new Map<string, Mutable<ShadowDifference>>();
  readonly #withheld = new Map<string, Mutable<WithheldCall>>();
  readonly #events = new Map<string, number>();
  readonly #startedAt: number;
  /** Of which it is not known yet what becomes of them. */
  readonly #open = new Set<WouldBeWrite>();
  #would = 0;
  #agreed = 0;
  #overtaken = 0;
  #unknowable = 0;

  constructor(private readonly clock: Clock, private readonly window: number, private readonly observer: ShadowObserver) {
    this.#startedAt = clock.now();
  }

  wouldWrite(write: WouldBeWrite): void {
    this.#would += 1;
    this.#open.add(write);
    this.observer.wouldWrite?.(write);
  }

  agreed(write: WouldBeWrite): void {
    if (this.#open.delete(write)) this.#agreed += 1;
  }

  /** The window has ended, and other changes have replaced what it wrote. */
  overtaken(write: WouldBeWrite): void {
    if (this.#open.delete(write)) this.#overtaken += 1;
  }

  unknowable(): void {
    this.#unknowable += 1;
  }

  event(reason: string): void {
    this.#events.set(reason, (this.#events.get(reason) ?? 0) + 1);
  }

  /** Notes a difference, which the shadow's write comes to if it wrote; `at` is when it was written. */
  differs({ at, ...found }: Omit<ShadowDifference, 'firstAt' | 'lastAt' | 'times'> & { at: number }, write?: WouldBeWrite): void {
    if (write) this.#open.delete(write);
    const id = JSON.stringify([found.verdict, found.verb, found.object, found.by?.reconciler, found.manager, found.fields.map(({ field, shadow, running }) => [field, settled(shadow), settled(running)])]);
    const known = this.#differences.get(id);
    if (known) {
      known.lastAt = at;
      known.times += 1;
    } else if (this.#differences.size < KEPT) {
      const difference = { ...found, firstAt: at, lastAt: at, times: 1 };
      this.#differences.set(id, difference);
      this.observer.differs?.(difference);
    }
  }

  withheld(system: string, operation: string, by: ShadowCause | undefined): void {
    const at = this.clock.now();
    const id = JSON.stringify([system, operation, by?.reconciler, by?.key]);
    const known = this.#withheld.get(id);
    if (known) {
      known.lastAt = at;
      known.times += 1;
    } else if (this.#withheld.size < KEPT) {
      const call = { system, operation, ...(by ? { by } : {}), firstAt: at, lastAt: at, times: 1 };
      this.#withheld.set(id, call);
      this.observer.withheld?.(call);
    }
  }

  report(): ShadowReport {
    const { clock, window } = this;
    return {
      startedAt: this.#startedAt, endedAt: clock.now(), window,
      writes: { would: this.#would, agreed: this.#agreed, overtaken: this.#overtaken, undecided: this.#open.size },
      differences: [...this.#differences.values()].map((difference) => ({ ...difference })),
      withheld: [...this.#withheld.values()].map((call) => ({ ...call })),
      unknowable: this.#unknowable, events: Object.fromEntries([...this.#events].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }
}

/** Times make no difference between two of a kind. */
const settled = (value: unknown): unknown => (isSameValue(value, EPOCH) ? EPOCH : value);
const EPOCH = '1970-01-01T00:00:00Z';
