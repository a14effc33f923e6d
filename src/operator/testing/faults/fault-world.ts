import type { ContainerModule } from 'inversify';
import { sleep } from '../../clock.js';
import type { ServiceToken } from '../../dsl/token.js';
import type { Duration } from '../../duration.js';
import { Informers } from '../../kube/informers.js';
import { NotLeaderError } from '../../kube/errors.js';
import type { KubeRequest, KubeResponse } from '../../kube/transport.js';
import type { TestBed, TestBedOptions } from '../test-bed.js';
import { testBed } from '../test-bed.js';
import type { TestProcess } from '../test-process.js';
import type { Call } from './call.js';
import { callOf } from './call.js';
import type { Fault, Point, PointKind, Schedule } from './fault.js';
import { ReadHistory } from './read-history.js';
import { WatchGate, statusResponse } from './watch-gate.js';

/** What has to be true whenever the operator or the scenario has written something; throws when it is not. */
export type Invariant = (world: FaultWorld) => void | Promise<void>;

/** An external system failed: it says no, or its answer got lost. */
export class ExternalFault extends Error {
  override readonly name = 'ExternalFault';
  readonly reason = 'ExternalFault';
}

/** What is known of the methods of an external system. */
export interface ExternalOptions<M> {
  /** Methods without an effect. Whoever lost the lead may still call them. */
  readonly reads?: readonly M[];
  /** The real client puts its effects through {@link ExternalCalls}, so its double here refuses a process that has lost the lead. Default false: such a call is a violation. */
  readonly fenced?: boolean;
}

type Methods<T> = { [K in keyof T]: T[K] extends (...args: never[]) => Promise<unknown> ? K : never }[keyof T];

/** One effect that a fault may strike. */
interface Strike<R> {
  readonly kind: PointKind;
  readonly label: string;
  readonly effect: () => Promise<R>;
  /** What the caller gets instead of the effect or its answer. */
  readonly refuse: (fault: '429' | '500' | 'timeout') => R;
  readonly call?: Call | undefined;
}

/** Longer traces show their end. */
const TRACED = 60;

const LATE = 2_000;

const HELD = { stale: 10_000, reordered: 1_000 };

/** A stopped process sleeps longer than its lease lasts; another replica takes the lease as soon as it may. */
const DEPOSED = { taken: 16_000, resumed: 20_000 };

/** One run of a scenario: makes its bed, counts the points that it passes, and has the faults of its schedule strike. */
export class FaultWorld {
  /** In the order in which they were passed. */
  readonly points: Point[] = [];
  readonly #trace: string[] = [];
  readonly #counts = { w: 0, x: 0, u: 0 };
  readonly #gates = new WeakMap<TestProcess, WatchGate>();
  readonly #histories = new WeakMap<TestProcess, ReadHistory>();
  readonly #deposed = new WeakSet<TestProcess>();
  readonly #externals: ((bed: TestBed) => void)[] = [];
  #bed: TestBed | undefined;
  #armed = false;
  #leasePath: string | undefined;
  #violation: Error | undefined;

  constructor(private readonly schedule: Schedule, private readonly invariants: Readonly<Record<string, Invariant>>) {}

