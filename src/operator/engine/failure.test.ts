import { expect } from 'chai';
import type { StepPlan } from '../dsl/plan.js';
import { failedReason, handlerOf } from './failure.js';

class Near extends RangeError {}

describe('a failure', () => {
  it('has a reason that Kubernetes takes, whatever the error or the step says', () => {
    const step = (change: Partial<StepPlan> = {}): StepPlan => ({ condition: 'Launched', ...change }) as StepPlan;
    const error = (reason: unknown): Error => Object.assign(new Error('no'), { reason });
    expect([error('QuotaReached'), error('went wrong'), error(42), error('')].map((each) => failedReason(step(), each))).to.deep.equal(['QuotaReached', 'LaunchedFailed', 'LaunchedFailed', 'LaunchedFailed']);
    expect(failedReason(step({ failedReason: () => 'not a reason' }), error('QuotaReached'))).to.equal('LaunchedFailed');
    expect(failedReason(step({ failedReason: () => undefined }), error('QuotaReached'))).to.equal('LaunchedFailed');
  });

  it('goes to the handler of the closest class, in whichever order they are declared', () => {
    const handlers = [{ method: 'any', errors: [Error] }, { method: 'near', errors: [TypeError, Near] }, { method: 'far', errors: [RangeError] }];
    for (const catches of [handlers, handlers.toReversed()]) {
      expect([new Near(), new RangeError(), new SyntaxError()].map((error) => handlerOf(catches, error)?.method)).to.deep.equal(['near', 'far', 'any']);
      expect(handlerOf(catches.filter(({ method }) => method !== 'any'), new SyntaxError())).to.equal(undefined);
    }
  });
});
