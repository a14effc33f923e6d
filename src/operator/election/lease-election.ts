import { LinkedAbort, withDeadline } from '../abort.js';
import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';
import type { KubeClient } from '../kube/client.js';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/errors.js';
import type { Random } from '../random.js';
import type { Election, ElectionObserver, ElectionTimes } from './election.js';
import { LeadershipLostError, electionTimes } from './election.js';
import { Fence, momentOf } from './fence.js';
import type { Lease } from './lease-record.js';
import { LEASE, LeaseRecord } from './lease-record.js';

/** What a {@link LeaseElection} is made of. */
export interface LeaseElectionOptions extends Partial<ElectionTimes> {
  /** A client of its own, without a rate limit, so that a busy operator cannot lose its lease to its own requests. */
  client: KubeClient;
  clock: Clock;
  random: Random;
  namespace: string;
  name: string;
  /** Unique among the candidates. */
  identity: string;
  observer?: ElectionObserver;
  /**
   * Whether several processes hold the lease together, under one identity, against others with another one. It is not handed back, since some may still
   * hold it. Default false.
   */
  shared?: boolean;
  /** Default: one in this thread's memory. Its limit must be the `renewDeadline`. */
  fence?: Fence;
}

/** Candidates spread out their tries by up to this fraction. */
const JITTER = 1.2;

/**
 * Leader election on a Lease, as client-go does it: whoever writes its name leads, and renews; others take over when the lease has
 * not changed for its duration by *their* clock. What follows from what is known is said by `LeaseRecord`; this asks and writes.
 */
