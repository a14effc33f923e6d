/** Looks at a kind of pods or a machine between two pauses: a few milliseconds. */
const STRETCH = 60_000;

/**
 * Bounds a search by what it looks at, so that its answer depends on its input and not on the machine that searches; and by a
 * deadline, if there is one.
 */
export class WorkBudget {
  private untilPause = 0;
  private late = false;

  constructor(private left: number, private readonly isLate: () => boolean = () => false) {}

  get isSpent(): boolean {
    return this.left <= 0 || this.late;
  }

  spend(work: number): void {
    this.left -= work;
    this.untilPause -= work;
  }

  /** Whether others should get their turn now; true once for each stretch of work. */
  isPauseDue(): boolean {
    if (this.untilPause > 0) return false;
    this.untilPause = STRETCH;
    this.late ||= this.isLate();
    return true;
  }
}
