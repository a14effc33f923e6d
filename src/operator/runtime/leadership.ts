import { hostname } from 'node:os';
import { rejectOnAbort, withDeadline } from '../abort.js';
import type { Clock } from '../clock.js';
import type { Election, ElectionHost, ElectionObserver, ElectionTimes } from '../election/election.js';
import { electionTimes } from '../election/election.js';
import { LeaseElection } from '../election/lease-election.js';
import type { Lease } from '../election/lease-record.js';
import { LEASE } from '../election/lease-record.js';
import { LeaseThread } from '../election/lease-thread.js';
import type { KubeClient } from '../kube/client.js';
import type { KubeEndpoint } from '../kube/transport.js';
import type { Logger } from '../logger.js';
import type { Random } from '../random.js';
import type { Metrics } from './metrics.js';
import type { StopStack } from './stop-stack.js';

/** Who leads, when several replicas run. Times in milliseconds. */
export interface LeaderElectionOptions extends Partial<ElectionTimes> {
  /** Name of the Lease. Default: the operator's name and `-leader-election`. */
  lease?: string;
  /** Default: the pod's namespace (`POD_NAMESPACE`, `SYSTEM_NAMESPACE`), else `kube-system`. */
  namespace?: string;
  /** Default: host name and a random suffix. */
  identity?: string;
  /**
   * How long the main loop may be blocked before the lease is handed back and the process ended (SIGKILL, as nothing else would end it). Only
   * with the lease in a thread of its own. Default 15 s; `Infinity` for a debugger's breakpoints.
   */
  stallLimit?: number;
  /**
   * Where the lease is kept: in a `worker` thread with connections of its own, which a busy main loop cannot delay, or on the `main` loop.
   * Default: `worker`, or `main` where there is no socket (an API server in this process) or time is not the world's (a test's clock).
   */
  thread?: 'worker' | 'main';
}

/** What a leadership is made of. */
export interface LeadershipEnvironment {
  /** Without limit and fence. */
  client: KubeClient;
  /** Where the API server is, once that is known; undefined when it is reached without a socket. */
  endpoint: () => KubeEndpoint | undefined;
  userAgent: string;
  clock: Clock;
  random: Random;
  log: Logger;
  metrics: Metrics;
}

const DEFAULT_STALL_LIMIT = 15_000;

/** How long a look at the lease may take, in milliseconds. */
const READ_LIMIT = 2_000;

/** While the lease cannot be reached, it is said at once and then every so many tries. */
const REPORT_EVERY = 15;

/** This process's part in the election. */
export class Leadership {
  readonly #lease: string;
  readonly #identity: string;
  readonly #namespace: string;
  readonly #times: ElectionTimes;
  #election: Election | undefined;

  /** Throws RangeError for times that contradict each other. */
  constructor(operator: string, private readonly options: LeaderElectionOptions, private readonly environment: LeadershipEnvironment) {
    const { lease = `${operator}-leader-election`, identity = `${hostname()}_${environment.random.uuid()}`, leaseDuration, renewDeadline, retryPeriod } = options;
    this.#lease = lease;
    this.#identity = identity;
    this.#namespace = options.namespace || (process.env['POD_NAMESPACE'] ?? process.env['SYSTEM_NAMESPACE'] ?? 'kube-system');
    this.#times = electionTimes({ leaseDuration, renewDeadline, retryPeriod });
    const { stallLimit = DEFAULT_STALL_LIMIT } = options;
    if (!(stallLimit > 0)) throw new RangeError(`stallLimit must be more than 0 ms, not ${stallLimit}`);
    this.#observe(environment.metrics);
  }

  /** Whether this process leads at this moment, and its lease is young enough to write. */
  get held(): boolean {
    return this.#election?.fence.open ?? false;
  }

  /** Who leads, as the lease has it now; undefined when nobody does, or it cannot be read. */
  async leader(): Promise<string | undefined> {
    if (this.held) return this.#identity;
    const { client, clock } = this.environment;
    const read = (signal: AbortSignal): Promise<Lease | undefined> => client.find<Lease>(LEASE, { name: this.#lease, namespace: this.#namespace, signal });
    const lease = await withDeadline(clock, READ_LIMIT, 'the read of the lease', undefined, read).catch(() => undefined);
    return lease?.spec?.holderIdentity || undefined;
  }

  /**
   * Stands for election and waits until it is won; the stack learns how to resign. The promise that comes back rejects when the lead is
   * lost, and is boxed since whoever waits for the lead must not wait for its loss.
   */
  async won(stack: StopStack, signal: AbortSignal): Promise<{ promise: Promise<never> }> {
    const host = this.#host();
    const election = host.election(this.#lease);
    this.#election = election;
    const resign = new AbortController();
    const term = election.run(resign.signal);
    stack.push('lease', async () => {
      resign.abort(new Error('the operator stops'));
      await term.catch(() => undefined);
      await host.close();
    });
    this.environment.log.info('standing by', { lease: this.#lease, identity: this.#identity });
    await rejectOnAbort(Promise.race([election.whenElected(), term]), signal);
    this.environment.log.info('elected', { lease: this.#lease, identity: this.#identity });
    // The term resolves only when it is asked to end, which nobody here waits for.
    const promise = term.then(() => new Promise<never>(() => undefined));
    // The lead may be lost before anybody looks.
    promise.catch(() => undefined);
    return { promise };
  }

  #host(): ElectionHost {
    const { client, clock, random, userAgent } = this.environment;
    const shared = { clock, namespace: this.#namespace, identity: this.#identity, observer: this.#observer() };
    const endpoint = this.environment.endpoint();
    const { thread = endpoint && clock.realtime ? 'worker' : 'main', stallLimit = DEFAULT_STALL_LIMIT } = this.options;
    if (thread === 'main') return { election: (name) => new LeaseElection({ ...shared, ...this.#times, client, random, name }), close: () => Promise.resolve() };
    if (!endpoint) throw new Error('leaderElection.thread is "worker", but the transport names no endpoint that a thread could connect to; use "main"');
    return new LeaseThread({ ...shared, endpoint, userAgent, times: this.#times, stallLimit });
  }

  #observer(): ElectionObserver {
    const { log, metrics } = this.environment;
    const failures = metrics.counter({ name: 'leader_election_failures_total', help: 'Tries to take or renew the lease that failed', labelNames: ['name'] });
    const about = { lease: this.#lease, namespace: this.#namespace };
    failures.inc({ name: this.#lease }, 0);
    return {
      failed: (error, times) => {
        failures.inc({ name: this.#lease });
        if (times % REPORT_EVERY === 1) log.warn('could not reach the lease', { ...about, error, times });
      },
      recovered: (times) => log.info('the lease is reached again', { ...about, times }),
    };
  }

  #observe(metrics: Metrics): void {
    const labels = { name: this.#lease };
    const labelNames = ['name'];
    metrics.derived({ name: 'leader_election_master_status', help: 'Whether this process leads (1) or stands by (0)', labelNames }, () => [{ labels, value: this.held ? 1 : 0 }]);
    metrics.derived({ name: 'leader_election_lease_age_seconds', help: 'Time since the lease was last renewed by this process; absent while it does not lead', labelNames }, () => {
      const age = this.#election?.fence.age ?? Infinity;
      return age < Infinity ? [{ labels, value: age / 1_000 }] : [];
    });
  }
}
