import type { Duration } from '../duration.js';
import { milliseconds } from '../duration.js';
import type { Outcome } from '../dsl/outcome.js';
import type { Condition, KubeObject } from '../kube/object.js';
import { conditionsOf, computeRoot, sortConditions } from './conditions.js';
import { asError, handlerOf } from './failure.js';
import { cloneJSON, equalJSON } from './json.js';
import { rebase } from './rebase.js';
import type { RunInput, RunResult, StepReport } from './run.js';
import { StepRunContext } from './step-context.js';

type Method = (...args: unknown[]) => unknown;

/** What an outcome, a release or an error says in words. */
interface Told { readonly reason?: string | undefined; readonly message?: string }

type Report = (result: StepReport['result'], told: Told) => void;

interface Conditioned { status?: { conditions?: readonly Condition[] } }

const NONE: readonly Condition[] = Object.freeze([]);

const isWritable = (status: object): boolean => !Object.isFrozen(status);

/** What one run of one key has come to so far. */
export class KeyRun<T extends KubeObject> {
  /** The object that the draft was made from. */
  base: T;
  draft: T;
  readonly errors: Error[] = [];
  readonly steps: StepReport[];
  /** Conditions that this run set or cleared without owning them. */
  readonly marked = new Set<string>();
  /** Conditions of steps that this object does not have. */
  readonly disabled = new Set<string>();
  /** Effects whose step succeeded: they are forgotten once its write has. */
  readonly finishedEffects: string[] = [];
  writes = 0;
  /** Whether it asked to be run again by itself, deadlines apart. */
  polls = false;
  /** The object that the last write was made from. */
  previous: T;
  /** Whether conditions are the engine's: not those of kinds that others define (Node), unless steps own some of them. */
  readonly #keepsConditions: boolean;
  /** The conditions as the engine left them. */
  #conditions: readonly Condition[] = [];
  #requeueAfter: number | undefined;
  #requeueReason = '';
  #deadlineAfter: number | undefined;
  #deadlineReason = '';

  constructor(readonly input: RunInput<T>, object: T) {
    const { kind, steps } = input.plan;
    this.#keepsConditions = kind.definition !== undefined || steps.some(({ condition }) => condition !== undefined);
    this.steps = input.steps ?? [];
    this.base = object;
    this.previous = object;
    this.draft = cloneJSON(object);
    this.#keepConditions();
  }

  get now(): number {
    return this.input.host.context.now();
  }

