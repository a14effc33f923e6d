import type { Duration } from '../duration.js';
import { milliseconds } from '../duration.js';
import type { StepContext } from '../context.js';
import type { Outcome } from '../dsl/outcome.js';
import type { KubeObject } from '../kube/object.js';
import { conditionsOf, computeRoot, sortConditions } from './conditions.js';
import { asError, handlerOf } from './failure.js';
import { cloneJSON, equalJSON } from './json.js';
import type { RunInput, StepReport } from './run.js';
import { StepRunContext } from './step-context.js';

type Method = (...args: unknown[]) => unknown;

/** What one run of one key has come to so far. */
export class KeyRun<T extends KubeObject> {
  /** The object that the draft was made from. */
  base: T;
  draft: T;
  readonly errors: Error[] = [];
  readonly steps: StepReport[] = [];
  /** Conditions that this run set or cleared without owning them. */
  readonly marked = new Set<string>();
  /** Conditions of steps that this object does not have. */
  readonly disabled = new Set<string>();
  /** Effects whose step succeeded: they are forgotten once its write has. */
  readonly finishedEffects: string[] = [];
  writes = 0;
  /** The object that the last write was made from. */
  previous: T;
  #requeueAfter: number | undefined;
  #requeueReason: string | undefined;

  constructor(readonly input: RunInput<T>, object: T) {
    this.base = object;
    this.previous = object;
    this.draft = cloneJSON(object);
  }

  get now(): number {
    return this.input.host.context.now();
  }

  get requeue(): { requeueAfter?: number; requeueReason?: string } {
    return this.#requeueAfter === undefined ? {} : { requeueAfter: this.#requeueAfter, ...(this.#requeueReason === undefined ? {} : { requeueReason: this.#requeueReason }) };
  }

  /** Starts over from another state of the object. */
  restart(object: T): void {
    this.base = object;
    this.draft = cloneJSON(object);
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
    if (length !== undefined) this.wakeIn(length * (1 + this.input.plan.jitter * this.input.host.random.next()), reason);
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
    const report = (result: StepReport['result']): void => {
      this.steps.push({ name: method, result, startedAt, duration: this.now - startedAt });
    };
    try {
      const value = await this.call(method, this.draft, ctx as unknown as StepContext<T>);
      if (!check(value)) throw new TypeError(`${this.input.plan.type.name}.${method} returned ${JSON.stringify(value) ?? String(value)}; it has to return what met(), unmet(), waiting(), done(), released() or held() makes`);
      this.finishedEffects.push(...ctx.usedEffects);
      report(describe(value));
      return { value };
    } catch (thrown) {
      const error = asError(thrown);
      const handler = handlerOf(this.input.plan.catches, error);
      return handler ? this.#catch(handler.method, error, ctx, report) : this.#fail(error, report);
    }
  }

  async #catch(method: string, error: Error, ctx: StepRunContext<T>, report: (result: StepReport['result']) => void): Promise<{ caught: Outcome } | { error: Error }> {
    try {
      const caught = await this.call(method, error, this.draft, ctx);
      if (!isOutcome(caught)) throw new TypeError(`${this.input.plan.type.name}.${method} has to return an outcome`);
      report('caught');
      return { caught };
    } catch (thrown) {
      return this.#fail(asError(thrown), report);
    }
  }

  #fail(error: Error, report: (result: StepReport['result']) => void): { error: Error } {
    this.errors.push(error);
    report('failed');
    return { error };
  }

  /** Conditions that this run may write. */
  readonly owns = (type: string): boolean => {
    const { steps, root } = this.input.plan;
    return type === root?.type || this.marked.has(type) || steps.some(({ condition }) => condition === type);
  };

  /** Sums the conditions up and puts them in order, if any of them changed or the root is missing. */
  settleConditions(): void {
    const { root } = this.input.plan;
    if (root) computeRoot(this.draft, { ...root, dependents: root.dependents.filter((type) => !this.disabled.has(type)) }, this.now);
    if (!equalJSON(conditionsOf(this.base), conditionsOf(this.draft))) sortConditions(this.draft, root?.type);
  }
}

const VERDICTS = ['met', 'unmet', 'waiting', 'done'];

/** By shape, not by class: a plugin may have loaded its own copy of this package. */
export const isOutcome = (value: unknown): value is Outcome => VERDICTS.includes((value as Outcome | undefined)?.verdict as string);
