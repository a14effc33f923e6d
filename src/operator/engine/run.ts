import type { Trigger } from '../context.js';
import type { ReconcilerPlan } from '../dsl/plan.js';
import type { Condition, KubeObject } from '../kube/object.js';
import type { EngineHost } from './host.js';
import type { KeyMemory } from './memory.js';

/** One run of one key. */
export interface RunInput<T extends KubeObject> {
  readonly plan: ReconcilerPlan;
  /** The reconciler, constructed by the container. */
  readonly instance: object;
  /** The latest object through the overlay, normalised; undefined when there is none. Never changed. */
  readonly object: T | undefined;
  readonly host: EngineHost<T>;
  /** Kept by the shell from run to run of this key; thrown away when the object is gone. */
  readonly memory: KeyMemory;
  readonly triggers: readonly Trigger[];
  /** Failed tries since the last success. */
  readonly attempt: number;
}

/** What became of a step in a run. */
export interface StepReport {
  readonly name: string;
  readonly result: 'met' | 'unmet' | 'waiting' | 'done' | 'blocked' | 'latched' | 'failed' | 'caught' | 'released' | 'held';
  /** Milliseconds of the clock's time. */
  readonly startedAt: number;
  readonly duration: number;
}

/** A condition whose status changed in this run and was written. */
export interface Transition {
  readonly from: Condition | undefined;
  readonly to: Condition;
}

export interface RunResult {
  /**
   * `gone`: there is no object, forget the key. `foreign`: `@When` says it is not ours. `conflict`: others wrote thrice
   * meanwhile, look again soon; not an error. `error`: see `error`.
   */
  readonly outcome: 'success' | 'gone' | 'foreign' | 'conflict' | 'error';
  /** Milliseconds until the next look that the run asked for; next to backoff when there is an error, too. */
  readonly requeueAfter?: number;
  /** Who asked for that look. */
  readonly requeueReason?: string;
  /** The one error, or all of them in an AggregateError. */
  readonly error?: Error;
  /** Every error is terminal: no retry until the object changes. */
  readonly terminal: boolean;
  /** How many requests that change the object succeeded. */
  readonly writes: number;
  readonly steps: readonly StepReport[];
  readonly transitions: readonly Transition[];
}

/** Runs one key. Never rejects. */
export type RunKey = <T extends KubeObject>(input: RunInput<T>) => Promise<RunResult>;
