import { expect } from 'chai';
import { sleep } from '../clock.js';
import type { MapContext, StepContext } from '../context.js';
import { Owns, Reconciler, Step, Watches } from '../dsl/decorators.js';
import type { Key } from '../dsl/key.js';
import { keyOf } from '../dsl/key.js';
import type { Outcome } from '../dsl/outcome.js';
import { Terminal, done } from '../dsl/outcome.js';
import type { ReconcilerClass } from '../dsl/plan.js';
import { changed } from '../dsl/predicate.js';
import { ConfigMap, Node } from '../kinds/core.js';
import type { TestBed, TestBedOptions } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { reconcilers } from './reconcilers.js';

let bed: TestBed;
/** Names of the nodes that were run, in order. */
const runs: string[] = [];
/** What holds the runs of a node up. */
const gates = new Map<string, { promise: Promise<void>; open: () => void }>();
const gate = (name: string): (() => void) => {
  let open: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  gates.set(name, { promise, open });
  return open;
};
const ran = async ({ metadata: { name } }: Node): Promise<Outcome> => {
  runs.push(name);
  await gates.get(name)?.promise;
  return done();
};
const start = async (type: ReconcilerClass, options: TestBedOptions = {}): Promise<void> => {
  bed = await testBed(reconcilers(type), { findings: 'note', ...options });
  await bed.settle();
};
const node = (name: string, labels: Record<string, string> = {}): Promise<Node> => bed.api.create(Node, { metadata: { name, labels } } as never);
const nodes = async (...names: string[]): Promise<void> => {
  for (const name of names) await node(name);
  await bed.settle();
};
const counter = async (name: string, labels: string): Promise<number> => {
  const line = (await bed.operator.metrics.registry.metrics()).split('\n').find((each) => each.startsWith(`${name}{${labels}`));
  return Number(line?.split(' ').at(-1));
};
/** Fresh runs and gates for each test of a group. */
const cleanUp = (): void => {
  beforeEach(() => {
    runs.length = 0;
    gates.clear();
  });
  afterEach(async () => {
    for (const { open } of gates.values()) open();
    await bed.close();
  });
};

describe('what a reconciler says of its work', () => {
  cleanUp();

  it('is at how many keys it works at once', async () => {
    @Reconciler({ for: Node, name: 'three', root: false, concurrency: 3 })
    class Three {
      @Step() step(object: Node): Promise<Outcome> { return ran(object); }
    }
    await start(Three);
    for (const name of ['a', 'b', 'c', 'd', 'e']) gate(name);
    await nodes('a', 'b', 'c', 'd', 'e');
    expect(runs).to.deep.equal(['a', 'b', 'c']);
    gates.get('b')?.open();
    await bed.settle();
    expect(runs).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('is so by the CPUs that there are, within its limits', async () => {
    @Reconciler({ for: Node, name: 'by-cpu', root: false, concurrency: { perCpu: 2, min: 1, max: 5 } })
    class ByCpu {
      @Step() step(object: Node): Promise<Outcome> { return ran(object); }
    }
    await start(ByCpu, { operator: { cpus: 2 } });
    for (const name of ['a', 'b', 'c', 'd', 'e']) gate(name);
    await nodes('a', 'b', 'c', 'd', 'e');
    expect(runs).to.have.length(4);
    expect(await counter('controller_runtime_max_concurrent_reconciles', 'controller="by-cpu"')).to.equal(4);
  });

  it('is how many runs it starts a second', async () => {
    @Reconciler({ for: Node, name: 'slow', root: false, rate: { qps: 1, burst: 2 } })
    class Slow {
      @Step() step(object: Node): Promise<Outcome> { return ran(object); }
    }
    await start(Slow);
    await nodes('a', 'b', 'c', 'd');
    expect(runs).to.have.length(2);
    await bed.advance('1s');
    expect(runs).to.have.length(3);
  });

  it('is which keys are more urgent, and who takes turns', async () => {
    @Reconciler({
      for: Node, name: 'ordered', root: false, concurrency: 1,
      priority: ({ metadata: { labels } }) => Number(labels['priority'] ?? 0), fairBy: ({ metadata: { labels } }) => labels['tenant'],
    })
    class Ordered {
      @Step() step(object: Node): Promise<Outcome> { return ran(object); }
    }
    await start(Ordered);
    const open = gate('gate');
    await nodes('gate');
    for (const name of ['x-1', 'x-2', 'x-3']) await node(name, { tenant: 'x' });
    await node('y-1', { tenant: 'y' });
    await node('urgent', { tenant: 'x', priority: '10' });
    await bed.settle();
    open();
    await bed.settle();
    expect(runs).to.deep.equal(['gate', 'urgent', 'x-1', 'y-1', 'x-2', 'x-3']);
  });

  it('is which changes of its objects and of those that it owns count', async () => {
    @Reconciler({ for: Node, name: 'choosy', root: false, when: changed(({ metadata }) => metadata.labels) })
    @Owns(ConfigMap, { when: changed(({ metadata }) => metadata.labels) })
    class Choosy {
      @Step() step(object: Node): Promise<Outcome> { return ran(object); }
    }
    await start(Choosy);
    const { metadata: { uid } } = await node('n');
    await bed.api.create(ConfigMap, { metadata: { name: 'm', ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid, controller: true }] } } as never);
    await bed.settle();
    runs.length = 0;
    for (const metadata of [{ annotations: { a: 'b' } }, { labels: { a: 'b' } }]) {
      await bed.api.patch(Node, 'n', { metadata });
      await bed.settle();
    }
    expect(runs.splice(0)).to.deep.equal(['n']);
    for (const metadata of [{ annotations: { a: 'b' } }, { labels: { a: 'b' } }]) {
      await bed.api.patch(ConfigMap, 'm', { metadata });
      await bed.settle();
    }
    expect(runs).to.deep.equal(['n']);
  });
});

