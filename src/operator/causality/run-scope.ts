import { AsyncLocalStorage } from 'node:async_hooks';
import type { ActiveRun } from './active-run.js';

/** The run in whose name code is at work. */
export interface ScopedRun {
  readonly controller: string;
  readonly run: ActiveRun;
  /** The method of the step that is under way. */
  readonly step?: string;
}

/** Knows of any code, services and transports included, which run called it. What the run left behind that goes on later still counts as its own. */
export class RunScope {
  readonly #scope = new AsyncLocalStorage<ScopedRun>();

  get current(): ScopedRun | undefined {
    return this.#scope.getStore();
  }

  /** Does the work of a run. */
  during<R>(controller: string, run: ActiveRun, work: () => R): R {
    return this.#scope.run({ controller, run }, work);
  }

  /** Does the work of a step of the run. */
  step<R>(step: string, work: () => R): R {
    const { current } = this;
    return current ? this.#scope.run({ ...current, step }, work) : work();
  }
}
