import { expect } from 'chai';
import { Metrics, Node, Reconciler, Step, done, reconcilers } from 'karpenter-ts/operator';
import type { Outcome } from 'karpenter-ts/operator';
import { testBed } from 'karpenter-ts/operator/testing';
import { scaled } from './concurrency.js';

@Reconciler({ for: Node, name: 'few', root: false, concurrency: scaled(10, 1000) })
class Few {
  @Step() nothing(): Outcome { return done(); }
}

@Reconciler({ for: Node, name: 'many', root: false, concurrency: scaled(100, 5000) })
class Many {
  @Step() nothing(): Outcome { return done(); }
}

describe('concurrency', () => {
  for (const [cpus, few, many] of [[1, 10, 100], [2, 26, 183], [4, 60, 349], [60, 1_000, 5_000], [128, 1_000, 5_000]] as const) {
    it(`grows with the CPUs that the operator asks for: ${cpus}`, async () => {
      const bed = await testBed(reconcilers(Few, Many), { operator: { cpus } });
      await bed.start();
      const text = await bed.operator.container.get(Metrics).registry.metrics();
      await bed.close();
      expect(text).to.include(`controller_runtime_max_concurrent_reconciles{controller="few"} ${few}\n`);
      expect(text).to.include(`controller_runtime_max_concurrent_reconciles{controller="many"} ${many}\n`);
    });
  }
});