export class LeaseElection implements Election {
  readonly fence: Fence;
  readonly #times: ElectionTimes;
  readonly #record: LeaseRecord;
  #leading = false;
  /** Whether we ever asked for the lease: we may hold it even if no answer came. */
  #claimed = false;
  #renewedAt = 0;
  #failures = 0;
  /** Ends the pause under way. */
  #wake: () => void = () => undefined;
  #elect: () => void = () => undefined;
  readonly #elected = new Promise<void>((resolve) => {
    this.#elect = resolve;
  });

  /** Throws RangeError for times that contradict each other. */
  constructor(private readonly options: LeaseElectionOptions) {
    this.#times = electionTimes(options);
    this.fence = options.fence ?? new Fence(options.clock, this.#times.renewDeadline);
    this.#record = new LeaseRecord(options.identity, this.#times);
  }

  whenElected(): Promise<void> {
    return this.#elected;
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#stand(signal);
      this.#leading = true;
      this.#elect();
      for (;;) {
        // Nothing of this process ran for long: others may not have noticed, so it is worth another try.
        const overslept = await this.#pause(signal);
        if (!overslept) this.#giveUpIfLost();
        if (!(await this.#try(signal))) this.#giveUpIfLost();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await this.#release();
  }

  async #stand(signal: AbortSignal): Promise<void> {
    const stood = new AbortController();
    void this.#watch(AbortSignal.any([signal, stood.signal]));
    try {
      while (!(await this.#try(signal))) await this.#pause(signal);
    } finally {
      stood.abort();
    }
  }

  /** Ends a candidate's pause when the lease is handed back, so that it need not wait for its next try. Without the watch it still tries. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { client, clock, namespace, name } = this.options;
    while (!signal.aborted) {
      let pause = this.#times.retryPeriod;
      try {
        for await (const { type, object } of client.watch(LEASE, { namespace, fieldSelector: `metadata.name=${name}`, signal })) {
          if (type === 'DELETED' || (type === 'MODIFIED' && !(object as Lease).spec?.holderIdentity)) this.#wake();
        }
      } catch {
        // The tries say what is wrong; who may not watch need not ask every time.
        pause *= 10;
      }
      await sleep(clock, pause, signal).catch(() => undefined);
    }
  }

  #giveUpIfLost(): void {
    if (this.#untilDeadline > 0 && !this.#record.heldByAnother) return;
    const { namespace, name } = this.options;
    const why = this.#record.heldByAnother ? `is held by ${this.#record.holder}` : `was not renewed for ${this.#times.renewDeadline / 1_000}s`;
    this.#leading = false;
    this.fence.close();
    throw new LeadershipLostError(`lease ${namespace}/${name} ${why}`);
  }

  /** Tries to take or renew the lease. Whatever goes wrong is a try that failed; only an abort rejects. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { clock, observer } = this.options;
    try {
      const limit = Math.min(this.#times.renewDeadline / 2, this.#untilDeadline || this.#times.retryPeriod);
      const held = await withDeadline(clock, limit, 'the lease request', signal, (limited) => this.#takeOrRenew(limited));
      if (this.#failures > 0) observer?.recovered?.(this.#failures);
      this.#failures = 0;
      return held;
    } catch (error) {
      // What we know of the lease is out of date: look before the next try, or the release.
      this.#record.observe(undefined, momentOf(clock));
      if (signal.aborted) throw error;
      if (!isContended(error)) {
        this.#failures += 1;
        observer?.failed?.(error, this.#failures);
      }
      return false;
    }
  }

  async #takeOrRenew(signal: AbortSignal): Promise<boolean> {
    if (this.#leading && this.#record.lease && !this.options.shared) {
      try {
        return await this.#write(signal);
      } catch (error) {
        if (!isContended(error) && !isNotFound(error)) throw error;
        // Somebody else wrote or deleted it: nothing is written until it is clear who leads.
        this.fence.close();
      }
    }
    await this.#read(signal);
    return this.#write(signal);
  }

  /** Writes our claim, if we have one; resolves with whether we hold the lease by it. */
  async #write(signal: AbortSignal): Promise<boolean> {
    const { client, clock, namespace, name } = this.options;
    const began = momentOf(clock);
    const spec = this.#record.claim(began);
    if (!spec) return false;
    const { lease } = this.#record;
    this.#claimed = true;
    const answer = lease
      ? await client.mergePatch<Lease>(LEASE, { name, namespace, signal }, { metadata: { resourceVersion: lease.metadata.resourceVersion }, spec })
      : await client.create<Lease>(LEASE, { metadata: { name, namespace }, spec }, { signal });
    // Who has given up meanwhile must not take it for a renewal.
    signal.throwIfAborted();
    this.#record.observe(answer, momentOf(clock));
    if (!this.#record.heldByUs) return false;
    this.#renewedAt = began.monotonic;
    this.fence.renewed(began);
    return true;
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { client, clock, namespace, name } = this.options;
    this.#record.observe(await client.find<Lease>(LEASE, { name, namespace, signal }), momentOf(clock));
  }

  /** Milliseconds for which a leader may go on trying. */
  get #untilDeadline(): number {
    return this.#leading ? Math.max(0, this.#renewedAt + this.#times.renewDeadline - this.options.clock.monotonic()) : Infinity;
  }

  /** Waits for the next try; resolves with whether that took much longer than it should. */
  async #pause(signal: AbortSignal): Promise<boolean> {
    const { clock, random } = this.options;
    const { retryPeriod } = this.#times;
    const began = clock.monotonic();
    const wait = this.#leading ? Math.min(retryPeriod, this.#untilDeadline) : retryPeriod * (1 + JITTER * random.next());
    const woken = new LinkedAbort(signal);
    this.#wake = () => this.#leading || woken.abort();
    try {
      await sleep(clock, wait, woken.signal);
    } catch {
      signal.throwIfAborted();
    } finally {
      woken.release();
    }
    return clock.monotonic() - began > wait + retryPeriod;
  }

  async #release(): Promise<void> {
    const { clock, observer } = this.options;
    this.#leading = false;
    this.fence.close();
    if (!this.#claimed || this.options.shared) return;
    try {
      await withDeadline(clock, this.#times.renewDeadline / 2, 'the release of the lease', undefined, (signal) => this.#handBack(signal));
    } catch (error) {
      observer?.failed?.(error, 1);
    }
  }

  /** A renewal that was under way may still be stored: then the lease is looked at once more. */
  async #handBack(signal: AbortSignal, again = true): Promise<void> {
    const { client, clock, namespace, name } = this.options;
    if (!this.#record.lease) await this.#read(signal);
    const { lease, heldByUs } = this.#record;
    if (!lease || !heldByUs) return;
    const spec = this.#record.release(momentOf(clock));
    try {
      await client.mergePatch(LEASE, { name, namespace, signal }, { metadata: { resourceVersion: lease.metadata.resourceVersion }, spec });
    } catch (error) {
      if (!isConflict(error) || !again) throw error;
      this.#record.observe(undefined, momentOf(clock));
      await this.#handBack(signal, false);
    }
  }
}

/** Somebody else was faster. */
const isContended = (error: unknown): boolean => isConflict(error) || isAlreadyExists(error);
