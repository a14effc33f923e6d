import type { Cache } from '../context.js';
import type { ActiveRun, WriteRecord } from '../causality/active-run.js';
import { RECORD_LIMITS } from '../causality/recorder.js';
import type { ReconcilerPlan } from '../dsl/plan.js';
import type { RunResult, StepReport } from '../engine/run.js';
import type { KubeObject, ObjectKey } from '../kube/object.js';
import { compareResourceVersions } from '../kube/resource-version.js';
import type { CachedRead, TrackedCache } from './tracked-cache.js';
import { describeObject } from './sources.js';

/** What a run rested on. */
export interface Rest {
  /** Of the object: as the run saw it, or as it left it by nothing but its own changes of what it saw. */
  readonly resourceVersion: string;
  readonly reads: readonly CachedRead[];
  /** States that the run itself made of states that it saw, by those: of `Kind namespace/name at resourceVersion`, the next resourceVersion. */
  readonly made: ReadonlyMap<string, string>;
  readonly steps: readonly StepReport[];
  /** The newest state of anything that runs of the key have seen or written. */
  readonly newest: string;
  /** When the next look is due that it asked for, and why. */
  readonly look: { readonly at: number; readonly reason: string } | undefined;
}

/** Runs that read more objects than these are never skipped: to remember what they read would cost more than they do. */
const READS_KEPT = 200;

const NOTHING: ReadonlyMap<string, string> = new Map();

/**
 * Knows which runs need not be: those that only the echoes of the key's own last run woke, when everything that it saw is as it saw it. What
 * that run changed counts as changed, unless the reconciler `settles`; and even then whatever came into an object together with its write
 * (a patch that was put on top of somebody else's, a deletion), since no run has seen that.
 */
export class EchoFilter {
  readonly #rests = new Map<ObjectKey, Rest>();

  constructor(private readonly plan: ReconcilerPlan, private readonly cache: Cache) {}

  /** Notes how a run ended. */
  ended({ item: { key }, object, writes }: ActiveRun, { reads }: TrackedCache, { outcome, requeueAfter, requeueReason = '', steps }: RunResult, now: number): void {
    const size = reads.reduce((sum, { found }) => sum + 1 + found.length, 0);
    if (outcome !== 'success' || !object || size > READS_KEPT) {
      this.#rests.delete(key);
      return;
    }
    const made = this.plan.settles ? madeBy(writes) : NOTHING;
    const newest = [object, ...reads.flatMap(({ found }) => found)].flatMap((seen) => seen.metadata.resourceVersion)
      .concat(writes.flatMap(({ resourceVersion: left }) => left ?? []), this.#rests.get(key)?.newest ?? [])
      .reduce((left, right) => (isNewer(right, left) ? right : left));
    const look = requeueAfter === undefined ? undefined : { at: now + requeueAfter, reason: requeueReason };
    this.#rests.set(key, { resourceVersion: leftOf(object, made), reads, made, steps, newest, look });
  }

  /** Whether the run would find what the last one left; and the look that is still due then. */
  skips({ item: { key }, object, triggers }: ActiveRun, now: number): Rest | undefined {
    const rest = this.#rests.get(key);
    if (!rest || object?.metadata.resourceVersion !== rest.resourceVersion || (rest.look && rest.look.at <= now)) return undefined;
    // Beyond the limit of the record nobody knows what else woke it.
    if (triggers.length === 0 || triggers.length >= RECORD_LIMITS.triggers) return undefined;
    const { name } = this.plan;
    if (!triggers.every(({ by, seen }) => by?.controller === name && by.key === key && !seen?.deleted)) return undefined;
    return rest.reads.every((read) => this.#isUnchanged(read, rest)) ? rest : undefined;
  }

  /** What a run on this rest came to that the last one had not, and that would be lost if it were skipped: in words, for the test bed. */
  news({ writes }: ActiveRun, { newest, steps, look }: Rest, result: RunResult): string[] {
    if (writes.some((write) => hasBroughtNews(write, newest))) return [];
    const before = new Set(steps.filter(isEffort).map(({ name }) => name));
    return [
      ...writes.filter((write) => hasEffect(write, newest)).map(({ verb, object, fields }) => `${verb} ${object} ${fields.join(', ')}`.trim()),
      ...result.steps.filter((step) => isEffort(step) && !before.has(step.name)).map(({ name }) => `call ${name}`),
      ...(look === undefined && result.requeueReason !== undefined ? [`ask for a look (${result.requeueReason})`] : []),
    ];
  }

  forget(key: ObjectKey): void {
    this.#rests.delete(key);
  }

  #isUnchanged({ type, query, found }: CachedRead, { made }: Rest): boolean {
    const one = 'name' in query ? this.cache.get(type, query.name, query.namespace) : undefined;
    const current = 'name' in query ? (one ? [one] : []) : this.cache.list(type, query.list);
    return current === found || (current.length === found.length && current.every((object, index) => isSame(object, found[index] as KubeObject, made)));
  }
}

/** Only a write that was locked by the state that it was made from is known to have brought nothing else in. */
const madeBy = (writes: readonly WriteRecord[]): ReadonlyMap<string, string> =>
  new Map(writes.flatMap(({ object, from, resourceVersion }) => (from && resourceVersion && from !== resourceVersion ? [[`${object} at ${from}`, resourceVersion]] : [])));

/** What a run has made of a state that it saw. */
function leftOf(seen: KubeObject, made: ReadonlyMap<string, string>): string {
  let { resourceVersion } = seen.metadata;
  for (let next: string | undefined = resourceVersion; next !== undefined && made.size > 0; next = made.get(`${describeObject(seen)} at ${next}`)) resourceVersion = next;
  return resourceVersion;
}

/** Answers that are no newer than what was known tell of writes without effect, but for what takes an object away: its answer has the last state. */
function hasEffect({ verb, from, resourceVersion, error }: WriteRecord, newest: string): boolean {
  if (error !== undefined) return false;
  return resourceVersion === undefined || isNewer(resourceVersion, newest) || (verb === 'patch' && from === undefined);
}

/** Whether a write without effect was answered with what others had written: their watch still has to bring that, and wakes the key then, so that this run was only early. */
const hasBroughtNews = ({ since, resourceVersion }: WriteRecord, newest: string): boolean =>
  since !== undefined && resourceVersion !== undefined && isNewer(resourceVersion, newest) && !isNewer(resourceVersion, since);

/** Whether the reconciler's own code was called. */
const isEffort = ({ result }: StepReport): boolean => result !== 'blocked' && result !== 'latched';

const isNewer = (left: string, right: string): boolean => (compareResourceVersions(left, right) ?? 1) > 0;

const isSame = (now: KubeObject, then: KubeObject, made: ReadonlyMap<string, string>): boolean =>
  now.metadata.uid === then.metadata.uid && (now.metadata.resourceVersion === then.metadata.resourceVersion || now.metadata.resourceVersion === leftOf(then, made));
