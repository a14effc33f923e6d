import { expect } from 'chai';
import { ProxyTracerProvider, trace } from '@opentelemetry/api';
import { RecordedSpans } from '../causality/recorded-spans.test-support.js';
import type { RecordedSpan } from '../causality/recorded-spans.test-support.js';
import { tracerOf } from '../causality/tracing.js';
import type { StepContext, TickContext } from '../context.js';
import { Condition, Finalizer, Owns, Reconciler, Singleton, Step, Watches } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { keyOf } from '../dsl/key.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { done, met, released, waiting } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { ConfigMap } from '../kinds/core.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

class LampSpec {
  @Field(s.string().describe('Of its light'))
  declare colour: string;
}

class LampStatus {
  @Field(s.int().optional().describe('How often it was lit'))
  declare lit?: number;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Lamp', scope: 'Namespaced', spec: () => LampSpec, status: () => LampStatus })
class Lamp extends Resource<LampSpec, LampStatus, 'Wired' | 'Lit'> {}

const state: { failure: Error | undefined } = { failure: undefined };

@Reconciler({ for: Lamp, name: 'lamp', conditions: 'parallel', jitter: 0 })
@Owns(ConfigMap)
class Lighter {
  @Condition('Wired')
  async wire(lamp: Lamp, ctx: StepContext<Lamp>): Promise<Outcome> {
    ctx.log.info('wiring');
    await ctx.apply(ConfigMap, { metadata: { name: lamp.metadata.name, namespace: 'default' }, data: { colour: lamp.spec.colour } });
    return met();
  }

  @Condition('Lit')
  async light(): Promise<Outcome> {
    if (state.failure) throw state.failure;
    await Promise.resolve();
    return waiting('Dark', 'no current').recheck('10s');
  }

