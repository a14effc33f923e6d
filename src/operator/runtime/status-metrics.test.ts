import { expect } from 'chai';
import { Condition, Reconciler } from '../dsl/decorators.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { met, unmet } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

class GadgetSpec {
  @Field(s.string().optional()) declare use?: string;
}

@ResourceKind({ group: 'home.example.com', version: 'v1', kind: 'Gadget', scope: 'Cluster', spec: () => GadgetSpec, status: () => s.object({}) })
class HomeGadget extends Resource<GadgetSpec, object, 'Made'> {}

@ResourceKind({ group: 'work.example.com', version: 'v1', kind: 'Gadget', scope: 'Cluster', spec: () => GadgetSpec, status: () => s.object({}) })
class WorkGadget extends Resource<GadgetSpec, object, 'Made'> {}

@Reconciler({ for: HomeGadget, name: 'home' })
class Home {
  @Condition('Made') make(): Outcome { return met(); }
}

@Reconciler({ for: WorkGadget, name: 'work' })
class Work {
  @Condition('Made') make(): Outcome { return unmet('Busy', 'later'); }
}

describe('two kinds that are called the same, in two groups', () => {
  it('are reconciled each by its own, and both in the series that have only the kind in their name', async () => {
    const bed = await testBed(reconcilers(Home, Work));
    try {
      await bed.api.create(HomeGadget, { metadata: { name: 'h' }, spec: {} });
      await bed.api.create(WorkGadget, { metadata: { name: 'w' }, spec: {} });
      await bed.settle();
      const metrics = await bed.operator.metrics.registry.metrics();
      expect(metrics).to.include('operator_status_condition_count{group="work.example.com",kind="Gadget",namespace="",name="w",type="Made",status="False",reason="Busy"} 1');
      expect(metrics).to.include('operator_gadget_status_condition_count{namespace="",name="h",type="Made",status="True",reason="Made"} 1');
      expect(metrics).to.include('operator_gadget_status_condition_count{namespace="",name="w",type="Made",status="False",reason="Busy"} 1');
    } finally {
      await bed.close();
    }
  });
});