describe('a controller', () => {
  cleanUp();

  for (const [watch, delay] of [['quicker', 0], ['slower', 200]] as const) {
    it(`lets echoes of its own writes wait behind what is new, by a watch that is ${watch} than the answer`, async () => {
      @Reconciler({ for: Node, name: 'echoing', root: false, concurrency: 1 })
      class Echoing {
        @Step() async step(object: Node): Promise<Outcome> {
          const outcome = await ran(object);
          object.metadata.labels['seen'] = 'yes';
          return outcome;
        }
      }
      await start(Echoing, { intercept: (inner) => ({
        ...inner,
        send: async (request) => {
          const response = await inner.send(request);
          if (!request.path.includes('watch=true')) return response;
          return { ...response, body: (async function* () {
            for await (const chunk of response.body) {
              if (delay > 0) await sleep(bed.clock, delay);
              yield chunk;
            }
          })() };
        },
      }) });
      const [first, hold] = [gate('first'), gate('hold')];
      await nodes('first', 'hold');
      await bed.advance('1s');
      first();
      await bed.advance('1s');
      await nodes('news');
      await bed.advance('1s');
      hold();
      await bed.settle();
      expect(runs.slice(0, 4)).to.deep.equal(['first', 'hold', 'news', 'first']);
    });
  }

  it('wakes what a watch leads to by the urgency of the watch, but not at the start', async () => {
    @Reconciler({ for: Node, name: 'watching', root: false, concurrency: 1, when: () => false })
    class Watching {
      readonly suffix = '-node';
      @Watches(ConfigMap) gateOf({ metadata: { name } }: ConfigMap): Key<Node>[] { return name === 'gate' || name === 'plain' ? [keyOf(Node, `${name}-node`)] : []; }
      @Watches(ConfigMap, { priority: 10 })
      nodeOf({ metadata: { labels } }: ConfigMap, map: MapContext): Key<Node>[] {
        return labels['of'] ? map.all(Node).filter(({ name }) => name === `${labels['of']}${this.suffix}`) : [];
      }
      @Step() step(object: Node): Promise<Outcome> { return ran(object); }
    }
    bed = await testBed(reconcilers(Watching), { findings: 'note' });
    const map = (name: string, labels: Record<string, string> = {}): Promise<ConfigMap> => bed.api.create(ConfigMap, { metadata: { name, labels } } as never);
    for (const name of ['gate', 'old', 'plain', 'urgent']) await node(`${name}-node`);
    await map('gate');
    await map('old', { of: 'old' });
    const open = gate('gate-node');
    await bed.settle();
    await map('plain');
    await map('urgent', { of: 'urgent' });
    await bed.settle();
    open();
    await bed.settle();
    expect(runs).to.deep.equal(['gate-node', 'urgent-node', 'plain-node', 'old-node']);
  });

  it('takes a change for one that counts when the predicate throws', async () => {
    @Reconciler({ for: Node, name: 'broken', root: false, when: () => { throw new Error('no idea'); } })
    class Broken {
      @Step() step(object: Node): Promise<Outcome> { return ran(object); }
    }
    await start(Broken);
    await nodes('n');
    expect(runs).to.deep.equal(['n']);
    expect(bed.logs.map(({ message }) => message)).to.include('a predicate threw; the change counts');
  });

  it('does not try a terminal error again until the object changes', async () => {
    @Reconciler({ for: Node, name: 'final', root: false })
    class Final {
      @Step() step({ metadata: { name } }: Node): Outcome {
        runs.push(name);
        throw new Terminal('there is no such machine', 'NoSuchMachine');
      }
    }
    await start(Final);
    await nodes('n');
    await bed.advance('1h');
    expect(runs).to.have.length(1);
    expect(await counter('controller_runtime_terminal_reconcile_errors_total', 'controller="final"')).to.equal(1);
    await bed.api.patch(Node, 'n', { metadata: { labels: { a: 'b' } } });
    await bed.settle();
    expect(runs).to.have.length(2);
  });

  it('tries again, without an error, when others kept writing', async () => {
    @Reconciler({ for: Node, name: 'outrun', root: false })
    class Outrun {
      @Step() step(object: Node): Promise<Outcome> {
        object.metadata.labels['ours'] = 'yes';
        return ran(object);
      }
    }
    let others = 0;
    await start(Outrun, { intercept: (inner) => ({
      ...inner,
      send: async (request) => {
        if (request.method === 'PATCH' && request.path.includes('/nodes/') && (others += 1) <= 3) await bed.api.patch(Node, 'n', { metadata: { labels: { theirs: String(others) } } });
        return inner.send(request);
      },
    }) });
    await nodes('n');
    await bed.advance('1s');
    expect((await bed.api.get(Node, 'n')).metadata.labels).to.include({ theirs: '3', ours: 'yes' });
    expect(await counter('controller_runtime_reconcile_total', 'controller="outrun",result="requeue"')).to.equal(1);
    expect(await counter('controller_runtime_reconcile_errors_total', 'controller="outrun"')).to.equal(0);
  });

  it('ends only when its runs have, whose signals abort, and what they said last is written; it starts none meanwhile', async () => {
    const aborted: string[] = [];
    const order: string[] = [];
    @Reconciler({ for: Node, name: 'ending', root: false, concurrency: 1 })
    class Ending {
      @Step() async step(object: Node, { signal, events }: StepContext<Node>): Promise<Outcome> {
        signal.addEventListener('abort', () => aborted.push((signal.reason as Error).message));
        const outcome = await ran(object);
        events.normal('Ended', 'the last word');
        return outcome;
      }
    }
    await start(Ending, { intercept: (inner) => ({
      ...inner,
      send: async (request) => {
        if (request.method !== 'POST' || !request.path.includes('/events')) return inner.send(request);
        await sleep(bed.clock, 1_000);
        order.push(bed.logs.some(({ message }) => message === 'stopped') ? 'told too late' : 'told');
        return inner.send(request);
      },
    }) });
    const open = gate('a');
    await nodes('a', 'b');
    const stopping = bed.stop();
    await bed.clock.settle();
    expect(aborted).to.deep.equal(['the operator stops']);
    expect(bed.logs.map(({ message }) => message)).not.to.include('stopped');
    open();
    await stopping;
    await bed.clock.advance('2s');
    expect([order, runs]).to.deep.equal([['told'], ['a']]);
    expect((await bed.events(await bed.api.get(Node, 'a'))).join()).to.contain('the last word');
  });

  it('writes under its own name', async () => {
    @Reconciler({ for: Node, name: 'signed', root: false })
    class Signed {
      @Step() async step(object: Node, ctx: StepContext<Node>): Promise<Outcome> {
        object.metadata.labels['ours'] = 'yes';
        await ctx.apply(ConfigMap, { metadata: { name: 'm', namespace: 'default' }, data: { a: 'b' } });
        return done();
      }
    }
    const managers = new Set<string>();
    await start(Signed, { intercept: (inner) => ({
      ...inner,
      send: (request) => {
        const written = /\/(nodes|configmaps)\/.*fieldManager=([^&]+)/.exec(request.path);
        if (written) managers.add([request.method, ...written.slice(1)].join(' '));
        return inner.send(request);
      },
    }) });
    await nodes('n');
    expect([...managers].sort()).to.deep.equal(['PATCH configmaps signed', 'PATCH nodes signed']);
  });
});
