import { expect } from 'chai';
import { ContainerModule } from 'inversify';
import { Subject } from 'rxjs';
import { createApiServer } from '../../apiserver/index.js';
import type { MapContext, StepContext, TickContext } from '../context.js';
import { Batch, OnEvent, Reconciler, Singleton, Step, Watches } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { index, keyOf } from '../dsl/key.js';
import type { Outcome } from '../dsl/outcome.js';
import { onCreate } from '../dsl/predicate.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import { done } from '../dsl/outcome.js';
import type { EventSource } from '../dsl/token.js';
import { token } from '../dsl/token.js';
import { ForeignKind } from '../dsl/kind-decorators.js';
import { ConfigMap, Node } from '../kinds/core.js';
import { Resource } from '../dsl/resource.js';
import { Informers } from '../kube/informers.js';
import { LeadershipLostError } from '../election/election.js';
import { KubeClient } from '../kube/client.js';
import { handlerTransport } from '../kube/handler-transport.js';
import type { KubeObject } from '../kube/object.js';
import type { KubeTransport } from '../kube/transport.js';
import { seededRandom } from '../random.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { Operator } from './operator.js';
import { reconcilers } from './reconcilers.js';
import { createLogger } from './winston-logger.js';

const node = (name: string, labels: Record<string, string> = {}) => ({ metadata: { name, labels } }) as never;

/** A transport whose watches say nothing from the moment on at which they are held. */
function heldWatches(): { intercept: (inner: KubeTransport) => KubeTransport; hold: () => void; release: () => void } {
  let held: Promise<void> | undefined;
  let release: () => void = () => undefined;
  return {
    hold: () => {
      held = new Promise((resolve) => (release = resolve));
    },
    release: () => {
      held = undefined;
      release();
    },
    intercept: (inner) => ({
      ...inner,
      send: async (request) => {
        const response = await inner.send(request);
        if (!request.path.includes('watch=true')) return response;
        return { ...response, body: (async function* () {
          for await (const chunk of response.body) {
            await held;
            yield chunk;
          }
        })() };
      },
    }),
  };
}

