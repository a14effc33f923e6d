import { withDeadline } from '../abort.js';
import type { Election, ElectionHost } from '../election/election.js';
import { SLOTS } from '../election/lease-messages.js';
import { Members } from '../election/members.js';
import { shardOf } from '../election/shard.js';
import type { ShardWorker } from '../election/shard-leases.js';
import { ShardLeases } from '../election/shard-leases.js';
import type { ObjectKey } from '../kube/object.js';
import type { ElectionSetup } from './election-setup.js';
import { isReported } from './election-setup.js';
import type { Leadership, Loss } from './leadership.js';
import { electionGauges, winElection } from './leadership.js';
import type { StopStack } from './stop-stack.js';

/** Which keys this process works on. */
export interface Shards {
  of(key: ObjectKey): number;
  has(key: ObjectKey): boolean;
}

/** A replica that has been silent for so many periods gets no shards. */
const SILENT_PERIODS = 2.5;

/**
 * Every replica works, on the shards that it holds. Before that, all that work hold a lease together which says how many shards there are: with another
 * number, the same key would be in another shard.
 */
export class ShardLeadership implements Leadership, Shards {
  #host: ElectionHost | undefined;
  #layout: Election | undefined;
  #leases: ShardLeases | undefined;

  /** Throws RangeError for a number of shards that cannot be kept. */
  constructor(private readonly setup: ElectionSetup, readonly shards: number) {
    if (!(Number.isInteger(shards) && shards >= 1 && shards < SLOTS)) throw new RangeError(`leaderElection.shards is a whole number from 1 to ${SLOTS - 1}, not ${shards}`);
    const { metrics } = setup.environment;
    electionGauges(metrics, () => Array.from({ length: shards }, (_, shard) => ({ name: `${setup.lease}-${shard}`, election: this.#leases?.electionOf(shard) })));
    metrics.derived({ name: 'leader_election_shards', help: 'Shards that the work is divided into, and those of this process', labelNames: ['state'] }, () => [
      { labels: { state: 'all' }, value: shards }, { labels: { state: 'held' }, value: this.#leases?.held.length ?? 0 },
    ]);
    metrics.derived({ name: 'leader_election_members', help: 'Replicas that share the work, as last heard' }, () => [{ labels: {}, value: this.#leases?.members ?? 0 }]);
  }

  get held(): boolean {
    return (this.#layout?.fence.open ?? false) && (this.#leases?.open ?? false);
  }

  of(key: ObjectKey): number {
    return shardOf(key, this.shards);
  }

  has(key: ObjectKey): boolean {
    return this.#leases?.owns(this.of(key)) ?? false;
  }

  shardOf(key?: ObjectKey): number {
    return key === undefined ? 0 : this.of(key);
  }

  leads(key?: ObjectKey): boolean {
    return this.held && (this.#leases?.owns(this.shardOf(key)) ?? false);
  }

  async leader(key?: ObjectKey): Promise<string | undefined> {
    const shard = this.shardOf(key);
    return this.#leases?.ownerOf(shard) ?? this.setup.holderOf(`${this.setup.lease}-${shard}`);
  }

  async won(stack: StopStack, signal: AbortSignal): Promise<Loss> {
    const { setup, shards } = this;
    const lease = `${setup.lease}-layout`;
    this.#host = setup.host();
    this.#layout = this.#host.election(lease, `${shards}-shards`);
    return winElection(lease, this.#host, this.#layout, setup, stack, signal);
  }

  /** Takes part: the worker gets shards from now on, until the stack stops it. */
  share(worker: ShardWorker, stack: StopStack): Loss {
    const { lease, identity, namespace, times: { retryPeriod: period, renewDeadline }, environment: { client, clock, log } } = this.setup;
    const stop = new AbortController();
    const leases = new ShardLeases({
      host: this.#host as ElectionHost, clock, lease, identity, period, limit: renewDeadline / 2, shards: this.shards,
      members: new Members({ client, clock, namespace, identity, name: `${lease}-members`, silence: SILENT_PERIODS * period }),
      onFailure: (error, times) => void (isReported(times) && log.warn('could not speak to the other replicas', { lease, error, times })),
      worker: {
        gained: (shard) => {
          log.info('shard taken', { shard, identity });
          worker.gained(shard);
        },
        drained: async (shard) => {
          await worker.drained(shard);
          log.info('shard handed over', { shard, identity });
        },
      },
    });
    this.#leases = leases;
    const running = leases.run(stop.signal);
    stack.push('balance', () => stop.abort(new Error('the operator stops')));
    const promise = running.then(() => new Promise<never>(() => undefined));
    promise.catch(() => undefined);
    return { promise };
  }

  /** Hands all shards back; nothing may be under way any more. */
  async resign(): Promise<void> {
    const { environment: { clock }, times } = this.setup;
    await withDeadline(clock, times.renewDeadline, 'handing the shards back', undefined, async (signal) => this.#leases?.resign(signal));
  }
}
