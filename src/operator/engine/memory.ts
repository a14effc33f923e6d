/**
 * What the engine remembers about one key between runs, as an optimization only: losing it (a restart) is always safe.
 */
export class KeyMemory {
  #uid: string | undefined;
  /** Results of `ctx.once` whose write has not been seen yet. */
  readonly once = new Map<string, unknown>();
  /** Deadlines that ran, by condition and its transition time. */
  readonly deadlines = new Set<string>();

  /** Forgets everything when the object is another one of the same name. */
  follow(uid: string): void {
    if (this.#uid === uid) return;
    this.#uid = uid;
    this.once.clear();
    this.deadlines.clear();
  }
}
