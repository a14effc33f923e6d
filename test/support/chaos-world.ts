import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { createApiServer } from '../../src/apiserver/index.js';
import { ConfigMap, KubeClient, Node, Operator, Reconciler, Secret, Step, createLogger, done, handlerTransport, httpTransport, milliseconds, reconcilers, seededRandom, systemClock } from '../../src/operator/index.js';
import type { Clock, Duration, KindRef, KubeTransport, Outcome } from '../../src/operator/index.js';
import type { Informer } from '../../src/operator/kube/informer.js';
import { Informers } from '../../src/operator/kube/informers.js';
import type { KubeObject } from '../../src/operator/index.js';
import { VirtualClock } from '../../src/operator/testing/index.js';
import { ChaosProxy } from './chaos-proxy.js';
import type { Upstream } from './chaos-proxy.js';

const CONFIG_MAP: KindRef = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/** What a write made of an object, or what a cache was told of it. */
interface News {
  name: string;
  resourceVersion: number;
  deleted: boolean;
}

/** A write that the operator has not seen yet. */
interface Unseen extends News {
  at: number;
}

/** Whether a cache that was told this knows of the write. */
const tells = (told: News, write: News): boolean =>
  told.name === write.name && (told.deleted || told.resourceVersion > write.resourceVersion || (!write.deleted && told.resourceVersion === write.resourceVersion));

/** The API server behind the proxy. */
export interface ChaosServer {
  upstream: Upstream;
  /** The way of users, who are spared. */
  transport: KubeTransport;
  /** Milliseconds in which it says what it has to say; nothing waits for an embedded one. */
  latency: number;
  close(): Promise<void>;
}

export interface ChaosOptions {
  seed: number;
  streaming?: boolean;
  /** Default: the embedded one. Of a real one only the link is in virtual time: bookmarks come at their own. */
  server?: ChaosServer;
}

async function embedded(clock: Clock): Promise<ChaosServer> {
  const server = createApiServer({ clock, random: seededRandom(1), garbageCollection: false });
  const { url } = await server.listen();
  return { upstream: { url }, transport: handlerTransport(server), latency: 0, close: () => server.close() };
}

/** What a fault came to. Times in seconds of the operator's clock. */
export interface Damage {
  /** The longest that the operator knew nothing of a write while it could have. */
  blind: number;
  /** Requests that reached the server or its proxy from the beginning of the fault until everything was level again; connections alike. */
  requests: number;
  connections: number;
  /** The most requests within one second. */
  peak: number;
  /** Lists and watches of each kind. */
  perKind: number;
  /** From the last write of a user until caches, and what the reconciler writes, were level. */
  settled: number;
}

/**
 * An operator that follows three kinds and answers every change of a ConfigMap with a write, over TLS through a proxy that does damage on the way to the
 * API server. The operator's time is virtual and moves only while nothing is under way on the sockets.
 */
export class ChaosWorld {
  readonly clock = new VirtualClock();
  readonly logs: { level: string; message: string; error?: string; by?: string }[] = [];
  readonly #stop = new AbortController();
  readonly #unseen: Unseen[] = [];
  /** What caches were told since the last write began: its event may be there before its answer. */
  readonly #told: News[] = [];
  readonly #sent = new Set<{ at: number }>();
  readonly #random: ReturnType<typeof seededRandom>;
  #closed: Promise<unknown> | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #healedAt = 0;
  /** Milliseconds by which the operator's clock differs from that of everybody else. */
  skew = 0;
  #blind = 0;
  #made = 0;
  operator!: Operator;
  proxy!: ChaosProxy;
  #server!: ChaosServer;
  #user!: KubeClient;
  #directory = '';

  private constructor(private readonly options: ChaosOptions) {
    this.#random = seededRandom(options.seed);
  }

  static async start(options: ChaosOptions): Promise<ChaosWorld> {
    const world = new ChaosWorld(options);
    await world.#start();
    return world;
  }

