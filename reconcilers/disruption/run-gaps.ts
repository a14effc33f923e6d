import { formatDuration } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';

/** A loop of ten seconds that did not come round for this long, in milliseconds, hangs somewhere. */
const ABNORMAL = 15 * 60_000;

/** When the loop and each of its methods last ran, for the log to say when that is too long ago. */
export class RunGaps {
  private readonly lastRuns = new Map<string, number>();

  note(name: string, now: number): void {
    this.lastRuns.set(name, now);
  }

  report({ log, now }: Pick<TickContext, 'log' | 'now'>): void {
    for (const [name, at] of this.lastRuns) {
      const since = now() - at;
      if (since > ABNORMAL) log.debug('abnormal time between runs', { name, time_since: formatDuration(since) });
    }
  }
}
