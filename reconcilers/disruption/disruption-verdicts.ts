import type { DisruptionNotice } from 'karpenter-ts/disruption';

/** What disruption last said of a machine. */
export interface DisruptionVerdict {
  readonly type: DisruptionNotice['type'];
  readonly message: string;
  /** When it was said first and last, in milliseconds of the clock's time. */
  readonly since: number;
  readonly at: number;
}

/** Verdicts of a machine that are kept, one of each wording. */
const KEPT = 4;
/** What has not been said again for so long, in milliseconds, is no longer so. */
const STALE = 30 * 60_000;

/** The last words of disruption on every claim and pool, for explanations; events repeat themselves far less often than it looks. */
export class DisruptionVerdicts {
  private readonly verdicts = new Map<string, DisruptionVerdict[]>();

  /** Takes in what a pass noticed. `uids`: of the claims and pools that there are; what was said of others is forgotten. */
  noticed(notices: readonly DisruptionNotice[], now: number, uids: ReadonlySet<string>): void {
    for (const { type, message, node, nodePool } of notices) {
      const uid = nodePool?.metadata.uid ?? node?.nodeClaim?.metadata.uid;
      if (uid === undefined) continue;
      const known = this.verdicts.get(uid) ?? [];
      const before = known.find((verdict) => verdict.type === type && verdict.message === message);
      const fresh = known.filter((verdict) => verdict !== before && now - verdict.at < STALE);
      this.verdicts.set(uid, [{ type, message, since: before?.since ?? now, at: now }, ...fresh].slice(0, KEPT));
    }
    for (const uid of this.verdicts.keys()) if (!uids.has(uid)) this.verdicts.delete(uid);
  }

  /** The latest first. */
  of(uid: string): readonly DisruptionVerdict[] {
    return this.verdicts.get(uid) ?? [];
  }
}
