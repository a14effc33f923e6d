import { expect } from 'chai';
import { Condition, Reconciler } from '../dsl/decorators.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { met } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { CustomResourceDefinition } from '../kinds/apiextensions.js';
import { KubeClient } from '../kube/client.js';
import { testBed } from '../testing/test-bed.js';
import type { HealthReport } from './health.js';
import { reconcilers } from './reconcilers.js';

class TrainSpec {
  @Field(s.string().optional()) declare line?: string;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Train', scope: 'Cluster', spec: () => TrainSpec, status: () => s.object({}) })
class Train extends Resource<TrainSpec, object, 'Built'> {}

@Reconciler({ for: Train, name: 'works' })
class Works {
  @Condition('Built') build(): Outcome { return met(); }
}

describe('whether an operator is ready', () => {
  it('depends on the API server serving its kinds, and names the one that it does not', async () => {
    const bed = await testBed(reconcilers(Works));
    await bed.settle();
    expect((await bed.operator.readyz.report())?.text).to.include('[+]crd-trains.toys.example.com ok');
    await bed.api.delete(CustomResourceDefinition, 'trains.toys.example.com');
    await bed.api.create(CustomResourceDefinition, {
      metadata: { name: 'boats.toys.example.com' },
      spec: {
        group: 'toys.example.com', scope: 'Cluster', names: { kind: 'Boat', plural: 'boats' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    await bed.clock.settle();
    const report = await bed.operator.readyz.report();
    expect(report?.healthy).to.equal(false);
    expect(report?.text).to.include('[-]crd-trains.toys.example.com failed: toys.example.com/v1 does not serve trains');
    await bed.close();
  });

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
