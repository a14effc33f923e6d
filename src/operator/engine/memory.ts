/**
 * What the engine remembers about one key between runs, as an optimization only: losing it (a restart) is always safe.
 */
export class KeyMemory {
  #uid: string | undefined;
  /** Results of `ctx.once` whose write has not been seen yet. */
  readonly once = new Map<string, unknown>();
  /** Deadlines that ran, by condition, its status and since when it has that. */
  readonly deadlines = new Set<string>();
  /** Conditions that a deadline made False, with the generation that it was about. */
  readonly expired = new Map<string, number | undefined>();

  /** Forgets everything when the object is another one of the same name. */
  follow(uid: string): void {
    if (this.#uid === uid) return;
    this.#uid = uid;
    this.once.clear();
    this.deadlines.clear();
    this.expired.clear();
  }
}
