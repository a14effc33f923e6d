import { withDeadline } from '../abort.js';
import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';
import type { Election, ElectionHost } from './election.js';
import type { Members } from './members.js';
import type { Member } from './shard-assignment.js';
import { assignShards } from './shard-assignment.js';

/** Whoever does the work of shards. */
export interface ShardWorker {
  /** The shard is ours: its keys may run from now on. */
  gained(shard: number): void;
  /** The shard is to go to somebody else: no run of its keys begins any more. Resolves when none is under way. */
  drained(shard: number): Promise<void>;
}

export interface ShardLeasesOptions {
  host: ElectionHost;
  members: Pick<Members, 'announce' | 'leave'>;
  clock: Clock;
  /** The lease of a shard is this and its number. */
  lease: string;
  shards: number;
  identity: string;
  /** Milliseconds between two looks at who is there. */
  period: number;
  /** Milliseconds that a look may take. */
  limit: number;
  worker: ShardWorker;
  /** Nobody could be heard, for the so manieth time in a row: everything stays as it is. */
  onFailure?: (error: unknown, times: number) => void;
}

/** Our part in the election for one shard. */
interface Term {
  readonly election: Election;
  readonly resign: AbortController;
  over: Promise<void>;
  state: 'standing' | 'held' | 'draining' | 'resigned';
}

/**
 * This process's shards: it stands for those that are meant for it, works on those that it gets, and hands over what is meant for somebody else: no
 * run begins, those under way end, and then only the lease goes. So no key ever runs in two places.
 */
export class ShardLeases {
  readonly #terms = new Map<number, Term>();
  /** Nothing is taken any more. */
  readonly #over = new AbortController();
  #members: readonly Member[] = [];
  #failures = 0;
  #lose: (error: unknown) => void = () => undefined;
  readonly #lost = new Promise<never>((_, reject) => {
    this.#lose = reject;
  });

  constructor(private readonly options: ShardLeasesOptions) {
    // It may be lost before anybody looks.
    this.#lost.catch(() => undefined);
  }

  /** Shards whose keys may run here. */
  get held(): number[] {
    return [...this.#terms].filter(([, { state }]) => state === 'held').map(([shard]) => shard).sort((left, right) => left - right);
  }

  /** Whether this process may write: every lease that it works under is young enough. */
  get open(): boolean {
    const terms = [...this.#terms.values()].filter(({ state }) => state === 'held' || state === 'draining');
    return terms.length > 0 && terms.every(({ election }) => election.fence.open);
  }

  owns(shard: number): boolean {
    return this.#terms.get(shard)?.state === 'held';
  }

  /** Our part in the election for a shard, if we have one. */
  electionOf(shard: number): Election | undefined {
    return this.#terms.get(shard)?.election;
  }

  /** Who says that it holds the shard, as last heard. */
  ownerOf(shard: number): string | undefined {
    return this.owns(shard) ? this.options.identity : this.#members.find(({ identity, holds }) => identity !== this.options.identity && holds.includes(shard))?.identity;
  }

  /** Replicas that were there when last looked. */
  get members(): number {
    return this.#members.length;
  }

  /** Takes and hands over until the signal aborts; what is held then stays held. Rejects with LeadershipLostError. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await Promise.race([this.#lost, this.#balanceAgain(AbortSignal.any([signal, this.#over.signal]))]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#over.abort();
    }
  }

  /** Hands all leases back; nothing may be under way any more. */
  async resign(signal: AbortSignal): Promise<void> {
    const { members, onFailure } = this.options;
    this.#over.abort();
    const terms = [...this.#terms.values()];
    for (const { resign } of terms) resign.abort(new Error('the operator stops'));
    await Promise.all(terms.map(({ over }) => over));
    await members.leave(signal).catch((error: unknown) => onFailure?.(error, 1));
  }

  async #balanceAgain(signal: AbortSignal): Promise<void> {
    const { clock, period } = this.options;
    for (;;) {
      await this.#balance(signal);
      await sleep(clock, period, signal);
    }
  }

  async #balance(signal: AbortSignal): Promise<void> {
    const { members, shards, identity, clock, limit, onFailure } = this.options;
    try {
      this.#members = await withDeadline(clock, limit, 'the word to the other replicas', signal, (limited) => members.announce(this.held, limited));
    } catch (error) {
      if (signal.aborted) throw error;
      onFailure?.(error, (this.#failures += 1));
      return;
    }
    this.#failures = 0;
    const owners = assignShards(shards, this.#members);
    for (let shard = 0; shard < shards; shard += 1) {
      const term = this.#terms.get(shard);
      const isOurs = owners[shard] === identity;
      if (isOurs && !term) this.#stand(shard);
      else if (!isOurs && term?.state === 'standing') term.resign.abort(new Error('the shard is meant for somebody else'));
      else if (!isOurs && term?.state === 'held' && shard !== 0) void this.#handOver(shard, term);
    }
  }

  #stand(shard: number): void {
    const { host, lease, worker } = this.options;
    const election = host.election(`${lease}-${shard}`);
    const resign = new AbortController();
    const term: Term = { election, resign, state: 'standing', over: Promise.resolve() };
    this.#terms.set(shard, term);
    term.over = election.run(resign.signal).then(() => void this.#terms.delete(shard), (error: unknown) => this.#lose(error));
    void election.whenElected().then(() => {
      if (resign.signal.aborted) return;
      term.state = 'held';
      worker.gained(shard);
    });
  }

  async #handOver(shard: number, term: Term): Promise<void> {
    term.state = 'draining';
    await this.options.worker.drained(shard);
    term.state = 'resigned';
    term.resign.abort(new Error('the shard is meant for somebody else'));
  }
}