  get bed(): TestBed {
    if (!this.#bed) throw new Error('the scenario has no bed yet; call world.testBed(…) first');
    return this.#bed;
  }

  /** What happened, for people, and the last errors that the operator logged. */
  get trace(): readonly string[] {
    const errors = (this.#bed?.logs ?? []).filter(({ level }) => level === 'ERROR').slice(-5);
    return [...this.#trace.slice(-TRACED), ...errors.map(({ message, controller, name, error }) => `log: ${message} ${JSON.stringify({ controller, name, error })}`)];
  }

  /** What was wrong although the scenario may not have noticed: a broken invariant, a process that does not lead and writes, a cache that went back. */
  get violation(): Error | undefined {
    return this.#violation ?? (this.#bed?.logs.some(({ message }) => message === 'the engine broke') ? new Error('the engine broke; see the log') : undefined);
  }

  /** A test bed whose operator, API server and watches suffer this run's faults. Takes what `testBed()` takes; once a run. */
  readonly testBed = async (...given: readonly (ContainerModule | TestBedOptions)[]): Promise<TestBed> => {
    if (this.#bed) throw new Error('a run of a scenario has one bed');
    const isOptions = (item: ContainerModule | TestBedOptions): item is TestBedOptions => Object.getPrototypeOf(item) === Object.prototype;
    const options = given.find(isOptions) ?? {};
    const isDeposed = [...this.schedule.values()].includes('deposed');
    const bed = await testBed(...given.filter((item) => !isOptions(item)), {
      ...options, keepAlive: true,
      operator: { ...options.operator, ...(isDeposed ? { leaderElection: options.operator?.leaderElection || true } : {}) },
      intercept: (inner, process) => {
        const transport = options.intercept?.(inner, process) ?? inner;
        this.#note(`process ${process.number} starts`);
        return { ...transport, send: (request) => this.#send(process, request, (sent) => transport.send(sent)) };
      },
      interceptApi: (inner) => ({ ...inner, send: (request) => this.#sendOfScenario(request, () => inner.send(request)) }),
    });
    this.#bed = bed;
    this.#armed = true;
    for (const add of this.#externals) add(bed);
    return bed;
  };

  /**
   * Binds an external system under its token so that the operator's calls of these methods are points where faults strike. The scenario
   * goes on with `service` itself, which knows no faults. A function makes one for each process: what lives in a process dies with it.
   */
  external<T extends object>(token: ServiceToken<T>, service: NoInfer<T> | ((process: TestProcess) => NoInfer<T>), methods: readonly Methods<T>[], { reads = [], fenced = false }: ExternalOptions<Methods<T>> = {}): void {
    const name = String((token as symbol).description ?? token).split('.').at(-1);
    const add = (bed: TestBed): void => void bed.overrideEach(token, (process) => new Proxy(typeof service === 'function' ? service(process) : service, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property);
        if (typeof member !== 'function') return member;
        const call = (args: unknown[]): unknown => Reflect.apply(member, target, args);
        if (!methods.includes(property as Methods<T>)) return (...args: unknown[]) => call(args);
        const label = `${name}.${String(property)}`;
        const refuse = (fault: string): never => { throw new ExternalFault(`${label}: ${fault === 'timeout' ? 'no answer in time' : 'internal error'}`); };
        const isRead = reads.includes(property as Methods<T>);
        return async (...args: unknown[]) => {
          if (fenced && !isRead && process.alive && !this.bed.operator.leading) throw new NotLeaderError();
          if (!isRead) this.#expectLead(process, label, '; its client has to put effects through ExternalCalls (then say `fenced` here), unless the method changes nothing (`reads`)');
          return process.answer(process.alive ? this.#strike({ kind: 'x', label, effect: async () => call(args), refuse }) : undefined);
        };
      },
    }));
    this.#externals.push(add);
    if (this.#bed) add(this.#bed);
  }

  /** Lets virtual time pass until the condition holds; throws after `limit` (default 10 minutes). Faults delay things: wait, do not count. */
  until(condition: () => boolean | Promise<boolean>, limit: Duration = '10m'): Promise<void> {
    return this.bed.advanceUntil(condition, { limit });
  }

  async close(): Promise<void> {
    this.#armed = false;
    this.#bed?.kill();
    await this.#bed?.close();
  }

  async #send(process: TestProcess, request: KubeRequest, send: (request: KubeRequest) => Promise<KubeResponse>): Promise<KubeResponse> {
    if (request.method === 'GET') return this.#gateOf(process).get(request, send);
    const call = callOf(request);
    if (!call || !this.#armed) return send(request);
    if (call.resource === 'leases' && call.method !== 'DELETE') {
      const { metadata } = JSON.parse(request.body ?? '{}') as { metadata?: { name?: string } };
      this.#leasePath = call.method === 'POST' ? `${call.objectPath}/${metadata?.name}` : call.objectPath;
      return send(request);
    }
    this.#expectLead(process, call.label);
    if (call.resource === 'events') return send(request);
    return process.answer(this.#strike({ kind: 'w', label: call.label, call, effect: () => send(request), refuse }));
  }

  async #sendOfScenario(request: KubeRequest, send: () => Promise<KubeResponse>): Promise<KubeResponse> {
    const call = callOf(request);
    if (request.method === 'GET' || !call || !this.#armed) return send();
    return this.#strike({ kind: 'u', label: call.label, call, effect: send, refuse });
  }

  async #strike<R>({ kind, label, effect, refuse: refused, call }: Strike<R>): Promise<R> {
    const point = { id: `${kind}${this.#counts[kind]++}`, label };
    this.points.push(point);
    const fault = this.schedule.get(point.id);
    this.#note(`${point.id} ${label}${fault ? `  <== ${fault}` : ''}`);
    if (fault === 'crash-before') return this.#crash();
    if (fault === '429' || fault === '500') return refused(fault);
    await this.#disturb(fault, call);
    const result = await effect();
    await this.#check(point);
    if (fault === 'crash-after') {
      if (kind !== 'u') return this.#crash();
      this.bed.crash();
    }
    if (fault === 'late') await sleep(this.bed.clock, LATE);
    return fault === 'timeout' ? refused(fault) : result;
  }

  /** Everything that goes wrong around an effect that itself takes place. */
  async #disturb(fault: Fault | undefined, call: Call | undefined): Promise<void> {
    const { process } = this.bed;
    if (!process || !fault) return;
    const gate = this.#gateOf(process);
    if (fault === 'stale') gate.hold(HELD.stale);
    if (fault === 'reordered') gate.hold(HELD.reordered, call?.watchPath);
    if (fault === 'duplicated') gate.double();
    if (fault === 'dropped' || fault === 'relisted') gate.cut(fault === 'relisted');
    if (fault === '409' && call) await this.#touch(call.objectPath);
    if (fault === 'deposed') this.#depose(process);
  }

  /** Kills the process; the result is what it hears of the call that it made. */
  #crash(): Promise<never> {
    const { process } = this.bed;
    this.bed.crash();
    return (process as TestProcess).never;
  }

  /** Somebody else writes the object twice, and leaves it as it was but for its resourceVersion. */
  async #touch(path: string): Promise<void> {
    for (const touched of ['yes', null]) await this.#patch(path, { metadata: { annotations: { 'faults.karpenter-ts/touched': touched } } });
  }

  #depose(process: TestProcess): void {
    const { clock } = this.bed;
    process.pause();
    clock.schedule(DEPOSED.taken, () => {
      if (this.#leasePath === undefined) return;
      this.#note('another replica takes the lease');
      this.#deposed.add(process);
      void this.#patch(this.#leasePath, { spec: { holderIdentity: 'another-replica', leaseDurationSeconds: 1 } });
    });
    clock.schedule(DEPOSED.resumed, () => process.resume());
  }

  async #patch(path: string, patch: unknown): Promise<void> {
    await this.bed.server.handle({ method: 'PATCH', path, headers: { 'content-type': 'application/merge-patch+json' }, body: JSON.stringify(patch) });
  }

  async #check(point: Point): Promise<void> {
    const { process } = this.bed;
    if (process) {
      const history = this.#histories.get(process) ?? new ReadHistory();
      this.#histories.set(process, history);
      const problem = history.look(this.bed.operator.container.get(Informers));
      if (problem) this.#violate(`at ${point.id}: ${problem}`);
    }
    for (const [name, check] of Object.entries(this.invariants)) {
      try {
        await check(this);
      } catch (error) {
        this.#violate(`"${name}" does not hold after ${point.id} ${point.label}: ${(error as Error).message}`);
      }
    }
  }

  #expectLead(process: TestProcess, label: string, hint = ''): void {
    if (this.#deposed.has(process) && process.alive) this.#violate(`process ${process.number} went on with ${label} after another replica had taken its lease${hint}`);
  }

  #violate(message: string): void {
    this.#note(`VIOLATED: ${message}`);
    this.#violation ??= new Error(message);
  }

  #gateOf(process: TestProcess): WatchGate {
    const gate = this.#gates.get(process) ?? new WatchGate(this.bed.clock);
    this.#gates.set(process, gate);
    return gate;
  }

  #note(line: string): void {
    const { clock } = this.#bed ?? {};
    const since = clock ? ((clock.now() - (this.#startedAt ??= clock.now())) / 1_000).toFixed(3) : '0.000';
    this.#trace.push(`+${since}s ${line}`);
  }

  #startedAt: number | undefined;
}

function refuse(fault: '429' | '500' | 'timeout'): KubeResponse {
  if (fault === '429') return statusResponse(429, 'TooManyRequests', 'the server is too busy', { 'retry-after': '1' });
  if (fault === 'timeout') return statusResponse(504, 'Timeout', 'the answer did not come in time');
  return statusResponse(500, 'InternalError', 'the storage did not answer');
}
