import { expect } from 'chai';
import { ContainerModule } from 'inversify';
import { createApiServer } from '../../apiserver/index.js';
import { Reconciler, Singleton, Step } from '../dsl/decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { shardOf } from '../election/shard.js';
import { Node } from '../kinds/core.js';
import { KubeClient } from '../kube/client.js';
import { handlerTransport } from '../kube/handler-transport.js';
import { silentLogger } from '../logger.js';
import { seededRandom } from '../random.js';
import { TypedApi } from '../testing/typed-api.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { Operator } from './operator.js';
import { reconcilers } from './reconcilers.js';
import { Startable } from './startable.js';

const SHARDS = 6;
const NODES = Array.from({ length: 30 }, (_, index) => `node-${index}`);

interface Replica {
  operator: Operator;
  stop: AbortController;
  ended: Promise<unknown>;
}

describe('operators that share their work', () => {
  let clock: VirtualClock;
  let server: ReturnType<typeof createApiServer>;
  let api: TypedApi;
  let replicas: Map<string, Replica>;
  /** `replica node` of every run, while it is under way and when it has been. */
  let active: Set<string>;
  let ran: string[];
  let overlaps: string[];
  let ticks: string[];
  let services: string[];
  /** How long a run of a node takes. */
  let lasting: (node: string) => number;

  beforeEach(() => {
    clock = new VirtualClock();
    server = createApiServer({ clock, random: seededRandom(5) });
    api = new TypedApi(new KubeClient(handlerTransport(server), { clock, random: seededRandom(0) }));
    [replicas, active, ran, overlaps, ticks, services] = [new Map(), new Set(), [], [], [], []];
    lasting = () => 0;
  });
  afterEach(async () => {
    for (const { stop } of replicas.values()) stop.abort(new Error('over'));
    await clock.advance('60s');
    await server.close();
  });

  function start(name: string): Replica {
    @Reconciler({ for: Node, name: 'node.mark', root: false, concurrency: 50 })
    class Mark {
      @Step()
      async step(object: Node): Promise<Outcome> {
        const { name: node } = object.metadata;
        for (const other of active) if (other.endsWith(` ${node}`)) overlaps.push(`${name} and ${other}`);
        active.add(`${name} ${node}`);
        ran.push(`${name} ${node}`);
        if (lasting(node) > 0) await new Promise<void>((resolve) => clock.schedule(lasting(node), resolve));
        active.delete(`${name} ${node}`);
        object.metadata.annotations['marked-by'] = name;
        return done();
      }
    }
    @Singleton({ name: 'ticker', every: '1s' })
    class Ticker {
      tick(): void { ticks.push(name); }
    }
    const operator = new Operator({
      name: 'sharing', clock, random: seededRandom(replicas.size + 1), logger: silentLogger, ports: false, processMetrics: false,
      transport: handlerTransport(server), leaderElection: { identity: name, shards: SHARDS },
    });
    operator.use(reconcilers(Mark, Ticker), new ContainerModule(({ bind }) => {
      bind(Startable).toConstantValue({ name: 'service', start: () => void services.push(`${name} starts`), stop: () => void services.push(`${name} stops`) });
    }));
    const stop = new AbortController();
    const replica = { operator, stop, ended: operator.run({ signal: stop.signal }).then(() => 'well', (error: unknown) => error) };
    replicas.set(name, replica);
    return replica;
  }
  const marks = async (): Promise<Map<string, string | undefined>> => new Map((await api.list(Node)).map(({ metadata: { name, annotations } }) => [name, annotations['marked-by']]));
  const held = async ({ operator }: Replica): Promise<number> => Number(/leader_election_shards\{state="held"\} (\d+)/.exec(await operator.metrics.registry.metrics())?.[1]);
  /** Has every node looked at again; resolves with who did. */
  async function wakeAll(): Promise<Map<string, string>> {
    ran = [];
    for (const name of NODES) await api.patch(Node, name, { metadata: { labels: { woken: String(clock.now()) } } });
    await clock.advance('5s');
    return new Map(ran.map((run) => run.split(' ').reverse() as [string, string]));
  }

  it('divide the keys, and run what there is only one of with shard 0', async () => {
    for (const name of NODES) await api.create(Node, { metadata: { name } } as never);
    start('a');
    await clock.advance('5s');
    expect(new Set((await marks()).values())).to.deep.equal(new Set(['a']));
    start('b');
    start('c');
    await clock.advance('20s');
    expect(await Promise.all([...replicas.values()].map(held))).to.deep.equal([2, 2, 2]);
    const owners = await wakeAll();
    expect([...owners.keys()].sort()).to.deep.equal([...NODES].sort());
    // Every shard is one replica's, and every replica has some.
    const byShard = new Map<number, Set<string>>();
    for (const [node, owner] of owners) byShard.set(shardOf(node, SHARDS), (byShard.get(shardOf(node, SHARDS)) ?? new Set()).add(owner));
    for (const [shard, who] of byShard) expect(who.size, `shard ${shard}`).to.equal(1);
    expect(new Set(owners.values())).to.deep.equal(new Set(['a', 'b', 'c']));
    expect([new Set(ticks), services]).to.deep.equal([new Set(['a']), ['a starts']]);
    expect(overlaps).to.deep.equal([]);
  });

  it('say whose a key is, on whichever replica one asks', async () => {
    await api.create(Node, { metadata: { name: 'node-3' } } as never);
    const [a, b] = [start('a'), start('b')];
    await clock.advance('20s');
    const owner = (await marks()).get('node-3');
    for (const [name, { operator }] of [['a', a], ['b', b]] as const) {
      const { leading, leader, shard, findings } = await operator.explain({ kind: 'node', name: 'node-3' });
      expect({ leading, leader, shard }).to.deep.equal({ leading: name === owner, leader: owner, shard: shardOf('node-3', SHARDS) });
      if (name !== owner) expect(findings[0]).to.equal(`it is in shard ${shard}, which this replica does not hold, so nothing is known of queues and runs; ${owner} holds it`);
    }
  });

  it('take over what a replica leaves that stops, in seconds', async () => {
    for (const name of NODES) await api.create(Node, { metadata: { name } } as never);
    const a = start('a');
    await clock.advance('5s');
    start('b');
    await clock.advance('15s');
    a.stop.abort(new Error('rolling update'));
    await clock.advance('5s');
    expect(await a.ended).to.equal('well');
    expect(services).to.deep.equal(['a starts', 'a stops', 'b starts']);
    expect(new Set((await wakeAll()).values())).to.deep.equal(new Set(['b']));
    ticks = [];
    await clock.advance('5s');
    expect(new Set(ticks)).to.deep.equal(new Set(['b']));
    expect(overlaps).to.deep.equal([]);
  });

  it('hand a shard over only when its runs have ended, and run nothing of it meanwhile', async () => {
    for (const name of NODES) await api.create(Node, { metadata: { name } } as never);
    const a = start('a');
    await clock.advance('5s');
    lasting = () => 60_000;
    for (const name of NODES) await api.patch(Node, name, { metadata: { labels: { slow: 'run' } } });
    await clock.advance('1s');
    lasting = () => 0;
    const b = start('b');
    await clock.advance('30s');
    expect(await Promise.all([a, b].map(held))).to.deep.equal([3, 0]);
    // Woken while their last run is under way.
    for (const name of NODES) await api.patch(Node, name, { metadata: { labels: { woken: 'again' } } });
    await clock.advance('50s');
    expect(await Promise.all([a, b].map(held))).to.deep.equal([3, 3]);
    expect(overlaps).to.deep.equal([]);
    const owners = new Map(ran.map((run) => run.split(' ').reverse() as [string, string]));
    expect(new Set(owners.values())).to.deep.equal(new Set(['a', 'b']));
    expect([...owners.keys()].sort()).to.deep.equal([...NODES].sort());
  });

  it('refuse numbers of shards that cannot be kept', () => {
    const make = (shards: number) => () => new Operator({ name: 'x', transport: handlerTransport(server), logger: silentLogger, ports: false, leaderElection: { shards } });
    for (const shards of [0, 1.5, 256]) expect(make(shards)).to.throw(RangeError, `leaderElection.shards is a whole number from 1 to 255, not ${shards}`);
  });
});
