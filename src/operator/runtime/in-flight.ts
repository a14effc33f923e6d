/** Work that has begun and not ended. */
export class InFlight {
  readonly #work = new Map<Promise<void>, string | undefined>();

  get size(): number {
    return this.#work.size;
  }

  /** Keeps the work, which must not reject, until it ends; with what it belongs to, if it may be waited for apart from the rest. */
  add(work: Promise<void>, group?: string): void {
    this.#work.set(work, group);
    void work.finally(() => this.#work.delete(work));
  }

  /** Resolves when nothing (of the group, if one is given) is under way. */
  async ended(group?: string): Promise<void> {
    for (;;) {
      const left = [...this.#work].filter(([, of]) => group === undefined || of === group);
      if (left.length === 0) return;
      await Promise.all(left.map(([work]) => work));
    }
  }
}
