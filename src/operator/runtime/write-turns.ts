/**
 * Has the writers of this process take turns at an object. Each then writes on top of what the one before it wrote, which the overlay shows it,
 * instead of running into it: conflicts are left to writers of other processes.
 */
export class WriteTurns {
  /** The end of the last turn that was asked for, by object. */
  readonly #ends = new Map<string, Promise<void>>();

  /** Objects at which somebody is writing. */
  get size(): number {
    return this.#ends.size;
  }

  /** Does the work once all turns at the object that were asked for before have ended. Work must not ask for another turn. */
  async take<R>(object: string, work: () => Promise<R>): Promise<R> {
    const before = this.#ends.get(object);
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.#ends.set(object, ended);
    try {
      if (before) await before;
      return await work();
    } finally {
      if (this.#ends.get(object) === ended) this.#ends.delete(object);
      end();
    }
  }
}
