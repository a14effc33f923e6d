import { expect } from 'chai';
import { compile } from '../dsl/compile.js';
import { Catches, Condition, Deadline, Finalizer, Reconciler, Step, When } from '../dsl/decorators.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import { Terminal, done, held, met, released, unmet, waiting } from '../dsl/outcome.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import { Resource } from '../dsl/resource.js';
import { Node } from '../kinds/core.js';
import { s } from '../dsl/schema.js';
import type { StepContext } from '../context.js';
import { NotLeaderError } from '../kube/errors.js';
import type { Condition as ObjectCondition } from '../kube/object.js';
import { FakeHost, START } from './fake-host.test-support.js';
import { KeyMemory } from './memory.js';
import { runKey } from './run.js';
import type { RunResult } from './run.js';

class WidgetSpec {
  @Field(s.int().optional())
  declare size?: number;
}
class WidgetStatus {
  @Field(s.string().optional())
  declare id?: string;
}
@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Widget', scope: 'Cluster', spec: () => WidgetSpec, status: () => WidgetStatus })
class Widget extends Resource<WidgetSpec, WidgetStatus, 'A' | 'B' | 'C' | 'Marked' | 'Foreign'> {}

type Ctx = StepContext<Widget>;

const widget = (change: Partial<Widget['metadata']> = {}, status: Widget['status'] = {}): Widget => ({
  apiVersion: 'test.example.com/v1',
  kind: 'Widget',
  metadata: { name: 'w', uid: 'uid-1', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: {}, ...change },
  spec: {},
  status,
});

const condition = (type: string, status: ObjectCondition['status'], change: Partial<ObjectCondition> = {}): ObjectCondition => ({
  type, status, reason: type, message: '', lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1, ...change,
});

/** Runs one key of the first class against a fake API server; the others only take part in the plan. */
function bed(type: ReconcilerClass, ...others: ReconcilerClass[]) {
  const plan = compile([type, ...others]).reconcilers[0]!;
  const memory = new KeyMemory();
  const instance = new (type as unknown as new () => object)();
  return {
    plan,
    run: async (host: FakeHost<Widget>): Promise<RunResult> =>
      runKey<Widget>({ plan, instance, object: host.object, host, memory, triggers: [], attempt: 0 }),
  };
}

const byType = (object: Widget | undefined): Record<string, string> =>
  Object.fromEntries((object?.status.conditions ?? []).map(({ type, status, reason }) => [type, `${status}/${reason}`]));

const named = (host: FakeHost<Widget>, type: string): ObjectCondition | undefined => host.object?.status.conditions?.find((candidate) => candidate.type === type);

describe('rule 1: one run works on a draft of the latest object', () => {
  @Reconciler({ for: Widget, name: 'draft' })
  class Draft {
    @Condition('A')
    a(object: Widget): Outcome {
      object.status.id = 'i-1';
      object.metadata.labels['a'] = 'b';
      return met();
    }
  }

  it('forgets a key whose object is gone', async () => {
    const host = new FakeHost<Widget>(undefined);
    expect((await bed(Draft).run(host)).outcome).to.equal('gone');
  });

  it('never changes the object it was given', async () => {
    const object = Object.freeze(widget());
    Object.freeze(object.status);
    Object.freeze(object.metadata.labels);
    const host = new FakeHost(object);
    expect((await bed(Draft).run(host)).outcome).to.equal('success');
    expect(object.status).to.deep.equal({});
    expect(host.object?.status.id).to.equal('i-1');
  });
});

