import { hostname } from 'node:os';
import { rejectOnAbort } from '../abort.js';
import type { Clock } from '../clock.js';
import type { KubeClient } from '../kube/client.js';
import { LeaseElection } from '../kube/lease-election.js';
import type { Logger } from '../logger.js';
import type { Random } from '../random.js';
import type { Metrics } from './metrics.js';
import type { StopStack } from './stop-stack.js';

/** Who leads, when several replicas run. Times in milliseconds. */
export interface LeaderElectionOptions {
  /** Name of the Lease. Default: the operator's name and `-leader-election`. */
  lease?: string;
  /** Default: the pod's namespace (`POD_NAMESPACE`, `SYSTEM_NAMESPACE`), else `kube-system`. */
  namespace?: string;
  /** Default: host name and a random suffix. */
  identity?: string;
  leaseDuration?: number;
  renewDeadline?: number;
  retryPeriod?: number;
}

/** What a leadership is made of. */
export interface LeadershipEnvironment {
  client: KubeClient;
  clock: Clock;
  random: Random;
  log: Logger;
  metrics: Metrics;
}

/** This process's part in the election. */
export class Leadership {
  readonly #lease: string;
  readonly #identity: string;
  readonly #election: LeaseElection;

  constructor(operator: string, options: LeaderElectionOptions, private readonly environment: LeadershipEnvironment) {
    const { client, clock, random, log } = environment;
    const { lease = `${operator}-leader-election`, identity = `${hostname()}_${random.uuid()}`, ...times } = options;
    this.#lease = lease;
    this.#identity = identity;
    const namespace = options.namespace || (process.env['POD_NAMESPACE'] ?? process.env['SYSTEM_NAMESPACE'] ?? 'kube-system');
    this.#election = new LeaseElection({
      client, clock, random, name: lease, identity, ...times, namespace,
      onFailure: (error) => log.warn('could not reach the lease', { lease, namespace, error }),
    });
  }

  /** Whether this process leads at this moment. */
  get held(): boolean {
    return this.#election.leading;
  }

  /**
   * Stands for election and waits until it is won; the stack learns how to resign. The promise that comes back rejects when the lead is
   * lost, and is boxed since whoever waits for the lead must not wait for its loss.
   */
  async won(stack: StopStack, signal: AbortSignal): Promise<{ promise: Promise<never> }> {
    const { metrics, log } = this.environment;
    const master = metrics.gauge({ name: 'leader_election_master_status', help: 'Whether this process leads (1) or stands by (0)', labelNames: ['name'] });
    const labels = { name: this.#lease };
    master.set(labels, 0);
    const resign = new AbortController();
    const term = this.#election.run(resign.signal);
    stack.push('lease', async () => {
      resign.abort(new Error('the operator stops'));
      await term.catch(() => undefined);
      master.set(labels, 0);
    });
    await rejectOnAbort(Promise.race([this.#election.whenElected(), term]), signal);
    master.set(labels, 1);
    log.info('elected', { lease: this.#lease, identity: this.#identity });
    // The term resolves only when it is asked to end, which nobody here waits for.
    const promise = term.then(() => new Promise<never>(() => undefined));
    // The lead may be lost before anybody looks.
    promise.catch(() => undefined);
    return { promise };
  }
}
