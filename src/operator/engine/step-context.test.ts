import { expect } from 'chai';
import type { StepContext, Trigger } from '../context.js';
import { compile } from '../dsl/compile.js';
import { Condition, Reconciler, Step } from '../dsl/decorators.js';
import { ResourceKind } from '../dsl/kind-decorators.js';
import { done, met, unmet, waiting } from '../dsl/outcome.js';
import type { Outcome } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { FakeHost } from './fake-host.test-support.js';
import { KeyMemory } from './memory.js';
import { runKey } from './run.js';

@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Lamp', scope: 'Cluster', spec: () => s.anyObject(), status: () => s.anyObject() })
class Lamp extends Resource<Record<string, unknown>, Record<string, unknown>, 'A' | 'B' | 'Drifted'> {}
type Ctx = StepContext<Lamp>;

const lamp = (): Lamp => ({
  apiVersion: 'test.example.com/v1', kind: 'Lamp', spec: {}, status: {},
  metadata: { name: 'l', uid: 'uid-1', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: {} },
});

/** Runs the class on a lamp, with one memory for all runs. */
function bed(type: ReconcilerClass) {
  const host = new FakeHost(lamp());
  const memory = new KeyMemory();
  const run = (attempt = 0, triggers: readonly Trigger[] = []) =>
    runKey<Lamp>({ plan: compile([type]).reconcilers[0]!, instance: new (type as unknown as new () => object)(), object: host.object, host, memory, triggers, attempt });
  return { host, run };
}

describe('the context of a step', () => {
  it('says why and how often it is tried, and what the object was when the run began', async () => {
    const told: unknown[] = [];
    @Reconciler({ for: Lamp, name: 'telling' })
    class Telling {
      @Step() step(object: Lamp, { attempt, triggers, object: before }: Ctx): Outcome {
        object.metadata.labels['on'] = 'yes';
        told.push([attempt, triggers.map(({ source }) => source), before.metadata.labels]);
        return done();
      }
    }
    await bed(Telling).run(3, [{ cause: 'watch', source: 'Node n', at: 0 }]);
    expect(told).to.deep.equal([[3, ['Node n'], {}]]);
  });

  it('shows conditions as the steps before have left them, marks and clears those that nobody owns', async () => {
    const seen: (string | undefined)[] = [];
    let drifts = true;
    @Reconciler({ for: Lamp, name: 'marking' })
    class Marking {
      @Condition('A') a(_lamp: Lamp, ctx: Ctx): Outcome {
        if (drifts) ctx.mark('Drifted', unmet('Moved'));
        else ctx.clear('Drifted');
        return met();
      }
      @Condition('B') b(_lamp: Lamp, ctx: Ctx): Outcome {
        seen.push(ctx.condition('A')?.status, ctx.condition('Drifted')?.reason);
        return waiting('Soon');
      }
    }
    const { host, run } = bed(Marking);
    await run();
    expect(seen.splice(0)).to.deep.equal(['True', 'Moved']);
    drifts = false;
    await run();
    expect(seen).to.deep.equal(['True', undefined]);
    expect(host.object?.status.conditions?.map(({ type }) => type)).to.have.members(['A', 'B', 'Ready']);
  });

  it('has keys for effects that differ between steps and between reconcilers', async () => {
    const keys: string[] = [];
    const note = (_lamp: Lamp, ctx: Ctx): Outcome => {
      keys.push(ctx.idempotencyKey);
      return done();
    };
    @Reconciler({ for: Lamp, name: 'one' })
    class One { @Step() a(object: Lamp, ctx: Ctx): Outcome { return note(object, ctx); } @Step() b(object: Lamp, ctx: Ctx): Outcome { return note(object, ctx); } }
    @Reconciler({ for: Lamp, name: 'two' })
    class Two { @Step() a(object: Lamp, ctx: Ctx): Outcome { return note(object, ctx); } }
    for (const type of [One, Two, One]) await bed(type).run();
    expect(new Set(keys).size).to.equal(3);
    expect(keys.slice(3)).to.deep.equal(keys.slice(0, 2));
  });

  it('makes an effect again that failed, and one whose result has been written', async () => {
    let fails = true;
    let effects = 0;
    @Reconciler({ for: Lamp, name: 'effects' })
    class Effects {
      @Step() async step(object: Lamp, ctx: Ctx): Promise<Outcome> {
        object.status['number'] = await ctx.once('effect', () => {
          if (fails) throw new Error('not yet');
          return (effects += 1);
        });
        return done();
      }
    }
    const { host, run } = bed(Effects);
    expect((await run()).outcome).to.equal('error');
    fails = false;
    await run();
    expect([effects, host.object?.status['number']]).to.deep.equal([1, 1]);
    await run();
    expect([effects, host.object?.status['number']]).to.deep.equal([2, 2]);
  });
});