  get requeue(): Pick<RunResult, 'requeueAfter' | 'requeueReason' | 'deadlineAfter' | 'deadlineReason'> {
    return {
      ...(this.#requeueAfter === undefined ? {} : { requeueAfter: this.#requeueAfter, requeueReason: this.#requeueReason }),
      ...(this.#deadlineAfter === undefined ? {} : { deadlineAfter: this.#deadlineAfter, deadlineReason: this.#deadlineReason }),
    };
  }

  /** Starts over from another state of the object. */
  restart(object: T): void {
    this.base = object;
    this.draft = cloneJSON(object);
    this.#keepConditions();
  }

  /** Puts the change on top of what others wrote meanwhile. */
  rebaseOn(live: T): void {
    this.draft = rebase(this.base, this.draft, live, this.owns);
    this.base = live;
    this.#keepConditions();
    this.settleConditions();
  }

  /**
   * Changes conditions of the draft. They are the engine's: what a step did to `status.conditions` itself, replacing all of status
   * included, is undone first, so that nobody's condition gets lost.
   */
  edit(change: (draft: T) => void): void {
    this.restoreConditions();
    const conditioned = this.draft as Conditioned;
    const { status } = conditioned;
    change(this.draft);
    // Status stays the same object: a step that waits may be about to write to it (`object.status.x = await …`).
    if (status && isWritable(status) && conditioned.status !== status) conditioned.status = Object.assign(status, conditioned.status);
    this.#keepConditions();
  }

  restoreConditions(): void {
    if (!this.#keepsConditions) return;
    const conditioned = this.draft as Conditioned;
    const { status } = conditioned;
    if ((status?.conditions ?? NONE) === this.#conditions) return;
    if (status && isWritable(status)) status.conditions = this.#conditions;
    else conditioned.status = { ...status, conditions: this.#conditions };
  }

  #keepConditions(): void {
    if (!this.#keepsConditions) return;
    this.#conditions = (this.draft as Conditioned).status?.conditions ?? NONE;
    Object.freeze(this.#conditions);
  }

  /** The deadline of a condition is in exactly `length` milliseconds. */
  deadlineIn(length: number, type: string): void {
    const reason = `deadline of ${type}`;
    if (length < (this.#deadlineAfter ?? Infinity)) {
      this.#deadlineAfter = length;
      this.#deadlineReason = reason;
    }
    this.wakeIn(length, reason);
  }

  /** Another look in exactly `length` milliseconds; the earliest of all counts. */
  wakeIn(length: number, reason: string): void {
    if (this.#requeueAfter !== undefined && this.#requeueAfter <= length) return;
    this.#requeueAfter = Math.max(0, length);
    this.#requeueReason = reason;
  }

  /** Another look after about `delay`: late by up to the plan's jitter. */
  recheck(delay: Duration | undefined, reason: string): void {
    const length = delay === undefined ? undefined : this.length(() => delay);
    if (length === undefined) return;
    this.polls = true;
    this.wakeIn(length * (1 + this.input.plan.jitter * this.input.host.random.next()), reason);
  }

  /** Milliseconds of a duration that user code gives; one that is wrong is an error of the run. */
  length(give: () => Duration): number | undefined {
    try {
      return milliseconds(give());
    } catch (error) {
      this.errors.push(asError(error));
      return undefined;
    }
  }

  /** Calls a method of the reconciler. */
  call(method: string, ...args: readonly unknown[]): unknown {
    return (this.input.instance as Record<string, Method>)[method]?.(...args);
  }

  /**
   * Calls a step-like method, hands what it throws to `@Catches`, and reports how it went. The value is what it or the handler
   * returned; undefined when the error is nobody's.
   */
  async attempt<R>(method: string, check: (value: unknown) => value is R, describe: (value: R) => StepReport['result']): Promise<{ value?: R; caught?: Outcome; error?: Error }> {
    const startedAt = this.now;
    const ctx = new StepRunContext(this, method);
    const report: Report = (result, told) => {
      this.steps.push({ name: method, result, startedAt, duration: this.now - startedAt, reason: told.reason || undefined, message: told.message || undefined });
    };
    try {
      this.input.host.fence?.();
      const { step } = this.input.host;
      const { draft } = this;
      const value = await (step ? step(method, async () => this.call(method, draft, ctx)) : this.call(method, draft, ctx));
      if (!check(value)) throw new TypeError(`${this.input.plan.type.name}.${method} returned ${JSON.stringify(value) ?? String(value)}; it has to return what met(), unmet(), waiting(), done(), released() or held() makes`);
      this.finishedEffects.push(...ctx.usedEffects);
      report(describe(value), value as Told);
      return { value };
    } catch (thrown) {
      const error = asError(thrown);
      const handler = handlerOf(this.input.plan.catches, error);
      return handler ? this.#catch(handler.method, error, ctx, report) : this.#fail(error, report);
    }
  }

  async #catch(method: string, error: Error, ctx: StepRunContext<T>, report: Report): Promise<{ caught: Outcome } | { error: Error }> {
    try {
      const caught = await this.call(method, error, this.draft, ctx);
      if (!isOutcome(caught)) throw new TypeError(`${this.input.plan.type.name}.${method} has to return an outcome`);
      report('caught', { reason: caught.reason ?? error.name, message: caught.message || error.message });
      return { caught };
    } catch (thrown) {
      return this.#fail(asError(thrown), report);
    }
  }

  #fail(error: Error, report: Report): { error: Error } {
    this.errors.push(error);
    report('failed', { message: error.message });
    return { error };
  }

  /** Conditions that this run may write. */
  readonly owns = (type: string): boolean => {
    const { steps, root } = this.input.plan;
    return !this.#keepsConditions || type === root?.type || this.marked.has(type) || steps.some(({ condition }) => condition === type);
  };

  /** Sums the conditions up and puts them in order, if any of them changed or the root is missing. */
  settleConditions(): void {
    const { root } = this.input.plan;
    this.edit((draft) => {
      const isSettled = (): boolean => equalJSON(conditionsOf(this.base), conditionsOf(draft));
      // Deletion counts the generation up, and nobody will speak of the new one: what was said last stands.
      if (draft.metadata.deletionTimestamp !== undefined && isSettled()) return;
      if (root) computeRoot(draft, { ...root, dependents: root.dependents.filter((type) => !this.disabled.has(type)) }, this.now);
      if (!isSettled()) sortConditions(draft, root?.type);
    });
  }
}

const VERDICTS = ['met', 'unmet', 'waiting', 'done'];

/** By shape, not by class: a plugin may have loaded its own copy of this package. */
export const isOutcome = (value: unknown): value is Outcome => VERDICTS.includes((value as Outcome | undefined)?.verdict as string);
