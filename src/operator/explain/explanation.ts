import type { WriteRecord } from '../causality/active-run.js';
import type { Condition } from '../kube/object.js';
import type { StepReport } from '../engine/run.js';

/** Moments in explanations are RFC 3339 with milliseconds, in UTC; lengths are milliseconds. */
export type Instant = string;

/** Why something ran, or will run. */
export interface ExplainedCause {
  readonly cause: string;
  readonly source: string;
  readonly at: Instant;
  /** resourceVersion of the object that was seen. */
  readonly resourceVersion?: string;
  /** The run of this operator that wrote it: `nodeclaim.lifecycle of default-x7k2p`. */
  readonly by?: string;
}

/** A run of a reconciler on the object. */
export interface ExplainedRun {
  readonly startedAt: Instant;
  readonly duration: number;
  readonly waited: number;
  readonly attempt: number;
  readonly outcome: 'success' | 'gone' | 'foreign' | 'conflict' | 'error';
  readonly causes: readonly ExplainedCause[];
  readonly steps: readonly Omit<StepReport, 'startedAt'>[];
  /** `Launched Unknown → True` */
  readonly transitions: readonly string[];
  readonly writes: readonly Omit<WriteRecord, 'at'>[];
  readonly error?: string;
  /** No retry until the object changes. */
  readonly terminal?: boolean;
  /** Runs before that went the same way and changed nothing, the first at `since`. */
  readonly repeated: number;
  readonly since: Instant;
}

/** Where the object stands with one reconciler. */
export interface ExplainedReconciler {
  readonly name: string;
  /** `idle`: it is not going to run; `ignored`: its `@When` says that the object is not its own. */
  readonly state: 'idle' | 'ignored' | 'waiting' | 'ready' | 'running';
  readonly priority?: number;
  /** How many keys are to run before; of ready ones. */
  readonly ahead?: number;
  /** The run under way, and the steps that have not ended. */
  readonly running?: { readonly since: Instant; readonly causes: readonly ExplainedCause[]; readonly steps: readonly string[] };
  /** When it runs next. */
  readonly due?: Instant;
  readonly backoff?: { readonly until: Instant; readonly failures: number; readonly reason: string };
  /** Why it runs next, the earliest first. */
  readonly next: readonly ExplainedCause[];
  /** The oldest first. */
  readonly runs: readonly ExplainedRun[];
}

/** A condition, and what it has to do with others. */
export interface ExplainedCondition {
  readonly type: string;
  /** `Unset`: nobody has written it yet. */
  readonly status: Condition['status'] | 'Unset';
  readonly reason: string;
  readonly message: string;
  readonly since?: Instant;
  /** It speaks of an earlier generation of the object. */
  readonly stale?: boolean;
  /** Who keeps it: `nodeclaim.lifecycle`. */
  readonly reconciler?: string;
  /** Conditions that have to be True before, and are not. */
  readonly waitsFor: readonly string[];
  /** Conditions that wait for this one. */
  readonly blocks: readonly string[];
}

/** A finalizer that stands on the object. */
export interface ExplainedFinalizer {
  readonly name: string;
  /** Who removes it; undefined when nobody in this operator does. */
  readonly reconciler?: string;
  /** Why it is still there, if that was said. */
  readonly held?: string;
}

/** An answer to "why is it (not) doing something?" */
export interface Explanation {
  readonly operator: string;
  /** When it was given. */
  readonly now: Instant;
  /** Whether the process that answered is the one at work. The others know nothing of queues and runs. */
  readonly leading: boolean;
  /** Who leads, where there is an election and it is known. */
  readonly leader?: string;
  /** Where the work is shared: the shard that the object is in. `leading` and `leader` are about that. */
  readonly shard?: number;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly created?: Instant;
    readonly deletedAt?: Instant;
    /** Whether it is there; else what is told is about the last one of the name. */
    readonly exists: boolean;
  };
  /** What is the matter, in plain words, causes before effects. */
  readonly findings: readonly string[];
  /** When the object is looked at next. */
  readonly next?: { readonly at: Instant; readonly reconciler: string; readonly cause: string };
  readonly conditions: readonly ExplainedCondition[];
  readonly finalizers: readonly ExplainedFinalizer[];
  readonly reconcilers: readonly ExplainedReconciler[];
  readonly notes: readonly { readonly topic: string; readonly at: Instant; readonly lines: readonly string[] }[];
}
