import { createHash } from 'node:crypto';
import type { ApplyOptions, Cache, DeletionOptions, Events, RunContext, StepContext, Trigger } from '../context.js';
import type { Outcome } from '../dsl/outcome.js';
import type { KindClass } from '../dsl/resource.js';
import type { Condition, KubeObject, ObjectInput, PartialObject } from '../kube/object.js';
import type { Logger } from '../logger.js';
import { applyOutcome, clearCondition, conditionOf } from './conditions.js';
import type { KeyRun } from './key-run.js';

/** A step tried to write a condition that a step owns, or the root. */
export class ConditionOwned extends Error {
  override readonly name = 'ConditionOwned';
  readonly reason = 'ConditionOwned';
  readonly terminal = true;
  constructor(readonly condition: string, controller: string) {
    super(`${controller}: condition "${condition}" belongs to a step or is the root; mark() and clear() are for the others`);
  }
}

/** The context of one step in one run. */
export class StepRunContext<T extends KubeObject> implements StepContext<T> {
  readonly #run: KeyRun<T>;
  readonly #step: string;
  readonly #shell: RunContext;
  /** Names of the effects that were run or remembered by this step. */
  readonly usedEffects: string[] = [];

  constructor(run: KeyRun<T>, step: string) {
    this.#run = run;
    this.#step = step;
    this.#shell = run.input.host.context;
  }

  get object(): T { return this.#run.base; }
  get attempt(): number { return this.#run.input.attempt; }
  get triggers(): readonly Trigger[] { return this.#run.input.triggers; }
  get cache(): Cache { return this.#shell.cache; }
  get events(): Events { return this.#run.input.host.events; }
  get log(): Logger { return this.#shell.log; }
  get signal(): AbortSignal { return this.#shell.signal; }
  now(): number { return this.#shell.now(); }

  create<U extends KubeObject>(kind: KindClass<U>, object: ObjectInput<U>): Promise<U> { return this.#shell.create(kind, object); }
  apply<U extends KubeObject>(kind: KindClass<U>, object: PartialObject<U>, options?: ApplyOptions): Promise<U> { return this.#shell.apply(kind, object, options); }
  patch<U extends KubeObject>(object: U, mutate: (draft: U) => void): Promise<U | undefined> { return this.#shell.patch(object, mutate); }
  delete(object: KubeObject, options?: DeletionOptions): Promise<boolean> { return this.#shell.delete(object, options); }

  condition(type: string): Condition | undefined {
    this.#run.restoreConditions();
    return conditionOf(this.#run.draft, type);
  }

  mark(type: string, outcome: Outcome): void {
    this.#claim(type);
    this.#run.edit((draft) => applyOutcome(draft, type, outcome, this.now()));
  }

  clear(type: string): void {
    this.#claim(type);
    this.#run.edit((draft) => clearCondition(draft, type));
  }

  #claim(type: string): void {
    const { steps, foreignConditions, root, name } = this.#run.input.plan;
    if (root?.type === type || foreignConditions.includes(type) || steps.some(({ condition }) => condition === type)) throw new ConditionOwned(type, name);
    this.#run.marked.add(type);
  }

  get idempotencyKey(): string {
    return createHash('sha256').update(`${this.object.metadata.uid}/${this.#run.input.plan.name}/${this.#step}`).digest('hex');
  }

  async once<R>(name: string, effect: () => Promise<R> | R): Promise<R> {
    const { once } = this.#run.input.memory;
    const id = `${this.#step}/${name}`;
    this.usedEffects.push(id);
    const known = once.get(id) as Promise<R> | undefined;
    if (known) return known;
    this.#run.input.host.fence?.();
    const result = (async () => effect())();
    once.set(id, result);
    try {
      return await result;
    } catch (error) {
      once.delete(id);
      throw error;
    }
  }
}
