import { expect } from 'chai';
import { Condition, Reconciler } from '../dsl/decorators.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { met } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { KubeClient } from '../kube/client.js';
import { testBed } from '../testing/test-bed.js';
import type { HealthReport } from './health.js';
import { reconcilers } from './reconcilers.js';

class TrainSpec {
  @Field(s.string().optional()) declare line?: string;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Train', scope: 'Cluster', spec: () => TrainSpec })
class Train extends Resource<TrainSpec, object, 'Built'> {}

@Reconciler({ for: Train, name: 'works' })
class Works {
  @Condition('Built') build(): Outcome { return met(); }
}

describe('whether an operator is ready', () => {
  it('is said at once, however many requests of its reconcilers wait for their turn: else work would cost it its webhooks', async () => {
    const bed = await testBed(reconcilers(Works), { operator: { rate: { qps: 1, burst: 50 } } });
    try {
      await bed.settle();
      const client = bed.operator.container.get(KubeClient);
      const busy = Array.from({ length: 200 }, () => client.raw('/version'));
      let report: HealthReport | undefined;
      void bed.operator.readyz.report().then((made) => (report = made));
      await bed.settle();
      expect(report?.text).to.contain('[+]crd-trains.toys.example.com ok');
      expect(report?.healthy).to.equal(true);
      await bed.advance('5m');
      await Promise.all(busy);
    } finally {
      await bed.close();
    }
  });
});
