import { rejectOnAbort } from '../abort.js';
import type { Election, ElectionHost } from '../election/election.js';
import type { ObjectKey } from '../kube/object.js';
import type { ElectionSetup } from './election-setup.js';
import type { Metrics } from './metrics.js';
import type { StopStack } from './stop-stack.js';

/** A loss that may still come: the promise rejects with it. Boxed, since whoever waits for the lead must not wait for its loss. */
export interface Loss {
  readonly promise: Promise<never>;
}

/** This process's part in who works, when several replicas run. */
export interface Leadership {
  /** Whether this process works at this moment, and its leases are young enough to write. */
  readonly held: boolean;
  /** Whether it works on a key; without one, whether it does what only one replica does. */
  leads(key?: ObjectKey): boolean;
  /** Who does, as far as can be known. */
  leader(key?: ObjectKey): Promise<string | undefined>;
  /** The shard of a key (of singletons without one), where the work is shared. */
  shardOf(key?: ObjectKey): number | undefined;
  /** Stands for election, and resolves when it is won; the stack learns how to resign. */
  won(stack: StopStack, signal: AbortSignal): Promise<Loss>;
}

/** Runs an election until the stack stops it; resolves when it is won. */
export async function winElection(lease: string, host: ElectionHost, election: Election, setup: ElectionSetup, stack: StopStack, signal: AbortSignal): Promise<Loss> {
  const { log } = setup.environment;
  const resign = new AbortController();
  const term = election.run(resign.signal);
  stack.push('lease', async () => {
    resign.abort(new Error('the operator stops'));
    await term.catch(() => undefined);
    await host.close();
  });
  log.info('standing by', { lease, identity: setup.identity });
  await rejectOnAbort(Promise.race([election.whenElected(), term]), signal);
  log.info('elected', { lease, identity: setup.identity });
  // The term resolves only when it is asked to end, which nobody here waits for.
  const promise = term.then(() => new Promise<never>(() => undefined));
  // The lead may be lost before anybody looks.
  promise.catch((error: unknown) => log.error('the lead is lost', { lease, identity: setup.identity, error }));
  return { promise };
}

/** One replica leads, the others stand by. */
export class SingleLeadership implements Leadership {
  #election: Election | undefined;

  constructor(private readonly setup: ElectionSetup) {
    electionGauges(setup.environment.metrics, () => [{ name: setup.lease, election: this.#election }]);
  }

  get held(): boolean {
    return this.#election?.fence.open ?? false;
  }

  leads(): boolean {
    return this.held;
  }

  shardOf(): undefined {
    return undefined;
  }

  async leader(): Promise<string | undefined> {
    return this.held ? this.setup.identity : this.setup.holderOf(this.setup.lease);
  }

  async won(stack: StopStack, signal: AbortSignal): Promise<Loss> {
    const host = this.setup.host();
    this.#election = host.election(this.setup.lease);
    return winElection(this.setup.lease, host, this.#election, this.setup, stack, signal);
  }
}

/** client-go's series about leases, and how old they are. */
export function electionGauges(metrics: Metrics, leases: () => readonly { name: string; election: Pick<Election, 'fence'> | undefined }[]): void {
  const labelNames = ['name'];
  metrics.derived({ name: 'leader_election_master_status', help: 'Whether this process leads (1) or stands by (0)', labelNames }, () =>
    leases().map(({ name, election }) => ({ labels: { name }, value: election?.fence.open ? 1 : 0 })));
  metrics.derived({ name: 'leader_election_lease_age_seconds', help: 'Time since the lease was last renewed by this process; absent while it does not lead', labelNames }, () =>
    leases().flatMap(({ name, election }) => {
      const age = election?.fence.age ?? Infinity;
      return age < Infinity ? [{ labels: { name }, value: age / 1_000 }] : [];
    }));
}