  async #start(): Promise<void> {
    this.#server = this.options.server ?? (await embedded(this.clock));
    this.#user = new KubeClient(this.#server.transport, { clock: systemClock(), random: seededRandom(2) });
    this.proxy = await ChaosProxy.start(this.#server.upstream, this.clock);
    this.#directory = await mkdtemp(join(tmpdir(), 'chaos-'));
    await this.publishAuthority();
    await this.publishToken('first');
    this.proxy.token = 'first';
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromOptions({
      clusters: [{ name: 'c', server: this.proxy.url, caFile: this.#file('ca.crt') }],
      users: [{ name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile: this.#file('token') } } }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }], currentContext: 'x',
    });

    @Reconciler({ for: ConfigMap, name: 'mirror', root: false, reads: [Secret, Node], when: ({ object: { metadata } }) => metadata.namespace === 'default' && metadata.name.startsWith('c') })
    class Mirror {
      @Step()
      mirror(object: ConfigMap): Outcome {
        object.metadata.labels['mirrored'] = object.data?.['n'] ?? '';
        return done();
      }
    }
    const clock: Clock = { monotonic: () => this.clock.monotonic(), now: () => this.clock.now() + this.skew, schedule: (delay, callback) => this.clock.schedule(delay, callback) };
    this.operator = new Operator({
      name: 'chaos', transport: this.#watched(httpTransport(kubeconfig, clock)), clock, random: seededRandom(this.options.seed + 1), ports: false, processMetrics: false, freeze: true,
      informers: { streaming: this.options.streaming ?? false },
      logger: createLogger({ clock: this.clock, level: 'info', write: (line) => this.logs.push(JSON.parse(line) as ChaosWorld['logs'][number]) }),
    });
    this.operator.use(reconcilers(Mirror));
    for (let count = 0; count < 20; count += 1) await this.#write();
    this.#unseen.length = 0;
    this.#running = this.operator.run({ signal: this.#stop.signal }).then(() => 'stopped', (error: unknown) => error);
    await this.until(() => this.operator.leading && this.#caches().length > 0 && this.#caches().every(({ synced }) => synced));
    for (const informer of this.#caches().filter(({ kind }) => kind.kind === 'ConfigMap')) informer.listen(({ type, object: { metadata } }) => this.#saw({ name: metadata.name, deleted: type === 'deleted', resourceVersion: Number(metadata.resourceVersion) }));
    await this.until(() => this.isLevel());
  }

  publishAuthority(): Promise<void> {
    return writeFile(this.#file('ca.crt'), this.proxy.authority);
  }

  publishToken(token: string): Promise<void> {
    return writeFile(this.#file('token'), token);
  }

  /** Does damage, lets users work on for so long, heals, lets them work on for another minute and a half, and waits until all is level. */
  async suffer(begin: () => unknown, lasting: Duration, heal: () => unknown): Promise<Damage> {
    const { requests, connections } = this.proxy;
    requests.length = 0;
    connections.length = 0;
    this.#blind = 0;
    this.#healedAt = Infinity;
    await begin();
    await this.#work(milliseconds(lasting));
    await heal();
    this.#healedAt = this.clock.now();
    await this.#work(90_000);
    const last = this.clock.now();
    await this.until(() => this.isLevel());
    return {
      blind: this.#blind / 1_000, settled: (this.clock.now() - last) / 1_000,
      requests: requests.length, connections: connections.length,
      peak: Math.max(0, ...requests.map(({ at }) => requests.filter((other) => other.at >= at && other.at < at + 1_000).length)),
      perKind: Math.ceil(requests.filter(({ path }) => /[?&](watch=true|limit=)/.test(path)).length / this.#caches().length),
    };
  }

  /** Whether caches hold what the server has, every write was noticed, and every object has the label that answers it. */
  async isLevel(): Promise<boolean> {
    for (const informer of this.#caches()) {
      const there = (await this.#user.listAll(informer.kind)).map(({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.resourceVersion}`).sort();
      const held = informer.store.list().map(({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.resourceVersion}`).sort();
      if (there.join() !== held.join()) return false;
    }
    const ours = (await this.#user.listAll<ConfigMap>(CONFIG_MAP, { namespace: 'default' })).filter(({ metadata }) => metadata.name.startsWith('c'));
    return this.#unseen.length === 0 && ours.every(({ metadata, data }) => metadata.labels?.['mirrored'] === data?.['n']);
  }

  metrics(): Promise<string> {
    return this.operator.metrics.registry.metrics();
  }

  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = this.clock.now() + 600_000;
    await this.#quiet();
    while (!(await condition())) {
      if (this.clock.now() >= end) throw new Error(`not within ten minutes: ${condition.toString()}; unseen: ${JSON.stringify(this.#unseen.slice(0, 3))}; log: ${JSON.stringify(this.logs.slice(-3))}`);
      await this.advance(Math.min(1_000, Math.max(1, (this.clock.nextDue ?? Infinity) - this.clock.now())));
    }
  }

  /** Moves time, letting the sockets come to rest before each timer. */
  async advance(by: number): Promise<void> {
    const end = this.clock.now() + by;
    for (;;) {
      await this.#quiet();
      const next = this.clock.nextDue;
      if (next === undefined || next > end) break;
      await this.clock.advance(Math.max(0, next - this.clock.now()));
    }
    await this.clock.advance(Math.max(0, end - this.clock.now()));
    await this.#quiet();
    await this.#passOverGone();
  }

  /** What `run` of the operator came to, once it was told to stop. */
  close(): Promise<unknown> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<unknown> {
    this.#stop.abort(new Error('over'));
    await this.advance(31_000);
    const outcome = await this.#running;
    await this.proxy.close();
    await this.#server.close();
    await rm(this.#directory, { recursive: true });
    return outcome;
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }

  #caches(): readonly Informer<KubeObject>[] {
    return this.operator.container.get(Informers).all();
  }

  /** Users write something every few seconds. */
  async #work(lasting: number): Promise<void> {
    const end = this.clock.now() + lasting;
    while (this.clock.now() < end) {
      await this.#write();
      await this.advance(Math.min(5_000 * (0.5 + this.#random.next()), end - this.clock.now()));
    }
  }

  /** A user creates, changes or deletes something, without the proxy in between. */
  async #write(): Promise<void> {
    this.#told.length = 0;
    const name = `c${Math.floor(this.#random.next() * 20)}`;
    const target = { name, namespace: 'default' };
    const there = await this.#user.find<ConfigMap>(CONFIG_MAP, target);
    const data = { n: String((this.#made += 1)) };
    const deleted = there !== undefined && this.#random.next() < 0.2;
    const written = there === undefined ? await this.#user.create<ConfigMap>(CONFIG_MAP, { metadata: target, data })
      : deleted ? await this.#user.delete<ConfigMap>(CONFIG_MAP, target) : await this.#user.mergePatch<ConfigMap>(CONFIG_MAP, target, { data });
    // Real servers say of a deletion only that it has happened.
    const { resourceVersion: last } = deleted ? await this.#user.list(CONFIG_MAP, { limit: 1 }) : (written as KubeObject).metadata;
    const write = { name, resourceVersion: Number(last), deleted, at: this.clock.now() };
    if (!this.#told.some((told) => tells(told, write))) this.#unseen.push(write);
  }

  #saw(told: News): void {
    this.#told.push(told);
    this.#forget((write) => tells(told, write));
  }

  /** What came and went between two looks leaves nothing to be seen. */
  async #passOverGone(): Promise<void> {
    const gone = new Set<string>();
    for (const name of new Set(this.#unseen.map((write) => write.name))) {
      const known = this.#caches().some(({ store }) => store.get(`default/${name}`) !== undefined);
      if (!known && !(await this.#user.find(CONFIG_MAP, { name, namespace: 'default' }))) gone.add(name);
    }
    this.#forget(({ name }) => gone.has(name));
  }

  #forget(seen: (write: Unseen) => boolean): void {
    const now = this.clock.now();
    for (const write of this.#unseen.splice(0)) {
      if (!seen(write)) this.#unseen.push(write);
      else if (now > this.#healedAt) this.#blind = Math.max(this.#blind, now - Math.max(write.at, this.#healedAt));
    }
  }

  /** Notes when requests leave, for a busy machine may need a while until one is seen at the proxy. */
  #watched(transport: KubeTransport): KubeTransport {
    return {
      ...transport,
      send: (request) => {
        const sent = { at: performance.now() };
        this.#sent.add(sent);
        return transport.send(request).finally(() => this.#sent.delete(sent));
      },
    };
  }

  /** Whether a request has just left and is not answered; what takes longer than this hangs. */
  #expectsAnswer(): boolean {
    const now = performance.now();
    for (const { at } of this.#sent) if (now - at < 100) return true;
    return false;
  }

  /** Until nothing has moved on any socket for some turns; a look at the disk, for token and CA files are read there. */
  async #quiet(): Promise<void> {
    for (let calm = 0, last = -1; calm < 3 + this.#server.latency || this.#expectsAnswer(); ) {
      await stat(this.#directory).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.clock.settle();
      calm = this.proxy.activity === last ? calm + 1 : 0;
      last = this.proxy.activity;
    }
  }
}
