import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Cache, CacheListOptions } from '../context.js';
import type { ObjectChange } from '../dsl/predicate.js';
import type { KindClass } from '../dsl/resource.js';
import type { KubeClient } from '../kube/client.js';
import type { CallOptions } from '../kube/client-options.js';
import type { Informer } from '../kube/informer.js';
import { normalize } from '../kube/normalize.js';
import type { KubeObject } from '../kube/object.js';
import type { Kinds } from './kinds.js';
import { objectChange } from './sources.js';

/** A cached read of a kind for which no informer runs: it would find nothing, whatever there is. */
export class UnwatchedKindError extends Error {
  override readonly name = 'UnwatchedKindError';
  readonly reason = 'KindUnwatched';

  constructor(kind: string, watched: readonly string[]) {
    super(`${kind} is read from the cache, but no reconciler is for it, watches, owns or reads it; cached kinds: ${watched.join(', ') || 'none'}`);
  }
}

/** Reads from the informers of a plan. */
export class InformerCache implements Cache {
  readonly #informers = new Map<KindClass, Informer<KubeObject>>();

  constructor(private readonly kinds: Kinds, private readonly client: KubeClient) {}

  /** Has reads of a kind answered by an informer. */
  add(type: KindClass, informer: Informer<KubeObject>): void {
    this.#informers.set(type, informer);
  }

  /** Whether reads of a kind are answered. */
  has(type: KindClass): boolean {
    return this.#informers.has(type);
  }

  informer<T extends KubeObject>(type: KindClass<T>): Informer<T> {
    const informer = this.#informers.get(type);
    if (!informer) throw new UnwatchedKindError(this.kinds.of(type).kind, [...this.#informers.values()].map(({ kind }) => kind.kind));
    return informer as unknown as Informer<T>;
  }

  get<T extends KubeObject>(type: KindClass<T>, name: string, namespace?: string): T | undefined {
    const { kind, store } = this.informer(type);
    if (kind.namespaced && !namespace) throw new TypeError(`read of ${kind.kind} "${name}": the kind is namespaced, and no namespace was given`);
    return store.get(kind.namespaced ? `${namespace}/${name}` : name);
  }

  list<T extends KubeObject>(type: KindClass<T>, { index, value, namespace }: CacheListOptions<T> = {}): readonly T[] {
    const { store } = this.informer(type);
    if (index) store.addIndex(index);
    const found = index ? store.find(index.name, value) : store.list();
    return namespace === undefined ? found : found.filter(({ metadata }) => metadata.namespace === namespace);
  }

  changes<T extends KubeObject>(type: KindClass<T>): Observable<ObjectChange<T>> {
    return this.informer(type).changes.pipe(map(objectChange));
  }

  /** Nobody tracks reads outside of a run. */
  get peek(): Cache['peek'] {
    return this;
  }

  readonly live = this.liveFor({});

  /** Reads straight from the API server that end with somebody's signal, and are as urgent as he is. */
  liveFor(call: CallOptions): Cache['live'] {
    return {
      get: async <T extends KubeObject>(type: KindClass<T>, name: string, namespace?: string): Promise<T | undefined> => {
        const kind = this.kinds.of(type);
        const object = await this.client.find<T>(kind, { name, namespace, ...call });
        return object && normalize(kind, object);
      },
      list: async <T extends KubeObject>(type: KindClass<T>, options: { namespace?: string; labelSelector?: string } = {}): Promise<T[]> => {
        const kind = this.kinds.of(type);
        return (await this.client.listAll<T>(kind, { ...options, ...call })).map((object) => normalize(kind, object));
      },
    };
  }
}