  @Finalizer('toys.example.com/unplug') unplug(): Release { return released(); }
}

/** Is woken by what the other one writes. */
@Reconciler({ for: ConfigMap, name: 'reader', root: false })
class Reader {
  @Step() read(): Outcome { return done(); }
  @Watches(Lamp) settingsOf(lamp: Lamp): Key<ConfigMap>[] { return [keyOf(ConfigMap, lamp.metadata.name, 'default')]; }
}

@Singleton({ name: 'meter', every: '1h', reads: [ConfigMap] })
class Meter {
  async tick(ctx: TickContext): Promise<void> {
    await ctx.create(ConfigMap, { metadata: { name: 'reading', namespace: 'default' }, data: {} });
  }
}

describe('Tracing', () => {
  let spans: RecordedSpans;
  let bed: TestBed;
  beforeEach(async () => {
    state.failure = undefined;
    spans = new RecordedSpans();
    bed = await testBed(reconcilers(Lighter, Reader, Meter), { operator: { tracerProvider: spans } });
    await bed.settle();
    await bed.api.create(Lamp, { metadata: { name: 'a' }, spec: { colour: 'red' } });
    await bed.settle();
  });
  afterEach(() => bed.close());

  const named = (list: readonly RecordedSpan[]): string[] => list.map(({ name }) => name);
  const first = (name: string): RecordedSpan => spans.named(name)[0] as RecordedSpan;

  it('makes a span of every run, with one for each step and each write under whom it belongs to', () => {
    const run = first('reconcile lamp');
    expect([run.parentId, run.status]).to.deep.equal([undefined, undefined]);
    expect(run.attributes).to.include({ 'operator.controller': 'lamp', 'k8s.object.kind': 'Lamp', 'k8s.object.name': 'a', 'k8s.namespace.name': 'default', 'operator.outcome': 'success', 'operator.requeue.reason': 'recheck of Lit (Dark)', 'operator.requeue.after_ms': 10_000 });
    expect(named(spans.childrenOf(run))).to.have.members(['patch lamps', 'step wire', 'step light', 'patch lamps/status']);
    const wire = first('step wire');
    expect(named(spans.childrenOf(wire)), 'although both steps ran at once').to.deep.equal(['apply configmaps']);
    expect(wire.attributes).to.include({ 'operator.step.outcome': 'met' });
    expect(first('step light').attributes).to.include({ 'operator.step.outcome': 'waiting', 'operator.step.reason': 'Dark' });
    expect(first('patch lamps/status').attributes).to.deep.include({ 'operator.write.fields': ['status.conditions'], 'k8s.object.name': 'a' });
    expect(new Set([wire, first('step light'), first('patch lamps/status')].map(({ traceId }) => traceId))).to.deep.equal(new Set([run.traceId]));
    expect(spans.spans.every(({ ended }) => ended)).to.equal(true);
  });

  it('links the runs that a write caused to the write: another reconciler, and the own echo', () => {
    const status = first('patch lamps/status');
    const linked = spans.spans.filter(({ links }) => links.some(({ context }) => context.spanId === status.spanId && context.traceId === status.traceId));
    expect(named(linked)).to.include('reconcile reader');
    const apply = first('apply configmaps');
    const readers = spans.named('reconcile reader').filter(({ links }) => links.some(({ context }) => context.spanId === apply.spanId));
    expect(readers).to.have.length(1);
    const link = readers[0]?.links.find(({ context }) => context.spanId === apply.spanId);
    expect(link?.attributes).to.include({ 'operator.trigger.cause': 'object', 'operator.trigger.source': 'ConfigMap default/a', 'operator.trigger.assumed': true });
    // The echo of its own write wakes a key whose run has ended: by then it is answered.
    const echoes = linked.filter(({ name }) => name === 'reconcile lamp').flatMap(({ links }) => links).filter(({ context }) => context.spanId === status.spanId);
    expect(echoes).to.have.length(1);
    expect(echoes[0]?.attributes).to.include({ 'operator.trigger.controller': 'lamp', 'operator.trigger.key': 'default/a' });
  });

  it('links nothing to what a user wrote, and tells it as an event', async () => {
    const before = spans.spans.length;
    await bed.api.patch(Lamp, 'a', { spec: { colour: 'blue' } });
    await bed.settle();
    const run = spans.spans.slice(before).find(({ name }) => name === 'reconcile lamp');
    expect(run?.links).to.deep.equal([]);
    expect(run?.events[0]).to.deep.include({ name: 'trigger' });
    expect(run?.events[0]?.attributes).to.include({ 'operator.trigger.cause': 'object', 'operator.trigger.source': 'Lamp default/a' });
  });

  it('links the end of an object to the write that ended it', async () => {
    await bed.api.delete(Lamp, 'a');
    await bed.settle();
    const [removal] = spans.named('patch lamps').slice(-1) as [RecordedSpan];
    expect(removal.attributes['operator.write.fields']).to.deep.equal(['metadata.finalizers']);
    expect(spans.spans.some(({ name, links }) => name === 'reconcile lamp' && links.some(({ context }) => context.spanId === removal.spanId)), 'the last run of the lamp').to.equal(true);
  });

  it('gives ticks their spans', () => {
    expect(named(spans.childrenOf(first('reconcile meter')))).to.deep.equal(['create configmaps']);
  });

  it('tells of errors in the step and the run', async () => {
    state.failure = new Error('short circuit');
    await bed.advance('10s');
    const failed = spans.named('reconcile lamp').filter(({ status }) => status !== undefined);
    expect(failed[0]?.status?.message).to.equal('short circuit');
    expect(spans.childrenOf(failed[0] as RecordedSpan).find(({ name }) => name === 'step light')?.events).to.deep.equal([{ name: 'exception', attributes: { message: 'short circuit' } }]);
  });

  it('puts the ids of the run into its log lines', async () => {
    const run = first('reconcile lamp');
    expect(bed.logs.find(({ message }) => message === 'wiring')).to.include({ trace_id: run.traceId, span_id: run.spanId });
    state.failure = new Error('short circuit');
    await bed.advance('10s');
    const failed = spans.named('reconcile lamp').find(({ status }) => status !== undefined);
    expect(bed.logs.find(({ message }) => message === 'Reconciler error')).to.include({ trace_id: failed?.traceId });
  });

  it('is asked for of nobody where no SDK is registered', () => {
    expect(tracerOf()).to.equal(undefined);
    expect(tracerOf(new ProxyTracerProvider())).to.equal(undefined);
    expect(tracerOf(spans)).to.not.equal(undefined);
    trace.setGlobalTracerProvider(spans);
    try {
      expect(tracerOf()).to.not.equal(undefined);
    } finally {
      trace.disable();
    }
    expect(tracerOf()).to.equal(undefined);
  });
});
