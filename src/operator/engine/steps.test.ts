import { expect } from 'chai';
import { compile } from '../dsl/compile.js';
import { Condition, Finalizer, Reconciler, Step } from '../dsl/decorators.js';
import { ResourceKind } from '../dsl/kind-decorators.js';
import { done, held, met, unmet, waiting } from '../dsl/outcome.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import type { Condition as ObjectCondition } from '../kube/object.js';
import { FakeHost } from './fake-host.test-support.js';
import { KeyMemory } from './memory.js';
import { runKey } from './run.js';
import type { RunResult } from './run.js';

@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Kettle', scope: 'Cluster', spec: () => s.anyObject(), status: () => s.anyObject() })
class Kettle extends Resource<Record<string, unknown>, Record<string, unknown>, 'A' | 'B'> {}

const kettle = (change: Partial<Kettle['metadata']> = {}, conditions: ObjectCondition[] = []): Kettle => ({
  apiVersion: 'test.example.com/v1', kind: 'Kettle', spec: {}, status: { conditions },
  metadata: { name: 'k', uid: 'uid-1', resourceVersion: '1', generation: 2, creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: {}, ...change },
});
const run = (type: ReconcilerClass, host: FakeHost<Kettle>): Promise<RunResult> => runKey<Kettle>({
  plan: compile([type]).reconcilers[0]!, instance: new (type as unknown as new () => object)(), object: host.object, host, memory: new KeyMemory(), triggers: [], attempt: 0,
});

describe('steps', () => {
  it('do not spread a False of an older spec', async () => {
    @Reconciler({ for: Kettle, name: 'stale' })
    class Stale {
      @Condition('A') a(): Outcome { return done(); }
      @Condition('B', { dependsOn: ['A'], blocked: 'propagate' }) b(): Outcome { return met(); }
    }
    const statusOfB = async (observedGeneration: number): Promise<string | undefined> => {
      const host = new FakeHost(kettle({}, [{ type: 'A', status: 'False', reason: 'Cold', message: '', lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration }]));
      await run(Stale, host);
      return host.object?.status.conditions?.find(({ type }) => type === 'B')?.status;
    };
    expect([await statusOfB(1), await statusOfB(2)]).to.deep.equal(['Unknown', 'False']);
  });

  it('without a condition run for deleted objects where they say so, before finalizers', async () => {
    const order: string[] = [];
    @Reconciler({ for: Kettle, name: 'going' })
    class Going {
      @Finalizer('test.example.com/drained') drained(): Release { order.push('finalizer'); return held('hot'); }
      @Step({ whileDeleting: true }) always(): Outcome { order.push('always'); return done(); }
      @Step() living(): Outcome { order.push('living'); return done(); }
      @Condition('A') a(): Outcome { order.push('condition'); return met(); }
    }
    await run(Going, new FakeHost(kettle({ finalizers: ['test.example.com/drained'], deletionTimestamp: '2026-01-01T00:00:01Z' })));
    expect(order).to.deep.equal(['always', 'finalizer']);
  });

  it('ask for the earliest look, whichever of them comes last', async () => {
    @Reconciler({ for: Kettle, name: 'looks', jitter: 0 })
    class Looks {
      @Step({ every: '30s' }) often(): Outcome { return done().recheck('50s'); }
      @Condition('A') a(): Outcome { return waiting('Cold').recheck('40s'); }
    }
    expect(await run(Looks, new FakeHost(kettle()))).to.include({ requeueAfter: 30_000, requeueReason: 'look at often every 30s' });
  });

  it('tell transitions as they are asked to', async () => {
    @Reconciler({ for: Kettle, name: 'calm', transitionEvents: 'normal', root: false })
    class Calm { @Condition('A') a(): Outcome { return unmet('Cold'); } }
    @Reconciler({ for: Kettle, name: 'silent', transitionEvents: 'none', root: false })
    class Silent { @Condition('A') a(): Outcome { return unmet('Cold'); } }
    const events = async (type: ReconcilerClass): Promise<string[]> => {
      const host = new FakeHost(kettle());
      await run(type, host);
      return host.eventLog.map(([severity, reason]) => `${severity} ${reason}`);
    };
    expect([await events(Calm), await events(Silent)]).to.deep.equal([['Normal A'], []]);
  });
});
