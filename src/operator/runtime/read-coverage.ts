import type { MapContext } from '../context.js';
import type { Key } from '../dsl/key.js';
import { objectKey } from '../dsl/key.js';
import type { KindPlan, ReconcilerPlan, SingletonPlan, WatchPlan } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import type { KubeObject, ObjectKey } from '../kube/object.js';
import { keyOfObject } from '../kube/object.js';
import type { CachedRead } from './tracked-cache.js';

/** A cached read whose change would wake nobody who read it. */
export interface UntrackedRead {
  readonly controller: string;
  /** The key that read. */
  readonly key: string;
  readonly kind: string;
  /** `Node n1`, or `Node` where nothing was found. */
  readonly what: string;
  readonly message: string;
}

/** What of its reads a controller would be woken for. */
export class ReadCoverage {
  /** Kinds of which some change wakes some key, or that are declared as reads that wake nobody. */
  readonly #kinds: ReadonlySet<KindClass>;
  readonly #declared: ReadonlySet<KindClass>;

  constructor(
    private readonly plan: ReconcilerPlan | SingletonPlan,
    private readonly instance: object,
    private readonly map: MapContext,
    private readonly kindOf: (type: KindClass) => Pick<KindPlan, 'kind'>,
  ) {
    const { watches, reads } = plan;
    this.#declared = new Set(reads.map(({ type }) => type));
    const owned = 'owns' in plan ? [plan, ...plan.owns].map(({ kind }) => kind) : [];
    this.#kinds = new Set([...owned, ...watches.map(({ kind }) => kind)].map(({ type }) => type));
  }

  /**
   * The reads of a run that nothing covers, each object once. `thorough`: object by object, by asking the mappers of the watches, which says
   * more than that the kind is watched at all.
   */
  uncovered(key: ObjectKey, reads: readonly CachedRead[], thorough: boolean): UntrackedRead[] {
    const found = new Map<string, UntrackedRead>();
    for (const { type, found: objects } of reads) {
      if (this.#declared.has(type)) continue;
      const missed = !this.#kinds.has(type) ? objects.slice(0, 1) : thorough ? objects.filter((object) => !this.#wakes(key, type, object)) : [];
      if (missed.length === 0 && this.#kinds.has(type)) continue;
      const { kind } = this.kindOf(type);
      const what = missed[0] ? `${kind} ${keyOfObject(missed[0])}` : kind;
      if (!found.has(what)) found.set(what, this.#report(key, kind, what));
    }
    return [...found.values()];
  }

  /** Whether a change of the object would wake the key: it is the key's own, one that it owns, or a mapper says so. */
  #wakes(key: ObjectKey, type: KindClass, object: KubeObject): boolean {
    const { plan } = this;
    if (plan.watches.some((watch) => watch.kind.type === type && this.#maps(watch, object, key))) return true;
    if (!('kind' in plan)) return false;
    if (plan.kind.type === type && keyOfObject(object) === key) return true;
    return plan.owns.some(({ kind }) => kind.type === type)
      && (object.metadata.ownerReferences ?? []).some(({ controller, kind, name }) => controller && kind === plan.kind.kind && name === key.split('/').at(-1));
  }

  #maps({ method }: WatchPlan, object: KubeObject, key: ObjectKey): boolean {
    try {
      const mapped = (this.instance as Record<string, (object: KubeObject, map: MapContext) => unknown>)[method]?.(object, this.map);
      return Array.isArray(mapped) ? mapped.some((woken: Key) => objectKey(woken) === key) : mapped === true;
    } catch {
      // That a mapper throws is said where a change does it.
      return true;
    }
  }

  #report(key: ObjectKey, kind: string, what: string): UntrackedRead {
    const { name } = this.plan;
    const message = `${name} read ${what} for ${key}, and nothing would wake it when that changes: add @Watches(${kind}) with a mapper that returns this key, ask for a recheck, declare it (reads: [${kind}]), or read it by cache.peek`;
    return { controller: name, key, kind, what, message };
  }
}
