import type { Cache, CacheListOptions } from '../context.js';
import type { ObjectChange } from '../dsl/predicate.js';
import type { KindClass } from '../dsl/resource.js';
import type { Subscribable } from '../dsl/token.js';
import type { KubeObject } from '../kube/object.js';

/** A read of the cache, and what it found. */
export interface CachedRead {
  readonly type: KindClass;
  /** What was asked for: one object by its name, or a list. */
  readonly query: { readonly name: string; readonly namespace: string | undefined } | { readonly list: CacheListOptions<KubeObject> };
  readonly found: readonly KubeObject[];
}

const NOTHING: readonly KubeObject[] = Object.freeze([]);

/** The cache as one run sees it: notes what the run reads, but for what it only peeks at. */
export class TrackedCache implements Cache {
  readonly reads: CachedRead[] = [];

  /** `liveReads` makes the reads on behalf of the run, which few runs ask for. */
  constructor(private readonly inner: Cache, private readonly liveReads: () => Cache['live'] = () => inner.live) {}

  get live(): Cache['live'] {
    return this.liveReads();
  }

  get<T extends KubeObject>(type: KindClass<T>, name: string, namespace?: string): T | undefined {
    const object = this.inner.get(type, name, namespace);
    this.reads.push({ type, query: { name, namespace }, found: object ? [object] : NOTHING });
    return object;
  }

  list<T extends KubeObject>(type: KindClass<T>, options: CacheListOptions<T> = {}): readonly T[] {
    const found = this.inner.list(type, options);
    this.reads.push({ type, query: { list: options as unknown as CacheListOptions<KubeObject> }, found });
    return found;
  }

  get peek(): Cache['peek'] {
    return this.inner;
  }

  changes<T extends KubeObject>(type: KindClass<T>): Subscribable<ObjectChange<T>> {
    return this.inner.changes(type);
  }
}
