import { Worker } from 'node:worker_threads';
import { rejectOnAbort } from '../abort.js';
import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';
import type { Credentials, KubeEndpoint } from '../kube/transport.js';
import type { Election, ElectionHost, ElectionObserver, ElectionTimes } from './election.js';
import { LeadershipLostError } from './election.js';
import { Fence } from './fence.js';
import { HEARTBEAT_OFFSET, LOOKS_A_LIMIT, SLOTS, fenceOffset, sharedMemory } from './lease-messages.js';
import type { FromThread, LeaseThreadData, ToThread } from './lease-messages.js';
import { Heartbeat } from './heartbeat.js';

export interface LeaseThreadOptions {
  endpoint: KubeEndpoint;
  /** A real one: another thread cannot follow a virtual one. */
  clock: Clock;
  userAgent: string;
  namespace: string;
  identity: string;
  times: ElectionTimes;
  /** Milliseconds for which the main loop may hang before the process is ended. */
  stallLimit: number;
  observer?: ElectionObserver;
}

/** How often the thread is given the kubeconfig's credentials as they are now, in milliseconds. */
const CREDENTIALS_PERIOD = 15_000;

/**
 * Elections in a thread of their own, with connections of their own: a main loop that is busy for seconds does not lose its leases, and one that hangs
 * for longer than the stall limit does. The thread then closes every fence, says why on standard error, hands the leases
 * back, and ends the process (SIGKILL, since nothing else gets through to a loop that does not turn).
 */
export class LeaseThread implements ElectionHost {
  readonly #memory = sharedMemory();
  readonly #heartbeat = new Heartbeat(this.#memory, HEARTBEAT_OFFSET);
  readonly #candidates = new Map<string, Candidate>();
  /** Where the fences of leases are in memory. */
  readonly #slots = new Map<string, number>();
  readonly #closing = new AbortController();
  #worker: Promise<Worker> | undefined;

  constructor(private readonly options: LeaseThreadOptions) {}

  election(lease: string, sharedAs?: string): Election {
    const slot = this.#slots.get(lease) ?? this.#slots.size;
    if (slot === SLOTS) throw new RangeError(`one process stands for ${SLOTS} leases at most`);
    this.#slots.set(lease, slot);
    const { clock, times } = this.options;
    const stand = { do: 'stand', lease, sharedAs, slot } as const;
    const candidate = new Candidate(new Fence(clock, times.renewDeadline, this.#memory, fenceOffset(slot)), (signal) => this.#run(stand, candidate, signal));
    this.#candidates.set(lease, candidate);
    return candidate;
  }

  excuse<R>(work: () => Promise<R>): Promise<R> {
    return this.#heartbeat.excuse(work);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await (await this.#worker?.catch(() => undefined))?.terminate();
  }

  async #run(stand: ToThread & { do: 'stand' }, candidate: Candidate, signal: AbortSignal): Promise<void> {
    const worker = await rejectOnAbort(this.#worker ??= this.#start(), signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (!worker) return;
    const tell = (message: ToThread): void => worker.postMessage(message);
    const resign = (): void => tell({ do: 'resign', lease: stand.lease });
    tell(stand);
    if (signal.aborted) resign();
    else signal.addEventListener('abort', resign, { once: true });
    try {
      await candidate.over;
    } finally {
      signal.removeEventListener('abort', resign);
    }
  }

  async #start(): Promise<Worker> {
    const { endpoint, clock, userAgent, namespace, identity, times, stallLimit } = this.options;
    const workerData: LeaseThreadData = {
      memory: this.#memory, server: endpoint.server, proxyUrl: endpoint.proxyUrl, credentials: await this.#firstCredentials(), userAgent, namespace, identity, times, stallLimit,
    };
    void this.#heartbeat.beat(clock, stallLimit / LOOKS_A_LIMIT, this.#closing.signal);
    const worker = new Worker(new URL('./lease-worker.js', import.meta.url), { name: 'leases', workerData, execArgv: [] });
    worker.on('message', (message: FromThread) => this.#heard(message, worker));
    worker.on('error', (error: Error) => this.#ended(error.message));
    worker.on('exit', (code) => this.#ended(`exit code ${code}`));
    void this.#keepCredentials(worker);
    return worker;
  }

  #heard(message: FromThread, worker: Worker): void {
    const { observer } = this.options;
    if (message.did === 'ask') {
      this.#sendCredentials(worker, true);
      return;
    }
    const candidate = this.#candidates.get(message.lease);
    switch (message.did) {
      case 'elected':
        candidate?.elect();
        return;
      case 'resigned':
        candidate?.end();
        return;
      case 'lost':
        candidate?.end(new LeadershipLostError(message.message));
        return;
      case 'failed':
        observer?.failed?.(new Error(message.message), message.times);
        return;
      case 'recovered':
        observer?.recovered?.(message.times);
    }
  }

  #ended(why: string): void {
    for (const candidate of this.#candidates.values()) candidate.end(new LeadershipLostError(`the thread that keeps the leases ended: ${why}`));
  }

  /** Whatever is wrong with them may be right in a moment: an operator stands by until then. */
  async #firstCredentials(): Promise<Credentials> {
    const { endpoint, clock, times, observer } = this.options;
    const { signal } = this.#closing;
    for (let tries = 1; ; tries += 1) {
      try {
        return await endpoint.credentials(tries > 1);
      } catch (error) {
        signal.throwIfAborted();
        observer?.failed?.(error, tries);
      }
      await sleep(clock, times.retryPeriod, signal);
    }
  }

  /** Token files, exec plugins and certificates are read here, where client-node is loaded anyway. */
  async #keepCredentials(worker: Worker): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await sleep(this.options.clock, CREDENTIALS_PERIOD, signal).catch(() => undefined);
      if (signal.aborted) return;
      this.#sendCredentials(worker, false);
    }
  }

  #sendCredentials(worker: Worker, doubtful: boolean): void {
    const { endpoint, observer } = this.options;
    endpoint.credentials(doubtful).then(
      (credentials) => worker.postMessage({ do: 'use', credentials } satisfies ToThread),
      (error: unknown) => observer?.failed?.(error, 1),
    );
  }
}

/** One election, as the main loop sees it. */
class Candidate implements Election {
  elect: () => void = () => undefined;
  end: (error?: LeadershipLostError) => void = () => undefined;
  readonly over = new Promise<void>((resolve, reject) => {
    this.end = (error) => (error ? reject(error) : resolve());
  });
  readonly #elected = new Promise<void>((resolve) => {
    this.elect = resolve;
  });

  constructor(readonly fence: Fence, readonly run: (signal: AbortSignal) => Promise<void>) {
    // Whoever runs it hears of its end; before that there is nobody to tell.
    this.over.catch(() => undefined);
  }

  whenElected(): Promise<void> {
    return this.#elected;
  }
}
