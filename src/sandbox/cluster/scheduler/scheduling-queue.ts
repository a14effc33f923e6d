import type { Clock, Timer } from '../../../operator/clock.js';
import type { PodInfo } from './node-info.js';
import { priorityOf } from './preemption.js';

/** A pod that waits for a node. */
export interface QueuedPod {
  info: PodInfo;
  attempts: number;
  /** Order among pods of equal priority. */
  sequence: number;
  /** The plugins that refused nodes in the last attempt. */
  rejectedBy: ReadonlySet<string>;
  failedAt: number;
}

const BACKOFF = { first: 1_000, longest: 10_000 };

/** After this long without an event that could help, a pod is tried again anyway. */
const LONGEST_REST = 300_000;

/**
 * Pods on their way to a node: ready to be tried (by priority, then by age), backing off, or at rest until something
 * happens that could help them.
 */
export class SchedulingQueue {
  readonly #ready = new Map<string, QueuedPod>();
  readonly #resting = new Map<string, QueuedPod>();
  readonly #backingOff = new Map<string, { entry: QueuedPod; timer: Timer }>();
  #rest: Timer | undefined;
  #sequence = 0;

  /** `wake` is called whenever a pod becomes ready. */
  constructor(
    private readonly clock: Clock,
    private readonly wake: () => void,
  ) {}

  /** Takes in a new pod, or the changed state of one that waits. */
  put(info: PodInfo): void {
    const { uid } = info.pod.metadata;
    const waiting = this.#ready.get(uid) ?? this.#backingOff.get(uid)?.entry ?? this.#resting.get(uid);
    if (waiting) waiting.info = info;
    else this.#makeReady({ info, attempts: 0, sequence: (this.#sequence += 1), rejectedBy: new Set(), failedAt: 0 });
  }

  remove(uid: string): void {
    this.#ready.delete(uid);
    this.#resting.delete(uid);
    this.#backingOff.get(uid)?.timer.cancel();
    this.#backingOff.delete(uid);
  }

  /** The most important pod that is ready, oldest first. */
  next(): QueuedPod | undefined {
    let first: QueuedPod | undefined;
    for (const entry of this.#ready.values()) {
      if (!first || priorityOf(entry.info) > priorityOf(first.info) || (priorityOf(entry.info) === priorityOf(first.info) && entry.sequence < first.sequence)) first = entry;
    }
    if (first) this.#ready.delete(first.info.pod.metadata.uid);
    return first;
  }

  /** Takes back a pod that found no node; it rests until {@link stir} wakes it. */
  rest(entry: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    this.#resting.set(entry.info.pod.metadata.uid, { ...entry, attempts: entry.attempts + 1, rejectedBy, failedAt: this.clock.now() });
    this.#rest ??= this.clock.schedule(LONGEST_REST, () => {
      this.#rest = undefined;
      this.stir(() => true);
    });
  }

  /** Takes back a pod whose node could not be kept; it is tried again after its backoff. */
  retry(entry: QueuedPod): void {
    this.#backOff({ ...entry, attempts: entry.attempts + 1, failedAt: this.clock.now() });
  }

  /** Something happened: pods that it could help are tried again, after their backoff. */
  stir(helps: (entry: QueuedPod) => boolean): void {
    for (const [uid, entry] of this.#resting) {
      if (!helps(entry)) continue;
      this.#resting.delete(uid);
      this.#backOff(entry);
    }
  }

  stop(): void {
    this.#rest?.cancel();
    for (const { timer } of this.#backingOff.values()) timer.cancel();
    this.#ready.clear();
    this.#resting.clear();
    this.#backingOff.clear();
  }

  #makeReady(entry: QueuedPod): void {
    this.#ready.set(entry.info.pod.metadata.uid, entry);
    this.wake();
  }

  #backOff(entry: QueuedPod): void {
    const { uid } = entry.info.pod.metadata;
    const rest = entry.failedAt + Math.min(BACKOFF.longest, BACKOFF.first * 2 ** (entry.attempts - 1)) - this.clock.now();
    if (rest <= 0) return this.#makeReady(entry);
    const timer = this.clock.schedule(rest, () => {
      const waiting = this.#backingOff.get(uid);
      this.#backingOff.delete(uid);
      if (waiting) this.#makeReady(waiting.entry);
    });
    this.#backingOff.set(uid, { entry, timer });
  }
}
