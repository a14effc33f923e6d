import type { Trigger } from '../context.js';
import { KeyMemory } from '../engine/memory.js';
import type { RunResult, StepReport } from '../engine/run.js';
import type { ActiveRun, WriteRecord } from './active-run.js';

/** One run of one key, as it went. Times in milliseconds of the clock's time. */
export interface RunRecord {
  readonly startedAt: number;
  readonly duration: number;
  /** From being due to being run. */
  readonly waited: number;
  /** Failed tries before this one since the last success. */
  readonly attempt: number;
  /** Why it ran. */
  readonly triggers: readonly Trigger[];
  /** That of the object when the run began; undefined when there was none. */
  readonly resourceVersion: string | undefined;
  readonly result: RunResult;
  /** In the order in which they were answered. */
  readonly writes: readonly WriteRecord[];
  /** How many runs directly before went the same way, without a write: this one stands for them all. */
  readonly repeated: number;
  /** When the first of them started; `startedAt` if there were none. */
  readonly since: number;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

const NO_RUNS: readonly RunRecord[] = [];
const NO_TRIGGERS: readonly Trigger[] = [];

/** All that a controller keeps of one key. */
export class KeyRecord {
  /** The engine's. */
  memory = new KeyMemory();
  /** The run under way. */
  active: ActiveRun | undefined;
  #pending: Trigger[] | undefined;
  #last: Mutable<RunRecord> | undefined;
  #earlier: RunRecord[] | undefined;

  constructor(readonly key: string) {}

  /** Why the key is to run next, those reasons included that are due later. */
  get pending(): readonly Trigger[] {
    return this.#pending ?? NO_TRIGGERS;
  }

  /** The oldest first. */
  get runs(): readonly RunRecord[] {
    return this.#last ? [...(this.#earlier ?? NO_RUNS), this.#last] : NO_RUNS;
  }

  /** How many runs are kept besides the last one. */
  get earlier(): number {
    return this.#earlier?.length ?? 0;
  }

  note(trigger: Trigger, limit: number): void {
    if (!this.#pending) this.#pending = [trigger];
    else if (this.#pending.length < limit) this.#pending.push(trigger);
  }

  /** Why a run begins now. Looks that were due later are off: this run says anew when the next one is. */
  take(now: number): readonly Trigger[] {
    const pending = this.#pending ?? NO_TRIGGERS;
    this.#pending = undefined;
    return pending.every(({ at }) => at <= now) ? pending : pending.filter(({ at }) => at <= now);
  }

  /** Takes a run in, and says whether the one before it is kept, too. */
  add({ item: { waited, attempt }, startedAt, object, writes }: ActiveRun, result: RunResult, triggers: readonly Trigger[], duration: number): boolean {
    const last = this.#last;
    if (last && writes.length === 0 && isRepetition(result, last)) {
      // Most runs change nothing. What outlives them costs more than they do: the record stays, and takes over what differs.
      last.repeated += 1;
      last.startedAt = startedAt;
      last.duration = duration;
      last.waited = waited;
      last.attempt = attempt;
      if (!isSameCause(last.triggers, triggers)) last.triggers = triggers;
      return false;
    }
    if (last) (this.#earlier ??= []).push(last);
    this.#last = { startedAt, duration, waited, attempt, triggers, resourceVersion: object?.metadata.resourceVersion, result, writes, repeated: 0, since: startedAt };
    return last !== undefined;
  }

  /** Keeps the last run, and so many before it. */
  shorten(earlier: number): void {
    this.#earlier = earlier === 0 ? undefined : this.#earlier?.slice(-earlier);
  }
}

/** Whether a run came to what the one before had come to already, and neither changed anything. */
function isRepetition(result: RunResult, last: RunRecord): boolean {
  if (last.writes.length > 0 || result.outcome !== last.result.outcome || result.error?.message !== last.result.error?.message) return false;
  const [steps, before] = [result.steps, last.result.steps];
  if (steps.length !== before.length) return false;
  for (let index = 0; index < steps.length; index += 1) if (!isAlike(steps[index] as StepReport, before[index] as StepReport)) return false;
  return true;
}

const isAlike = (step: StepReport, other: StepReport): boolean =>
  step.name === other.name && step.result === other.result && step.reason === other.reason && step.message === other.message;

/** Whether two runs had the one cause, told apart by nothing but its time. */
function isSameCause(triggers: readonly Trigger[], others: readonly Trigger[]): boolean {
  const [first, other] = [triggers[0], others[0]];
  return triggers.length === 1 && others.length === 1 && first?.cause === other?.cause && first?.source === other?.source && !first?.seen && !other?.seen;
}
