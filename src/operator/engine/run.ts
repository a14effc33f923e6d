import type { Trigger } from '../context.js';
import type { ReconcilerPlan } from '../dsl/plan.js';
import type { Condition, KubeObject } from '../kube/object.js';
import type { Committed } from './commit.js';
import { addFinalizers, commit, removeFinalizers } from './commit.js';
import { conditionOf, conditionsOf } from './conditions.js';
import { asError, combined, isTerminal } from './failure.js';
import { runFinalizers } from './finalizers.js';
import type { EngineHost } from './host.js';
import { KeyRun } from './key-run.js';
import type { KeyMemory } from './memory.js';
import { runSteps, runStepsOfDeleted } from './steps.js';

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
  /** Where the run reports its steps as they end, for who looks while it lasts. */
  readonly steps?: StepReport[];
}

/** What became of a step in a run. */
export interface StepReport {
  readonly name: string;
  readonly result: 'met' | 'unmet' | 'waiting' | 'done' | 'blocked' | 'latched' | 'failed' | 'caught' | 'released' | 'held';
  /** The reason that an outcome gave, or what holds a finalizer. */
  readonly reason?: string | undefined;
  /** The message of an outcome; the error's when the step threw. */
  readonly message?: string | undefined;
  /** The conditions that a blocked step waits for. */
  readonly waitsFor?: readonly string[];
  /** Milliseconds of the clock's time. */
  readonly startedAt: number;
  readonly duration: number;
}

/** A condition whose status changed in this run and was written. */
export interface Transition {
  readonly from: Condition | undefined;
  readonly to: Condition;
}

/** How a run of a key ended. */
export interface RunResult {
  /**
   * `gone`: there is no object, forget the key. `foreign`: `@When` says it is not ours. `conflict`: others wrote thrice
   * meanwhile, look again soon; not an error. `error`: see `error`.
   */
  readonly outcome: 'success' | 'gone' | 'foreign' | 'conflict' | 'error';
  /** Milliseconds until the next look that the run asked for; next to backoff when there is an error, too. */
  readonly requeueAfter?: number;
  /** Milliseconds until the next deadline: backoff must not delay it. */
  readonly deadlineAfter?: number;
  /** `deadline of Ready`; there whenever `deadlineAfter` is. */
  readonly deadlineReason?: string;
  /** What that look is for: `recheck of Ready: …`, `look at Ready every 1m`, `deadline of Ready`. There whenever `requeueAfter` is. */
  readonly requeueReason?: string;
  /** The one error, or all of them in an AggregateError. */
  readonly error?: Error;
  /** Every error is terminal: no retry until the object changes. */
  readonly terminal: boolean;
  /** How many requests that change the object succeeded. */
  readonly writes: number;
  /** Whether the key runs again by itself, because something is to be looked at from time to time. */
  readonly polls?: boolean;
  readonly steps: readonly StepReport[];
  readonly transitions: readonly Transition[];
}

/**
 * Runs one key: the steps of its object, or its finalizers once it is being deleted, then one write of everything that changed.
 * Never rejects.
 */
export async function runKey<T extends KubeObject>(input: RunInput<T>): Promise<RunResult> {
  const { plan, object, memory } = input;
  if (!object) return { outcome: 'gone', terminal: false, writes: 0, steps: [], transitions: [] };
  memory.follow(object.metadata.uid);
  const run = new KeyRun(input, object);
  try {
    if (!plan.predicates.every((method) => run.call(method, object) === true)) return resultOf(run, 'foreign');
    const prepared = await prepare(run);
    if (prepared !== 'written') return resultOf(run, prepared === 'gone' ? 'gone' : 'conflict');
    const released = await work(run);
    run.settleConditions();
    const written = await commit(run);
    if (written === 'conflict') return resultOf(run, 'conflict');
    for (const effect of run.finishedEffects) memory.once.delete(effect);
    const transitions = written === 'written' ? transitionsOf(run) : [];
    announce(run, transitions);
    if (written === 'gone') return resultOf(run, 'gone');
    if (released.length > 0 && (await removeFinalizers(run, released)) === 'conflict') return { ...resultOf(run, 'conflict'), transitions };
    return { ...resultOf(run, run.errors.length > 0 ? 'error' : 'success'), transitions };
  } catch (error) {
    run.errors.push(asError(error));
    return resultOf(run, 'error');
  }
}

/** The finalizer stands on the object before any step may have effects. */
async function prepare<T extends KubeObject>(run: KeyRun<T>): Promise<Committed> {
  const { finalizers } = run.input.plan;
  const present = run.base.metadata.finalizers ?? [];
  if (run.base.metadata.deletionTimestamp !== undefined || finalizers.every(({ name }) => present.includes(name))) return 'written';
  return addFinalizers(run, finalizers.map(({ name }) => name));
}

/** Runs what the object's state asks for; returns the finalizers that are done. */
async function work<T extends KubeObject>(run: KeyRun<T>): Promise<string[]> {
  if (run.base.metadata.deletionTimestamp === undefined) {
    await runSteps(run);
    return [];
  }
  await runStepsOfDeleted(run);
  return runFinalizers(run);
}

function resultOf<T extends KubeObject>(run: KeyRun<T>, outcome: RunResult['outcome']): RunResult {
  const failed = run.errors.length > 0 && outcome !== 'gone';
  return {
    outcome: failed ? 'error' : outcome,
    ...run.requeue,
    ...(failed ? { error: combined(run.errors) } : {}),
    terminal: failed && run.errors.every(isTerminal),
    writes: run.writes,
    polls: run.polls,
    steps: run.steps,
    transitions: [],
  };
}

/** Our conditions whose status differs from before; one that starts as Unknown is no transition. */
function transitionsOf<T extends KubeObject>({ previous, base, owns }: KeyRun<T>): Transition[] {
  return conditionsOf(base).filter(({ type }) => owns(type)).flatMap((to) => {
    const from = conditionOf(previous, to.type);
    return (from?.status ?? 'Unknown') === to.status ? [] : [{ from, to }];
  });
}

/** Tells transitions as Events, in the words that Karpenter's users know. */
function announce<T extends KubeObject>(run: KeyRun<T>, transitions: readonly Transition[]): void {
  const { transitionEvents } = run.input.plan;
  if (transitionEvents === 'none') return;
  for (const { from, to } of transitions) {
    const text = `Status condition transitioned, Type: ${to.type}, Status: ${from?.status ?? 'Unknown'} -> ${to.status}, Reason: ${to.reason}${to.message ? `, Message: ${to.message}` : ''}`;
    const { events } = run.input.host;
    if (to.status === 'False' && transitionEvents === 'byOutcome') events.warning(to.type, text);
    else events.normal(to.type, text);
  }
}
