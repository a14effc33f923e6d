import type { Trigger } from '../context.js';
import type { FieldChange } from './field-change.js';

/** What was asked of the API server. */
export type WriteVerb = 'create' | 'update' | 'patch' | 'apply' | 'delete' | 'evict';

/** Who wanted a write or a call, and what for. */
export interface ShadowCause {
  readonly reconciler: string;
  /** `namespace/name` or `name` of the object that the run is about; `tick` for singletons. */
  readonly key: string;
  /** The method that wrote; absent for what the engine writes when the steps are through. */
  readonly step?: string;
  /** What woke the run. */
  readonly triggers: readonly Trigger[];
}

/** A write that a shadow was kept from. */
export interface WouldBeWrite {
  /** Milliseconds of the clock's time. */
  readonly at: number;
  readonly verb: WriteVerb;
  readonly subresource?: string;
  /** `Kind namespace/name` */
  readonly object: string;
  /** Whether the server would have chosen the name: that of the shadow's object says nothing then. */
  readonly generated: boolean;
  /** Against what was there. */
  readonly changes: readonly FieldChange[];
  readonly by?: ShadowCause;
}

/** A field on which a shadow and the running operator do not agree. */
export interface DifferingField {
  /** `spec.replicas`; `(deleted)` for a deletion. */
  readonly field: string;
  /** The value that was there; absent when there was none. */
  readonly from?: unknown;
  /** What the shadow would have made of it; absent when it would have removed it or left it alone. */
  readonly shadow?: unknown;
  /** What the running operator made of it; absent when it removed it or left it alone. */
  readonly running?: unknown;
}

/** Something that one of two versions does and the other does not, or does otherwise. */
export interface ShadowDifference {
  readonly verdict: 'only-shadow' | 'only-running' | 'differs';
  readonly verb: WriteVerb;
  readonly object: string;
  readonly fields: readonly DifferingField[];
  /** Who in the shadow; absent for what only the running operator did. */
  readonly by?: ShadowCause;
  /** The field manager under which the running operator wrote; absent for what only the shadow would do, and where the server does not tell (deletions). */
  readonly manager?: string;
  /** When it was seen first and last, in milliseconds of the clock's time. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** How often. */
  readonly times: number;
}

/** A call to a system outside of Kubernetes that a shadow was kept from. */
export interface WithheldCall {
  /** `EC2`, `CloudProvider`, or what the author calls it. */
  readonly system: string;
  /** `CreateFleet` */
  readonly operation: string;
  readonly by?: ShadowCause;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly times: number;
}

/** What a shadow has found so far. */
export interface ShadowReport {
  /** Milliseconds of the clock's time. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Milliseconds that a write of one side waits for its counterpart. */
  readonly window: number;
  readonly writes: {
    /** That the shadow would have made. */
    readonly would: number;
    /** Of these, the ones that the running operator made, too. */
    readonly agreed: number;
    /** That were replaced by other changes, of either side, before it was known. */
    readonly overtaken: number;
    /** Younger than the window. */
    readonly undecided: number;
  };
  readonly differences: readonly ShadowDifference[];
  /** None was made. */
  readonly withheld: readonly WithheldCall[];
  /** Changes by the running operator that follow from calls which the shadow does not make: it takes them over unjudged. */
  readonly unknowable: number;
  /** Events that the shadow would have written, by reason. They are not compared. */
  readonly events: Readonly<Record<string, number>>;
}
