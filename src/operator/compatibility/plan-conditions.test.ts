import { expect } from 'chai';
import { Node } from '../kinds/core.js';
import { Catches, Condition, Deadline, Reconciler } from '../dsl/decorators.js';
import { compile } from '../dsl/compile.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import { done, met, unmet, waiting } from '../dsl/outcome.js';
import type { Outcome } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import type { StepContext } from '../context.js';
import { conditionsOfPlan } from './plan-conditions.js';

class Spec {
  @Field(s.string()) declare zone: string;
}
@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Claim', scope: 'Cluster', spec: () => Spec, status: () => Spec })
class Claim extends Resource<Spec, Spec, 'Launched' | 'Registered' | 'Drifted'> {}

@Reconciler({ for: Claim, name: 'claim' })
class ClaimReconciler {
  @Condition('Launched', { failedReason: 'LaunchError' })
  launch(claim: Claim): Outcome {
    if (claim.spec.zone === '') return unmet('NoZone', 'say a zone (or "any", which is not a reason)');
    return this.#known(claim) ? this.again(claim) : unmet(claim.spec.zone === 'a' ? 'ZoneFull' : 'ZoneClosed');
  }

  again({ spec }: Claim): Outcome {
    return spec.zone === 'b' ? waiting("Slow") : met('Known', spec.zone);
  }

  @Condition('Registered', { dependsOn: ['Launched'] })
  register(claim: Claim, ctx: StepContext<Claim>): Outcome {
    ctx.mark('Drifted', met());
    return claim.metadata.name === '' ? waiting(claim.metadata.name) : met();
  }

  @Deadline('Registered', '15m')
  giveUp(): Outcome { return unmet('TooLate'); }

  @Catches(RangeError)
  tooMuch(): Outcome { return unmet('TooMuch'); }

  #known = (claim: Claim): boolean => claim.spec.zone !== 'c';
}

@Reconciler({ for: Node, name: 'nodes', root: false })
class Nodes {
  @Condition('Reachable' as never)
  reach(): Outcome { return done(); }
}

describe('The conditions of a plan', () => {
  it('have the reasons that are literals in their steps, deadlines and handlers, and those of the engine', () => {
    expect(conditionsOfPlan(compile([ClaimReconciler, Nodes]))).to.deep.equal([
      { of: 'claims.test.example.com', type: 'Drifted', reasons: [] },
      { of: 'claims.test.example.com', type: 'Launched', reasons: ['AwaitingReconciliation', 'Known', 'LaunchError', 'NoZone', 'Slow', 'TooMuch', 'ZoneClosed', 'ZoneFull'] },
      { of: 'claims.test.example.com', type: 'Ready', reasons: ['AwaitingReconciliation', 'Ready', 'ReconcilingDependents', 'UnhealthyDependents'] },
      { of: 'claims.test.example.com', type: 'Registered', reasons: ['AwaitingReconciliation', 'DependenciesNotReady', 'Registered', 'RegisteredFailed', 'TooLate', 'TooMuch'] },
      { of: 'nodes', type: 'Reachable', reasons: ['AwaitingReconciliation', 'ReachableFailed'] },
    ]);
  });
});
