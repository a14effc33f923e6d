import { setMaxListeners } from 'node:events';
import type { RunScope } from '../causality/run-scope.js';
import type { Clock } from '../clock.js';
import type { KindPlan, Plan } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import type { Duration } from '../duration.js';
import { milliseconds } from '../duration.js';
import { KubeClient } from '../kube/client.js';
import type { InformerScope } from '../kube/informer.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import { apiVersionOf, kindKey } from '../kube/paths.js';
import { permissionsOf } from '../manifests/rbac.js';
import type { KubeTransport } from '../kube/transport.js';
import type { Logger } from '../logger.js';
import type { Random } from '../random.js';
import type { RunningIdentity } from './change-author.js';
import type { ClusterLogEntry } from './cluster-log.js';
import { ExternalCalls } from './external-calls.js';
import { KindWorld } from './kind-world.js';
import type { KindWorldOptions, WorldEnvironment } from './kind-world.js';
import type { ShadowObserver } from './ledger.js';
import { Ledger } from './ledger.js';
import type { ObjectTrack } from './object-track.js';
import type { RequestTarget } from './request-target.js';
import { ShadowTransport } from './shadow-transport.js';
import type { ShadowCause, ShadowReport } from './would-be-write.js';

/** How a shadow compares. */
export interface ShadowOptions {
  /**
   * How long a write of one side waits for the same write of the other. It must be longer than the periods of the loops that are to be compared,
   * since two processes tick at different moments. Default 30 s.
   */
  window?: Duration;
  /** Field managers of the running operator beside the names of its reconcilers and its own: where the running version has others. */
  managers?: readonly string[];
  /** Told of what happens as it happens. */
  observer?: ShadowObserver;
  /** Given every state that the server shows, for a replay. */
  record?: (entry: ClusterLogEntry) => void;
}

/** What a shadow takes from its operator. */
export interface ShadowHost {
  readonly name: string;
  readonly server: KubeTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly scope: RunScope;
}

/**
 * Has an operator run beside another one that is at work, without effect: everything that it would write is noted, answered as the server would, and held
 * against what the running operator really does. Give it to `createOperator`, and read the report. A shadow is for one operator.
 */
