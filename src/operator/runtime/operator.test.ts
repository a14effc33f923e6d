import { expect } from 'chai';
import { ContainerModule, inject } from 'inversify';
import { Subject } from 'rxjs';
import { Batch, Condition, Finalizer, Owns, Reconciler, Singleton, Step, Watches, When, OnEvent } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { index, keyOf } from '../dsl/key.js';
import { Column, Field, ResourceKind } from '../dsl/kind-decorators.js';
import type { Outcome, Release } from '../dsl/outcome.js';
import { done, held, met, released, unmet, waiting } from '../dsl/outcome.js';
import { changed } from '../dsl/predicate.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import type { EventSource } from '../dsl/token.js';
import { token } from '../dsl/token.js';
import type { MapContext, StepContext, TickContext } from '../context.js';
import type { Duration } from '../duration.js';
import { ConfigMap, Node, Pod } from '../kinds/core.js';
import type { TestBed, TestBedOptions } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';
import { Startable } from './startable.js';
import { ObservedConditions } from './status-metrics.js';

class WidgetSpec {
  @Field(s.string().describe('What it is painted in'))
  declare color: string;
  @Field(s.string().optional().describe('The node it stands on'))
  declare node?: string;
}

class WidgetStatus {
  @Field(s.int().optional().describe('How often it was painted'))
  declare painted?: number;
}

@ResourceKind({ group: 'toys.example.com', version: 'v1', kind: 'Widget', scope: 'Cluster', spec: () => WidgetSpec, status: () => WidgetStatus })
@Column({ name: 'Color', jsonPath: '.spec.color', type: 'string' })
class Widget extends Resource<WidgetSpec, WidgetStatus, 'Painted' | 'Placed'> {}

function zoneOf({ metadata: { labels } }: Node): string | undefined {
  if (labels['zone'] === 'broken') throw new Error('defect');
  return labels['zone'];
}

const widgetsByNode = index(Widget, 'node', (widget) => [widget.spec.node]);

const Paint = token<Paint>('test.Paint');
interface Paint { apply(color: string, key: string): Promise<void> }

const widget = (name: string, color = 'red', node?: string) => ({ metadata: { name }, spec: { color, ...(node ? { node } : {}) } });

@Reconciler({ for: Widget, name: 'widget.painter', backoff: { base: '1s', max: '1m', jitter: 0 } })
class Painter {
  static runs: string[] = [];
  constructor(@inject(Paint) private readonly paint: Paint) {}

  @When()
  ours(object: Widget): boolean { return object.metadata.labels['skip'] === undefined; }

  @Watches(Node, { when: changed((node) => node.metadata.labels) })
  widgetsOn(node: Node, map: MapContext): Key<Widget>[] { return map.keys({ index: widgetsByNode, value: node.metadata.name }); }

  @Condition('Painted', { latch: true })
  async painted(object: Widget, ctx: StepContext<Widget>): Promise<Outcome> {
    Painter.runs.push(object.metadata.name);
    if (object.spec.color === 'transparent') return unmet('NoSuchPaint', 'transparent is no color');
    await ctx.once('paint', () => this.paint.apply(object.spec.color, ctx.idempotencyKey));
    object.status.painted = (object.status.painted ?? 0) + (object.status.painted ? 0 : 1);
    return met();
  }

  @Condition('Placed', { dependsOn: ['Painted'] })
  placed(object: Widget, ctx: StepContext<Widget>): Outcome {
    if (!object.spec.node) return met();
    const node = ctx.cache.get(Node, object.spec.node);
    return node?.metadata.labels['ready'] === 'true' ? met() : waiting('NodeNotReady', `node ${object.spec.node} is not ready`);
  }

  @Finalizer('toys.example.com/paint')
  async scrape(object: Widget): Promise<Release> {
    if (object.metadata.annotations['keep']) return held('it is to be kept', '10s');
    await Promise.resolve();
    return released();
  }
}

class Bucket implements Paint {
  readonly applied: string[] = [];
  failures = 0;
  apply(color: string, key: string): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      return Promise.reject(new Error('the brush broke'));
    }
    this.applied.push(`${color} ${key.slice(0, 4)}`);
    return Promise.resolve();
  }
}

