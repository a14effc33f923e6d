import { setMaxListeners } from 'node:events';
import { createApiServer } from '../../apiserver/index.js';
import { sleep } from '../clock.js';
import { KubeClient } from '../kube/client.js';
import { handlerTransport } from '../kube/handler-transport.js';
import type { KubeTransport } from '../kube/transport.js';
import type { Random } from '../random.js';
import { seededRandom } from '../random.js';
import { TestProcess } from './test-process.js';
import { VirtualClock } from './virtual-clock.js';
import type { ElectionHost } from '../election/election.js';
import { electionTimes } from '../election/election.js';
import { LeaseElection } from '../election/lease-election.js';
import type { Lease } from '../election/lease-record.js';
import { Members } from '../election/members.js';
import { shardOf } from '../election/shard.js';
import type { ShardWorker } from '../election/shard-leases.js';
import { ShardLeases } from '../election/shard-leases.js';

const NAMESPACE = 'kube-system';
const TIMES = electionTimes({});

/** An API server in virtual time, replicas that share keys through it, and a referee that sees all of it. */
export class ShardWorld {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly server;
  readonly replicas: Replica[] = [];
  /** What must not happen, in words. */
  readonly fouls: string[] = [];
  readonly keys: readonly string[];
  /** Who holds which lease, as the server has stored it. */
  readonly holders = new Map<string, string>();
  readonly runs = new Map<string, number>();
  readonly #active = new Map<string, Set<Replica>>();

  constructor(seed: number, keys = 24) {
    this.random = seededRandom(seed);
    this.server = createApiServer({ clock: this.clock, random: seededRandom(seed + 1) });
    this.keys = Array.from({ length: keys }, (_, index) => `default/key-${index}`);
  }

  start(shards: number): Replica {
    const replica = new Replica(`r${this.replicas.length}`, shards, this);
    this.replicas.push(replica);
    return replica;
  }

  get living(): Replica[] {
    return this.replicas.filter(({ living }) => living);
  }

  /** The way of one replica to the server, which the referee watches. */
  transport(replica: () => Replica): KubeTransport {
    const inner = handlerTransport(this.server);
    return {
      ...inner,
      send: async (request) => {
        const { clock, random } = this;
        if (replica().cut) throw new Error('no route to host');
        await sleep(clock, random.next() * replica().latency, request.signal);
        const response = await inner.send(request);
        if (request.method === 'GET' || response.status >= 300) return response;
        let text = '';
        for await (const chunk of response.body) text += String(chunk);
        const { metadata, spec } = JSON.parse(text) as Lease;
        this.holders.set(metadata.name, spec?.holderIdentity ?? '');
        await sleep(clock, random.next() * replica().latency, request.signal);
        if (replica().cut) throw new Error('connection reset');
        return { ...response, body: (async function* () { yield text; })() };
      },
    };
  }

  began(key: string, replica: Replica): void {
    const active = this.#active.get(key) ?? new Set();
    this.#active.set(key, active);
    for (const other of active) {
      // A process that was stopped goes on with its run when it wakes up, but can have no effect by it.
      if (other.living && !other.paused && (other.leases.open || !other.wasPaused)) this.#foul(`${replica.identity} runs ${key} while ${other.identity} does`);
    }
    active.add(replica);
    this.runs.set(key, (this.runs.get(key) ?? 0) + 1);
  }

  ended(key: string, replica: Replica): void {
    this.#active.get(key)?.delete(replica);
  }

  /** A write of a run, sent by a replica that believes that it may. */
  wrote(key: string, { identity, shards }: Replica): void {
    const holder = this.holders.get(`work-${shardOf(key, shards)}`);
    if (holder !== identity) this.#foul(`${identity} writes ${key}, whose shard is held by ${holder || 'nobody'}`);
    const layout = this.holders.get('work-layout');
    if (layout !== `${shards}-shards`) this.#foul(`${identity} writes ${key} of ${shards} shards, and the layout is ${layout}`);
  }

  #foul(what: string): void {
    this.fouls.push(`${(this.clock.now() - Date.UTC(2024, 0, 1)) / 1_000}s: ${what}`);
  }
}

