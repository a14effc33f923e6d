// What conditions must be after any history of runs, said once more in another way: as a table of facts (karpenter-core §1.8, steps of frameworks §4.3).
import { expect } from 'chai';
import fc from 'fast-check';
import { compile } from '../dsl/compile.js';
import { Condition, Reconciler } from '../dsl/decorators.js';
import { ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done, met, unmet, waiting } from '../dsl/outcome.js';
import type { ReconcilerPlan } from '../dsl/plan.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { NotLeaderError } from '../kube/errors.js';
import { conditionsOf, timestamp } from './conditions.js';
import { FakeHost } from './fake-host.test-support.js';
import { KeyMemory } from './memory.js';
import { runKey } from './run.js';

const TYPES = ['A', 'B', 'C', 'D'] as const;
type Type = (typeof TYPES)[number];

@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Thing', scope: 'Cluster', spec: () => s.object({}), status: () => s.object({}) })
class Thing extends Resource<object, object, Type> {}

type Verdict = 'met' | 'unmet' | 'waiting' | 'done' | 'throw';
interface StepShape { dependsOn: Type[]; propagate: boolean; latch: boolean; optional: boolean }
type Shape = Record<Type, StepShape>;

/** Steps that depend on earlier ones only, in any way. */
const shapes = fc.tuple(...TYPES.map((_type, index) => fc.record({
  dependsOn: fc.subarray(TYPES.slice(0, index)), propagate: fc.boolean(), latch: fc.boolean(), optional: fc.boolean(),
}))).map((steps): Shape => Object.fromEntries(TYPES.map((type, index) => [type, { ...steps[index], optional: type !== 'A' && (steps[index] as StepShape).optional }])) as Shape);

const verdicts = fc.record(Object.fromEntries(TYPES.map((type) => [type, fc.constantFrom<Verdict>('met', 'met', 'unmet', 'waiting', 'done', 'throw')])) as Record<Type, fc.Arbitrary<Verdict>>);
const histories = fc.array(fc.record({ verdicts, spec: fc.boolean(), seconds: fc.nat(90) }), { minLength: 1, maxLength: 12 });

/** A reconciler of this shape, which does what the script says. */
function reconcilerOf(shape: Shape, script: { verdicts: Record<Type, Verdict> }): { plan: ReconcilerPlan; instance: object } {
  class Shaped {}
  for (const type of TYPES) {
    const { dependsOn, propagate, latch, optional } = shape[type];
    const step = (): Outcome => {
      const verdict = script.verdicts[type];
      if (verdict === 'throw') throw new Error('it broke');
      return { met: met(), unmet: unmet('No', 'it is not'), waiting: waiting('Soon', 'it may be'), done: done() }[verdict];
    };
    Object.defineProperty(Shaped.prototype, type, { value: step });
    Condition(type, { dependsOn, ...(dependsOn.length > 0 && propagate ? { blocked: 'propagate' } : {}), latch, optional })(Shaped.prototype, type, { value: step as never });
  }
  Reconciler({ for: Thing, name: 'shaped', jitter: 0 })(Shaped);
  return { plan: compile([Shaped]).reconcilers[0] as ReconcilerPlan, instance: new Shaped() };
}

interface Fact { status: 'True' | 'False' | 'Unknown'; generation: number; since: number }

/** The facts after a run, from those before it. */
class Oracle {
  readonly facts = new Map<string, Fact>();
  generation = 1;

  constructor(private readonly shape: Shape, private readonly createdAt: number) {}

  run(script: Record<Type, Verdict>, now: number): void {
    // What nobody has set yet is Unknown since the object is there.
    for (const type of this.facts.size === 0 ? [...TYPES, 'Ready'] : []) this.facts.set(type, { status: 'Unknown', generation: this.generation, since: this.createdAt });
    for (const type of TYPES) {
      const { dependsOn, propagate, latch } = this.shape[type];
      const status = this.of(type).status;
      if (latch && status === 'True') this.say(type, 'True', now);
      else if (!dependsOn.every((dependency) => this.holds(dependency, 'True'))) this.say(type, propagate && dependsOn.some((dependency) => this.holds(dependency, 'False')) ? 'False' : 'Unknown', now);
      else if (script[type] === 'throw' && status !== 'True') this.say(type, 'Unknown', now);
      else if (script[type] === 'met') this.say(type, 'True', now);
      else if (script[type] === 'unmet') this.say(type, 'False', now);
      else if (script[type] === 'waiting') this.say(type, 'Unknown', now);
    }
    const counted = TYPES.filter((type) => !this.shape[type].optional);
    const root = counted.every((type) => this.holds(type, 'True')) ? 'True' : counted.some((type) => this.holds(type, 'False')) ? 'False' : 'Unknown';
    this.say('Ready', root, now);
  }

  private of(type: string): Fact {
    return this.facts.get(type) as Fact;
  }

  private holds(type: string, status: Fact['status']): boolean {
    const fact = this.of(type);
    return fact.status === status && fact.generation === this.generation;
  }

  private say(type: string, status: Fact['status'], now: number): void {
    const before = this.of(type);
    this.facts.set(type, { status, generation: this.generation, since: before.status === status ? before.since : now });
  }
}

const thing = (): Thing => ({
  apiVersion: 'test.example.com/v1', kind: 'Thing', spec: {}, status: {},
  metadata: { name: 't', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: timestamp(0), labels: {}, annotations: {} },
}) as unknown as Thing;

describe('conditions, the root and their generations, for any graph of steps and any history', () => {
  it('are what an independent oracle says, and a run that says the same again writes nothing', async () => {
    await fc.assert(fc.asyncProperty(shapes, histories, async (shape, history) => {
      const script = { verdicts: history[0]?.verdicts as Record<Type, Verdict> };
      const { plan, instance } = reconcilerOf(shape, script);
      const host = new FakeHost<Thing>(thing());
      const oracle = new Oracle(shape, 0);
      const memory = new KeyMemory();
      const run = () => runKey({ plan, instance, object: host.object, host, memory, triggers: [], attempt: 0 });
      for (const { verdicts: next, spec, seconds } of history) {
        script.verdicts = next;
        host.clock += seconds * 1_000;
        if (spec) host.change(({ metadata }) => void (metadata.generation = oracle.generation += 1));
        await run();
        oracle.run(next, host.clock);
        const seen = conditionsOf(host.object as Thing).map(({ type, status, observedGeneration, lastTransitionTime }) => `${type}=${status}@${observedGeneration} since ${lastTransitionTime}`);
        expect(seen).to.have.members([...oracle.facts].map(([type, { status, generation, since }]) => `${type}=${status}@${generation} since ${timestamp(since)}`));
        expect((await run()).writes, 'writes of the same run again').to.equal(0);
      }
    }), { numRuns: 60 });
  });

  it('do not come from steps that a process begins which no longer leads', async () => {
    const free = { dependsOn: [], propagate: false, latch: false, optional: false };
    const { plan, instance } = reconcilerOf({ A: free, B: free, C: free, D: free }, { verdicts: { A: 'met', B: 'met', C: 'met', D: 'met' } });
    const host = Object.assign(new FakeHost<Thing>(thing()), { fence: () => { throw new NotLeaderError(); } });
    const { steps, error } = await runKey({ plan, instance, object: host.object, host, memory: new KeyMemory(), triggers: [], attempt: 0 });
    expect(steps.map(({ result }) => result)).to.deep.equal(['failed', 'failed', 'failed', 'failed']);
    expect(error?.message).to.include('not (or no longer) the leader');
  });
});