describe('the operator', () => {
  let bed: TestBed;
  let bucket: Bucket;
  const start = async (options: TestBedOptions = {}): Promise<void> => {
    Painter.runs = [];
    bucket = new Bucket();
    bed = await testBed(reconcilers(Painter), new ContainerModule(({ bind }) => {
      bind<Paint>(Paint).toConstantValue(bucket);
      bind<ObservedConditions<Node>>(ObservedConditions).toConstantValue({ kind: Node, generic: false, labels: { zone: zoneOf } });
    }), options);
  };
  afterEach(() => bed.close());

  const conditions = async (name: string): Promise<string[]> =>
    ((await bed.api.get(Widget, name)).status.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`).sort();

  it('drives an object to its conditions, writes status once, and adds the finalizer first', async () => {
    await start();
    await bed.api.create(Widget, widget('a'));
    await bed.settle();
    const stored = await bed.api.get(Widget, 'a');
    expect(await conditions('a')).to.deep.equal(['Painted=True/Painted', 'Placed=True/Placed', 'Ready=True/Ready']);
    expect(stored.metadata.finalizers).to.deep.equal(['toys.example.com/paint']);
    expect(stored.status.painted).to.equal(1);
    expect(bucket.applied).to.have.length(1);
  });

  it('comes to rest: an object that is as it should be costs no request', async () => {
    const requests: string[] = [];
    await start({ intercept: (transport) => ({ ...transport, send: (request) => {
      if (request.method !== 'GET') requests.push(`${request.method} ${request.path.split('?')[0]}`);
      return transport.send(request);
    } }) });
    await bed.api.create(Widget, widget('a'));
    await bed.settle();
    expect(requests.filter((request) => request.includes('widgets'))).to.have.length(2);
    requests.length = 0;
    await bed.advance('1h');
    expect(requests).to.deep.equal([]);
    expect(Painter.runs.length).to.be.at.most(4);
  });

  it('wakes the objects that a watched one maps to, by index', async () => {
    await start();
    await bed.api.create(Node, { metadata: { name: 'n1' } } as never);
    await bed.api.create(Widget, widget('a', 'red', 'n1'));
    await bed.api.create(Widget, widget('b', 'red', 'n2'));
    await bed.settle();
    expect(await conditions('a')).to.include('Placed=Unknown/NodeNotReady');
    await bed.api.patch(Node, 'n1', { metadata: { labels: { ready: 'true' } } });
    await bed.settle();
    expect(await conditions('a')).to.include('Placed=True/Placed');
    expect(await conditions('b')).to.include('Placed=Unknown/NodeNotReady');
  });

  it('retries what throws with backoff, and leaves others alone', async () => {
    await start();
    bucket.failures = 3;
    await bed.api.create(Widget, widget('a'));
    await bed.settle();
    expect(await conditions('a')).to.include('Painted=Unknown/PaintedFailed');
    await bed.api.create(Widget, widget('b', 'blue'));
    await bed.advance('1s');
    await bed.advance('10s');
    expect(await conditions('a')).to.include('Ready=True/Ready');
    expect(await conditions('b')).to.include('Ready=True/Ready');
    const metrics = await bed.operator.metrics.registry.metrics();
    expect(metrics).to.match(/controller_runtime_reconcile_errors_total\{controller="widget.painter"\} 3/);
    expect(metrics).to.match(/controller_runtime_reconcile_total\{controller="widget.painter",result="error"\} 3/);
    expect(bed.logs.filter(({ message }) => message === 'Reconciler error').map(({ controller, name, error }) => ({ controller, name, error })))
      .to.deep.include({ controller: 'widget.painter', name: 'a', error: 'the brush broke' });
  });

  it('does not make an object wait for its backoff when its spec has changed', async () => {
    await start();
    bucket.failures = 6;
    await bed.api.create(Widget, widget('a'));
    await bed.advance('32s');
    expect(bucket.failures).to.equal(0);
    await bed.api.patch(Widget, 'a', { spec: { color: 'green' } });
    await bed.settle();
    expect(await conditions('a')).to.include('Ready=True/Ready');
  });

  it('holds a deleted object until its finalizer releases it', async () => {
    await start();
    await bed.api.create(Widget, { ...widget('a'), metadata: { name: 'a', annotations: { keep: 'yes' } } });
    await bed.settle();
    await bed.api.delete(Widget, 'a');
    await bed.settle();
    const deleting = await bed.api.get(Widget, 'a');
    await bed.api.patch(Widget, 'a', { metadata: { annotations: { keep: null } } } as never);
    await bed.settle();
    expect(await bed.api.find(Widget, 'a')).to.equal(undefined);
    expect(await bed.events(deleting)).to.include('Normal Finalized: Finalized toys.example.com/paint');
  });

  it('does nothing to objects that are not its own', async () => {
    await start();
    await bed.api.create(Widget, { ...widget('a'), metadata: { name: 'a', labels: { skip: 'yes' } } });
    await bed.settle();
    const stored = await bed.api.get(Widget, 'a');
    expect(stored.metadata.finalizers).to.equal(undefined);
    expect(stored.status).to.deep.equal({});
  });

  it('takes up after a restart where it was, and repeats no effect', async () => {
    await start();
    await bed.api.create(Widget, widget('a', 'transparent'));
    await bed.settle();
    await bed.stop();
    await bed.api.patch(Widget, 'a', { spec: { color: 'red' } });
    await bed.settle();
    expect(await conditions('a')).to.include('Ready=True/Ready');
    await bed.restart();
    await bed.advance('1m');
    expect(await conditions('a')).to.include('Ready=True/Ready');
  });

  it('reports conditions, transitions and terminations under the names that dashboards use', async () => {
    await start();
    await bed.api.create(Widget, widget('a', 'transparent'));
    await bed.settle();
    await bed.advance('30s');
    await bed.api.patch(Widget, 'a', { spec: { color: 'red' } });
    await bed.settle();
    let metrics = await bed.operator.metrics.registry.metrics();
    expect(metrics).to.include('operator_widget_status_condition_count{namespace="",name="a",type="Painted",status="True",reason="Painted"} 1');
    await bed.api.create(Node, { metadata: { name: 'n', labels: { zone: 'a' } }, status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '', lastTransitionTime: '2024-01-01T00:00:00Z' }] } } as never);
    await bed.settle();
    expect(await bed.operator.metrics.registry.metrics()).to.include('operator_node_status_condition_count{zone="a",namespace="",name="n",type="Ready",status="True",reason="KubeletReady"} 1');
    // Others write conditions as they like, and what we say of one object must not cost us the rest.
    for (const status of ['False', 'Unknown']) await bed.api.patch(Node, 'n', { status: { conditions: [{ type: 'Ready', status }] } } as never);
    await bed.settle();
    expect(bed.logs.filter(({ message }) => message === 'a handler of changes threw')).to.deep.equal([]);
    expect(await bed.operator.metrics.registry.metrics()).to.include('operator_node_status_condition_current_status_seconds{zone="a",namespace="",name="n",type="Ready",status="Unknown",reason=""} 0');
    await bed.api.create(Node, { metadata: { name: 'broken', labels: { zone: 'broken' } }, status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }] } } as never);
    await bed.settle();
    expect(await bed.operator.metrics.registry.metrics()).to.include('operator_node_status_condition_count{zone="",namespace="",name="broken",type="Ready",status="True",reason="KubeletReady"} 1');
    expect(metrics).to.include('operator_status_condition_transitions_total{group="toys.example.com",kind="Widget",type="Painted",status="True",reason="Painted"} 1');
    expect(metrics).to.include('operator_widget_status_condition_transition_seconds_sum{type="Painted",status="True"} 30');
    const conditions = (await bed.api.get(Widget, 'a')).status.conditions?.map((condition) => (condition.type === 'Painted' ? { ...condition, reason: 'Repainted' } : condition));
    await bed.api.patch(Widget, 'a', { status: { conditions } } as never);
    await bed.settle();
    expect(await bed.operator.metrics.registry.metrics(), 'another reason is no transition').to.not.include('transitions_total{group="toys.example.com",kind="Widget",type="Painted",status="True",reason="Repainted"}');
    await bed.api.delete(Widget, 'a');
    await bed.settle();
    metrics = await bed.operator.metrics.registry.metrics();
    expect(metrics).to.include('operator_widget_termination_duration_seconds_count 1');
    expect(metrics).to.not.include('name="a"');
  });

  it('writes an event for every transition', async () => {
    await start();
    await bed.api.create(Widget, widget('a', 'transparent'));
    await bed.settle();
    const stored = await bed.api.get(Widget, 'a');
    expect((await bed.events(stored)).some((event) => event.includes('Painted: Status condition transitioned'))).to.equal(true);
  });
});

describe('singletons, batches, owners and sources', () => {
  const Clicks = token<EventSource<string>>('test.Clicks');
  let bed: TestBed;
  afterEach(() => bed.close());

  it('tick at once and then by their period, never overlapping, and back off after errors', async () => {
    const ticks: number[] = [];
    let open = 0;
    @Singleton({ name: 'ticker', every: '10s' })
    class Ticker {
      async tick(ctx: TickContext): Promise<void> {
        expect((open += 1)).to.equal(1);
        ticks.push(ctx.now());
        await new Promise<void>((resolve) => bed.clock.schedule(4_000, resolve));
        open -= 1;
        if (ticks.length === 2) throw new Error('once');
      }
    }
    bed = await testBed(reconcilers(Ticker));
    const began = bed.clock.now();
    await bed.advance('40s');
    // 4 s of work, then 10 s of rest; after the error the backoff of one second instead.
    expect(ticks.map((at) => Math.round((at - began) / 1_000))).to.deep.equal([0, 14, 19, 33]);
  });

  it('tick next when a tick says so', async () => {
    const ticks: number[] = [];
    @Singleton({ name: 'slowing', every: '10s' })
    class Slowing {
      tick(ctx: TickContext): Duration | undefined {
        return ticks.push(ctx.now()) < 3 ? undefined : '1m';
      }
    }
    bed = await testBed(reconcilers(Slowing));
    const began = bed.clock.now();
    await bed.advance('3m');
    expect(ticks.map((at) => (at - began) / 1_000)).to.deep.equal([0, 10, 20, 80, 140]);
  });

  it('gather triggers of several watches into one batch', async () => {
    const batches: string[][] = [];
    @Singleton({ name: 'gatherer' })
    class Gatherer {
      @Watches(ConfigMap) map(object: ConfigMap): boolean { return object.metadata.name !== 'kube-root-ca.crt' && object.metadata.namespace === 'default'; }
      @Watches(Node) node(): boolean { return true; }
      @Batch({ idle: '1s', max: '10s' })
      gather(ctx: TickContext): void { batches.push(ctx.triggers.map(({ source }) => source ?? '')); }
    }
    bed = await testBed(reconcilers(Gatherer));
    await bed.settle();
    await bed.advance('1m');
    batches.length = 0;
    await bed.api.create(ConfigMap, { metadata: { name: 'a' } } as never);
    await bed.advance('500ms');
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.advance('900ms');
    expect(batches).to.deep.equal([]);
    await bed.advance('200ms');
    expect(batches).to.deep.equal([['ConfigMap default/a', 'Node n']]);
  });

  it('wake the owner of what they own, and set the owner reference on what they apply', async () => {
    @Reconciler({ for: Node, name: 'node.notes', root: false })
    @Owns(ConfigMap)
    class Notes {
      @Step()
      async note(node: Node, ctx: StepContext<Node>): Promise<Outcome> {
        await ctx.apply(ConfigMap, { metadata: { name: `note-${node.metadata.name}`, namespace: 'default' }, data: { text: 'hello' } } as never);
        return done();
      }
    }
    bed = await testBed(reconcilers(Notes));
    const node = await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.settle();
    const note = await bed.api.get(ConfigMap, 'note-n');
    expect(note.metadata.ownerReferences).to.deep.equal([{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: node.metadata.uid, controller: true, blockOwnerDeletion: true }]);
    await bed.api.patch(ConfigMap, 'note-n', { data: { text: 'defaced' } } as never);
    await bed.settle();
    expect((await bed.api.get(ConfigMap, 'note-n')).data).to.deep.equal({ text: 'hello' });
  });

  it('are woken by what led to them before a change as well as after it, and by what they owned before it', async () => {
    const runs: string[] = [];
    @Reconciler({ for: Node, name: 'node.led', root: false })
    @Owns(ConfigMap)
    class Led {
      @Watches(Pod)
      nodeOf({ metadata: { labels } }: Pod): Key<Node>[] { return labels['of'] ? [keyOf(Node, labels['of'])] : []; }

      @Step()
      step({ metadata: { name } }: Node): Outcome {
        runs.push(name);
        return done();
      }
    }
    bed = await testBed(reconcilers(Led));
    for (const name of ['a', 'b', 'bystander']) await bed.api.create(Node, { metadata: { name } } as never);
    const { metadata: { uid } } = await bed.api.get(Node, 'a');
    await bed.api.create(Pod, { metadata: { name: 'p', labels: { of: 'a' } }, spec: { containers: [{ name: 'main', image: 'image' }] } } as never);
    await bed.api.create(ConfigMap, { metadata: { name: 'm', ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid, controller: true }] } } as never);
    await bed.settle();
    runs.length = 0;
    await bed.api.patch(Pod, 'p', { metadata: { labels: { of: 'b' } } });
    await bed.settle();
    expect(runs.splice(0).sort()).to.deep.equal(['a', 'b']);
    await bed.api.patch(ConfigMap, 'm', { metadata: { ownerReferences: null as never } });
    await bed.settle();
    expect(runs).to.deep.equal(['a']);
  });

  it('are fed by sources in the container, again after these fail', async () => {
    const runs: string[] = [];
    const clicks = new Subject<string>();
    let subscriptions = 0;
    const source: EventSource<string> = { events: { subscribe: (observer) => {
      subscriptions += 1;
      if (subscriptions === 1) {
        observer.error(new Error('not yet'));
        return { unsubscribe: () => undefined };
      }
      return clicks.subscribe(observer);
    } } };
    @Reconciler({ for: Node, name: 'node.clicks', root: false, when: () => false })
    class Clicked {
      @OnEvent(Clicks) nodeOf(click: string): Key<Node>[] { return [keyOf(Node, click)]; }
      @Step() step(node: Node): Outcome { runs.push(node.metadata.name); return done(); }
    }
    bed = await testBed(reconcilers(Clicked), new ContainerModule(({ bind }) => {
      bind<EventSource<string>>(Clicks).toConstantValue(source);
    }));
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.settle();
    await bed.advance('5s');
    expect(subscriptions).to.equal(2);
    clicks.next('n');
    clicks.next('absent');
    await bed.settle();
    expect(runs.filter((name) => name === 'n')).to.have.length(1);
  });

  it('wake nobody by a key of another kind, and say so', async () => {
    const runs: string[] = [];
    @Reconciler({ for: ConfigMap, name: 'configmap.confused', root: false })
    class Confused {
      @Watches(Node) mapsOf(node: Node): Key<Node>[] { return [keyOf(Node, node.metadata.name)]; }
      @Step() step(object: ConfigMap): Outcome { runs.push(object.metadata.name); return done(); }
    }
    bed = await testBed(reconcilers(Confused));
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.settle();
    expect(runs).not.to.include('n');
    expect(bed.logs.map((line) => String(line['error']))).to.include('a mapper of configmap.confused returned a key of Node; it reconciles ConfigMap');
  });

  it('start services when caches have synced, and stop them last', async () => {
    const order: string[] = [];
    @Reconciler({ for: Node, name: 'node.order', root: false })
    class Order {
      @Step() step(): Outcome { order.push('run'); return done(); }
    }
    bed = await testBed(reconcilers(Order), new ContainerModule(({ bind }) => {
      bind<Startable>(Startable).toConstantValue({ name: 'service', start: () => void order.push('start'), stop: () => void order.push('stop') });
    }));
    await bed.api.create(Node, { metadata: { name: 'n' } } as never);
    await bed.settle();
    await bed.stop();
    expect(order).to.deep.equal(['start', 'run', 'stop']);
  });
});

describe('what dashboards find', () => {
  it('has the names of controller-runtime, client-go and operatorpkg from the first scrape on', async () => {
    @Reconciler({ for: Node, name: 'node.quiet', root: false })
    class Quiet {
      @Step() step(): Outcome { return done(); }
    }
    const bed = await testBed(reconcilers(Quiet), { operator: { leaderElection: { lease: 'karpenter-leader-election' } } });
    await bed.settle();
    const text = await bed.operator.metrics.registry.metrics();
    for (const series of [
      'controller_runtime_reconcile_total{controller="node.quiet",result="success"} 0', 'controller_runtime_reconcile_total{controller="node.quiet",result="error"} 0',
      'controller_runtime_reconcile_errors_total{controller="node.quiet"} 0', 'controller_runtime_terminal_reconcile_errors_total{controller="node.quiet"} 0',
      'controller_runtime_reconcile_panics_total{controller="node.quiet"} 0', 'controller_runtime_max_concurrent_reconciles{controller="node.quiet"} 10',
      'controller_runtime_active_workers{controller="node.quiet"} 0', 'workqueue_depth{name="node.quiet",controller="node.quiet",priority="0"} 0',
      'workqueue_adds_total{name="node.quiet",controller="node.quiet"} 0', 'workqueue_retries_total{name="node.quiet",controller="node.quiet"} 0',
      'workqueue_unfinished_work_seconds{name="node.quiet",controller="node.quiet"} 0', 'workqueue_longest_running_processor_seconds{name="node.quiet",controller="node.quiet"} 0',
      'leader_election_master_status{name="karpenter-leader-election"} 1',
    ]) expect(text).to.include(series);
    expect(text).to.match(/rest_client_requests_total\{code="200",method="GET",host="in-process"\} \d+/);
    expect(text).to.match(/client_go_request_total\{code="20[01]",method="GET"\} \d+/);
    expect(text).to.match(/client_go_request_duration_seconds_count\{verb="LIST",group="",version="v1",kind="Node",subresource=""\} 1/);
    await bed.close();
  });
});