export class Shadow {
  readonly calls = new ExternalCalls({ withhold: (system, operation) => this.#withheld(system, operation) });
  readonly #window: number;
  readonly #worlds = new Map<string, KindWorld>();
  /** Until when the next change of an object may follow from a call that was withheld. */
  readonly #unknowable = new Map<string, number>();
  /** Objects that the server has taken away with their owner, which the shadow still sees. */
  readonly #waiting = new Set<ObjectTrack>();
  readonly #managers: Set<string>;
  readonly #finalizers = new Set<string>();
  readonly #problems = new Set<string>();
  #host: ShadowHost | undefined;
  #ledger: Ledger | undefined;
  #environment: WorldEnvironment | undefined;
  #plan: Plan | undefined;
  #revision = 0;

  constructor(private readonly options: ShadowOptions = {}) {
    this.#window = milliseconds(options.window ?? '30s');
    this.#managers = new Set(options.managers ?? []);
  }

  /** What has been found so far. */
  report(): ShadowReport {
    if (!this.#ledger) throw new Error('the report is there once an operator has been created with the shadow');
    return this.#ledger.report();
  }

  /** What keeps the shadow from seeing kinds, if something does: `nodes: forbidden …`. */
  get problems(): readonly string[] {
    return [...this.#problems];
  }

  /** What waits for its counterpart of the other side, for diagnosis: lines of text. */
  get waiting(): string[] {
    return [...this.#worlds.values()].flatMap(({ tracks, kind }) => [...tracks.values()].flatMap(({ key, waiting }) => waiting.map((text) => `${kind.kind} ${key}: ${text}`)));
  }

  /** The operator's way to the server, on which no write gets through. For `createOperator`. */
  over(host: ShadowHost): KubeTransport {
    if (this.#host) throw new Error('a shadow is for one operator: make another one');
    const { name, server, clock, random } = host;
    this.#host = host;
    this.#managers.add(name);
    const ledger = this.#ledger = new Ledger(clock, this.#window, this.options.observer ?? {});
    const running: RunningIdentity = { managers: this.#managers, finalizers: this.#finalizers };
    const { record } = this.options;
    this.#environment = {
      client: new KubeClient(server, { clock, random, userAgent: `${name}-shadow` }), clock, random, ledger, running, window: this.#window,
      revision: () => (this.#revision += 1),
      isUnknowable: (kind, key) => {
        const id = `${kindKey(kind)} ${key}`;
        const until = this.#unknowable.get(id) ?? 0;
        this.#unknowable.delete(id);
        return until > clock.now();
      },
      ownerOf: (object) => this.#ownerOf(object),
      waits: (track) => void this.#waiting.add(track),
      gone: () => this.#followOwners(),
      failed: (kind, error) => this.#failed(kind, error),
      record: record && ((kind, type, object, initial) => record({ at: clock.now(), kind: refOf(kind), type, object, ...(initial ? { initial } : {}) })),
    };
    return new ShadowTransport({
      server, clock, random, ledger,
      followed: (target) => this.#followed(target),
      worldOf: (target, body) => this.#followed(target) ?? this.#unfollowed(target, body),
      cause: () => ({ by: this.#cause(), isBlind: host.scope.current?.run.withheld ?? false }),
    });
  }

  /** Begins to follow what a plan reads. For `createOperator`. */
  follow(plan: Plan, scopes: ReadonlyMap<KindClass, InformerScope>, signal: AbortSignal): void {
    this.#plan = plan;
    setMaxListeners(0, signal);
    for (const { name } of [...plan.reconcilers, ...plan.singletons]) this.#managers.add(name);
    for (const { finalizers } of plan.reconcilers) for (const { name } of finalizers) this.#finalizers.add(name);
    const owned = new Set(plan.reconcilers.flatMap(({ owns }) => owns.map(({ kind }) => kindKey(kind))));
    const permissions = permissionsOf(plan);
    for (const { kind } of plan.informers) {
      const mayDelete = permissions.some(({ group, resource, verb }) => verb === 'delete' && group === kind.group && resource === kind.plural);
      this.#add(kind, { followed: true, scope: scopes.get(kind.type) ?? {}, deletes: mayDelete && (kind.definition !== undefined || owned.has(kindKey(kind))) }).follow(signal);
    }
  }

  #add(kind: KindRef & Partial<KindPlan>, options: KindWorldOptions): KindWorld {
    const world = new KindWorld(kind, options, this.#environment as WorldEnvironment);
    this.#worlds.set(kindKey(kind), world);
    return world;
  }

  #followed(target: RequestTarget): KindWorld | undefined {
    const world = this.#worlds.get(kindKey({ ...target, kind: '', namespaced: false }));
    return world?.options.followed ? world : undefined;
  }

  #unfollowed(target: RequestTarget, body: unknown): KindWorld {
    const { group, version, plural, namespace } = target;
    const planned = this.#plan?.kinds.find((kind) => kindKey(kind) === kindKey({ ...target, kind: '', namespaced: false }));
    const said = target.subresource === undefined ? (body as { kind?: string } | undefined)?.kind : undefined;
    const kind = planned ?? { group, version, plural, kind: said && said !== 'DeleteOptions' ? said : plural, namespaced: namespace !== undefined };
    return this.#worlds.get(kindKey(kind)) ?? this.#add(kind, { followed: false, deletes: false });
  }

  #cause(): ShadowCause | undefined {
    const { current } = (this.#host as ShadowHost).scope;
    return current && { reconciler: current.controller, key: current.run.item.key, ...(current.step === undefined ? {} : { step: current.step }), triggers: current.run.triggers };
  }

  /** What the run writes from here on rests on an answer that nobody has, and so does what the running operator does about its object. */
  #withheld(system: string, operation: string): void {
    const { scope, clock } = this.#host as ShadowHost;
    const { current } = scope;
    this.#ledger?.withheld(system, operation, this.#cause());
    if (!current) return;
    current.run.withheld = true;
    const kind = this.#plan?.reconcilers.find(({ name }) => name === current.controller)?.kind;
    if (!kind) return;
    const { key } = current.run.item;
    const isExcused = this.#worlds.get(kindKey(kind))?.tracks.get(key)?.excuse() ?? false;
    if (!isExcused) this.#unknowable.set(`${kindKey(kind)} ${key}`, clock.now() + this.#window);
  }

  #ownerOf({ metadata: { namespace, ownerReferences = [] } }: KubeObject): ObjectTrack | undefined {
    const owner = ownerReferences.find(({ controller }) => controller);
    if (!owner) return undefined;
    const world = [...this.#worlds.values()].find(({ kind, options: { followed } }) => followed && kind.kind === owner.kind && apiVersionOf(kind) === owner.apiVersion);
    return world?.tracks.get(world.kind.namespaced && namespace ? `${namespace}/${owner.name}` : owner.name);
  }

  #followOwners(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const track of waiting) if (!track.release()) this.#waiting.add(track);
  }

  #failed(kind: KindRef, error: unknown): void {
    const problem = `${kind.plural}: ${(error as Error).message}`;
    if (this.#problems.has(problem)) return;
    this.#problems.add(problem);
    this.#host?.log.warn('the shadow cannot follow a kind', { kind: kind.kind, error });
  }
}

const refOf = ({ group, version, kind, plural, namespaced }: KindRef): KindRef => ({ group, version, kind, plural, namespaced });