describe('rule 2: foreign and deleted objects', () => {
  const order: string[] = [];
  @Reconciler({ for: Widget, name: 'deletion' })
  class Deletion {
    @When()
    ours(object: Widget): boolean { return object.metadata.labels['foreign'] === undefined; }
    @Condition('A')
    a(): Outcome { order.push('step'); return met(); }
    @Finalizer('test.example.com/first')
    first(): Release { order.push('first'); return released(); }
    @Finalizer('test.example.com/second')
    second(object: Widget, ctx: Ctx): Release {
      order.push('second');
      ctx.mark('Marked', waiting('Draining'));
      return object.metadata.labels['hold'] === undefined ? released() : held('not yet', '5s');
    }
  }
  const deleted = (labels: Record<string, string>, finalizers: string[]) =>
    widget({ deletionTimestamp: '2026-01-01T00:00:01Z', generation: 2, labels, finalizers }, { conditions: [condition('A', 'True')] });

  beforeEach(() => order.splice(0));

  it('leaves objects alone that @When rejects', async () => {
    const host = new FakeHost(widget({ labels: { foreign: '' } }));
    const result = await bed(Deletion).run(host);
    expect(result.outcome).to.equal('foreign');
    expect(order).to.deep.equal([]);
    expect(host.writes).to.deep.equal([]);
  });

  it('runs only finalizers, the last declared first, and takes exactly ours off by a tested patch', async () => {
    const host = new FakeHost(deleted({}, ['other/x', 'test.example.com/first', 'test.example.com/second']));
    const result = await bed(Deletion).run(host);
    expect(order).to.deep.equal(['second', 'first']);
    expect(result.outcome).to.equal('success');
    expect(host.writes.at(-1)).to.deep.equal({
      type: 'json',
      patch: [
        { op: 'test', path: '/metadata/uid', value: 'uid-1' },
        { op: 'test', path: '/metadata/finalizers/2', value: 'test.example.com/second' },
        { op: 'remove', path: '/metadata/finalizers/2' },
        { op: 'test', path: '/metadata/finalizers/1', value: 'test.example.com/first' },
        { op: 'remove', path: '/metadata/finalizers/1' },
      ],
    });
    expect(host.object?.metadata.finalizers).to.deep.equal(['other/x']);
  });

  it('keeps an object that a finalizer holds, writes its marks, and looks again', async () => {
    const host = new FakeHost(deleted({ hold: '' }, ['test.example.com/first', 'test.example.com/second']));
    const result = await bed(Deletion).run(host);
    expect(order).to.deep.equal(['second']);
    expect(host.object?.metadata.finalizers).to.have.length(2);
    expect(byType(host.object)).to.include({ Marked: 'Unknown/Draining' });
    expect(named(host, 'A')?.observedGeneration, 'other conditions follow the generation of a deleted object').to.equal(2);
    expect(result.requeueAfter).to.be.within(5_000, 5_500);
    expect(result.requeueReason).to.equal('recheck of finalizer test.example.com/second (not yet)');
  });

  it('takes nothing off an object that has taken the place of the deleted one', async () => {
    const host = new FakeHost(deleted({}, ['test.example.com/first', 'test.example.com/second']));
    host.beforeWrite = (write) => {
      if (write.type !== 'json') return;
      host.beforeWrite = undefined;
      // Somebody forced the deletion, and a backup brought the object back, finalizers and all.
      host.object = widget({ uid: 'uid-2', resourceVersion: '9', finalizers: ['test.example.com/first', 'test.example.com/second'] });
    };
    expect((await bed(Deletion).run(host)).outcome).to.equal('success');
    expect(host.object?.metadata).to.include({ uid: 'uid-2', resourceVersion: '9' });
  });

  it('puts up with a finalizer list that others change at the same time', async () => {
    const host = new FakeHost(deleted({}, ['test.example.com/first', 'test.example.com/second']));
    host.beforeWrite = (write) => {
      if (write.type !== 'json') return;
      host.beforeWrite = undefined;
      host.change((object) => { object.metadata.finalizers = ['late/one', ...(object.metadata.finalizers ?? [])]; });
    };
    expect((await bed(Deletion).run(host)).outcome).to.equal('success');
    expect(host.object?.metadata.finalizers).to.deep.equal(['late/one']);
  });

  it('leaves the conditions of a deleted object as they were last, though deletion counts its generation up', async () => {
    const host = new FakeHost(widget(
      { deletionTimestamp: '2026-01-01T00:00:01Z', generation: 2, finalizers: ['test.example.com/first'] },
      { conditions: [condition('A', 'True'), condition('Ready', 'True')] },
    ));
    expect((await bed(Deletion).run(host)).transitions).to.deep.equal([]);
    expect(named(host, 'Ready')).to.include({ status: 'True', observedGeneration: 1 });
  });

  it('does nothing for a deleted object that does not carry our finalizer', async () => {
    const host = new FakeHost(deleted({}, ['other/x']));
    await bed(Deletion).run(host);
    expect(order).to.deep.equal([]);
  });
});

describe('rule 3: the finalizer comes before any effect', () => {
  let seen: string[] | undefined;
  @Reconciler({ for: Widget, name: 'protected' })
  class Protected {
    @Condition('A')
    a(object: Widget, ctx: Ctx): Outcome { seen = ctx.object.metadata.finalizers; return met(object.metadata.name); }
    @Finalizer('test.example.com/cleanup')
    cleanup(): Release { return released(); }
  }

  it('adds it by a write of its own and goes on in the same run', async () => {
    const host = new FakeHost(widget({ finalizers: ['other/x'] }));
    await bed(Protected).run(host);
    expect(host.writes[0]).to.deep.equal({ type: 'merge', patch: { metadata: { finalizers: ['other/x', 'test.example.com/cleanup'], resourceVersion: '1' } } });
    expect(seen).to.deep.equal(['other/x', 'test.example.com/cleanup']);
    expect(byType(host.object)).to.include({ A: 'True/w' });
  });

  it('runs no step when the object cannot be protected', async () => {
    const host = new FakeHost(widget());
    seen = undefined;
    host.beforeWrite = () => { throw Object.assign(new Error('no'), { reason: 'Forbidden' }); };
    const result = await bed(Protected).run(host);
    expect(result).to.include({ outcome: 'error', terminal: false });
    expect(seen).to.equal(undefined);
  });
});

