import type { Cache } from '../context.js';
import type { ActiveRun } from '../causality/active-run.js';
import { RECORD_LIMITS } from '../causality/recorder.js';
import type { ReconcilerPlan } from '../dsl/plan.js';
import type { RunResult } from '../engine/run.js';
import type { KubeObject, ObjectKey } from '../kube/object.js';
import { keyOfObject } from '../kube/object.js';
import { compareResourceVersions } from '../kube/resource-version.js';
import type { CachedRead, TrackedCache } from './tracked-cache.js';

/** What a run rested on. */
export interface Rest {
  readonly resourceVersion: string;
  /** Whether the object was being deleted when the run began: one that deletes its own object has its finalizers still ahead. */
  readonly deleting: boolean;
  readonly reads: readonly CachedRead[];
  /** States of other objects that the run itself left behind. */
  readonly written: ReadonlyMap<string, string>;
  /** The newest state of anything that runs of the key have seen or written. */
  readonly newest: string;
  /** When the next look is due that it asked for, and why. */
  readonly look: { readonly at: number; readonly reason: string } | undefined;
}

/** Runs that read more objects than these are never skipped: to remember what they read would cost more than they do. */
const READS_KEPT = 200;

/**
 * Knows which runs need not be: those that only the echoes of the key's own last run woke, when nothing that it read has changed since. What
 * that run wrote counts as changed, unless the reconciler `settles`.
 */
export class EchoFilter {
  readonly #rests = new Map<ObjectKey, Rest>();

  constructor(private readonly plan: ReconcilerPlan, private readonly cache: Cache) {}

  /** Notes how a run ended. */
  ended({ item: { key }, object, writes }: ActiveRun, { reads }: TrackedCache, { outcome, resourceVersion, requeueAfter, requeueReason = '' }: RunResult, now: number): void {
    const { settles } = this.plan;
    const states = settles ? resourceVersion : object?.metadata.resourceVersion;
    const size = reads.reduce((sum, { found }) => sum + 1 + found.length, 0);
    if (outcome !== 'success' || states === undefined || size > READS_KEPT) {
      this.#rests.delete(key);
      return;
    }
    const written = new Map(settles ? writes.flatMap(({ object: name, resourceVersion: left }) => (left ? [[name, left] as const] : [])) : []);
    const newest = [object, ...reads.flatMap(({ found }) => found)].flatMap((seen) => seen?.metadata.resourceVersion ?? [])
      .concat(writes.flatMap(({ resourceVersion: left }) => left ?? []), this.#rests.get(key)?.newest ?? [])
      .reduce((left, right) => (isNewer(right, left) ? right : left));
    this.#rests.set(key, { resourceVersion: states, deleting: isDeleting(object), reads, written, newest, look: requeueAfter === undefined ? undefined : { at: now + requeueAfter, reason: requeueReason } });
  }

  /** Whether the run would find what the last one left; and the look that is still due then. */
  skips({ item: { key }, object, triggers }: ActiveRun, now: number): Rest | undefined {
    const rest = this.#rests.get(key);
    if (!rest || object?.metadata.resourceVersion !== rest.resourceVersion || (rest.look && rest.look.at <= now) || isDeleting(object) !== rest.deleting) return undefined;
    // Beyond the limit of the record nobody knows what else woke it.
    if (triggers.length === 0 || triggers.length >= RECORD_LIMITS.triggers) return undefined;
    const { name } = this.plan;
    if (!triggers.every(({ by, seen }) => by?.controller === name && by.key === key && !seen?.deleted)) return undefined;
    return rest.reads.every((read) => this.#isUnchanged(read, rest)) ? rest : undefined;
  }

  /** Whether a run on this rest has written something new: answers that are no newer than what it rested on tell of writes without effect, and those that failed have none. */
  hasChanged({ writes }: ActiveRun, { newest }: Rest): boolean {
    return writes.some(({ resourceVersion, error }) => error === undefined && (resourceVersion === undefined || isNewer(resourceVersion, newest)));
  }

  forget(key: ObjectKey): void {
    this.#rests.delete(key);
  }

  #isUnchanged({ type, query, found }: CachedRead, { written }: Rest): boolean {
    const one = 'name' in query ? this.cache.get(type, query.name, query.namespace) : undefined;
    const current = 'name' in query ? (one ? [one] : []) : this.cache.list(type, query.list);
    return current === found || (current.length === found.length && current.every((object, index) => isSame(object, found[index] as KubeObject, written)));
  }
}

const isDeleting = (object: KubeObject | undefined): boolean => object?.metadata.deletionTimestamp !== undefined;

const isNewer = (left: string, right: string): boolean => (compareResourceVersions(left, right) ?? 1) > 0;

function isSame(now: KubeObject, then: KubeObject, written: ReadonlyMap<string, string>): boolean {
  if (now.metadata.uid !== then.metadata.uid) return false;
  const { resourceVersion } = now.metadata;
  return resourceVersion === then.metadata.resourceVersion || resourceVersion === written.get(`${now.kind} ${keyOfObject(now)}`);
}
