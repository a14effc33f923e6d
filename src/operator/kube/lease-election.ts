import { withDeadline } from '../abort.js';
import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';
import type { Random } from '../random.js';
import type { KubeClient } from './client.js';
import { isAborted, isAlreadyExists, isConflict, isNotFound } from './errors.js';
import type { KindRef, KubeObject } from './object.js';
import { microTime } from './time.js';

/** A coordination.k8s.io/v1 Lease. */
interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number | null;
    acquireTime?: string | null;
    renewTime?: string | null;
    leaseTransitions?: number | null;
  };
}

const LEASE: KindRef = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true };

export interface LeaseElectionOptions {
  /** A client of its own, without a rate limit, so that a busy operator cannot lose its lease to its own requests. */
  client: KubeClient;
  clock: Clock;
  random: Random;
  namespace: string;
  name: string;
  /** Unique among the candidates. */
  identity: string;
  /** How long others wait after the last renewal that they saw. Default 15 s, in milliseconds like all. */
  leaseDuration?: number;
  /** How long a leader tries to renew before it gives up. Default 10 s; less than `leaseDuration`. */
  renewDeadline?: number;
  /** Between two tries. Default 2 s. */
  retryPeriod?: number;
  /** Told of failed tries; none of them is an error of the election. */
  onFailure?: (error: unknown) => void;
}

/** This process led, and could not renew its lease in time. It must not go on as if it led. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
  readonly reason = 'LeadershipLost';
}

/**
 * Leader election on a Lease, as client-go does it: whoever writes its name leads, and renews; others take over when the lease has
 * not changed for its duration by *their* clock, so that clocks need not agree.
 */
export class LeaseElection {
  readonly #leaseDuration: number;
  readonly #renewDeadline: number;
  readonly #retryPeriod: number;
  #lease: Lease | undefined;
  #observedAt = 0;
  #leading = false;
  #renewedAt = 0;
  #elect: () => void = () => undefined;
  readonly #elected = new Promise<void>((resolve) => {
    this.#elect = resolve;
  });

  constructor(private readonly options: LeaseElectionOptions) {
    this.#leaseDuration = options.leaseDuration ?? 15_000;
    this.#renewDeadline = options.renewDeadline ?? 10_000;
    this.#retryPeriod = options.retryPeriod ?? 2_000;
    if (this.#renewDeadline >= this.#leaseDuration) throw new RangeError(`renewDeadline (${this.#renewDeadline} ms) must be less than leaseDuration (${this.#leaseDuration} ms)`);
  }

  /**
   * Whether this process leads right now, safe to fence writes with: false from the moment on at which another candidate could have
   * taken over, even if this process was too busy to notice.
   */
  get leading(): boolean {
    return this.#leading && this.options.clock.now() < this.#renewedAt + this.#leaseDuration;
  }

  /** Resolves when this process has become the leader. */
  whenElected(): Promise<void> {
    return this.#elected;
  }

  /** Stands for election and leads until the signal aborts, then hands the lease back. Rejects with {@link LeadershipLostError}. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!(await this.#try(signal))) await this.#pause(signal);
      this.#leading = true;
      this.#elect();
      for (;;) {
        await this.#pause(signal);
        if (await this.#try(signal)) continue;
        if (this.options.clock.now() - this.#renewedAt >= this.#renewDeadline || this.#heldByAnother()) {
          this.#leading = false;
          throw new LeadershipLostError(`lease ${this.options.namespace}/${this.options.name} was not renewed for ${this.#renewDeadline / 1_000}s; holder: ${this.#lease?.spec?.holderIdentity ?? 'unknown'}`);
        }
      }
    } catch (error) {
      if (!isAborted(error, signal)) throw error;
    }
    await this.#release();
  }

  /** Tries to take or renew the lease. Whatever goes wrong is a try that failed; only an abort rejects. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const startedAt = this.options.clock.now();
    try {
      const held = await withDeadline(this.options.clock, this.#renewDeadline / 2, 'the lease request', signal, (limited) => this.#takeOrRenew(limited));
      if (held) this.#renewedAt = startedAt;
      return held;
    } catch (error) {
      if (isAborted(error, signal)) throw error;
      // What we know of the lease is out of date: look before the next try.
      this.#lease = undefined;
      if (!isConflict(error) && !isAlreadyExists(error)) this.options.onFailure?.(error);
      return false;
    }
  }

  async #takeOrRenew(signal: AbortSignal): Promise<boolean> {
    const { client, clock, namespace, name, identity } = this.options;
    if (!this.#leading || !this.#lease) {
      const found = await this.#read(signal);
      if (!found) {
        this.#observe(await client.create<Lease>(LEASE, { metadata: { name, namespace }, spec: this.#claim(undefined) }, { signal }));
        return true;
      }
      if (this.#heldByAnother() && clock.now() < this.#observedAt + this.#durationOf(found)) return false;
    }
    const lease = this.#lease as Lease;
    const patch = { metadata: { resourceVersion: lease.metadata.resourceVersion }, spec: this.#claim(lease) };
    this.#observe(await client.mergePatch<Lease>(LEASE, { name, namespace, signal }, patch));
    return this.#lease?.spec?.holderIdentity === identity;
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.options;
    try {
      const lease = await client.get<Lease>(LEASE, { name, namespace, signal });
      this.#observe(lease);
      return lease;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#lease = undefined;
      return undefined;
    }
  }

  #observe(lease: Lease): void {
    if (this.#lastSeen !== lease.metadata.resourceVersion) {
      this.#lastSeen = lease.metadata.resourceVersion;
      this.#observedAt = this.options.clock.now();
    }
    this.#lease = lease;
  }

  #lastSeen: string | undefined;

  /** How long a holder's lease lasts by its own word: a released one says 1 s. */
  #durationOf(lease: Lease): number {
    return (lease.spec?.leaseDurationSeconds ?? this.#leaseDuration / 1_000) * 1_000;
  }

  #heldByAnother(): boolean {
    const holder = this.#lease?.spec?.holderIdentity;
    return Boolean(holder) && holder !== this.options.identity;
  }

  #claim(lease: Lease | undefined): NonNullable<Lease['spec']> {
    const { clock, identity } = this.options;
    const now = microTime(clock.now());
    const ours = lease?.spec?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#leaseDuration / 1_000),
      acquireTime: (ours ? lease?.spec?.acquireTime : undefined) ?? now,
      renewTime: now,
      leaseTransitions: (lease?.spec?.leaseTransitions ?? 0) + (lease && !ours ? 1 : 0),
    };
  }

  #pause(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.options;
    // Candidates spread out; a leader renews on time.
    return sleep(clock, this.#retryPeriod * (this.#leading ? 1 : 1 + 1.2 * random.next()), signal);
  }

  /** Lets the next candidate in at once instead of after the lease's duration. */
  async #release(): Promise<void> {
    const { client, clock, namespace, name, onFailure } = this.options;
    if (!this.leading || !this.#lease) {
      this.#leading = false;
      return;
    }
    this.#leading = false;
    const { resourceVersion } = this.#lease.metadata;
    const patch = { metadata: { resourceVersion }, spec: { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(clock.now()) } };
    try {
      await withDeadline(clock, this.#retryPeriod, 'the release of the lease', undefined, (signal) => client.mergePatch(LEASE, { name, namespace, signal }, patch));
    } catch (error) {
      onFailure?.(error);
    }
  }
}