describe('rules 4, 5 and 6: conditions', () => {
  let verdicts: Record<string, Outcome | Error>;
  let ran: string[];
  const verdict = (type: string): Outcome => {
    ran.push(type);
    const outcome = verdicts[type] ?? met();
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  @Reconciler({ for: Widget, name: 'graph' })
  class Graph {
    @Condition('C', { dependsOn: ['B'], blocked: 'propagate' })
    c(): Outcome { return verdict('C'); }
    @Condition('B', { dependsOn: ['A'], blockedMessage: 'Awaiting A' })
    b(): Outcome { return verdict('B'); }
    @Condition('A')
    a(): Outcome { return verdict('A'); }
  }
  beforeEach(() => { verdicts = {}; ran = []; });

  it('start Unknown at the object\'s creation, so that a step that cannot say yet does not move the time', async () => {
    verdicts['A'] = waiting('Soon');
    const host = new FakeHost(widget());
    await bed(Graph).run(host);
    expect(named(host, 'A')).to.include({ status: 'Unknown', reason: 'Soon', lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 });
    expect(named(host, 'Ready')?.lastTransitionTime).to.equal('2026-01-01T00:00:00Z');
  });

  it('are reached in the order of their dependencies, not of their declaration', async () => {
    const host = new FakeHost(widget());
    await bed(Graph).run(host);
    expect(ran).to.deep.equal(['A', 'B', 'C']);
    expect(byType(host.object)).to.deep.equal({ A: 'True/A', B: 'True/B', C: 'True/C', Ready: 'True/Ready' });
  });

  it('wait for dependencies, and become False with them only where they propagate', async () => {
    verdicts['A'] = unmet('Broken', 'it is');
    const host = new FakeHost(widget());
    await bed(Graph).run(host);
    expect(ran).to.deep.equal(['A']);
    expect(named(host, 'B')).to.include({ status: 'Unknown', reason: 'DependenciesNotReady', message: 'Awaiting A' });
    expect(named(host, 'C')).to.include({ status: 'Unknown', reason: 'DependenciesNotReady', message: 'waiting for B' });
    verdicts = { B: unmet('Broken') };
    await bed(Graph).run(host);
    expect(named(host, 'C')).to.include({ status: 'False', reason: 'DependenciesNotReady' });
  });

  it('count as met only at the current generation', async () => {
    const host = new FakeHost(widget({ generation: 2 }, { conditions: [condition('A', 'True'), condition('B', 'True'), condition('C', 'True')] }));
    verdicts['A'] = new Error('down');
    await bed(Graph).run(host);
    expect(ran).to.deep.equal(['A']);
    expect(named(host, 'A')).to.include({ status: 'True', observedGeneration: 1 });
    expect(named(host, 'B')).to.include({ status: 'Unknown', observedGeneration: 2 });
  });

  it('move their transition time only when the status changes', async () => {
    verdicts['A'] = waiting('One');
    const host = new FakeHost(widget());
    await bed(Graph).run(host);
    host.clock += 60_000;
    verdicts['A'] = waiting('Two', 'other words');
    await bed(Graph).run(host);
    expect(named(host, 'A')).to.include({ reason: 'Two', message: 'other words', lastTransitionTime: '2026-01-01T00:00:00Z' });
    verdicts = {};
    await bed(Graph).run(host);
    expect(named(host, 'A')?.lastTransitionTime).to.equal(new Date(START + 60_000).toISOString().replace('.000', ''));
  });

  it('are written once, and not at all when nothing changed', async () => {
    const host = new FakeHost(widget());
    await bed(Graph).run(host);
    expect(host.writes).to.have.length(1);
    host.clock += 60_000;
    expect((await bed(Graph).run(host)).writes).to.equal(0);
  });

  it('keep messages within what the schema takes', async () => {
    verdicts['A'] = unmet('Long', 'x'.repeat(40_000));
    const host = new FakeHost(widget());
    await bed(Graph).run(host);
    expect(named(host, 'A')?.message).to.have.length(32_768);
  });

  it('are stored by transition time with the root last', async () => {
    const host = new FakeHost(widget());
    verdicts['C'] = waiting('Later');
    await bed(Graph).run(host);
    expect(host.object?.status.conditions?.map(({ type }) => type)).to.deep.equal(['C', 'A', 'B', 'Ready']);
  });
});

describe('latched, switched-off, optional and parallel steps', () => {
  let runs: string[];
  let limit = 0;
  let active = 0;
  const work = async (name: string): Promise<Outcome> => {
    runs.push(name);
    limit = Math.max(limit, ++active);
    await Promise.resolve();
    active--;
    return met();
  };
  @Reconciler({ for: Widget, name: 'variants', conditions: 'parallel' })
  class Variants {
    @Condition('A', { latch: true })
    a(): Promise<Outcome> { return work('A'); }
    @Condition('B', { enabled: (object: Widget) => object.spec.size !== undefined })
    b(): Promise<Outcome> { return work('B'); }
    @Condition('C', { dependsOn: ['B'], optional: true })
    c(): Outcome { runs.push('C'); return unmet('Never'); }
  }
  beforeEach(() => { runs = []; limit = 0; active = 0; });

  it('run a latched step no more once it is True, and only follow the generation', async () => {
    const host = new FakeHost(widget({ generation: 5 }, { conditions: [condition('A', 'True')] }));
    await bed(Variants).run(host);
    expect(runs).not.to.include('A');
    expect(named(host, 'A')).to.include({ observedGeneration: 5, lastTransitionTime: '2026-01-01T00:00:00Z' });
  });

  it('drop the condition of a step that is switched off, and run what depends on it', async () => {
    const host = new FakeHost(widget({}, { conditions: [condition('B', 'False')] }));
    await bed(Variants).run(host);
    expect(byType(host.object)).to.deep.equal({ A: 'True/A', C: 'False/Never', Ready: 'True/Ready' });
  });

  it('do not count optional conditions in the root, and run independent steps at once', async () => {
    const host = new FakeHost({ ...widget(), spec: { size: 1 } });
    await bed(Variants).run(host);
    expect(byType(host.object)).to.include({ C: 'False/Never', Ready: 'True/Ready' });
    expect(limit).to.equal(2);
    expect(runs).to.deep.equal(['A', 'B', 'C']);
  });

  it('see and keep what a step writes to status after it has waited, whatever other steps did meanwhile', async () => {
    const seen: unknown[] = [];
    const later = async <V>(value: V): Promise<V> => {
      for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
      return value;
    };
    @Reconciler({ for: Widget, name: 'waiting', conditions: 'parallel' })
    class Waiting {
      @Condition('A') async slow(object: Widget): Promise<Outcome> {
        object.status.id = await later('slow');
        return met();
      }
      @Condition('B') quick(object: Widget): Outcome {
        Object.assign(object.status, { quick: 'quick' });
        return met();
      }
      @Condition('C', { dependsOn: ['A', 'B'] }) dependent(object: Widget): Outcome {
        seen.push({ ...object.status, conditions: undefined });
        return met();
      }
    }
    const host = new FakeHost(widget());
    await bed(Waiting).run(host);
    expect(seen).to.deep.equal([{ id: 'slow', quick: 'quick', conditions: undefined }]);
    expect(host.object?.status).to.include({ id: 'slow', quick: 'quick' });
    expect(byType(host.object)).to.deep.equal({ A: 'True/A', B: 'True/B', C: 'True/C', Ready: 'True/Ready' });
  });
});

class Shortage extends Error {}
class Nothing extends Shortage {}

describe('rule 7: errors', () => {
  let thrown: Record<string, Error>;
  const fail = (name: string): Outcome => {
    if (thrown[name]) throw thrown[name];
    return met();
  };
  @Reconciler({ for: Widget, name: 'errors' })
  class Errors {
    @Condition('A')
    a(): Outcome { return fail('A'); }
    @Condition('B', { failedReason: 'BrokeDown' })
    b(): Outcome { return fail('B'); }
    @Condition('C', { failedReason: (error) => (error instanceof TypeError ? 'Typed' : undefined) })
    c(): Outcome { return fail('C'); }
    @Catches(Shortage)
    shortage(error: Shortage): Outcome { return unmet('Short', error.message).recheck('10s'); }
    @Catches(Nothing)
    nothing(_error: Nothing, _object: Widget, ctx: Ctx): Outcome { ctx.events.warning('Nothing', 'left'); return done(); }
  }
  beforeEach(() => { thrown = {}; });

  it('make the condition Unknown with the step\'s reason and a short message, and run the other steps', async () => {
    thrown['A'] = new Error('x'.repeat(400));
    const host = new FakeHost(widget());
    const result = await bed(Errors).run(host);
    expect(named(host, 'A')).to.include({ status: 'Unknown', reason: 'AFailed', message: `${'x'.repeat(300)}...` });
    expect(byType(host.object)).to.include({ B: 'True/B', C: 'True/C' });
    expect(result).to.include({ outcome: 'error', error: thrown['A'], terminal: false });
  });

  it('give the condition the error\'s own reason unless the step says otherwise', async () => {
    thrown = { A: Object.assign(new Error('a'), { reason: 'QuotaReached' }), B: Object.assign(new Error('b'), { reason: 'QuotaReached' }), C: new TypeError('c') };
    const host = new FakeHost(widget());
    const result = await bed(Errors).run(host);
    expect(byType(host.object)).to.include({ A: 'Unknown/QuotaReached', B: 'Unknown/BrokeDown', C: 'Unknown/Typed' });
    expect(result.error).to.be.instanceOf(AggregateError).with.property('message', 'a; b; c');
  });

  it('leave a True condition True', async () => {
    thrown['A'] = new Error('down');
    const host = new FakeHost(widget({}, { conditions: [condition('A', 'True')] }));
    await bed(Errors).run(host);
    expect(named(host, 'A')).to.include({ status: 'True', observedGeneration: 1 });
  });

  it('become outcomes by the handler of the closest class', async () => {
    thrown = { A: new Shortage('of widgets'), B: new Nothing('at all') };
    const host = new FakeHost(widget());
    const result = await bed(Errors).run(host);
    expect(named(host, 'A')).to.include({ status: 'False', reason: 'Short', message: 'of widgets' });
    expect(named(host, 'B')).to.include({ status: 'Unknown', reason: 'AwaitingReconciliation' });
    expect(host.events).to.deep.include(['Warning', 'Nothing', 'left']);
    expect(result.outcome).to.equal('success');
    expect(result.requeueAfter).to.be.within(10_000, 11_000);
  });

  it('are terminal only when all of them are', async () => {
    thrown = { A: new Terminal('no such thing', 'Unsupported') };
    const host = new FakeHost(widget());
    expect(await bed(Errors).run(host)).to.include({ outcome: 'error', terminal: true });
    expect(byType(host.object)).to.include({ A: 'Unknown/Unsupported' });
    thrown['B'] = new Error('flaky');
    expect(await bed(Errors).run(host)).to.include({ outcome: 'error', terminal: false });
  });

  it('include a step that returns something else', async () => {
    @Reconciler({ for: Widget, name: 'wrong' })
    class Wrong {
      @Condition('A')
      a(): Outcome { return 'done' as unknown as Outcome; }
    }
    const host = new FakeHost(widget());
    expect((await bed(Wrong).run(host)).error?.message).to.equal('Wrong.a returned "done"; it has to return what met(), unmet(), waiting(), done(), released() or held() makes');
  });

  it('stop the steps that have not started when the run is aborted, and still write what was done', async () => {
    const host = new FakeHost(widget());
    @Reconciler({ for: Widget, name: 'aborted' })
    class Aborted {
      @Condition('A')
      a(object: Widget): Outcome { object.status.id = 'i-1'; host.abort.abort(new Error('timeout')); return met(); }
      @Condition('B')
      b(): Outcome { throw new Error('must not run'); }
    }
    const result = await bed(Aborted).run(host);
    expect(result.error?.message).to.equal('timeout');
    expect(host.object?.status.id).to.equal('i-1');
    expect(byType(host.object)).to.include({ A: 'True/A', B: 'Unknown/AwaitingReconciliation' });
  });
});

describe('rule 8: the root over several reconcilers', () => {
  @Reconciler({ for: Widget, name: 'one' })
  class One {
    @Condition('A')
    a(): Outcome { return met(); }
  }
  @Reconciler({ for: Widget, name: 'two' })
  class Two {
    @Condition('B', { enabled: () => true })
    b(): Outcome { return unmet('Not'); }
    @Condition('C')
    c(): Outcome { return waiting('Soon'); }
  }
  @Reconciler({ for: Widget, name: 'three', root: false })
  class Three {
    @Condition('Foreign')
    foreign(): Outcome { return unmet('Whatever'); }
  }

  it('counts the conditions of all of them, but not of those without a root', async () => {
    const host = new FakeHost(widget());
    await bed(One, Two, Three).run(host);
    expect(byType(host.object)).to.deep.equal({ A: 'True/A', C: 'Unknown/AwaitingReconciliation', Ready: 'Unknown/ReconcilingDependents' });
    host.clock += 1_000;
    await bed(Three, One, Two).run(host);
    expect(byType(host.object)).to.include({ Foreign: 'False/Whatever', Ready: 'Unknown/ReconcilingDependents' });
    await bed(Two, One, Three).run(host);
    expect(named(host, 'Ready')).to.include({ status: 'False', reason: 'UnhealthyDependents', message: 'B=False, C=Unknown' });
  });

  it('never writes what others own, even when they wrote in between', async () => {
    const host = new FakeHost(widget());
    host.beforeWrite = () => {
      host.beforeWrite = undefined;
      host.change((object) => { object.status.conditions = [condition('C', 'True'), condition('Foreign', 'True')]; object.status.id = 'theirs'; });
    };
    const result = await bed(One, Two, Three).run(host);
    expect(result.outcome).to.equal('success');
    expect(byType(host.object)).to.deep.equal({ C: 'True/C', Foreign: 'True/Foreign', A: 'True/A', Ready: 'True/Ready' });
    expect(host.object?.status.id).to.equal('theirs');
  });

  it('restores the conditions of others, and its own, when a step overwrites status', async () => {
    @Reconciler({ for: Widget, name: 'rude' })
    class Rude {
      @Condition('A', { latch: true })
      a(): Outcome { throw new Error('must not run again'); }
      @Condition('B')
      b(object: Widget): Outcome { object.status = { id: 'i-1', conditions: [] }; return met(); }
      @Condition('C', { dependsOn: ['A'] })
      c(): Outcome { return met(); }
    }
    const host = new FakeHost(widget({}, { id: 'i-0', conditions: [condition('A', 'True'), condition('Foreign', 'True')] }));
    expect((await bed(Rude, Three).run(host)).outcome).to.equal('success');
    expect(byType(host.object)).to.deep.equal({ A: 'True/A', Foreign: 'True/Foreign', B: 'True/B', C: 'True/C', Ready: 'True/Ready' });
    expect(host.object?.status.id).to.equal('i-1');
  });

  it('refuses to mark a condition that a step owns or the root', async () => {
    @Reconciler({ for: Widget, name: 'marker', root: false })
    class Marker {
      @Step()
      step(_object: Widget, ctx: Ctx): Outcome {
        ctx.mark('A', met());
        return done();
      }
    }
    const result = await bed(Marker, One).run(new FakeHost(widget()));
    expect(result.error?.message).to.equal('marker: condition "A" belongs to a step or is the root; mark() and clear() are for the others');
    expect(result.terminal).to.equal(true);
  });
});

describe('rule 9: one write set', () => {
  let act: (object: Widget, ctx: Ctx) => void;
  @Reconciler({ for: Widget, name: 'writer', root: false })
  class Writer {
    @Step()
    step(object: Widget, ctx: Ctx): Outcome { act(object, ctx); return done(); }
  }

  it('sends metadata and spec apart from status, each with the version it was made from', async () => {
    act = (object) => { object.metadata.labels['a'] = '1'; object.spec.size = 3; object.status.id = 'x'; };
    const host = new FakeHost(widget());
    expect((await bed(Writer).run(host)).writes).to.equal(2);
    expect(host.writes).to.deep.equal([
      { type: 'merge', patch: { metadata: { labels: { a: '1' }, resourceVersion: '1' }, spec: { size: 3 } } },
      { type: 'merge', patch: { metadata: { resourceVersion: '2' }, status: { id: 'x' } }, subresource: 'status' },
    ]);
  });

  it('takes empty labels, annotations and status for absent ones, and never touches status without conditions', async () => {
    act = (object) => { object.metadata.annotations = {}; object.status = {}; };
    const object = widget();
    delete (object.metadata as { annotations?: unknown }).annotations;
    delete (object as { status?: unknown }).status;
    const host = new FakeHost(object);
    expect((await bed(Writer).run(host)).writes).to.equal(0);
  });

  it('removes what the draft lost', async () => {
    act = (object) => { delete object.metadata.labels['old']; delete object.status.id; };
    const host = new FakeHost(widget({ labels: { old: 'x', kept: 'y' } }, { id: 'gone' }));
    await bed(Writer).run(host);
    expect(host.object?.metadata.labels).to.deep.equal({ kept: 'y' });
    expect(host.object?.status).to.deep.equal({});
  });

  it('puts its change on top of what others wrote meanwhile', async () => {
    act = (object) => { object.metadata.labels['ours'] = '1'; object.metadata.finalizers = ['ours/x']; };
    const host = new FakeHost(widget());
    host.beforeWrite = () => {
      host.beforeWrite = undefined;
      host.change((object) => { object.metadata.labels['theirs'] = '2'; object.metadata.finalizers = ['theirs/y']; object.spec.size = 9; });
    };
    expect((await bed(Writer).run(host)).outcome).to.equal('success');
    expect(host.object?.metadata.labels).to.deep.equal({ theirs: '2', ours: '1' });
    expect(host.object?.metadata.finalizers).to.deep.equal(['theirs/y', 'ours/x']);
    expect(host.object?.spec.size).to.equal(9);
  });

  it('puts its change on top of what others of the process left, without a try that fails', async () => {
    act = (object) => { object.metadata.labels['ours'] = '1'; };
    const host = new FakeHost(widget());
    host.left = () => {
      host.left = undefined;
      host.change((object) => { object.metadata.labels['theirs'] = '2'; });
      return host.object;
    };
    const versions: unknown[] = [];
    host.beforeWrite = ({ patch }) => void versions.push((patch as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion);
    expect((await bed(Writer).run(host)).outcome).to.equal('success');
    expect(host.object?.metadata.labels).to.deep.equal({ theirs: '2', ours: '1' });
    expect(versions).to.deep.equal(['2']);
  });

  it('leaves conditions of kinds that others define to the steps', async () => {
    @Reconciler({ for: Node, name: 'node.pressure', root: false })
    class Pressure {
      @Step()
      step(node: Node): Outcome {
        node.status.conditions = [...(node.status.conditions ?? []), { type: 'DiskPressure', status: 'True' }];
        return done();
      }
    }
    const { spec: _spec, ...rest } = widget();
    const node = { ...rest, apiVersion: 'v1', kind: 'Node', spec: {}, status: { conditions: [{ type: 'Ready', status: 'True' }] } } as unknown as Node;
    const host = new FakeHost<Node>(node);
    host.beforeWrite = () => { host.beforeWrite = undefined; host.change((object) => { object.spec.unschedulable = true; }); };
    const plan = compile([Pressure]).reconcilers[0]!;
    await runKey({ plan, instance: new Pressure(), object: node, host, memory: new KeyMemory(), triggers: [], attempt: 0 });
    expect(host.object?.status.conditions?.map(({ type }) => type)).to.deep.equal(['Ready', 'DiskPressure']);
  });

  it('gives up without an error after three conflicts', async () => {
    act = (object) => { object.metadata.labels['ours'] = '1'; };
    const host = new FakeHost(widget());
    let conflicts = 0;
    host.beforeWrite = () => { conflicts++; host.change((object) => { object.metadata.labels['theirs'] = String(conflicts); }); };
    const result = await bed(Writer).run(host);
    expect(result).to.include({ outcome: 'conflict', terminal: false }).and.not.to.have.property('error');
    expect(conflicts).to.equal(3);
  });

  it('is content when the object vanished or was replaced meanwhile', async () => {
    act = (object) => { object.metadata.labels['ours'] = '1'; };
    const vanished = new FakeHost(widget());
    vanished.beforeWrite = () => { vanished.object = undefined; };
    expect((await bed(Writer).run(vanished)).outcome).to.equal('gone');
    const replaced = new FakeHost(widget());
    replaced.beforeWrite = () => { replaced.object = widget({ uid: 'uid-2', resourceVersion: '9' }); };
    expect((await bed(Writer).run(replaced)).outcome).to.equal('gone');
    expect(replaced.object?.metadata.labels).to.deep.equal({});
  });
});

describe('rule 10: when to look again', () => {
  let outcome: Outcome;
  let expired: number;
  let failures: Error[];
  @Reconciler({ for: Widget, name: 'clockwork', jitter: 0 })
  class Clockwork {
    @Condition('A', { every: '1m' })
    a(): Outcome { return outcome; }
    @Condition('B')
    b(): Outcome { return waiting('Soon').recheck('45s'); }
    @Deadline('A', '30s')
    late(_object: Widget, ctx: Ctx): Outcome {
      expired++;
      const failure = failures.pop();
      if (failure) throw failure;
      ctx.mark('Marked', met());
      return unmet('TooLate');
    }
  }
  const createdNow = () => widget({ creationTimestamp: new Date(START).toISOString().replace('.000', '') });
  beforeEach(() => { outcome = waiting('Soon'); expired = 0; failures = []; });

  it('is the earliest of rechecks, periods and deadlines', async () => {
    const host = new FakeHost(createdNow());
    const clockwork = bed(Clockwork);
    expect(await clockwork.run(host)).to.include({ requeueAfter: 30_000, requeueReason: 'deadline of A' });
    outcome = met();
    expect(await clockwork.run(host)).to.include({ requeueAfter: 45_000, requeueReason: 'recheck of B (Soon)' });
  });

  it('runs a deadline exactly when it passes, once', async () => {
    const host = new FakeHost(createdNow());
    const clockwork = bed(Clockwork);
    host.clock += 29_999;
    expect((await clockwork.run(host)).requeueAfter).to.equal(1);
    expect(expired).to.equal(0);
    host.clock += 1;
    outcome = done();
    await clockwork.run(host);
    expect(expired).to.equal(1);
    expect(byType(host.object)).to.include({ A: 'False/TooLate', Marked: 'True/Marked' });
  });

  it('counts from the last transition, and not again until there is another', async () => {
    const host = new FakeHost(createdNow());
    const clockwork = bed(Clockwork);
    host.clock += 30_000;
    await clockwork.run(host);
    host.clock += 30_000;
    await clockwork.run(host);
    expect(expired, 'its own verdict is no transition').to.equal(1);
    outcome = met();
    await clockwork.run(host);
    outcome = waiting('Again');
    expect((await clockwork.run(host)).requeueReason, 'Unknown since now').to.equal('deadline of A');
    host.clock += 30_000;
    await clockwork.run(host);
    expect(expired).to.equal(2);
  });

  it('lets the verdict of a deadline stand while the step only waits, fails or is blocked', async () => {
    let blocking: Outcome = met();
    let failure: Error | undefined;
    @Reconciler({ for: Widget, name: 'late', jitter: 0 })
    class Late {
      @Condition('A')
      a(): Outcome { return blocking; }
      @Condition('B', { dependsOn: ['A'] })
      b(): Outcome {
        if (failure) throw failure;
        return outcome;
      }
      @Deadline('B', '30s')
      late(): Outcome { return unmet('TooLate'); }
    }
    const host = new FakeHost(createdNow());
    const late = bed(Late);
    const isAfterRun = async (): Promise<string | undefined> => {
      await late.run(host);
      return byType(host.object)['B'];
    };
    host.clock += 30_000;
    expect(await isAfterRun()).to.equal('False/TooLate');
    expect(await isAfterRun(), 'waits').to.equal('False/TooLate');
    failure = new Error('down');
    expect(await isAfterRun(), 'fails').to.equal('False/TooLate');
    failure = undefined;
    blocking = waiting('Soon');
    expect(await isAfterRun(), 'is blocked').to.equal('False/TooLate');
    blocking = met();
    outcome = unmet('Broken');
    expect(await isAfterRun(), 'knows better').to.equal('False/Broken');
    outcome = waiting('Soon');
    expect(await isAfterRun()).to.equal('Unknown/Soon');
    host.clock += 30_000;
    expect(await isAfterRun()).to.equal('False/TooLate');
    const { object } = host;
    host.object = object && { ...object, metadata: { ...object.metadata, generation: 7 } };
    expect(await isAfterRun(), 'another generation').to.equal('Unknown/Soon');
    outcome = met();
    expect(await isAfterRun()).to.equal('True/B');
  });

  it('never takes a transition time that cannot be read for one that is long ago', async () => {
    const host = new FakeHost(widget({}, { conditions: [condition('A', 'Unknown', { lastTransitionTime: 'yesterday' })] }));
    outcome = done();
    await bed(Clockwork).run(host);
    expect(expired).to.equal(0);
  });

  it('runs a deadline again that failed', async () => {
    const host = new FakeHost(createdNow());
    const clockwork = bed(Clockwork);
    host.clock += 30_000;
    failures = [new Error('api down')];
    expect((await clockwork.run(host)).outcome).to.equal('error');
    await clockwork.run(host);
    expect(expired).to.equal(2);
  });

  it('spreads rechecks by the jitter, but never deadlines', async () => {
    @Reconciler({ for: Widget, name: 'jittered', jitter: 0.5 })
    class Jittered {
      @Condition('A')
      a(): Outcome { return met().recheck('10s'); }
    }
    const host = new FakeHost(widget());
    host.random.next = () => 0.5;
    expect((await bed(Jittered).run(host)).requeueAfter).to.equal(12_500);
  });

  it('is not lost to a recheck that is no number, as one that is computed from a time that is not there', async () => {
    @Reconciler({ for: Widget, name: 'computed' })
    class Computed {
      @Condition('A') a({ metadata }: Widget): Outcome { return met().recheck(Date.parse(metadata.annotations['due'] as string) - START); }
      @Condition('B', { every: '1m' }) b(): Outcome { return met(); }
    }
    const result = await bed(Computed).run(new FakeHost(widget()));
    expect(result.error).to.be.instanceOf(RangeError);
    expect(result.requeueAfter).to.be.within(60_000, 66_000);
  });

  it('reports a duration that user code got wrong as an error of the run', async () => {
    outcome = met().recheck('soon');
    const host = new FakeHost(widget());
    expect((await bed(Clockwork).run(host)).error?.message).to.contain('"soon" is not a duration');
  });
});

describe('rule 11: what a run tells', () => {
  let verdict: Outcome;
  @Reconciler({ for: Widget, name: 'teller' })
  class Teller {
    @Condition('A')
    a(): Outcome { return verdict; }
    @Condition('B', { dependsOn: ['A'] })
    b(): Outcome { return met(); }
  }

  it('is an Event and a report for every transition that was written, and one for every step', async () => {
    const host = new FakeHost(widget());
    verdict = met();
    const first = await bed(Teller).run(host);
    expect(host.events).to.deep.equal([
      ['Normal', 'A', 'Status condition transitioned, Type: A, Status: Unknown -> True, Reason: A'],
      ['Normal', 'B', 'Status condition transitioned, Type: B, Status: Unknown -> True, Reason: B'],
      ['Normal', 'Ready', 'Status condition transitioned, Type: Ready, Status: Unknown -> True, Reason: Ready'],
    ]);
    expect(first.steps.map(({ name, result }) => `${name} ${result}`)).to.deep.equal(['a met', 'b met']);
    verdict = unmet('Broken', 'by hand');
    const second = await bed(Teller).run(host);
    expect(host.events.at(-3)).to.deep.equal(['Warning', 'A', 'Status condition transitioned, Type: A, Status: True -> False, Reason: Broken, Message: by hand']);
    expect(second.transitions.map(({ from, to }) => `${to.type} ${from?.status} ${to.status}`)).to.deep.equal(['A True False', 'B True Unknown', 'Ready True False']);
    expect(second.steps.map(({ result }) => result)).to.deep.equal(['unmet', 'blocked']);
  });

  it('is nothing when the write failed', async () => {
    const host = new FakeHost(widget());
    verdict = met();
    host.beforeWrite = () => { throw new Error('no'); };
    expect((await bed(Teller).run(host)).transitions).to.deep.equal([]);
    expect(host.events).to.deep.equal([]);
  });
});

describe('effects', () => {
  let launches: string[];
  let failing: boolean;
  @Reconciler({ for: Widget, name: 'launcher' })
  class Launcher {
    @Condition('A', { latch: true })
    async a(object: Widget, ctx: Ctx): Promise<Outcome> {
      object.status.id = await ctx.once('instance', () => { launches.push(ctx.idempotencyKey); return `i-${launches.length}`; });
      if (failing) throw new Error('after the launch');
      return met();
    }
  }
  beforeEach(() => { launches = []; failing = false; });

  it('are not repeated until their result is written', async () => {
    const host = new FakeHost(widget());
    const launcher = bed(Launcher);
    host.beforeWrite = () => { throw new Error('api down'); };
    await launcher.run(host);
    host.beforeWrite = undefined;
    failing = true;
    await launcher.run(host);
    failing = false;
    await launcher.run(host);
    expect(launches).to.have.length(1);
    expect(host.object?.status.id).to.equal('i-1');
  });

  it('do not begin once the lead was lost in the middle of a step', async () => {
    const host = new FakeHost(widget());
    let asked = 0;
    // The step may begin, and then another replica has the lease.
    const fenced = Object.assign(host, { fence: () => { if ((asked += 1) > 1) throw new NotLeaderError(); } });
    await bed(Launcher).run(fenced);
    expect([asked, launches]).to.deep.equal([2, []]);
  });

  it('have a key that is the same for every attempt at one object, and differs between objects', async () => {
    const host = new FakeHost(widget());
    const again = new FakeHost(widget());
    const other = new FakeHost(widget({ uid: 'uid-2' }));
    for (const each of [host, again, other]) await bed(Launcher).run(each);
    expect(launches[0]).to.match(/^[0-9a-f]{64}$/).and.equal(launches[1]);
    expect(launches[2]).not.to.equal(launches[0]);
  });

  it('are forgotten with the object they were for', async () => {
    const launcher = bed(Launcher);
    const first = new FakeHost(widget());
    first.beforeWrite = () => { throw new Error('api down'); };
    await launcher.run(first);
    await launcher.run(new FakeHost(widget({ uid: 'uid-2' })));
    expect(launches).to.have.length(2);
  });
});
