import type { Clock } from '../clock.js';

/** A moment on both clocks. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/** Now, on both. */
export const momentOf = (clock: Clock): Moment => ({ monotonic: clock.monotonic(), wall: clock.now() });

const [MONOTONIC, WALL] = [0, 1] as const;
const CLOSED = -1n;

/**
 * Whether this process may write: its lease was renewed less than `limit` ms ago, by the clock that says longer. The monotonic one goes on while the
 * process is stopped (SIGSTOP), the wall clock while the machine is suspended; neither needs anything of this process to have run. The age
 * counts from before the renewal was sent. It lies in memory that threads may share: one of them renews, another one asks.
 */
export class Fence {
  /** What it takes of a buffer. */
  static readonly BYTES = 16;
  readonly #renewed: BigInt64Array;

  /** Throws RangeError when the buffer has no room at the offset. */
  constructor(private readonly clock: Clock, private readonly limit: number, buffer: ArrayBufferLike = new ArrayBuffer(Fence.BYTES), offset = 0) {
    this.#renewed = new BigInt64Array(buffer, offset, 2);
    this.close();
  }

  get open(): boolean {
    return this.age < this.limit;
  }

  /** Milliseconds since the last renewal; Infinity without one. */
  get age(): number {
    const monotonic = Atomics.load(this.#renewed, MONOTONIC);
    if (monotonic === CLOSED) return Infinity;
    const now = momentOf(this.clock);
    return Math.max(now.monotonic - milliseconds(monotonic), now.wall - milliseconds(Atomics.load(this.#renewed, WALL)));
  }

  /** The lease was renewed by a request that began at this moment. */
  renewed({ monotonic, wall }: Moment): void {
    // In this order, so that whoever reads in between takes the lease to be older than it is.
    Atomics.store(this.#renewed, WALL, microseconds(wall));
    Atomics.store(this.#renewed, MONOTONIC, microseconds(monotonic));
  }

  /** Nothing may be written until the next renewal. */
  close(): void {
    Atomics.store(this.#renewed, MONOTONIC, CLOSED);
  }
}

const microseconds = (value: number): bigint => BigInt(Math.floor(value * 1_000));
const milliseconds = (value: bigint): number => Number(value) / 1_000;
