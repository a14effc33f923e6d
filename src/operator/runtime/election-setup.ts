import { hostname } from 'node:os';
import { withDeadline } from '../abort.js';
import type { Clock } from '../clock.js';
import type { ElectionHost, ElectionObserver, ElectionTimes } from '../election/election.js';
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

/** Who leads, when several replicas run. Times in milliseconds. */
export interface LeaderElectionOptions extends Partial<ElectionTimes> {
  /** Name of the Lease. Default: the operator's name and `-leader-election`. */
  lease?: string;
  /** Default: the pod's namespace (`POD_NAMESPACE`, `SYSTEM_NAMESPACE`), else `kube-system`. */
  namespace?: string;
  /** Default: the pod's name (`POD_NAME`), else the host's, and a random suffix. */
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
  /**
   * Share the work: keys are divided among so many shards by a hash of their name, each with a lease of its own, and every replica holds some of them. Singletons and
   * services of the leader run with shard 0. Default: one leader does it all. Replicas with another number wait until the others are gone.
   */
  shards?: number;
}

/** What an election is made of. */
export interface ElectionEnvironment {
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

/** While something cannot be reached, it is said at once and then every so many tries. */
const REPORT_EVERY = 15;

/** Whether the so manieth failure in a row is one to tell of. */
export const isReported = (times: number): boolean => times % REPORT_EVERY === 1;

/** Who this process is in its elections, and where they are kept. */
export class ElectionSetup {
  readonly lease: string;
  readonly identity: string;
  readonly namespace: string;
  readonly times: ElectionTimes;
  #host: ElectionHost | undefined;

  /** Throws RangeError for times that contradict each other. */
  constructor(operator: string, private readonly options: LeaderElectionOptions, readonly environment: ElectionEnvironment) {
    const { leaseDuration, renewDeadline, retryPeriod, stallLimit = DEFAULT_STALL_LIMIT } = options;
    this.lease = options.lease ?? `${operator}-leader-election`;
    this.identity = options.identity ?? `${process.env['POD_NAME'] ?? hostname()}_${environment.random.uuid()}`;
    this.namespace = options.namespace || (process.env['POD_NAMESPACE'] ?? process.env['SYSTEM_NAMESPACE'] ?? 'kube-system');
    this.times = electionTimes({ leaseDuration, renewDeadline, retryPeriod });
    if (!(stallLimit > 0)) throw new RangeError(`stallLimit must be more than 0 ms, not ${stallLimit}`);
  }

  /** Does what is known to block the main loop for long, as a heap snapshot; it does not end the process. */
  excuse<R>(work: () => Promise<R>): Promise<R> {
    return this.#host ? this.#host.excuse(work) : work();
  }

  /** Where this process stands for its leases. */
  host(): ElectionHost {
    this.#host = this.#makeHost();
    return this.#host;
  }

  #makeHost(): ElectionHost {
    const { client, clock, random, userAgent } = this.environment;
    const { namespace, identity, times } = this;
    const shared = { clock, namespace, observer: this.#observer() };
    const endpoint = this.environment.endpoint();
    const { thread = endpoint && clock.realtime ? 'worker' : 'main', stallLimit = DEFAULT_STALL_LIMIT } = this.options;
    if (thread === 'main') {
      return {
        election: (name, sharedAs) => new LeaseElection({ ...shared, ...times, client, random, name, identity: sharedAs ?? identity, shared: sharedAs !== undefined }),
        excuse: (work) => work(),
        close: () => Promise.resolve(),
      };
    }
    if (!endpoint) throw new Error('leaderElection.thread is "worker", but the transport names no endpoint that a thread could connect to; use "main"');
    return new LeaseThread({ ...shared, identity, endpoint, userAgent, times, stallLimit });
  }

  /** Who holds a lease, as it is now; undefined when nobody does, or it cannot be read. */
  async holderOf(lease: string): Promise<string | undefined> {
    const { client, clock } = this.environment;
    const read = (signal: AbortSignal): Promise<Lease | undefined> => client.find<Lease>(LEASE, { name: lease, namespace: this.namespace, signal });
    const found = await withDeadline(clock, READ_LIMIT, 'the read of the lease', undefined, read).catch(() => undefined);
    return found?.spec?.holderIdentity || undefined;
  }

  #observer(): ElectionObserver {
    const { log, metrics } = this.environment;
    const failures = metrics.counter({ name: 'leader_election_failures_total', help: 'Tries to take or renew the lease that failed', labelNames: ['name'] });
    const about = { lease: this.lease, namespace: this.namespace };
    failures.inc({ name: this.lease }, 0);
    return {
      failed: (error, times) => {
        failures.inc({ name: this.lease });
        if (isReported(times)) log.warn('could not reach the lease', { ...about, error, times });
      },
      recovered: (times) => log.info('the lease is reached again', { ...about, times }),
    };
  }
}