/** A process that runs the keys of its shards, again and again. */
export class Replica implements ShardWorker {
  readonly process: TestProcess;
  readonly leases: ShardLeases;
  readonly ended: Promise<unknown>;
  cut = false;
  latency = 0;
  paused = false;
  wasPaused = false;
  living = true;
  readonly #layout: LeaseElection;
  readonly #stop = new AbortController();
  readonly #work = new AbortController();
  readonly #running = new Map<Promise<void>, number>();
  readonly #repeated = new Set<string>();

  constructor(readonly identity: string, readonly shards: number, private readonly world: ShardWorld) {
    this.process = new TestProcess(world.replicas.length, world.clock, world.transport(() => this));
    setMaxListeners(0, this.#work.signal);
    const { clock, transport } = this.process;
    const random = seededRandom(1_000 + world.replicas.length);
    const client = new KubeClient(transport, { clock, random });
    const host: ElectionHost = {
      election: (name, sharedAs) => new LeaseElection({ client, clock, random, namespace: NAMESPACE, name, identity: sharedAs ?? identity, shared: sharedAs !== undefined }),
      excuse: (work) => work(),
      close: () => Promise.resolve(),
    };
    const members = new Members({ client, clock, namespace: NAMESPACE, name: 'work-members', identity, silence: 2.5 * TIMES.retryPeriod });
    this.#layout = host.election('work-layout', `${shards}-shards`) as LeaseElection;
    this.leases = new ShardLeases({ host, members, clock, lease: 'work', shards, identity, period: TIMES.retryPeriod, limit: TIMES.renewDeadline / 2, worker: this });
    this.ended = this.#live().catch((error: unknown) => error).finally(() => (this.living = false));
  }

  kill(): void {
    this.living = false;
    this.process.kill();
  }

  pause(): void {
    this.paused = true;
    this.wasPaused = true;
    this.process.pause();
  }

  resume(): void {
    this.paused = false;
    this.process.resume();
  }

  stop(): void {
    this.#stop.abort(new Error('rolling update'));
  }

  /** As an operator does it: layout, shards; at the end runs, shards, layout. */
  async #live(): Promise<void> {
    const resign = new AbortController();
    const term = this.#layout.run(resign.signal);
    const stopped = new Promise<void>((resolve) => this.#stop.signal.addEventListener('abort', () => resolve()));
    try {
      await Promise.race([this.#layout.whenElected(), stopped]);
      if (!this.#stop.signal.aborted) await Promise.race([term, this.leases.run(this.#stop.signal)]);
    } finally {
      this.#work.abort(new Error('the end'));
      await Promise.all(this.#running.keys());
      await this.leases.resign(AbortSignal.timeout(60_000));
      resign.abort(new Error('the end'));
      await term.catch(() => undefined);
    }
  }

  gained(shard: number): void {
    for (const key of this.world.keys) if (shardOf(key, this.shards) === shard) void this.#repeat(key, shard);
  }

  async drained(shard: number): Promise<void> {
    await Promise.all([...this.#running].filter(([, of]) => of === shard).map(([run]) => run));
  }

  async #repeat(key: string, shard: number): Promise<void> {
    // The shard may be back before the last loop has noticed that it was gone.
    if (this.#repeated.has(key)) return;
    this.#repeated.add(key);
    const { clock } = this.process;
    const { random } = this.world;
    const { signal } = this.#work;
    while (this.leases.owns(shard) && !signal.aborted) {
      const run = this.#run(key);
      this.#running.set(run, shard);
      await run;
      this.#running.delete(run);
      await sleep(clock, 200 + random.next() * 3_000, signal).catch(() => undefined);
    }
    this.#repeated.delete(key);
  }

  async #run(key: string): Promise<void> {
    if (!this.#mayWrite) return;
    const { world, process: { clock } } = this;
    world.began(key, this);
    for (let step = 0; step < 3; step += 1) {
      if (this.#mayWrite) world.wrote(key, this);
      await sleep(clock, world.random.next() * 1_500, this.#work.signal).catch(() => undefined);
      if (this.#work.signal.aborted) break;
    }
    world.ended(key, this);
  }

  get #mayWrite(): boolean {
    return this.#layout.fence.open && this.leases.open;
  }
}