describe('an operator under adversity', () => {
  let bed: TestBed;
  afterEach(() => bed?.close());

  it('reads its own writes while the watch brings nothing, and repeats no effect', async () => {
    const seen: string[] = [];
    const created: string[] = [];
    const Kicks = token<EventSource<string>>('test.Kicks');
    const kicks = new Subject<string>();
    // Only kicks wake it: the echoes of its own writes would keep it counting for ever.
    @Reconciler({ for: Node, name: 'node.shadow', root: false, when: () => false, reads: [ConfigMap] })
    class Shadow {
      @OnEvent(Kicks) kicked(name: string): Key<Node>[] { return [keyOf(Node, name)]; }

      @Step()
      async shadow(object: Node, ctx: StepContext<Node>): Promise<Outcome> {
        seen.push(object.metadata.labels['step'] ?? '0');
        object.metadata.labels['step'] = String(Number(object.metadata.labels['step'] ?? 0) + 1);
        const name = `shadow-${object.metadata.name}`;
        if (!ctx.cache.get(ConfigMap, name, 'default')) {
          created.push(name);
          await ctx.create(ConfigMap, { metadata: { name, namespace: 'default' } } as never);
        }
        return done();
      }
    }
    const watches = heldWatches();
    bed = await testBed(reconcilers(Shadow), new ContainerModule(({ bind }) => {
      bind<EventSource<string>>(Kicks).toConstantValue({ events: kicks });
    }), { intercept: watches.intercept });
    await bed.api.create(Node, node('n'));
    await bed.settle();
    watches.hold();
    for (let times = 0; times < 4; times += 1) {
      kicks.next('n');
      await bed.advance('3s');
    }
    expect(seen).to.deep.equal(['0', '1', '2', '3']);
    expect(created).to.deep.equal(['shadow-n']);
    watches.release();
    await bed.settle();
    kicks.next('n');
    await bed.settle();
    expect(seen.at(-1)).to.equal('4');
  });

  it('isolates an object that no function of the reconciler can cope with', async () => {
    const ran: string[] = [];
    const byRole = index(Node, 'role', (object) => [(JSON.parse(object.metadata.annotations['role'] ?? '{}') as { name?: string }).name]);
    @Reconciler({ for: Node, name: 'node.fragile', root: false, priority: (object) => JSON.parse(object.metadata.annotations['role'] ?? '0') as number, fairBy: (object) => (JSON.parse(object.metadata.annotations['role'] ?? '""') as string) })
    class Fragile {
      @Watches(ConfigMap)
      nodesOf(object: ConfigMap, map: MapContext): Key<Node>[] {
        if (object.metadata.name === 'bad') throw new Error('bad config map');
        return map.keys({ index: byRole, value: 'worker' });
      }

      @Step() step(object: Node): Outcome { ran.push(object.metadata.name); return done(); }
    }
    bed = await testBed(reconcilers(Fragile));
    await bed.settle();
    await bed.api.create(Node, { metadata: { name: 'poison', annotations: { role: '{not json' } } } as never);
    await bed.api.create(Node, { metadata: { name: 'fine', annotations: { role: '{"name":"worker"}' } } } as never);
    await bed.api.create(ConfigMap, { metadata: { name: 'bad' } } as never);
    await bed.settle();
    ran.length = 0;
    await bed.api.create(ConfigMap, { metadata: { name: 'good' } } as never);
    await bed.settle();
    expect(ran).to.deep.equal(['fine']);
    expect(bed.logs.some(({ message, error }) => message === 'a mapper threw; nothing is woken by this change' && error === 'bad config map')).to.equal(true);
  });

  it('asks a run to end at its time limit, and does not run the key beside it', async () => {
    let open = 0;
    let most = 0;
    const ends: string[] = [];
    @Reconciler({ for: Node, name: 'node.slow', root: false, timeout: '5s', backoff: { base: '1s', jitter: 0 } })
    class Slow {
      @Step()
      async step(_object: Node, ctx: StepContext<Node>): Promise<Outcome> {
        most = Math.max(most, (open += 1));
        // Ignores its signal, as bad code does.
        await new Promise<void>((resolve) => bed.clock.schedule(8_000, resolve));
        ends.push(ctx.signal.aborted ? 'aborted' : 'in time');
        open -= 1;
        return done();
      }
    }
    bed = await testBed(reconcilers(Slow));
    await bed.settle();
    await bed.api.create(Node, node('n'));
    await bed.advance('6s');
    await bed.api.patch(Node, 'n', { metadata: { labels: { a: 'b' } } });
    await bed.advance('20s');
    expect(most).to.equal(1);
    expect(ends).to.deep.equal(['aborted', 'aborted']);
    expect(await bed.operator.metrics.registry.metrics()).to.include('controller_runtime_reconcile_timeouts_total{controller="node.slow"} 2');
  });

  it('counts wakes within a debounce as one, which a stream of them cannot put off', async () => {
    const runs: number[] = [];
    @Reconciler({ for: Node, name: 'node.calm', root: false, when: () => false })
    class Calm {
      @Watches(ConfigMap, { debounce: '10s' })
      all(_object: ConfigMap, map: MapContext): Key<Node>[] { return map.all(Node); }

      @Step() step(_object: Node, ctx: StepContext<Node>): Outcome { runs.push(ctx.now()); return done(); }
    }
    bed = await testBed(reconcilers(Calm));
    await bed.api.create(Node, node('n'));
    await bed.advance('20s');
    runs.length = 0;
    await bed.api.create(ConfigMap, { metadata: { name: 'c' } } as never);
    for (let second = 0; second < 60; second += 1) {
      await bed.api.patch(ConfigMap, 'c', { data: { second: String(second) } });
      await bed.advance('1s');
    }
    expect(runs.length).to.be.within(5, 6);
  });

  it('counts them as one for a batch, too, and leaves no timer behind when it stops', async () => {
    const batches: number[] = [];
    @Singleton({ name: 'calm' })
    class Calm {
      @Watches(ConfigMap, { debounce: '10s', when: onCreate() })
      all({ metadata: { namespace } }: ConfigMap): boolean { return namespace === 'default'; }

      @Batch({ idle: '1s', max: '10s' })
      gather(ctx: TickContext): void { batches.push(ctx.triggers.length); }
    }
    bed = await testBed(reconcilers(Calm));
    await bed.advance('20s');
    batches.length = 0;
    for (const name of ['a', 'b', 'c']) {
      await bed.api.create(ConfigMap, { metadata: { name } } as never);
      await bed.advance('3s');
    }
    await bed.advance('30s');
    expect(batches).to.deep.equal([3]);
    await bed.api.create(ConfigMap, { metadata: { name: 'd' } } as never);
    await bed.settle();
    const due = bed.clock.now() + 10_000;
    await bed.stop();
    expect(bed.clock.nextDue).to.not.equal(due);
  });

  it('says what it would need to read a kind that nobody watches', async () => {
    let message = '';
    @Singleton({ name: 'nosy', every: '1m', reads: [Node] })
    class Nosy {
      tick(ctx: TickContext): void {
        try {
          ctx.cache.list(ConfigMap);
        } catch (error) {
          ({ message } = error as Error);
        }
      }
    }
    bed = await testBed(reconcilers(Nosy));
    await bed.settle();
    expect(message).to.equal('ConfigMap is read from the cache, but no reconciler is for it, watches, owns or reads it; cached kinds: Node');
  });

  it('is ready once its caches are, waits for a CRD that comes late, and says so', async () => {
    let served = false;
    @Reconciler({ for: Node, name: 'node.late', root: false })
    class Late {
      @Step() step(): Outcome { return done(); }
    }
    bed = await testBed(reconcilers(Late), { intercept: (inner) => ({
      ...inner,
      send: (request) => (served || !request.path.startsWith('/api/v1/nodes') ? inner.send(request) : Promise.resolve({ status: 404, headers: {}, body: (async function* () { yield '404 page not found'; })() })),
    }) });
    await bed.advance('35s');
    expect((await bed.operator.readyz.report())?.text).to.equal('[+]ping ok\n[-]informers failed: not synced: nodes\nreadyz check failed\n');
    expect(bed.logs.some(({ message, kinds }) => message === 'waiting for caches to sync' && (kinds as string[])[0] === 'nodes')).to.equal(true);
    served = true;
    await bed.advance('45s');
    expect((await bed.operator.readyz.report())?.healthy).to.equal(true);
  });

  it('follows an optional kind as its CRD comes and goes', async () => {
    @ForeignKind({ group: 'addons.example.com', version: 'v1', kind: 'Addon', plural: 'addons', namespaced: false })
    class Addon extends Resource<unknown, unknown> {}
    const kind = { group: 'addons.example.com', version: 'v1', kind: 'Addon', plural: 'addons', namespaced: false };
    const definitions = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', namespaced: false };
    const crd = {
      metadata: { name: 'addons.addons.example.com' },
      spec: {
        group: 'addons.example.com', scope: 'Cluster', names: { kind: 'Addon', listKind: 'AddonList', plural: 'addons', singular: 'addon' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
    const seen: string[] = [];
    @Reconciler({ for: Node, name: 'node.addons', root: false })
    class Addons {
      @Watches(Addon, { optional: true })
      nodesOf(addon: Addon): Key<Node>[] {
        seen.push(addon.metadata.name);
        return [];
      }

      @Step() step(): Outcome { return done(); }
    }
    bed = await testBed(reconcilers(Addons));
    await bed.settle();
    const informer = (): { absent: boolean; objects: number } => {
      const [found] = bed.operator.container.get(Informers).of(kind);
      return { absent: found?.absent ?? false, objects: found?.store.size ?? 0 };
    };
    expect([(await bed.operator.readyz.report())?.healthy, informer()]).to.deep.equal([true, { absent: true, objects: 0 }]);
    for (const name of ['first', 'second']) {
      await bed.api.client.create(definitions, crd);
      await bed.advance('15s');
      await bed.api.client.create(kind, { metadata: { name } });
      await bed.advance('1s');
      expect([seen.splice(0), informer()]).to.deep.equal([[name], { absent: false, objects: 1 }]);
      await bed.api.client.delete(definitions, { name: crd.metadata.name });
      await bed.advance('1m');
      expect([seen.splice(0), informer()]).to.deep.equal([[name], { absent: true, objects: 0 }]);
    }
    expect(bed.logs.filter(({ message }) => message === 'kind not served; looking for it again')).to.have.length(3);
    expect((await bed.operator.readyz.report())?.healthy).to.equal(true);
  });

  it('reports a deaf informer as not ready', async () => {
    @Reconciler({ for: Node, name: 'node.deaf', root: false })
    class Deaf {
      @Step() step(): Outcome { return done(); }
    }
    let deaf = false;
    bed = await testBed(reconcilers(Deaf), { intercept: (inner) => ({
      ...inner,
      send: (request) => (deaf ? new Promise((_, reject) => request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error))) : inner.send(request)),
    }) });
    await bed.settle();
    deaf = true;
    // The server ends the watch that is open after ten minutes at most.
    await bed.advance('15m');
    expect((await bed.operator.readyz.report('informers'))?.text).to.include('nothing heard for 140s from: nodes');
    const metrics = await bed.operator.metrics.registry.metrics();
    const age = /operator_informer_age_seconds\{group="",kind="Node"\} (\d+)/.exec(metrics)?.[1];
    expect(Number(age)).to.be.within(140, 900);
    for (const series of ['operator_informer_synced{group="",kind="Node"} 1', 'operator_informer_absent{group="",kind="Node"} 0', 'operator_informer_objects{group="",kind="Node"} 0']) expect(metrics).to.include(series);
    expect(metrics).to.match(/operator_informer_steps_total\{group="",kind="Node",step="listed"\} 1/);
    expect(bed.logs.filter(({ message }) => message === 'watch failed; trying again').map(({ error }) => error)).to.include('no answer to the watch of nodes for 30s');
  });
});

describe('two replicas', () => {
  class World {
    readonly clock = new VirtualClock();
    readonly server = createApiServer({ clock: this.clock, random: seededRandom(5) });
    readonly writes: string[] = [];
    readonly logs: string[] = [];
    readonly cut = new Set<string>();
    /** Whose lists are not answered. */
    readonly unlisted = new Set<string>();
    /** Who has read the nodes. */
    readonly lists = new Set<string>();

    replica(name: string, seed: number, warmup = true, ...more: readonly ReconcilerClass[]): { operator: Operator; stop: AbortController; ended: Promise<unknown> } {
      const { writes } = this;
      @Reconciler({ for: Node, name: 'node.mark', root: false })
      class Mark {
        @Step()
        step(object: Node): Outcome {
          object.metadata.annotations['marked-by'] ??= name;
          return done();
        }
      }
      const inner = handlerTransport(this.server);
      const operator = new Operator({
        name: 'replicas', clock: this.clock, random: seededRandom(seed), logger: createLogger({ clock: this.clock, level: 'warn', write: (line) => this.logs.push(line) }), ports: false, processMetrics: false,
        leaderElection: { identity: name }, warmup,
        transport: { ...inner, send: (request) => {
          if (this.cut.has(name)) return Promise.reject(new Error('no route to host'));
          if (request.method !== 'GET' && request.path.includes('/nodes/')) writes.push(name);
          if (request.path.includes('/nodes?') && this.unlisted.has(name)) return Promise.reject(new Error('no answer'));
          if (request.path.includes('/nodes?')) this.lists.add(name);
          return inner.send(request);
        } },
      });
      operator.use(reconcilers(Mark, ...more));
      const stop = new AbortController();
      return { operator, stop, ended: operator.run({ signal: stop.signal }).catch((error: unknown) => error) };
    }
  }

  it('work one at a time, and the second takes over at once from one that stops', async () => {
    const world = new World();
    const [a, b] = [world.replica('a', 1), world.replica('b', 2)];
    await world.clock.advance('10s');
    const leader = a.operator.leading ? 'a' : 'b';
    expect(a.operator.leading).to.not.equal(b.operator.leading);
    const create = (name: string) => handlerTransport(world.server).send({ method: 'POST', path: '/api/v1/nodes', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ metadata: { name } }) });
    await create('n1');
    await world.clock.advance('1s');
    expect(world.writes).to.deep.equal([leader]);
    const [first, second] = leader === 'a' ? [a, b] : [b, a];
    first.stop.abort(new Error('rolling update'));
    await create('n2');
    await world.clock.advance('5s');
    expect(await first.ended).to.equal(undefined);
    expect(second.operator.leading).to.equal(true);
    expect(world.writes).to.deep.equal([leader, leader === 'a' ? 'b' : 'a']);
    second.stop.abort(new Error('over'));
    await world.clock.advance('1s');
    await world.server.close();
  });

  it('fill their caches before they lead, unless told not to', async () => {
    const world = new World();
    const a = world.replica('a', 1);
    await world.clock.advance('5s');
    const warm = world.replica('warm', 2);
    const cold = world.replica('cold', 3, false);
    await world.clock.advance('5s');
    expect([...world.lists]).to.deep.equal(['a', 'warm']);
    for (const { stop, ended } of [a, warm, cold]) {
      stop.abort(new Error('over'));
      await world.clock.advance('20s');
      await ended;
    }
    expect([...world.lists]).to.deep.equal(['a', 'warm', 'cold']);
    await world.server.close();
  });

  it('have the runs under way aborted in the moment in which they may not write any more, long before another one works', async () => {
    const world = new World();
    let aborted: number | undefined;
    const seen: unknown[] = [];
    @Reconciler({ for: Node, name: 'node.slow', root: false })
    class Slow {
      @Step()
      async step(_object: Node, { signal }: StepContext<Node>): Promise<Outcome> {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        aborted = world.clock.now();
        seen.push(signal.reason);
        return done();
      }
    }
    const a = world.replica('a', 1, true, Slow);
    await world.clock.advance('5s');
    await handlerTransport(world.server).send({ method: 'POST', path: '/api/v1/nodes', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ metadata: { name: 'n' } }) });
    await world.clock.advance('1s');
    world.cut.add('a');
    const cutAt = world.clock.now();
    let closedAt = 0;
    while (closedAt === 0) {
      await world.clock.advance('50ms');
      if (!a.operator.leading) closedAt = world.clock.now();
    }
    expect((aborted ?? Infinity) - closedAt).to.be.within(-50, 0);
    expect(closedAt - cutAt).to.be.within(8_000, 10_050);
    expect(seen).to.have.length(1);
    await world.clock.advance('60s');
    expect(await a.ended).to.be.instanceOf(LeadershipLostError);
    await world.server.close();
  });

  it('end and say to whom they lost the lead when somebody takes their lease; those that start then stand by, and nothing gets lost', async () => {
    const world = new World();
    const user = new KubeClient(handlerTransport(world.server), { clock: world.clock, random: seededRandom(9) });
    const [lease, node] = [{ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true }, { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false }];
    const masterStatus = async ({ operator }: { operator: Operator }): Promise<string | undefined> => /^leader_election_master_status.* (.)$/m.exec(await operator.metrics.registry.metrics())?.[1];
    const a = world.replica('a', 1);
    await world.clock.advance('5s');
    const [{ metadata }] = await user.listAll(lease) as [KubeObject];
    expect(await masterStatus(a)).to.equal('1');
    await user.mergePatch(lease, metadata as { name: string; namespace: string }, { spec: { holderIdentity: 'thief' } });
    await user.create(node, { metadata: { name: 'n' } });
    await world.clock.advance('3s');
    expect(await a.ended).to.be.instanceOf(LeadershipLostError).with.property('message', `lease ${metadata.namespace}/${metadata.name} is held by thief`);
    expect(world.logs.filter((line) => line.includes('the lead is lost'))).to.have.length(1).and.satisfy(([line]: [string]) => line.includes('is held by thief'));
    const written = world.writes.length;
    const b = world.replica('b', 2);
    await world.clock.advance('10s');
    expect([b.operator.leading, await masterStatus(b), world.writes.length - written]).to.deep.equal([false, '0', 0]);
    await world.clock.advance('20s');
    expect([b.operator.leading, await masterStatus(b)]).to.deep.equal([true, '1']);
    expect((await user.get(node, { name: 'n' })).metadata.annotations?.['marked-by']).to.be.a('string');
    b.stop.abort(new Error('over'));
    await world.clock.advance('1s');
    await world.server.close();
  });

  it('end when they lose the lead before their caches are filled', async () => {
    const world = new World();
    world.unlisted.add('cold');
    const cold = world.replica('cold', 1, false);
    await world.clock.advance('5s');
    expect(cold.operator.leading).to.equal(true);
    world.cut.add('cold');
    await world.clock.advance('60s');
    expect(await Promise.race([cold.ended, Promise.resolve('still there')])).to.be.instanceOf(LeadershipLostError);
    await world.server.close();
  });

  it('end with an error when they lose the lead, and write nothing after it', async () => {
    const world = new World();
    const a = world.replica('a', 1);
    await world.clock.advance('5s');
    expect(a.operator.leading).to.equal(true);
    world.cut.add('a');
    await world.clock.advance('60s');
    expect(await a.ended).to.be.instanceOf(LeadershipLostError);
    await world.server.close();
  });
});
